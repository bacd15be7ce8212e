#!/bin/sh
# CAM Dedicated Edition appliance (profile appliance)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow in proto tcp from any to any port 443 comment 'web-users'
ufw allow in proto tcp from 10.20.0.0/16 to any port 443 comment 'web-vms'
ufw allow in proto tcp from fd20::/64 to any port 443 comment 'web-vms'
ufw allow in proto tcp from 10.20.0.0/16 to any port 5671 comment 'bus-in'
ufw allow in proto tcp from fd20::/64 to any port 5671 comment 'bus-in'
# ping4-in: icmp is ufw's own matter (before.rules, before6.rules)
# ping6-in: icmp6 is ufw's own matter (before.rules, before6.rules)
# pmtu4-in: icmp is ufw's own matter (before.rules, before6.rules)
# pmtu6-in: icmp6 is ufw's own matter (before.rules, before6.rules)
# neighbours-in: icmp6 is ufw's own matter (before.rules, before6.rules)
# listeners-in: icmp6 is ufw's own matter (before.rules, before6.rules)
ufw allow in proto udp from fe80::/10 to any port 546 comment 'dhcp6-in'
# ping4-out: icmp is ufw's own matter (before.rules, before6.rules)
# pmtu4-out: icmp is ufw's own matter (before.rules, before6.rules)
# pmtu6-out: icmp6 is ufw's own matter (before.rules, before6.rules)
# neighbours-out: icmp6 is ufw's own matter (before.rules, before6.rules)
# listeners-out: icmp6 is ufw's own matter (before.rules, before6.rules)
ufw allow out proto udp from any to any port 67 comment 'dhcp-out'
ufw allow out proto udp from any to ff02::1:2/128 port 547 comment 'dhcp6-out'
ufw allow out proto udp from any to fe80::/10 port 547 comment 'dhcp6-out'
ufw allow out proto udp from any to 10.9.0.1/32 port 53 comment 'dns-udp'
ufw allow out proto udp from any to fd09::1/128 port 53 comment 'dns-udp'
ufw allow out proto tcp from any to 10.9.0.1/32 port 53 comment 'dns-tcp'
ufw allow out proto tcp from any to fd09::1/128 port 53 comment 'dns-tcp'
ufw allow out proto udp from any to 10.9.0.1/32 port 123 comment 'ntp-out'
ufw allow out proto udp from any to 10.7.0.123/32 port 123 comment 'ntp-out'
ufw allow out proto tcp from any to 10.5.0.5/32 port 443,8085 comment 'vcenter-out'
ufw allow out proto tcp from any to fd05::5/128 port 443,8085 comment 'vcenter-out'
ufw allow out proto tcp from any to 10.6.0.0/28 port 443,5000,8004,8774,8776,9292,35357 comment 'openstack-out'
ufw allow out proto tcp from any to 10.6.1.7/32 port 443,5000,8004,8774,8776,9292,35357 comment 'openstack-out'
ufw allow out proto tcp from any to 10.6.0.0/28 port 8778,9696 comment 'openstack-ours'
ufw allow out proto tcp from any to 10.6.1.7/32 port 8778,9696 comment 'openstack-ours'
# Then: ufw enable

#!/bin/sh
# Management appliance of a managed network (profile management-appliance)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow out proto tcp from any to any port 443 comment 'ma-cam'
ufw allow out proto tcp from any to any port 5671 comment 'ma-monitoring'
ufw allow out proto udp from any to any port 500 comment 'ma-isakmp'
ufw allow out proto udp from any to any port 4500 comment 'ma-natt'
ufw allow out proto tcp from any to 10.20.0.0/16 port 22 comment 'ma-ssh'
ufw allow out proto tcp from any to fd20::/64 port 22 comment 'ma-ssh'
ufw allow out proto tcp from any to 10.20.0.0/16 port 443 comment 'ma-https'
ufw allow out proto tcp from any to fd20::/64 port 443 comment 'ma-https'
ufw allow out proto tcp from any to 10.20.0.0/16 port 445 comment 'ma-smb'
ufw allow out proto tcp from any to fd20::/64 port 445 comment 'ma-smb'
ufw allow out proto tcp from any to 10.20.0.0/16 port 3389 comment 'ma-rdp'
ufw allow out proto tcp from any to fd20::/64 port 3389 comment 'ma-rdp'
ufw allow out proto tcp from any to 10.20.0.0/16 port 5985:5986 comment 'ma-winrm'
ufw allow out proto tcp from any to fd20::/64 port 5985:5986 comment 'ma-winrm'
# ma-ping: icmp is ufw's own matter (before.rules, before6.rules)
# ma-ping6: icmp6 is ufw's own matter (before.rules, before6.rules)
# ma-neighbours: icmp6 is ufw's own matter (before.rules, before6.rules)
# ma-neighbours-out: icmp6 is ufw's own matter (before.rules, before6.rules)
# Then: ufw enable

#!/bin/sh
# CAM Dedicated Edition appliance (profile appliance)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
# Then: firewall-cmd --reload, and firewall-cmd --permanent --zone=cam --change-interface=NAME
set -e
: "${FIREWALL:=firewall-cmd --permanent}"
$FIREWALL --new-zone=cam
$FIREWALL --zone=cam --set-target=DROP
$FIREWALL --new-policy=cam-out
$FIREWALL --policy=cam-out --set-target=DROP
$FIREWALL --policy=cam-out --add-ingress-zone=HOST
$FIREWALL --policy=cam-out --add-egress-zone=ANY
set --
set -- "$@" --add-rich-rule='rule family="ipv4" port port="443" protocol="tcp" accept' # web-users
set -- "$@" --add-rich-rule='rule family="ipv6" port port="443" protocol="tcp" accept' # web-users
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="443" protocol="tcp" accept' # web-vms
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="443" protocol="tcp" accept' # web-vms
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="5671" protocol="tcp" accept' # bus-in
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="5671" protocol="tcp" accept' # bus-in
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="echo-request" accept' # ping4-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="echo-request" accept' # ping6-in
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="destination-unreachable" accept' # pmtu4-in
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="time-exceeded" accept' # pmtu4-in
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="parameter-problem" accept' # pmtu4-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="destination-unreachable" accept' # pmtu6-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="packet-too-big" accept' # pmtu6-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="time-exceeded" accept' # pmtu6-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="parameter-problem" accept' # pmtu6-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # neighbours-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # neighbours-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # neighbours-in
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # neighbours-in
# listeners-in: firewalld has no name for icmp6 type 130
# listeners-in: firewalld has no name for icmp6 type 131
# listeners-in: firewalld has no name for icmp6 type 132
# listeners-in: firewalld has no name for icmp6 type 143
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fe80::/10" port port="546" protocol="udp" accept' # dhcp6-in
[ $# = 0 ] || $FIREWALL --zone=cam "$@"
set --
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="echo-request" accept' # ping4-out
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="destination-unreachable" accept' # pmtu4-out
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="time-exceeded" accept' # pmtu4-out
set -- "$@" --add-rich-rule='rule family="ipv4" icmp-type name="parameter-problem" accept' # pmtu4-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="destination-unreachable" accept' # pmtu6-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="packet-too-big" accept' # pmtu6-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="time-exceeded" accept' # pmtu6-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="parameter-problem" accept' # pmtu6-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # neighbours-out
# listeners-out: firewalld has no name for icmp6 type 131
# listeners-out: firewalld has no name for icmp6 type 132
# listeners-out: firewalld has no name for icmp6 type 143
set -- "$@" --add-rich-rule='rule family="ipv4" port port="67" protocol="udp" accept' # dhcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" port port="67" protocol="udp" accept' # dhcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="ff02::1:2/128" port port="547" protocol="udp" accept' # dhcp6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fe80::/10" port port="547" protocol="udp" accept' # dhcp6-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.9.0.1/32" port port="53" protocol="udp" accept' # dns-udp
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd09::1/128" port port="53" protocol="udp" accept' # dns-udp
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.9.0.1/32" port port="53" protocol="tcp" accept' # dns-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd09::1/128" port port="53" protocol="tcp" accept' # dns-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.9.0.1/32" port port="123" protocol="udp" accept' # ntp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.7.0.123/32" port port="123" protocol="udp" accept' # ntp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.5.0.5/32" port port="443" protocol="tcp" accept' # vcenter-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd05::5/128" port port="443" protocol="tcp" accept' # vcenter-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.5.0.5/32" port port="8085" protocol="tcp" accept' # vcenter-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd05::5/128" port port="8085" protocol="tcp" accept' # vcenter-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="443" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="443" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="5000" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="5000" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="8004" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="8004" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="8774" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="8774" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="8776" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="8776" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="9292" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="9292" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="35357" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="35357" protocol="tcp" accept' # openstack-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="8778" protocol="tcp" accept' # openstack-ours
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="8778" protocol="tcp" accept' # openstack-ours
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.0.0/28" port port="9696" protocol="tcp" accept' # openstack-ours
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.6.1.7/32" port port="9696" protocol="tcp" accept' # openstack-ours
[ $# = 0 ] || $FIREWALL --policy=cam-out "$@"

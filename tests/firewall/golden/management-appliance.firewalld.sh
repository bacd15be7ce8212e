#!/bin/sh
# Management appliance of a managed network (profile management-appliance)
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
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" icmp-type name="echo-request" accept' # ma-ping
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="echo-request" accept' # ma-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # ma-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # ma-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # ma-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # ma-neighbours
[ $# = 0 ] || $FIREWALL --zone=cam "$@"
set --
set -- "$@" --add-rich-rule='rule family="ipv4" port port="443" protocol="tcp" accept' # ma-cam
set -- "$@" --add-rich-rule='rule family="ipv6" port port="443" protocol="tcp" accept' # ma-cam
set -- "$@" --add-rich-rule='rule family="ipv4" port port="5671" protocol="tcp" accept' # ma-monitoring
set -- "$@" --add-rich-rule='rule family="ipv6" port port="5671" protocol="tcp" accept' # ma-monitoring
set -- "$@" --add-rich-rule='rule family="ipv4" port port="500" protocol="udp" accept' # ma-isakmp
set -- "$@" --add-rich-rule='rule family="ipv6" port port="500" protocol="udp" accept' # ma-isakmp
set -- "$@" --add-rich-rule='rule family="ipv4" port port="4500" protocol="udp" accept' # ma-natt
set -- "$@" --add-rich-rule='rule family="ipv6" port port="4500" protocol="udp" accept' # ma-natt
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="22" protocol="tcp" accept' # ma-ssh
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="22" protocol="tcp" accept' # ma-ssh
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="443" protocol="tcp" accept' # ma-https
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="443" protocol="tcp" accept' # ma-https
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="445" protocol="tcp" accept' # ma-smb
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="445" protocol="tcp" accept' # ma-smb
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="3389" protocol="tcp" accept' # ma-rdp
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="3389" protocol="tcp" accept' # ma-rdp
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="5985-5986" protocol="tcp" accept' # ma-winrm
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="5985-5986" protocol="tcp" accept' # ma-winrm
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # ma-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # ma-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # ma-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # ma-neighbours-out
[ $# = 0 ] || $FIREWALL --policy=cam-out "$@"

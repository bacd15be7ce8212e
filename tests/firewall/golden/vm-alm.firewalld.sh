#!/bin/sh
# VM network, application lifecycle management (profile vm-alm)
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
[ $# = 0 ] || $FIREWALL --zone=cam "$@"
set --
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.5.0.2/32" port port="443" protocol="tcp" accept' # alm-agent
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd05::2/128" port port="443" protocol="tcp" accept' # alm-agent
set -- "$@" --add-rich-rule='rule family="ipv4" port port="80" protocol="tcp" accept' # alm-repositories
set -- "$@" --add-rich-rule='rule family="ipv6" port port="80" protocol="tcp" accept' # alm-repositories
set -- "$@" --add-rich-rule='rule family="ipv4" port port="443" protocol="tcp" accept' # alm-repositories
set -- "$@" --add-rich-rule='rule family="ipv6" port port="443" protocol="tcp" accept' # alm-repositories
[ $# = 0 ] || $FIREWALL --policy=cam-out "$@"

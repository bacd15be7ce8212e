#!/bin/sh
# vCenter host (profile vcenter)
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
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.5.0.2/32" port port="443" protocol="tcp" accept' # vcenter-api
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd05::2/128" port port="443" protocol="tcp" accept' # vcenter-api
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.5.0.2/32" port port="8085" protocol="tcp" accept' # vcenter-sync
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd05::2/128" port port="8085" protocol="tcp" accept' # vcenter-sync
[ $# = 0 ] || $FIREWALL --zone=cam "$@"
set --
[ $# = 0 ] || $FIREWALL --policy=cam-out "$@"

#!/bin/sh
# VM network, managed services (profile vm-msa)
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
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="20-21" protocol="tcp" accept' # msa-ftp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="20-21" protocol="tcp" accept' # msa-ftp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="22" protocol="tcp" accept' # msa-ssh
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="22" protocol="tcp" accept' # msa-ssh
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" icmp-type name="echo-reply" accept' # msa-ping4
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" icmp-type name="destination-unreachable" accept' # msa-ping4
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" icmp-type name="echo-request" accept' # msa-ping4
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" icmp-type name="time-exceeded" accept' # msa-ping4
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="destination-unreachable" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="packet-too-big" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="time-exceeded" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="parameter-problem" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="echo-request" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" icmp-type name="echo-reply" accept' # msa-ping6
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # msa-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # msa-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # msa-neighbours
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # msa-neighbours
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="80" protocol="tcp" accept' # msa-http
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="80" protocol="tcp" accept' # msa-http
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="443" protocol="tcp" accept' # msa-http
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="443" protocol="tcp" accept' # msa-http
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="3389" protocol="tcp" accept' # msa-rdp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="3389" protocol="tcp" accept' # msa-rdp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="5985-5986" protocol="tcp" accept' # msa-winrm
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="5985-5986" protocol="tcp" accept' # msa-winrm
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="139" protocol="tcp" accept' # msa-smb
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="139" protocol="tcp" accept' # msa-smb
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="445" protocol="tcp" accept' # msa-smb
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="445" protocol="tcp" accept' # msa-smb
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="137-138" protocol="udp" accept' # msa-netbios
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="137-138" protocol="udp" accept' # msa-netbios
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="53" protocol="tcp" accept' # msa-ad-dns-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="53" protocol="tcp" accept' # msa-ad-dns-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="53" protocol="udp" accept' # msa-ad-dns-udp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="53" protocol="udp" accept' # msa-ad-dns-udp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="88" protocol="tcp" accept' # msa-ad-kerberos-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="88" protocol="tcp" accept' # msa-ad-kerberos-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="464" protocol="tcp" accept' # msa-ad-kerberos-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="464" protocol="tcp" accept' # msa-ad-kerberos-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="88" protocol="udp" accept' # msa-ad-kerberos-udp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="88" protocol="udp" accept' # msa-ad-kerberos-udp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="464" protocol="udp" accept' # msa-ad-kerberos-udp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="464" protocol="udp" accept' # msa-ad-kerberos-udp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="123" protocol="udp" accept' # msa-ad-time
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="123" protocol="udp" accept' # msa-ad-time
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="135" protocol="tcp" accept' # msa-ad-rpc
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="135" protocol="tcp" accept' # msa-ad-rpc
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="389" protocol="tcp" accept' # msa-ad-ldap-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="389" protocol="tcp" accept' # msa-ad-ldap-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="636" protocol="tcp" accept' # msa-ad-ldap-tcp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="636" protocol="tcp" accept' # msa-ad-ldap-tcp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="389" protocol="udp" accept' # msa-ad-ldap-udp
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="389" protocol="udp" accept' # msa-ad-ldap-udp
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="3268-3269" protocol="tcp" accept' # msa-ad-catalog
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="3268-3269" protocol="tcp" accept' # msa-ad-catalog
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="5722" protocol="tcp" accept' # msa-ad-replication
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="5722" protocol="tcp" accept' # msa-ad-replication
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="9389" protocol="tcp" accept' # msa-ad-web
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="9389" protocol="tcp" accept' # msa-ad-web
set -- "$@" --add-rich-rule='rule family="ipv4" source address="10.20.0.0/16" port port="49152-65535" protocol="tcp" accept' # msa-ad-rpc-high
set -- "$@" --add-rich-rule='rule family="ipv6" source address="fd20::/64" port port="49152-65535" protocol="tcp" accept' # msa-ad-rpc-high
[ $# = 0 ] || $FIREWALL --zone=cam "$@"
set --
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.5.0.2/32" port port="443" protocol="tcp" accept' # msa-agent
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd05::2/128" port port="443" protocol="tcp" accept' # msa-agent
set -- "$@" --add-rich-rule='rule family="ipv4" port port="80" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv6" port port="80" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv4" port port="443" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv6" port port="443" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv4" port port="5671" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv6" port port="5671" protocol="tcp" accept' # msa-watcher
set -- "$@" --add-rich-rule='rule family="ipv4" port port="500" protocol="udp" accept' # msa-tunnel
set -- "$@" --add-rich-rule='rule family="ipv6" port port="500" protocol="udp" accept' # msa-tunnel
set -- "$@" --add-rich-rule='rule family="ipv4" port port="4500" protocol="udp" accept' # msa-tunnel
set -- "$@" --add-rich-rule='rule family="ipv6" port port="4500" protocol="udp" accept' # msa-tunnel
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="20-21" protocol="tcp" accept' # msa-ftp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="20-21" protocol="tcp" accept' # msa-ftp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="22" protocol="tcp" accept' # msa-ssh-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="22" protocol="tcp" accept' # msa-ssh-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" icmp-type name="echo-reply" accept' # msa-ping4-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" icmp-type name="destination-unreachable" accept' # msa-ping4-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" icmp-type name="echo-request" accept' # msa-ping4-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" icmp-type name="time-exceeded" accept' # msa-ping4-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="destination-unreachable" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="packet-too-big" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="time-exceeded" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="parameter-problem" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="echo-request" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" icmp-type name="echo-reply" accept' # msa-ping6-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-solicitation" accept' # msa-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="router-advertisement" accept' # msa-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-solicitation" accept' # msa-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv6" icmp-type name="neighbour-advertisement" accept' # msa-neighbours-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="80" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="80" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="443" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="443" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="3389" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="3389" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="5985-5986" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="5985-5986" protocol="tcp" accept' # msa-remote-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="53" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="53" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="88" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="88" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="135" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="135" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="139" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="139" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="389" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="389" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="445" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="445" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="464" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="464" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="636" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="636" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="3268-3269" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="3268-3269" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="5722" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="5722" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="9389" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="9389" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="49152-65535" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="49152-65535" protocol="tcp" accept' # msa-ad-tcp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="53" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="53" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="88" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="88" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="123" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="123" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="137-138" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="137-138" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="389" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="389" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv4" destination address="10.20.0.0/16" port port="464" protocol="udp" accept' # msa-ad-udp-out
set -- "$@" --add-rich-rule='rule family="ipv6" destination address="fd20::/64" port port="464" protocol="udp" accept' # msa-ad-udp-out
[ $# = 0 ] || $FIREWALL --policy=cam-out "$@"

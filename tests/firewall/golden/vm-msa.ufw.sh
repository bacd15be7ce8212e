#!/bin/sh
# VM network, managed services (profile vm-msa)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow out proto tcp from any to 10.5.0.2/32 port 443 comment 'msa-agent'
ufw allow out proto tcp from any to fd05::2/128 port 443 comment 'msa-agent'
ufw allow out proto tcp from any to any port 80,443,5671 comment 'msa-watcher'
ufw allow out proto udp from any to any port 500,4500 comment 'msa-tunnel'
ufw allow out proto tcp from any to any port 80,443 comment 'msa-repositories'
ufw allow in proto tcp from 10.20.0.0/16 to any port 20:21 comment 'msa-ftp'
ufw allow in proto tcp from fd20::/64 to any port 20:21 comment 'msa-ftp'
ufw allow in proto tcp from 10.20.0.0/16 to any port 22 comment 'msa-ssh'
ufw allow in proto tcp from fd20::/64 to any port 22 comment 'msa-ssh'
# msa-ping4: icmp is ufw's own matter (before.rules, before6.rules)
# msa-ping6: icmp6 is ufw's own matter (before.rules, before6.rules)
# msa-neighbours: icmp6 is ufw's own matter (before.rules, before6.rules)
ufw allow in proto tcp from 10.20.0.0/16 to any port 80,443 comment 'msa-http'
ufw allow in proto tcp from fd20::/64 to any port 80,443 comment 'msa-http'
ufw allow in proto tcp from 10.20.0.0/16 to any port 3389 comment 'msa-rdp'
ufw allow in proto tcp from fd20::/64 to any port 3389 comment 'msa-rdp'
ufw allow in proto tcp from 10.20.0.0/16 to any port 5985:5986 comment 'msa-winrm'
ufw allow in proto tcp from fd20::/64 to any port 5985:5986 comment 'msa-winrm'
ufw allow in proto tcp from 10.20.0.0/16 to any port 139,445 comment 'msa-smb'
ufw allow in proto tcp from fd20::/64 to any port 139,445 comment 'msa-smb'
ufw allow in proto udp from 10.20.0.0/16 to any port 137:138 comment 'msa-netbios'
ufw allow in proto udp from fd20::/64 to any port 137:138 comment 'msa-netbios'
ufw allow in proto tcp from 10.20.0.0/16 to any port 53 comment 'msa-ad-dns-tcp'
ufw allow in proto tcp from fd20::/64 to any port 53 comment 'msa-ad-dns-tcp'
ufw allow in proto udp from 10.20.0.0/16 to any port 53 comment 'msa-ad-dns-udp'
ufw allow in proto udp from fd20::/64 to any port 53 comment 'msa-ad-dns-udp'
ufw allow in proto tcp from 10.20.0.0/16 to any port 88,464 comment 'msa-ad-kerberos-tcp'
ufw allow in proto tcp from fd20::/64 to any port 88,464 comment 'msa-ad-kerberos-tcp'
ufw allow in proto udp from 10.20.0.0/16 to any port 88,464 comment 'msa-ad-kerberos-udp'
ufw allow in proto udp from fd20::/64 to any port 88,464 comment 'msa-ad-kerberos-udp'
ufw allow in proto udp from 10.20.0.0/16 to any port 123 comment 'msa-ad-time'
ufw allow in proto udp from fd20::/64 to any port 123 comment 'msa-ad-time'
ufw allow in proto tcp from 10.20.0.0/16 to any port 135 comment 'msa-ad-rpc'
ufw allow in proto tcp from fd20::/64 to any port 135 comment 'msa-ad-rpc'
ufw allow in proto tcp from 10.20.0.0/16 to any port 389,636 comment 'msa-ad-ldap-tcp'
ufw allow in proto tcp from fd20::/64 to any port 389,636 comment 'msa-ad-ldap-tcp'
ufw allow in proto udp from 10.20.0.0/16 to any port 389 comment 'msa-ad-ldap-udp'
ufw allow in proto udp from fd20::/64 to any port 389 comment 'msa-ad-ldap-udp'
ufw allow in proto tcp from 10.20.0.0/16 to any port 3268:3269 comment 'msa-ad-catalog'
ufw allow in proto tcp from fd20::/64 to any port 3268:3269 comment 'msa-ad-catalog'
ufw allow in proto tcp from 10.20.0.0/16 to any port 5722 comment 'msa-ad-replication'
ufw allow in proto tcp from fd20::/64 to any port 5722 comment 'msa-ad-replication'
ufw allow in proto tcp from 10.20.0.0/16 to any port 9389 comment 'msa-ad-web'
ufw allow in proto tcp from fd20::/64 to any port 9389 comment 'msa-ad-web'
ufw allow in proto tcp from 10.20.0.0/16 to any port 49152:65535 comment 'msa-ad-rpc-high'
ufw allow in proto tcp from fd20::/64 to any port 49152:65535 comment 'msa-ad-rpc-high'
ufw allow out proto tcp from any to 10.20.0.0/16 port 20:21 comment 'msa-ftp-out'
ufw allow out proto tcp from any to fd20::/64 port 20:21 comment 'msa-ftp-out'
ufw allow out proto tcp from any to 10.20.0.0/16 port 22 comment 'msa-ssh-out'
ufw allow out proto tcp from any to fd20::/64 port 22 comment 'msa-ssh-out'
# msa-ping4-out: icmp is ufw's own matter (before.rules, before6.rules)
# msa-ping6-out: icmp6 is ufw's own matter (before.rules, before6.rules)
# msa-neighbours-out: icmp6 is ufw's own matter (before.rules, before6.rules)
ufw allow out proto tcp from any to 10.20.0.0/16 port 80,443,3389,5985:5986 comment 'msa-remote-out'
ufw allow out proto tcp from any to fd20::/64 port 80,443,3389,5985:5986 comment 'msa-remote-out'
ufw allow out proto tcp from any to 10.20.0.0/16 port 53,88,135,139,389,445,464,636,3268:3269,5722,9389,49152:65535 comment 'msa-ad-tcp-out'
ufw allow out proto tcp from any to fd20::/64 port 53,88,135,139,389,445,464,636,3268:3269,5722,9389,49152:65535 comment 'msa-ad-tcp-out'
ufw allow out proto udp from any to 10.20.0.0/16 port 53,88,123,137:138,389,464 comment 'msa-ad-udp-out'
ufw allow out proto udp from any to fd20::/64 port 53,88,123,137:138,389,464 comment 'msa-ad-udp-out'
# Then: ufw enable

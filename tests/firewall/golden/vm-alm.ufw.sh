#!/bin/sh
# VM network, application lifecycle management (profile vm-alm)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow out proto tcp from any to 10.5.0.2/32 port 443 comment 'alm-agent'
ufw allow out proto tcp from any to fd05::2/128 port 443 comment 'alm-agent'
ufw allow out proto tcp from any to any port 80,443 comment 'alm-repositories'
# Then: ufw enable

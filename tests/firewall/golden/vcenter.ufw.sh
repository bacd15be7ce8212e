#!/bin/sh
# vCenter host (profile vcenter)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow in proto tcp from 10.5.0.2/32 to any port 443 comment 'vcenter-api'
ufw allow in proto tcp from fd05::2/128 to any port 443 comment 'vcenter-api'
ufw allow in proto tcp from 10.5.0.2/32 to any port 8085 comment 'vcenter-sync'
ufw allow in proto tcp from fd05::2/128 to any port 8085 comment 'vcenter-sync'
# Then: ufw enable

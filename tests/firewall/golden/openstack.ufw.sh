#!/bin/sh
# OpenStack API hosts (profile openstack)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
set -e
ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
ufw allow in proto tcp from 10.5.0.2/32 to any port 443 comment 'openstack-dashboard'
ufw allow in proto tcp from fd05::2/128 to any port 443 comment 'openstack-dashboard'
ufw allow in proto tcp from 10.5.0.2/32 to any port 5000,35357 comment 'openstack-keystone'
ufw allow in proto tcp from fd05::2/128 to any port 5000,35357 comment 'openstack-keystone'
ufw allow in proto tcp from 10.5.0.2/32 to any port 8774 comment 'openstack-nova'
ufw allow in proto tcp from fd05::2/128 to any port 8774 comment 'openstack-nova'
ufw allow in proto tcp from 10.5.0.2/32 to any port 8776 comment 'openstack-cinder'
ufw allow in proto tcp from fd05::2/128 to any port 8776 comment 'openstack-cinder'
ufw allow in proto tcp from 10.5.0.2/32 to any port 9292 comment 'openstack-glance'
ufw allow in proto tcp from fd05::2/128 to any port 9292 comment 'openstack-glance'
ufw allow in proto tcp from 10.5.0.2/32 to any port 8004 comment 'openstack-heat'
ufw allow in proto tcp from fd05::2/128 to any port 8004 comment 'openstack-heat'
ufw allow in proto tcp from 10.5.0.2/32 to any port 9696 comment 'openstack-neutron'
ufw allow in proto tcp from fd05::2/128 to any port 9696 comment 'openstack-neutron'
ufw allow in proto tcp from 10.5.0.2/32 to any port 8778 comment 'openstack-placement'
ufw allow in proto tcp from fd05::2/128 to any port 8778 comment 'openstack-placement'
# Then: ufw enable

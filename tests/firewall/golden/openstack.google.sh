#!/bin/sh
# OpenStack API hosts (profile openstack)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
# NOT CHECKED BY A CONSUMER.
set -e
: "${NETWORK:?the name of the VPC network}"
gcloud compute firewall-rules create cam-openstack-dashboard --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --source-ranges=10.5.0.2/32 --description="API behind TLS"
gcloud compute firewall-rules create cam-openstack-dashboard-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --source-ranges=fd05::2/128 --description="API behind TLS"
gcloud compute firewall-rules create cam-openstack-keystone --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:5000,tcp:35357 --source-ranges=10.5.0.2/32 --description="Keystone"
gcloud compute firewall-rules create cam-openstack-keystone-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:5000,tcp:35357 --source-ranges=fd05::2/128 --description="Keystone"
gcloud compute firewall-rules create cam-openstack-nova --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8774 --source-ranges=10.5.0.2/32 --description="Nova"
gcloud compute firewall-rules create cam-openstack-nova-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8774 --source-ranges=fd05::2/128 --description="Nova"
gcloud compute firewall-rules create cam-openstack-cinder --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8776 --source-ranges=10.5.0.2/32 --description="Cinder"
gcloud compute firewall-rules create cam-openstack-cinder-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8776 --source-ranges=fd05::2/128 --description="Cinder"
gcloud compute firewall-rules create cam-openstack-glance --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:9292 --source-ranges=10.5.0.2/32 --description="Glance"
gcloud compute firewall-rules create cam-openstack-glance-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:9292 --source-ranges=fd05::2/128 --description="Glance"
gcloud compute firewall-rules create cam-openstack-heat --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8004 --source-ranges=10.5.0.2/32 --description="Heat"
gcloud compute firewall-rules create cam-openstack-heat-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8004 --source-ranges=fd05::2/128 --description="Heat"
gcloud compute firewall-rules create cam-openstack-neutron --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:9696 --source-ranges=10.5.0.2/32 --description="Neutron"
gcloud compute firewall-rules create cam-openstack-neutron-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:9696 --source-ranges=fd05::2/128 --description="Neutron"
gcloud compute firewall-rules create cam-openstack-placement --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8778 --source-ranges=10.5.0.2/32 --description="Placement"
gcloud compute firewall-rules create cam-openstack-placement-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8778 --source-ranges=fd05::2/128 --description="Placement"
gcloud compute firewall-rules create cam-openstack-deny-in --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-openstack-deny-in-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=::/0
gcloud compute firewall-rules create cam-openstack-deny-out --network="$NETWORK" --target-tags=cam-openstack --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-openstack-deny-out-v6 --network="$NETWORK" --target-tags=cam-openstack --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=::/0

#!/bin/sh
# vCenter host (profile vcenter)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
# NOT CHECKED BY A CONSUMER.
set -e
: "${NETWORK:?the name of the VPC network}"
gcloud compute firewall-rules create cam-vcenter-api --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --source-ranges=10.5.0.2/32 --description="vSphere API"
gcloud compute firewall-rules create cam-vcenter-api-v6 --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --source-ranges=fd05::2/128 --description="vSphere API"
gcloud compute firewall-rules create cam-vcenter-sync --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8085 --source-ranges=10.5.0.2/32 --description="synchronization and operations"
gcloud compute firewall-rules create cam-vcenter-sync-v6 --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=1000 --action=ALLOW --rules=tcp:8085 --source-ranges=fd05::2/128 --description="synchronization and operations"
gcloud compute firewall-rules create cam-vcenter-deny-in --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-vcenter-deny-in-v6 --network="$NETWORK" --target-tags=cam-vcenter --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=::/0
gcloud compute firewall-rules create cam-vcenter-deny-out --network="$NETWORK" --target-tags=cam-vcenter --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-vcenter-deny-out-v6 --network="$NETWORK" --target-tags=cam-vcenter --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=::/0

#!/bin/sh
# VM network, application lifecycle management (profile vm-alm)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
# NOT CHECKED BY A CONSUMER.
set -e
: "${NETWORK:?the name of the VPC network}"
gcloud compute firewall-rules create cam-alm-agent --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --destination-ranges=10.5.0.2/32 --description="the agent's requests"
gcloud compute firewall-rules create cam-alm-agent-v6 --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=1000 --action=ALLOW --rules=tcp:443 --destination-ranges=fd05::2/128 --description="the agent's requests"
gcloud compute firewall-rules create cam-alm-repositories --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=1000 --action=ALLOW --rules=tcp:80,tcp:443 --destination-ranges=0.0.0.0/0 --description="package repositories, yum and apt"
gcloud compute firewall-rules create cam-alm-repositories-v6 --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=1000 --action=ALLOW --rules=tcp:80,tcp:443 --destination-ranges=::/0 --description="package repositories, yum and apt"
gcloud compute firewall-rules create cam-vm-alm-deny-in --network="$NETWORK" --target-tags=cam-vm-alm --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-vm-alm-deny-in-v6 --network="$NETWORK" --target-tags=cam-vm-alm --direction=INGRESS --priority=65000 --action=DENY --rules=all --source-ranges=::/0
gcloud compute firewall-rules create cam-vm-alm-deny-out --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=0.0.0.0/0
gcloud compute firewall-rules create cam-vm-alm-deny-out-v6 --network="$NETWORK" --target-tags=cam-vm-alm --direction=EGRESS --priority=65000 --action=DENY --rules=all --destination-ranges=::/0

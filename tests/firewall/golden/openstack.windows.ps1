# OpenStack API hosts (profile openstack)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
$ErrorActionPreference = 'Stop'
Get-NetFirewallRule -Group 'CAM' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-dashboard' -DisplayName 'API behind TLS' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '443' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-keystone' -DisplayName 'Keystone' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '5000','35357' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-nova' -DisplayName 'Nova' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '8774' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-cinder' -DisplayName 'Cinder' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '8776' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-glance' -DisplayName 'Glance' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '9292' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-heat' -DisplayName 'Heat' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '8004' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-neutron' -DisplayName 'Neutron' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '9696' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-openstack-placement' -DisplayName 'Placement' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '8778' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block

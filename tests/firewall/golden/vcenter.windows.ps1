# vCenter host (profile vcenter)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
$ErrorActionPreference = 'Stop'
Get-NetFirewallRule -Group 'CAM' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
New-NetFirewallRule -Group 'CAM' -Name 'cam-vcenter-api' -DisplayName 'vSphere API' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '443' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-vcenter-sync' -DisplayName 'synchronization and operations' -Description 'the CAM Dedicated Edition appliance' -Direction Inbound -Action Allow -Protocol TCP -LocalPort '8085' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block

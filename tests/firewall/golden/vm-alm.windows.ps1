# VM network, application lifecycle management (profile vm-alm)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
$ErrorActionPreference = 'Stop'
Get-NetFirewallRule -Group 'CAM' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
New-NetFirewallRule -Group 'CAM' -Name 'cam-alm-agent' -DisplayName 'the agent''s requests' -Description 'the CAM Dedicated Edition appliance' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '443' -RemoteAddress '10.5.0.2/32','fd05::2/128' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-alm-repositories' -DisplayName 'package repositories, yum and apt' -Description 'package repositories, yum and apt' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '80','443' | Out-Null
Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block

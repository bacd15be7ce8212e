# Management appliance of a managed network (profile management-appliance)
# Made by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.
$ErrorActionPreference = 'Stop'
Get-NetFirewallRule -Group 'CAM' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-cam' -DisplayName 'CAM management' -Description 'CAM and its remote administration' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '443' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-monitoring' -DisplayName 'monitoring, RabbitMQ over TLS' -Description 'the monitoring infrastructure, *.watcher.ctl.io' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '5671' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-isakmp' -DisplayName 'remote administration, ISAKMP' -Description 'CAM and its remote administration' -Direction Outbound -Action Allow -Protocol UDP -RemotePort '500' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-natt' -DisplayName 'remote administration, IPsec NAT traversal' -Description 'CAM and its remote administration' -Direction Outbound -Action Allow -Protocol UDP -RemotePort '4500' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-ssh' -DisplayName 'SSH' -Description 'the network or VPC of the virtual machines' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '22' -RemoteAddress '10.20.0.0/16','fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-https' -DisplayName 'HTTPS monitoring' -Description 'the network or VPC of the virtual machines' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '443' -RemoteAddress '10.20.0.0/16','fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-smb' -DisplayName 'SMB' -Description 'the network or VPC of the virtual machines' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '445' -RemoteAddress '10.20.0.0/16','fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-rdp' -DisplayName 'RDP' -Description 'the network or VPC of the virtual machines' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '3389' -RemoteAddress '10.20.0.0/16','fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-winrm' -DisplayName 'WinRM' -Description 'the network or VPC of the virtual machines' -Direction Outbound -Action Allow -Protocol TCP -RemotePort '5985-5986' -RemoteAddress '10.20.0.0/16','fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-ping' -DisplayName 'ping, registration for managed services' -Description 'the network or VPC of the virtual machines' -Direction Inbound -Action Allow -Protocol ICMPv4 -IcmpType '8' -RemoteAddress '10.20.0.0/16' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-ping6' -DisplayName 'ping, registration for managed services' -Description 'the network or VPC of the virtual machines' -Direction Inbound -Action Allow -Protocol ICMPv6 -IcmpType '128' -RemoteAddress 'fd20::/64' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-neighbours' -DisplayName 'router and neighbour discovery' -Description 'any address' -Direction Inbound -Action Allow -Protocol ICMPv6 -IcmpType '133','134','135','136' | Out-Null
New-NetFirewallRule -Group 'CAM' -Name 'cam-ma-neighbours-out' -DisplayName 'router and neighbour discovery' -Description 'any address' -Direction Outbound -Action Allow -Protocol ICMPv6 -IcmpType '133','134','135','136' | Out-Null
Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block

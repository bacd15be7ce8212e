#!/bin/sh
# Prepares a machine that is to become a vSphere template: at the first start of each copy it looks for its configuration in
# what the appliance has set (guestinfo), installs the agent and starts it.
#
#   curl -L https://@CAM_HOST@/agent/linux/vsphere/template_customization_script.sh | sudo sh
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH

die() { echo "elasticbox: $*" >&2; exit 111; }
[ "$(id -u)" = 0 ] || die "root is needed (sudo)"
command -v vmtoolsd >/dev/null 2>&1 || command -v vmware-rpctool >/dev/null 2>&1 || die "VMware Tools (open-vm-tools) are not installed"

home=/usr/elasticbox
mkdir -p $home || die "$home: cannot be made"
cat >$home/ca.pem <<'CA'
@CAM_CA@CA
cat >$home/elasticbox-init <<'INIT'
#!/bin/sh
# Runs at every start; does something at the first start of a copy.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
home=/usr/elasticbox
info() {
	if command -v vmware-rpctool >/dev/null 2>&1; then
		vmware-rpctool "info-get guestinfo.$1" 2>/dev/null
	else
		vmtoolsd --cmd "info-get guestinfo.$1" 2>/dev/null
	fi
}
conf=$(info elasticbox.conf) && [ -n "$conf" ] || exit 0
new=$(printf '%s' "$conf" | base64 -d 2>/dev/null) || new=$conf
[ "$new" != "$(cat $home/elasticbox.conf 2>/dev/null)" ] || exit 0
# Another machine than before: what the template's agent knew is not ours.
rm -rf /var/elasticbox/.journal
(umask 077; printf '%s\n' "$new" >$home/elasticbox.conf)
ca=$(info elasticbox.ca) && [ -n "$ca" ] && printf '%s' "$ca" | base64 -d >$home/ca.pem 2>/dev/null
value() { sed -n "s/^$1=//p" $home/elasticbox.conf | head -n 1; }
name=$(value host) address=$(value address)
if [ ! -x $home/elasticbox-agent ]; then
	for i in 1 2 3 4 5 6 7 8 9 10; do
		curl -sS --fail --cacert $home/ca.pem --connect-to "$name:443:$address:" -o $home/elasticbox-agent.new \
			"https://$name/agent/linux/x86_64/elasticbox-agent" && break
		sleep 10
	done
	chmod 755 $home/elasticbox-agent.new && mv -f $home/elasticbox-agent.new $home/elasticbox-agent || exit 1
fi
$home/elasticbox-agent install
INIT
chmod 755 $home/elasticbox-init

if [ -d /run/systemd/system ]; then
	cat >/etc/systemd/system/elasticbox-init.service <<'UNIT'
[Unit]
Description=ElasticBox: first start of a copy of a template
After=network-online.target vmtoolsd.service open-vm-tools.service
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/elasticbox/elasticbox-init

[Install]
WantedBy=multi-user.target
UNIT
	systemctl daemon-reload && systemctl --quiet enable elasticbox-init || die "systemd does not take the service"
elif [ -d /etc/init.d ]; then
	printf '#!/bin/sh\n# chkconfig: 2345 94 06\n# description: ElasticBox: first start of a copy of a template\n### BEGIN INIT INFO\n# Provides: elasticbox-init\n# Required-Start: $network\n# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop:\n### END INIT INFO\n[ "$1" != start ] || /usr/elasticbox/elasticbox-init\n' >/etc/init.d/elasticbox-init
	chmod 755 /etc/init.d/elasticbox-init
	if command -v chkconfig >/dev/null 2>&1; then chkconfig --add elasticbox-init
	elif command -v update-rc.d >/dev/null 2>&1; then update-rc.d elasticbox-init defaults >/dev/null
	fi
else
	die "neither systemd nor /etc/init.d is here"
fi
echo "This machine can become a template now: shut it down."

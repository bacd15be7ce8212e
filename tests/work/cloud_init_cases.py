"""A machine that cloud-init prepares: a Debian tree as an image has it, and nothing but the user data the appliance made."""
import os
import tempfile

from treevm import Vms
from world import check, needs_agents, wait_for

SAYS = "#!/bin/sh\necho \"installed on $(. /etc/os-release; echo $ID) by $(cat /proc/1/comm), $(cloud-init query platform)\"\n"


def the_user_data_alone_installs_the_agent(w):
    needs_agents()
    box = w.box("script", "prepared", {"install": SAYS, "start": "#!/bin/sh\nsystemctl is-active elasticbox\n"})
    id = w.deploy(box, policy_box=None, ipv4_address="10.78.0.2")["id"]
    data = wait_for(30, lambda: w.client.call("POST", "/services/instances/%s/agent_configuration" % id)[1].get("user_data"))
    with tempfile.TemporaryDirectory(prefix="cloud.", dir="/tmp") as directory:
        vms = Vms(os.path.join(directory, "vms"), os.environ["CAM_TREE"]).network()
        vm = vms.make("prepared")
        vm.write("/var/lib/cloud/seed/nocloud/meta-data", "instance-id: %s\nlocal-hostname: prepared\n" % id)
        vm.write("/var/lib/cloud/seed/nocloud/user-data", data, 0o600)
        for program in ("curl", "wget"):	# as small images are: the Python of cloud-init fetches it then
            vm.hide("/usr/bin/" + program)
        try:
            vm.start()
            wait_for(150, lambda: w.instance(id)["state"] != "processing",
                     lambda: "%s %s %s" % (w.told(id), vm.get("log")[-300:], (vm.read("/var/log/cloud-init-output.log") or "")[-900:]))
            check(w.instance(id)["state"] == "done", w.told(id), w.logs(id))
            check("installed on debian by systemd, nocloud\n" in w.logs(id) and "\nactive\n" in w.logs(id), w.logs(id))
            check(w.machines(id)[0]["hostname"] == "prepared" and os.stat(vm.path("/usr/elasticbox/elasticbox.conf")).st_mode & 0o777 == 0o600,
                  w.machines(id))
        finally:
            vms.end()
        wait_for(20, lambda: not vms.left(), lambda: "left: %s" % vms.left())
    w.away(id)


CASES = [the_user_data_alone_installs_the_agent]

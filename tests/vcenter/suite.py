#!/usr/bin/python3
"""cloud and vCenter: every operation, certificates, privileges, and what goes wrong on the way."""
import concurrent.futures
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.join(HERE, "..", "keyd")]
import rooms  # noqa: E402
from core import Core  # noqa: E402
from proxy import Proxy  # noqa: E402

SOAK = bool(os.environ.get("CAM_SOAK"))
VCSIM = os.environ["VCSIM"]
SEED = int(os.environ.get("CAM_SEED", "7"))
BIG, SMALL, PROXY = 8990, 8989, 8443
failures = 0


def check(what, good, detail=""):
    global failures
    print("%s %s%s" % ("ok" if good else "not ok", what, "" if good else ": %s" % (detail,)), flush=True)
    failures += not good
    return good


def sh(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more).stdout


def until(f, seconds):
    end = time.monotonic() + seconds
    while not f() and time.monotonic() < end:
        time.sleep(0.005)


def wait_port(port, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("port %d: nobody listens" % port)


# ---- certificates ----

class Certificates:
    """In the present directory; names without their suffixes."""

    def key(self, name, curve="P-256"):
        sh("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve, "-out", name + ".key")

    def authority(self, name, by=None):
        self.make(name, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign", by)

    def make(self, name, extensions, by=None, days=30, start=None, common=None):
        if not os.path.exists(name + ".key"):
            self.key(name)
        with open(name + ".ext", "w") as f:
            f.write(extensions + "\n")
        sh("openssl", "req", "-new", "-key", name + ".key", "-subj", "/CN=" + (common or name), "-out", name + ".csr")
        signer = ["-CA", by + ".crt", "-CAkey", by + ".key"] if by else ["-signkey", name + ".key"]
        sh("openssl", "x509", "-req", "-in", name + ".csr", *signer, "-set_serial", str(random.getrandbits(60)), "-days",
           str(days), "-extfile", name + ".ext", "-out", name + ".crt")

    def text(self, name):
        return open(name + ".crt").read()

    def fingerprint(self, name):
        return sh("openssl", "x509", "-in", name + ".crt", "-noout", "-fingerprint", "-sha256").split("=")[1].strip()


certs = Certificates()


# ---- the simulator ----

class Vcenter:
    def __init__(self, port, *options, certificate="leaf"):
        self.port, self.options, self.certificate, self.p = port, options, certificate, None

    def start(self):
        self.log = open("vcsim-%d.log" % self.port, "a")
        self.p = subprocess.Popen(
            [VCSIM + "/vcsim", "-l", "127.0.0.1:%d" % self.port, "-tlscert", self.certificate + ".crt", "-tlskey",
             self.certificate + ".key", "-username", "u", "-password", "p", *self.options],
            stdout=self.log, stderr=subprocess.STDOUT, env=dict(os.environ, TMPDIR=os.getcwd()))
        wait_port(self.port)
        return self

    def template(self, name="DC0_H0_VM0"):
        self.govc("vm.power", "-off", name)
        self.govc("vm.markastemplate", name)
        return self

    def kill(self):
        self.p.kill()
        self.p.wait()

    def restart(self):
        self.kill()
        return self.start().template()

    def govc(self, *argv):
        env = dict(os.environ, GOVC_URL="https://u:p@127.0.0.1:%d/sdk" % self.port, GOVC_INSECURE="1", HOME=os.getcwd())
        return sh(VCSIM + "/govc", *argv, env=env)

    def machines(self):
        """Names of the VMs that are not the simulator's own."""
        return sorted(x.rsplit("/", 1)[1] for x in self.govc("find", "/", "-type", "m").split() if "_VM" not in x)

    def info(self, name):
        return json.loads(self.govc("vm.info", "-json", "-e", name))["VirtualMachines"][0]


def config(port=PROXY, **more):
    c = {"endpoint": "https://127.0.0.1:%d" % port, "username": "u", "ca_certificate": certs.text("authority"),
         "settle_seconds": 2}
    c.update(more)
    return c


PROFILE = {"schema": "http://elasticbox.net/schemas/vsphere/compute/profile", "datacenter": "DC0", "template": "DC0_H0_VM0",
           "flavor": "Small", "network": "VM Network", "network_mor": "", "folder": "", "datastore": "LocalDS_0",
           "customization_spec": "None", "instances": 1, "compute_resource": None, "resource_pool": None}


def machine(n, **profile):
    return {"machine": "m-%08d" % n, "name": "web-eb-abcde-%d" % n, "instance": "i-abcdef", "service": "eb-abcde",
            "machine_key": "m-%08d" % n, "user_data": "#cloud-config\n{}\n", "conf": "[agent]\n", "ca": "PEM\n",
            "profile": {**PROFILE, **profile}}


def create(n, **more):
    profile = more.pop("profile", {})
    return core.run("machine.create", "m-%08d" % n, config=more.pop("config", config()), **machine(n, **profile), **more)


def of(n, external_id, **more):
    m = machine(n)
    return dict({k: m[k] for k in ("machine", "name", "machine_key")}, key=m["machine"], external_id=external_id, config=config(), **more)


# ---- certificates of servers ----

class Server:
    """OpenSSL's TLS: shows what it is told to, then is no vCenter."""

    def __init__(self, port, leaf, chain="", version=None, ciphers=None):
        with open("shown.pem", "w") as f:
            f.write(certs.text(leaf) + chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("shown.pem", leaf + ".key")
        if version:
            context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.context = context
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(c, server_side=True) as t:
                    t.recv(65536)
                    t.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnone")
            except OSError:
                c.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


TRUSTED = "is not SOAP"
LOOPBACK = {"localhost": {"addresses": ["127.0.0.1"]}}


def ask(leaf, want, what, host="127.0.0.1", chain="", version=None, ciphers=None, names=None, **more):
    with Server(9443, leaf, chain, version, ciphers):
        r = core.run("provider.validate", seconds=20, config=dict({"endpoint": "https://%s:9443" % host, "username": "u"}, **more),
                     **({"names": names} if names else {}))
    check("certificates: " + what, r["outcome"] != "done" and want in r["message"], r["message"])


def cases_certificates():
    ca = {"ca_certificate": certs.text("authority")}
    certs.make("byname", "subjectAltName=DNS:vcenter.test", "authority")
    certs.make("both", "subjectAltName=DNS:localhost,IP:127.0.0.1", "authority")
    certs.make("alone", "subjectAltName=IP:127.0.0.1")
    certs.make("client", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=clientAuth", "authority")
    certs.make("expired", "subjectAltName=IP:127.0.0.1", "authority", days=-1)
    certs.authority("middle", "authority")
    certs.authority("lower", "middle")
    certs.authority("other")
    certs.make("deep", "subjectAltName=IP:127.0.0.1", "lower")
    certs.make("false", "subjectAltName=IP:127.0.0.1", "both")
    unsorted = "".join(certs.text(x) for x in ("other", "authority", "middle", "byname", "lower"))
    ask("leaf", TRUSTED, "an address in the certificate is enough", **ca)
    ask("both", TRUSTED, "a host name is verified as such", host="localhost", names=LOOPBACK, **ca)
    ask("byname", "does not name this address", "an address that the certificate does not name is refused", **ca)
    ask("byname", "is for another name", "another host name is refused", host="localhost", names=LOOPBACK, **ca)
    ask("byname", TRUSTED, "names: reached where core's task says, and verified by the name", host="VCenter.test", names={
        "vcenter.test": {"addresses": ["127.0.0.1"]}}, **ca)
    ask("byname", TRUSTED, "names: the next address when nobody listens at the first", host="vcenter.test", names={
        "vcenter.test": {"addresses": ["::1", "127.0.0.3", "127.0.0.1"]}}, **ca)
    ask("both", "the name cannot be resolved", "names: none but the task's is known, not even one of /etc/hosts", host="localhost", **ca)
    ask("both", "vcenter.test: does not exist", "names: why there is no address is said", host="vcenter.test", names={
        "vcenter.test": {"message": "does not exist"}}, **ca)
    ask("alone", "not trusted yet: accept its SHA-256 fingerprint " + certs.fingerprint("alone"),
        "what is trusted by nobody is refused with its fingerprint")
    ask("alone", "not signed by an authority", "a self-signed certificate is no other authority's", **ca)
    ask("alone", TRUSTED, "a self-signed certificate is trusted by its fingerprint",
        certificate_fingerprint=certs.fingerprint("alone"))
    ask("alone", TRUSTED, "a self-signed certificate is trusted when it was uploaded", ca_certificate=certs.text("alone"))
    ask("leaf", "has changed", "a changed certificate is refused under the fingerprint of the old one",
        certificate_fingerprint=certs.fingerprint("alone"))
    ask("expired", "expired", "an expired certificate is refused", **ca)
    ask("client", "not for servers", "a certificate for clients is no server's", **ca)
    ask("deep", TRUSTED, "a chain in any order, with strangers in between, is put in order", chain=unsorted, **ca)
    ask("deep", "not signed by", "a chain with a gap is refused", **ca)
    ask("false", "no authority", "a certificate signed by one that is no authority is refused", chain=certs.text("both"), **ca)
    ask("leaf", "speaks only TLS 1.3", "a server of TLS 1.3 only gets an error that says so", version=ssl.TLSVersion.TLSv1_3, **ca)
    ask("leaf", "refused", "a server of another cipher gets an error", version=ssl.TLSVersion.TLSv1_2,
        ciphers="ECDHE-ECDSA-AES128-SHA256", **ca)
    r = core.run("provider.validate", config={"endpoint": "https://127.0.0.1:9444", "username": "u", **ca})
    check("certificates: a port where nobody listens is said so", "refused" in r["message"], r["message"])
    r = core.run("provider.validate", config={"endpoint": "http://127.0.0.1:9444", "username": "u", **ca})
    check("certificates: without TLS nothing is called", "https://" in r["message"], r["message"])
    r = core.run("provider.validate", config={"endpoint": "https://127.0.0.1:9444", "ca_certificate": "nonsense"})
    check("certificates: authorities that are no PEM are refused", "PEM" in r["message"], r["message"])


# ---- every operation ----

def cases_sync():
    r = core.run("provider.validate", config=config())
    check("validate: tells version and fingerprint", r["outcome"] == "done" and r["output"]["version"] == "6.5.0" and
          r["output"]["fingerprint"] == certs.fingerprint("leaf"), r)
    r = core.run("provider.validate", config=config(), secret="wrong")
    check("validate: a wrong password is said so and not tried again", r["outcome"] == "refused" and
          "password is wrong" in r["message"], r)
    t = core.push("provider.sync", config=config())
    r = core.result(t)
    linux = r["output"]["services"][0]
    dc = linux["datacenters"][0]
    check("sync: datacenters, folders, datastores, networks, hosts, templates, as clients read them",
          r["outcome"] == "done" and linux["name"] == "Linux Compute" and dc["name"] == "DC0" and
          dc["folders"][0]["parent"] == dc["mor"] and dc["datastores"][0]["is_cluster"] is False and
          {n["name"] for n in dc["networks"]} >= {"VM Network", "DC0_DVPG0"} and
          dc["templates"][0]["name"] == "DC0_H0_VM0" and dc["compute_resources"][1]["is_cluster"] and
          {"name": "vcsim-linux", "type": "Linux"} in linux["customization_specs"] and
          linux["flavors"][0] == {"name": "Tiny", "cpus": 1, "memory": 1024}, r)
    check("sync: virtual machines that are not registered", {"DC0_H0_VM1", "DC0_C0_RP0_VM0"} <=
          {u["name"] for u in r["output"]["unregistered"]}, r["output"].get("unregistered"))
    check("sync: says what it found", "Found 1 datacenters" in core.text(t) and "6 virtual machines" not in core.text(t), core.text(t))
    vc.govc("vm.markasvm", "-pool", "DC0_H0/Resources", "DC0_H0_VM0")
    r = core.run("provider.sync", config=config())
    check("sync: without any template it is refused", r["outcome"] == "refused" and "has no template" in r["message"], r)
    vc.govc("vm.markastemplate", "DC0_H0_VM0")


def cases_machine():
    disks = [{"template": True, "size": 20}, {"name": "data", "size": 5}, {"name": "more", "size": 6}]
    r = create(1, profile={"disks": disks, "network": "DC0_DVPG0", "parameters": [{"key": "x.y", "value": "z"}]},
               tags={"Box name": "web", "Origin": "https://cam.test"})
    check("create: is done", r["outcome"] == "done" and r["output"]["external_id"], r)
    one = r["output"].get("external_id", "")
    vm = vc.info("web-eb-abcde-1")
    options = {o["Key"]: o["Value"] for o in vm["Config"]["ExtraConfig"]}
    sizes = [d["CapacityInKB"] >> 20 for d in vm["Config"]["Hardware"]["Device"] if "CapacityInKB" in d]
    check("create: processors and memory of the flavor", (vm["Config"]["Hardware"]["NumCPU"],
          vm["Config"]["Hardware"]["MemoryMB"]) == (1, 2048), vm["Config"]["Hardware"])
    check("create: the template's disk has grown and two more are there", sizes == [20, 5, 6], sizes)
    check("create: it runs", vm["Runtime"]["PowerState"] == "poweredOn")
    check("create: user data for cloud-init, encoded", options.get("guestinfo.userdata.encoding") == "base64" and
          options.get("guestinfo.userdata") == "I2Nsb3VkLWNvbmZpZwp7fQo=", options)
    check("create: the same for templates without it", options.get("guestinfo.elasticbox.conf") == "W2FnZW50XQo=" and
          options.get("guestinfo.elasticbox.ca") == "UEVNCg==", options)
    check("create: carries our key, and the parameters of the policy", options.get("cam.key") == "appliance/m-00000001" and
          options.get("x.y") == "z" and vm["Config"]["InstanceUuid"].startswith("63616d2d-"), options)
    check("create: tags are custom attributes", sorted(v["Value"] for v in vm["CustomValue"] or []) == ["https://cam.test", "web"],
          vm["CustomValue"])
    again = create(1, attempt=2)
    check("create: again with the same key gives the same machine", again["outcome"] == "done" and
          again["output"]["external_id"] == one and vc.machines() == ["web-eb-abcde-1"], (again, vc.machines()))
    r = core.run("machine.stop", **of(1, one))
    check("stop: off", r["outcome"] == "done" and vc.info("web-eb-abcde-1")["Runtime"]["PowerState"] == "poweredOff", r)
    check("stop: again is done", core.run("machine.stop", **of(1, one))["outcome"] == "done")
    check("start: on", core.run("machine.start", **of(1, one))["outcome"] == "done" and
          vc.info("web-eb-abcde-1")["Runtime"]["PowerState"] == "poweredOn")
    check("start: again is done", core.run("machine.start", **of(1, one))["outcome"] == "done")
    check("stop: by force", core.run("machine.stop", **of(1, one, force=True))["outcome"] == "done" and
          vc.info("web-eb-abcde-1")["Runtime"]["PowerState"] == "poweredOff")
    suspended = []
    vc.govc("vm.power", "-on", "web-eb-abcde-1")
    for kind in ("start", "stop"):
        vc.govc("vm.power", "-suspend", "web-eb-abcde-1")
        r = core.run("machine." + kind, **of(1, one))
        suspended.append((r["outcome"], vc.info("web-eb-abcde-1")["Runtime"]["PowerState"]))
    check("start, stop: of one that is suspended: it runs, it is off", suspended == [("done", "poweredOn"), ("done", "poweredOff")], suspended)
    r = core.run("machine.list", config=config(), unregistered=True)
    check("list: machines by their keys, apart from what is not registered", [(m["key"], m["machine"], m["external_id"])
          for m in r["output"]["machines"]] == [("m-00000001", "m-00000001", one)] and
          len(r["output"]["unregistered"]) == 5, r)
    r = core.run("machine.list", config=config(), owner="another")
    check("list: another appliance's machines are not ours", r["output"]["machines"] == [], r)
    core.run("machine.destroy", owner="another", **of(1, one))
    check("destroy: another appliance's machine stays", vc.machines() == ["web-eb-abcde-1"], vc.machines())
    core.run("machine.destroy", **of(1, "vm-4711"))
    check("destroy: one that is named, and no other of that key", vc.machines() == ["web-eb-abcde-1"], vc.machines())
    cases_snapshot(one)
    cases_adopt()
    cases_disks()
    r = core.run("machine.destroy", **of(1, one))
    check("destroy: gone", r["outcome"] == "done" and vc.machines() == [], (r, vc.machines()))
    check("destroy: again is done", core.run("machine.destroy", **of(1, one))["outcome"] == "done")
    r = core.run("machine.start", **of(1, one))
    check("start: of what is gone is refused", r["outcome"] == "refused" and "gone" in r["message"], r)


def cases_adopt():
    before = vc.info("DC0_H0_VM1")
    ref = before["Self"]["Value"]
    r = [core.run("machine.adopt", **of(20, ref)) for _ in (1, 2)]
    mine = [m["key"] for m in core.run("machine.list", config=config())["output"]["machines"] if m["external_id"] == ref]
    check("adopt: a machine that was there carries the key, once and for all", [x["outcome"] for x in r] == ["done"] * 2 and
          r[0]["output"]["external_id"] == ref and mine == ["m-00000020"], (r, mine))
    r = core.run("machine.adopt", **of(21, ref))
    check("adopt: one that is another's is refused", r["outcome"] == "refused" and "belongs to another" in r["message"], r)
    r = core.run("machine.adopt", **of(22, "vm-4711"))
    check("adopt: so is one that is gone", r["outcome"] == "refused" and "gone" in r["message"], r)
    r = core.run("machine.adopt", **of(22, vc.info("DC0_H0_VM0")["Self"]["Value"]))
    check("adopt: and a template", r["outcome"] == "refused" and "template" in r["message"], r)
    r = core.run("machine.destroy", **of(20, ref, stray=True))
    now = vc.info("DC0_H0_VM1")
    proxy.inherited = b'<extraConfig><key>cam.adopted</key><value xsi:type="xsd:string">none</value></extraConfig>'
    made = create(23)
    proxy.inherited = b""
    options = {o["Key"]: o["Value"] for o in vc.info("web-eb-abcde-23")["Config"]["ExtraConfig"]}
    gone = core.run("machine.destroy", **of(23, made["output"].get("external_id", ""), stray=True))
    check("adopt: of a template that was made of an adopted machine are machines that belong to nothing removed", made["outcome"] == "done" and
          options["cam.key"] == "appliance/m-00000023" and gone["outcome"] == "done" and vc.machines() == ["web-eb-abcde-1"], (made, options, gone, vc.machines()))
    listed = core.run("machine.list", config=config(), unregistered=True)["output"]
    check("destroy: one that was adopted and belongs to nothing any more is let go, as it was", r["outcome"] == "done" and
          now["Runtime"]["PowerState"] == before["Runtime"]["PowerState"] and now["Config"]["InstanceUuid"] == before["Config"]["InstanceUuid"] and
          ref not in [m["external_id"] for m in listed["machines"]] and ref in [u["external_id"] for u in listed["unregistered"]], (r, listed))


def cases_disks():
    vc.govc("vm.clone", "-on=false", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", "double")
    vc.govc("vm.disk.create", "-vm", "double", "-ds", "LocalDS_0", "-name", "double/second", "-size", "2G")
    vc.govc("vm.markastemplate", "double")
    got = []
    for attempt in (1, 2):
        vc.govc("vm.power", "-off", "-force", "web-eb-abcde-24") if attempt == 2 else None
        create(24, attempt=attempt, profile={"template": "double", "disks": [{"template": True, "size": 20}, 
            {"name": "data", "size": 5, "datastore": "LocalDS_1"}, {"name": "more", "size": 6}]})
        got.append(sorted(d["CapacityInKB"] >> 20 for d in vc.info("web-eb-abcde-24")["Config"]["Hardware"]["Device"] if "CapacityInKB" in d))
    where = {d["CapacityInKB"] >> 20: d["Backing"]["FileName"].split("]")[0][1:] for d in vc.info("web-eb-abcde-24")["Config"]["Hardware"]["Device"] if "CapacityInKB" in d}
    check("create: a disk in a datastore of its own", (where[5], where[6]) == ("LocalDS_1", "LocalDS_0"), where)
    check("create: disks beside the two of a template, and none more the second time", got == [[2, 5, 6, 20]] * 2, got)
    core.run("machine.destroy", **of(24, ""))
    vc.govc("vm.destroy", "double")


def privileges(method):
    """Those the driver's table has for it; the documentation has all."""
    table = open(os.path.join(TOP, "src/cloud/vim_allow.c")).read()
    return re.search(r'\{ "%s",(.*?)\}' % method, table, re.DOTALL).group(1)


def cases_snapshot(one):
    m = of(1, one)
    check("snapshot: is taken, once for a name", [core.run("machine.snapshot", snapshot="before", **m)["outcome"] for _ in (1, 2)] ==
          ["done"] * 2 and vc.govc("snapshot.tree", "-vm", "web-eb-abcde-1").split() in (["before"], ["before", "."], [".", "before"]),
          vc.govc("snapshot.tree", "-vm", "web-eb-abcde-1"))
    check("snapshot: back to it", core.run("machine.revert", snapshot="before", **m)["outcome"] == "done")
    r = core.run("machine.revert", snapshot="never", **m)
    check("snapshot: one that is not there is refused", r["outcome"] == "refused" and "no snapshot never" in r["message"], r)
    check("snapshot: removed, and again", [core.run("machine.unsnapshot", snapshot="before", **m)["outcome"] for _ in (1, 2)] ==
          ["done"] * 2)
    r = [core.run("machine.template", template_name="golden", **dict(m, key="template-1")) for _ in (1, 2)]
    check("template: made of a machine, once for a key", r[0]["outcome"] == "done" and r[0]["output"] == r[1]["output"], r)
    options = {o["Key"]: o["Value"] for o in vc.info("golden")["Config"]["ExtraConfig"]}
    check("template: has no user data of the machine it came from", not any(v for k, v in options.items() if k.startswith("guestinfo.")), options)
    for member, words in (("datacenter", "no datacenter none"), ("folder", "no folder none"), ("datastore", "no datastore none")):
        r = core.run("machine.template", template_name="silver", **dict(m, key="template-2", **{member: "none"}))
        check("template: a %s that is not there is refused by name" % member, r["outcome"] == "refused" and words in r["message"], r)
    vc.govc("folder.create", "/DC0/vm/golds")
    r = core.run("machine.template", template_name="silver", datacenter="DC0", folder="golds", datastore="LocalDS_0", **dict(m, key="template-3"))
    there = vc.govc("find", "/DC0/vm/golds", "-type", "m").split()
    check("template: where the request wants it", r["outcome"] == "done" and there == ["/DC0/vm/golds/silver"], (r, there))
    right = "VirtualMachine.Provisioning.CreateTemplateFromVM"
    proxy.faults = {"CloneVM_Task": ("NoPermission", "Permission to perform this operation was denied.", right)}
    r = core.run("machine.template", template_name="bronze", **dict(m, key="template-4"))
    proxy.faults = {}
    check("template: without the privilege for it, which is among those of a clone, it is named", r["outcome"] == "refused" and right in r["message"] and
          right in privileges("CloneVM_Task"), r)
    vc.govc("vm.destroy", "silver")	# not the folder with it: the simulator hangs at that
    r = create(2, profile={"template": "golden"})
    check("template: a machine is cloned from it", r["outcome"] == "done", r)
    check("template: that machine goes", core.run("machine.destroy", **of(2, r["output"].get("external_id", "")))["outcome"] == "done")
    vc.govc("vm.destroy", "golden")


def cases_refused():
    for member, value, words in (("template", "nothing", "no template nothing"), ("datacenter", "DC9", "no datacenter DC9"),
                                 ("network", "none such", "no network none such"), ("folder", "f", "no folder f"),
                                 ("datastore", "ds9", "no datastore ds9"), ("resource_pool", "rp", "no resource pool rp"),
                                 ("compute_resource", "c9", "no host, cluster or vApp c9"), ("flavor", "Huge", "no flavor Huge"),
                                 ("disks", [{"template": True, "size": 1}, {"name": "d", "size": 70000}], "at most 62 TB"),
                                 ("disks", [{"name": "d", "size": 1, "datastore": "ds9"}], "no datastore ds9"),
                                 ("disks", [{"template": True, "datastore": "LocalDS_1"}], "goes where the machine goes"),
                                 ("disks", [{"name": "d%d" % i, "size": 1} for i in range(8)], "at most 7 disks")):
        r = create(3, profile={member: value})
        check("create: %s %s is refused with the name" % (member, str(value)[:20]), r["outcome"] == "refused" and words in r["message"] and
              r["message"].startswith(member), r)
        core.run("machine.destroy", **of(3, ""))
    vc.govc("vm.clone", "-on=false", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", "web-eb-abcde-4")
    r = create(4)
    check("create: a name that is somebody else's is refused, and left alone", r["outcome"] == "refused" and "another virtual machine" in
          r["message"] and vc.machines() == ["web-eb-abcde-4"], r)
    check("destroy: what is somebody else's stays", core.run("machine.destroy", **of(4, "vm-9999"))["outcome"] == "done" and
          vc.machines() == ["web-eb-abcde-4"])
    vc.govc("vm.destroy", "web-eb-abcde-4")
    r = create(5, profile={"customization_spec": "vcsim-linux-static"})
    check("create: a customization specification that leaves the address open is refused without one", r["outcome"] == "refused" and
          "none is given" in r["message"], r)
    r = create(5, profile={"customization_spec": "vcsim-linux-static"}, address={"ip": "10.0.0.9"})
    check("create: with one the guest has it, and its name", r["outcome"] == "done" and
          r["output"]["addresses"]["private"] == "10.0.0.9" and r["output"]["hostname"], r)
    core.run("machine.destroy", **of(5, r["output"].get("external_id", "")))
    r = create(5, profile={"customization_spec": "no such"})
    check("create: one that is not there is refused", r["outcome"] == "refused" and "no customization specification no such" in r["message"], r)
    core.run("machine.destroy", **of(5, ""))


# ---- trouble ----

def cases_trouble():
    proxy.forget = 1
    r = core.run("provider.sync", config=config())
    check("trouble: a session that was dropped is renewed in the middle", r["outcome"] == "done" and proxy.forget == 0, r)
    proxy.forget = 2
    r = create(10)
    check("trouble: also during a create", r["outcome"] == "done" and vc.machines() == ["web-eb-abcde-10"], r)
    core.run("machine.destroy", **of(10, r["output"].get("external_id", "")))
    proxy.forget = 0
    for method, privilege in (("CloneVM_Task", "VirtualMachine.Inventory.CreateFromExisting"),
                              ("PowerOnVM_Task", "VirtualMachine.Interact.PowerOn"), ("CreateContainerView", "System.View")):
        proxy.faults = {method: ("NoPermission", "Permission to perform this operation was denied.", privilege)}
        r = create(11)
        check("trouble: without the privilege %s it is named" % privilege, r["outcome"] == "refused" and privilege in r["message"], r)
    proxy.faults = {"AddCustomFieldDef": ("NoPermission", "Denied.", "Global.ManageCustomFields")}
    t = core.push("machine.create", "m-00000012", config=config(), tags={"New one": "x"}, **machine(12))
    r = core.result(t)
    check("trouble: tags that may not be set are a warning", r["outcome"] == "done" and "Global.ManageCustomFields" in core.text(t),
          core.text(t))
    proxy.faults = {}
    core.run("machine.destroy", **of(12, r["output"].get("external_id", "")))
    core.run("machine.destroy", **of(11, ""))
    proxy.delays = {"AddCustomFieldDef": 1}
    both = [core.push("machine.create", "m-%08d" % n, config=config(), tags={"At once": "x%d" % n}, **machine(n)) for n in (12, 11)]
    done = [core.result(t)["outcome"] for t in both]
    proxy.delays = {}
    tags = [[x["Value"] for x in vc.info("web-eb-abcde-%d" % n)["CustomValue"] or []] for n in (12, 11)]
    check("trouble: a tag that two machines bring at the same moment is set for both", done == ["done"] * 2 and tags == [["x12"], ["x11"]],
          (done, tags, [core.text(t) for t in both]))
    for n in (12, 11):
        core.run("machine.destroy", **of(n, ""))
    proxy.deaf = {"CloneVM_Task": 1}
    sent = proxy.calls.count("CloneVM_Task")
    t = core.push("machine.create", "m-00000013", config=config(), **machine(13))
    r = core.result(t)
    check("trouble: a clone whose answer is lost is found, not repeated", r["outcome"] == "done" and proxy.calls.count("CloneVM_Task") == sent + 1 and
          vc.machines() == ["web-eb-abcde-13"] and core.text(t).count("Cloning") == 1, (r, core.text(t), vc.machines()))
    core.run("machine.destroy", **of(13, r["output"].get("external_id", "")))
    proxy.deaf = {"CloneVM_Task": 1}
    proxy.cloning = 6	# three times the settle time
    sent = proxy.calls.count("CloneVM_Task")
    t = core.push("machine.create", "m-00000013", config=config(), **machine(13))
    r = core.result(t)
    proxy.cloning = 0
    check("trouble: one that takes longer than the settle time is waited for, and taken over", r["outcome"] == "done" and
          proxy.calls.count("CloneVM_Task") == sent + 1 and "just being made" in core.text(t) and vc.machines() == ["web-eb-abcde-13"],
          (r, core.text(t), vc.machines()))
    core.run("machine.destroy", **of(13, r["output"].get("external_id", "")))
    proxy.deaf = {}
    proxy.garbled = {"CloneVM_Task": 1}
    sent = proxy.calls.count("CloneVM_Task")
    t = core.push("machine.create", "m-00000013", config=config(), **machine(13))
    r = core.result(t)
    proxy.garbled = {}
    check("trouble: so is one whose answer is no TLS", r["outcome"] == "done" and proxy.calls.count("CloneVM_Task") == sent + 1 and
          "not known" in core.text(t) and vc.machines() == ["web-eb-abcde-13"], (r, core.text(t), vc.machines()))
    core.run("machine.destroy", **of(13, r["output"].get("external_id", "")))
    proxy.running = 1
    waits = proxy.calls.count("WaitForUpdatesEx")
    r = create(16)
    check("trouble: a task that runs at the first look is waited for", r["outcome"] == "done" and proxy.running == 0 and
          proxy.calls.count("WaitForUpdatesEx") > waits and vc.machines() == ["web-eb-abcde-16"], r)
    core.run("machine.destroy", **of(16, r["output"].get("external_id", "")))
    cases_restart()
    cases_definite()
    t = core.push("machine.create", "m-00000015", config=config(), **machine(15))
    proxy.delays = {"CloneVM_Task": 3}
    time.sleep(1)
    core.cancel(t)
    r = core.result(t)
    check("trouble: a cancelled create ends at once", r["outcome"] == "cancelled", r)
    proxy.delays = {}
    time.sleep(3)
    core.run("machine.destroy", **of(15, ""))
    check("trouble: and leaves nothing when it is destroyed", vc.machines() == [], vc.machines())


def cases_definite():
    """A create that is tried again waits for what an attempt before may have made, and only then."""
    def attempt(n, definite=None, **more):
        began = time.monotonic()
        t = core.push("machine.create", "m-00000017", 150, attempt=n, definite=definite, config=config(settle_seconds=4, **more), **machine(17))
        r = core.result(t, 180)
        return r, time.monotonic() - began, core.text(t)

    proxy.faults = {"CloneVM_Task": ("InsufficientResourcesFault", "No host has the memory.", "")}
    full, _, _ = attempt(1)
    proxy.faults = {}
    check("definite: a clone that vCenter refuses fails in its words, and is known to have left nothing", full["outcome"] == "failed" and
          "No host has the memory." in full["message"] and full["output"].get("definite") is True, full)
    away, _, _ = attempt(1, endpoint="https://127.0.0.1:9444")
    check("definite: so is a create that never reached vCenter", away["outcome"] == "failed" and away["output"].get("definite") is True, away)
    proxy.running = 1
    proxy.faults = {"WaitForUpdatesEx": ("ManagedObjectNotFound", "The task is gone.", "")}
    t = core.push("machine.create", "m-00000019", config=config(), **machine(19))
    core.until(lambda: "not known (The task is gone.)" in core.text(t) or core.result_of(t))
    proxy.faults = {}
    r = core.result(t)
    check("definite: nor is a clone whose task is gone: it is looked for, and found", r["outcome"] == "done" and core.text(t).count("Cloning") == 1 and
          "not known (The task is gone.)" in core.text(t) and vc.machines() == ["web-eb-abcde-19"], (r, core.text(t), vc.machines()))
    proxy.delays = {"CloneVM_Task": 2}
    t = core.push("machine.create", "m-00000018", config=config(), seconds=6, **machine(18))
    core.until(lambda: "Cloning" in core.text(t))
    core.cancel(t)
    r = core.result(t)
    proxy.delays = {}
    check("definite: one that is cut short while it clones is not", r["outcome"] == "cancelled" and "definite" not in r["output"], r)
    told, quick, text = attempt(2, True)
    check("definite: after that it is tried again at once", told["outcome"] == "done" and "looking for it" not in text and
          vc.machines().count("web-eb-abcde-17") == 1, (told, text))
    core.run("machine.destroy", **of(17, told["output"].get("external_id", "")))
    untold, slow, text = attempt(2, False)
    check("definite: after one of unknown fate it is looked for first, the whole settle time", untold["outcome"] == "done" and
          slow >= 4 and "looking for it for 4 s" in text and vc.machines().count("web-eb-abcde-17") == 1, (untold, slow, text))
    print("definite: tried again after %.1f s, %.1f s where the fate was unknown" % (quick, slow), flush=True)
    for n in (17, 18, 19):
        core.run("machine.destroy", **of(n, ""))
    check("definite: nothing is left", vc.machines() == [], vc.machines())


def cases_restart():
    """vCenter dies while it clones; what it had is gone with it."""
    proxy.delays = {"CloneVM_Task": 2}
    t = core.push("machine.create", "m-00000014", config=config(), seconds=120, **machine(14))
    core.until(lambda: "Cloning" in core.text(t))
    vc.restart()
    proxy.delays = {}
    r = core.result(t)
    attempt = 1
    while r and r["outcome"] == "failed" and attempt < 8:
        attempt += 1
        time.sleep(0.5)
        r = core.run("machine.create", "m-00000014", config=config(), attempt=attempt, seconds=120, **machine(14))
    check("trouble: vCenter restarted in the middle of a clone: one machine in the end", r["outcome"] == "done" and
          vc.machines() == ["web-eb-abcde-14"], (r, vc.machines()))
    core.run("machine.destroy", **of(14, r["output"].get("external_id", "")))
    old = certs.fingerprint("leaf")
    vc.kill()
    vc.certificate = "leaf2"
    vc.start().template()
    r = core.run("provider.sync", config=config(SMALL, ca_certificate="", certificate_fingerprint=old))
    check("trouble: the certificate changed: refused with the new fingerprint", r["outcome"] == "refused" and
          certs.fingerprint("leaf2") in r["message"], r)
    vc.kill()
    vc.certificate = "leaf"
    vc.start().template()


def cases_slow():
    proxy.drip = True
    slow = [core.push("provider.sync", config=config(), provider="p-slow-%d" % (n % 3), seconds=12) for n in range(30)]
    time.sleep(0.5)
    r = core.run("provider.sync", config=config(SMALL), provider="p-quick")
    over = [t for t in slow if core.result_of(t)]
    check("slow: three providers of one byte a second hold no other up", r["outcome"] == "done" and not over, (r["outcome"], len(over)))
    results = [core.result(t, 60) for t in slow]
    check("slow: and its tasks end at their deadline", all(r and r["outcome"] == "refused" for r in results), results)
    proxy.drip = False


def cases_room():
    """core is restarted, cloud is killed: tasks go on under their fences."""
    proxy.delays = {"CloneVM_Task": 2}
    t = core.push("machine.create", "m-00000020", config=config(), **machine(20))
    core.until(lambda: "Cloning" in core.text(t))
    core.conn.shutdown(socket.SHUT_RDWR)
    core.until(lambda: len(core.hellos) > 1 and core.conn)
    running = core.hellos[-1]["running"]
    check("room: after a lost connection it names what it runs", running == [{"task": t, "fence": 1}], core.hellos[-1])
    core.push("machine.create", "m-00000020", task=t, fence=2, attempt=2, config=config(), **machine(20))
    r = core.result(t)
    check("room: the same work goes on under a new fence", r and r["outcome"] == "done" and r["fence"] == 2 and
          core.text(t).count("Cloning") == 1, (r, core.text(t)))
    proxy.delays = {}
    core.run("machine.destroy", **of(20, r["output"].get("external_id", "")))
    r = core.run("machine.dance", config=config())
    check("room: a kind that is not there is refused", r["outcome"] == "refused", r)
    r = core.run("provider.sync", type="Other", config=config())
    check("room: a type without a driver is refused", r["outcome"] == "refused" and "no driver" in r["message"], r)
    r = core.run("provider.validate", config=config(username="other"), sealed="AAAA")
    check("room: a secret that keyd does not open fails", r["outcome"] == "failed" and "secret" in r["message"], r)


METHODS = ["CloneVM_Task", "CloneVM_Task", "CloneVM_Task", "ReconfigVM_Task", "PowerOnVM_Task", "FindByUuid", "Login", "FindChild",
           "CreateContainerView", "RetrievePropertiesEx"]


VICTIMS = ["cloud", "vcenter", "both"]


def strike(rng, victim, t, method, delay, hits):
    """Kills one of them, or both, some time after the task's next call of the method; notes the last call before it."""
    calls = len(proxy.calls)
    until(lambda: method in proxy.calls[calls:] or core.result_of(t), 20)
    time.sleep(rng.uniform(0, delay + 0.1))
    for m in proxy.calls[calls:][-1:]:
        hits[victim, m] = hits.get((victim, m), 0) + 1
    if victim != "cloud":
        vc.restart()		# whatever it had is gone: what was accepted, what was made
    if victim == "vcenter":
        core.result(t)
        return
    hellos = len(core.hellos)
    cloud.restart()
    core.until(lambda: len(core.hellos) > hellos)


def rounds(count):
    """cloud, vCenter or both are killed at any moment, with a random time between what vCenter accepts and what shows."""
    rng = random.Random(SEED)
    hits = {}
    bad = []
    for n in range(100, 100 + count):
        method = rng.choice(METHODS)
        delay = rng.uniform(0.1, 0.6)
        proxy.delays = {method: delay} if method != "CreateContainerView" else {}
        attempt, r, end = 0, None, time.monotonic() + 90
        victims = [VICTIMS[n % 3], *[rng.choice(VICTIMS) for _ in range(rng.choice([0, 0, 1]))]]
        while time.monotonic() < end:
            attempt += 1
            t = core.push("machine.create", "m-%08d" % n, attempt=attempt, config=config(), **machine(n))
            if attempt <= len(victims):
                strike(rng, victims[attempt - 1], t, method, delay, hits)
                continue
            r = core.result(t)
            if r and r["outcome"] == "done":
                break
        time.sleep(0.7)
        names = vc.machines()
        if not r or r["outcome"] != "done" or names != ["web-eb-abcde-%d" % n]:
            bad.append((n, victims, r, names))
        proxy.delays = {}
        for name in names:
            core.run("machine.destroy", **of(n, ""))
    check("kills: after %d rounds of kill -9 of cloud and of vCenter there was one machine each time" % count, not bad, bad[:3])
    print("kills: %d crash points in %d kills; the last call before each: %s" % (len(hits), sum(hits.values()),
          ", ".join("%s at %s %d" % (*k, v) for k, v in sorted(hits.items()))), flush=True)
    check("kills: they hit both, at more than one place", {v for v, _ in hits} >= {"cloud", "vcenter"} and len(hits) > 2, hits)


# Of each virtual machine, as vsphere_inventory.c reads them.
PROPERTIES = ("name parent config.template config.guestId config.guestFullName config.instanceUuid config.hardware.numCPU"
              " config.hardware.memoryMB runtime.powerState guest.ipAddress").split()


def cases_big():
    big = Vcenter(BIG, "-dc", "1", "-cluster", "2", "-host", "4", "-pool", "2", "-folder", "0", "-vm", "670").start().template()
    core.run("provider.sync", config=config(BIG), provider="p-big")
    began = time.monotonic()
    r = core.run("provider.sync", config=config(BIG), provider="p-big")
    took = time.monotonic() - began
    n = len(r["output"].get("unregistered", []))
    check("big: %d virtual machines are synchronized" % n, r["outcome"] == "done" and n >= 2000, (r["outcome"], r["message"], n))
    peak = cloud.status("VmHWM")
    print("big: %d VMs in %.1f s; cloud: %d kB now, %d kB at most" % (n, took, cloud.status("VmRSS"), peak), flush=True)
    check("big: within bounded memory", peak < 64 * 1024, "%d kB" % peak)
    began = time.monotonic()
    env = dict(os.environ, GOVC_URL="https://u:p@127.0.0.1:%d/sdk" % BIG, GOVC_INSECURE="1", HOME=os.getcwd())
    read = subprocess.run([VCSIM + "/govc", "object.collect", "-s", "-type", "m", "/", *PROPERTIES], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    print("big: govc object.collect of the same properties of each took %.1f s, %d lines" % (time.monotonic() - began, read.count("\n")), flush=True)
    big.kill()


def govc_clone(n):
    vc.govc("vm.clone", "-on=true", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", "-c", "1", "-m", "2048", "web-eb-abcde-%d" % n)


def cases_bench(count=200):
    """By name only: so many machines by cloud, by a loop of govc, by eight loops of it."""
    def gone(names):
        for name in names:
            vc.govc("vm.destroy", name)

    began = time.monotonic()
    sealed = core.sealed("p")	# one for all, as core has it: sessions are used again
    tasks = [core.push("machine.create", "m-%08d" % n, 600, config=config(SMALL), sealed=sealed, **machine(n)) for n in range(1000, 1000 + count)]
    done = sum((core.result(t, 600) or {}).get("outcome") == "done" for t in tasks)
    took = time.monotonic() - began
    print("bench: %d of %d machines by cloud in %.1f s; %d kB of memory at most" % (done, count, took, cloud.status("VmHWM")), flush=True)
    check("bench: all were made, one each", done == count and len(vc.machines()) == count, (done, len(vc.machines())))
    gone(vc.machines())
    began = time.monotonic()
    for n in range(count):
        govc_clone(n)
    print("bench: %d by a govc loop in %.1f s" % (count, time.monotonic() - began), flush=True)
    gone(vc.machines())
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(govc_clone, range(count)))
    eight = time.monotonic() - began
    print("bench: %d by eight govc at once in %.1f s" % (count, eight), flush=True)
    check("bench: not slower than one and a half times eight govc", took <= 1.5 * eight, (took, eight))


def main():
    global core, keyd, cloud, vc, proxy
    sh("ip", "link", "set", "lo", "up")
    rooms.new_root(("keyd",))
    os.mkdir("/run/work")
    os.chdir("/run/work")
    random.seed(SEED)
    os.environ["OPENSSL_CONF"] = "/run/work/openssl.cnf"	# this root has no /etc/ssl
    with open("openssl.cnf", "w") as f:
        f.write("[req]\ndistinguished_name = dn\n[dn]\n")
    certs.authority("authority")
    certs.make("leaf", "subjectAltName=IP:127.0.0.1", "authority")
    certs.make("leaf2", "subjectAltName=IP:127.0.0.1", "authority")
    keyd = rooms.Room("keyd")
    assert keyd.start(), keyd.text()
    core = Core()
    cloud = rooms.Room("cloud", ("core", "keyd"))
    assert cloud.start(), cloud.text()
    vc = Vcenter(SMALL, "-dc", "1", "-cluster", "1", "-host", "1", "-pool", "1", "-folder", "0", "-vm", "3", "-ds", "2").start().template()
    proxy = Proxy(PROXY, SMALL, "leaf.crt", "leaf.key")
    only = sys.argv[1:]
    for name, f in (("certificates", cases_certificates), ("sync", cases_sync), ("machine", cases_machine),
                    ("refused", cases_refused), ("trouble", cases_trouble), ("slow", cases_slow), ("room", cases_room),
                    ("kills", lambda: rounds(int(os.environ.get("CAM_ROUNDS", 100 if SOAK else 3)))), ("big", cases_big), ("bench", cases_bench)):
        if name in only or (not only and name != "bench"):
            began = time.monotonic()
            f()
            print("%s: %.1f s" % (name, time.monotonic() - began), flush=True)
    if not only:
        table, page = (open(os.path.join(TOP, f)).read() for f in ("src/cloud/vim_allow.c", "docs/providers.md"))
        check("privileges: every method that was called is in the table", all('"%s"' % m in table for m in proxy.methods), proxy.methods)
        told = [p for p in set(re.findall(r"\b(?!System|VirtualMachine[.]Config\b)(?:[A-Z]\w+[.])+[A-Z]\w+", table)) if not re.search(r"`(%s|[.]%s)`" % (re.escape(p), p.rsplit(".", 1)[1]), page)]
        check("privileges: all of the table are in docs/providers.md", not told, told)
    check("cloud: nothing it may not do, no bug", "seccomp" not in cloud.text() and "bug" not in cloud.text(), cloud.text()[-500:])
    cloud.end(signal.SIGTERM)
    keyd.end(signal.SIGTERM)
    vc.kill()
    sys.exit(1 if failures else 0)


main()

"""A house whose Test Provider is switched on, and what the cases do with it through the API."""
import glob
import json
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "lib")]

from house import House, OUT

SCHEMAS = "http://elasticbox.net/schemas/"
PATIENCE = 120	# seconds an operation may take on a busy machine
ROOMS = ["core", "demo", "yard", "api", "gate", "store", "keyd"]


# Simulated agents in place of the machines' own.
SIM = os.environ.get("CAM_WORK_AGENT") == "sim"


class Failed(AssertionError):
    pass


class Skipped(Exception):
    """The case cannot be shown here: neither passed nor failed."""


def needs_agents():
    if SIM:
        raise Skipped("needs the machines' own agents")


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what)[:1500])


def wait_for(seconds, test, what="it did not come"):
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed(what() if callable(what) else what)
        time.sleep(0.1)


class Client:
    """Asks again while rooms are being killed: what may be repeated, and what was surely not done."""

    def __init__(self, house):
        self.house, self.headers, self.tries = house, {}, 1

    def call(self, method, path, body=None, want=None, raw=None):
        status, data = None, b""
        for n in range(self.tries):
            try:
                if raw is not None:
                    c = self.house.connection(30)
                    try:
                        c.request(method, path, body=raw, headers={"Content-Type": "application/octet-stream", **self.headers})
                        r = c.getresponse()
                        status, data = r.status, r.read()
                    finally:
                        c.close()
                else:
                    status, _, data = self.house.request(method, path, body, self.headers, timeout=40)
                if status not in (502, 503, 504):
                    break
            except (OSError, EOFError, ValueError, Exception) as e:
                status, data = 0, repr(e).encode()
                if self.tries == 1:
                    raise
            time.sleep(0.3)
        try:
            answer = json.loads(data) if data else None
        except ValueError:
            answer = data.decode("utf-8", "replace")
        if want is not None:
            check(status in ([want] if isinstance(want, int) else want), method, path, "answered", status, answer)
        return status, answer

    def get(self, path, want=200):
        return self.call("GET", path, want=want)[1]


class World:
    def __init__(self, house):
        self.house = house
        self.client = Client(house)
        house.set_up()
        self.client.headers = {"ElasticBox-Token": house.token()}
        c = self.client
        c.call("POST", "/services/appliance/settings", {"demo": True}, (200, 204))
        self.workspace = c.get("/services/workspaces")[0]["id"]
        self.provider = c.call("POST", "/services/providers", {
            "type": "Test Provider", "schema": SCHEMAS + "test/provider", "name": "test", "owner": self.workspace, "icon": ""}, 202)[1]
        wait_for(30, lambda: c.get("/services/providers/" + self.provider["id"])["state"] == "ready", "the provider is not ready")
        self.policies = {n: self.policy(n) for n in (1, 2)}
        self.names, self.data_path, self.simulated = 0, None, None

    # ---- boxes ----

    def name(self, prefix):
        self.names += 1
        return "%s-%d" % (prefix, self.names)

    def policy(self, instances, **members):
        return self.box("policy", "policy%d" % instances, provider_id=self.provider["id"], claims=["linux"], profile={
            "schema": SCHEMAS + "test/compute/profile", "image": "test", "instances": instances, "keypair": "test_keypair",
            "location": "Simulated Location", "flavor": "test.micro"}, **members)

    def script(self, text, name="script"):
        return self.client.call("POST", "/services/blobs/upload/" + name, want=(200, 201), raw=text.encode())[1]

    def box(self, kind, name, scripts=None, **members):
        body = {"schema": SCHEMAS + "boxes/" + kind, "name": name, "owner": self.workspace, "description": "",
                "automatic_updates": "off", "visibility": "workspace", "members": [], "variables": [], "requirements": []}
        if kind == "policy":
            del body["requirements"]
        if scripts:
            body["events"] = {event: self.script(text, event) for event, text in scripts.items()}
        body.update(members)
        return self.client.call("POST", "/services/boxes", body, (200, 201))[1]

    # ---- instances ----

    def deploy(self, box, policy=None, variables=(), want=202, **members):
        body = {"schema": SCHEMAS + "deploy-instance-request", "name": self.name("i"), "owner": self.workspace,
                "automatic_updates": "off", "instance_tags": [], "box": {"id": box["id"], "variables": list(variables)},
                "policy_box": {"id": (policy or self.policies[1])["id"], "variables": []}}
        body.update(members)
        return self.client.call("POST", "/services/instances", body, want)[1]

    def instance(self, id):
        return self.client.get("/services/instances/" + id)

    def settled(self, id, since="", seconds=PATIENCE):
        """The instance once an operation that began after `since` has ended."""
        last = {}

        def ended():
            last.update(self.instance(id))
            return last["state"] != "processing" and last["updated"] > since
        wait_for(seconds, ended, lambda: "%s: still %s %s: %s" % (id, last.get("state"), last.get("operation"), self.told(id)))
        return last

    def ends(self, id, state, event, since="", seconds=PATIENCE):
        i = self.settled(id, since, seconds)
        check((i["state"], i["operation"]["event"]) == (state, event), id, "is", i["state"], i["operation"]["event"],
              "instead of", state, event, self.told(id))
        return i

    def told(self, id):
        activity = self.client.get("/services/instances/%s/activity" % id, (200, 404))
        return [a.get("text") for a in activity][-8:] if isinstance(activity, list) else activity

    def operate(self, id, operation, state="done", event=None, seconds=PATIENCE, want=(200, 202)):
        before = self.instance(id)["updated"]
        # one that is asked again may have been taken before the answer was lost: then that operation is in the way
        also = (409,) if self.client.tries > 1 else ()
        self.client.call("PUT", "/services/instances/%s/%s" % (id, operation), None, (*want, *also))
        return self.ends(id, state, event or operation, before, seconds)

    def delete(self, id, operation, want=(200, 202)):
        # one that is asked again may have been heard the first time
        if self.client.tries > 1:
            want = (*want, 404, 409)
        return self.client.call("DELETE", "/services/instances/%s?operation=%s" % (id, operation), None, want)

    def terminate(self, id, operation="terminate"):
        before = self.instance(id)["updated"]
        self.delete(id, operation)
        return self.ends(id, "done", "terminate_service", before)

    def away(self, id):
        """Takes an instance away, whatever it is in."""
        i = self.client.call("GET", "/services/instances/" + id)
        if i[0] == 404:
            return
        if i[1]["operation"]["event"] != "terminate_service" or i[1]["state"] != "done":
            before = i[1]["updated"]
            self.delete(id, "force_terminate", (200, 202, 409))
            wait_for(PATIENCE, lambda: (lambda j: j["state"] == "done" and j["operation"]["event"] == "terminate_service")(self.instance(id)),
                     lambda: "%s: not terminated: %s %s" % (id, before, self.told(id)))
        self.delete(id, "delete", (200, 202, 204))

    def logs(self, id, **query):
        q = "&".join("%s=%s" % kv for kv in query.items())
        return self.client.get("/services/instances/%s/machine_logs%s" % (id, "?" + q if q else "")) or ""

    def machines(self, id):
        return self.client.get("/services/instances/%s/service" % id)["machines"]

    # ---- what is really there ----

    def data(self):
        if not self.data_path:
            self.data_path = self.house.status()["data"]
        return self.data_path

    def kept(self):
        """demo's own records, by machine."""
        found = {}
        for path in glob.glob(os.path.join(self.data(), "demo", "*.json")):
            try:
                with open(path) as f:
                    r = json.load(f)
                found[r["machine"]] = r
            except (OSError, ValueError):
                pass
        return found

    def disks(self):
        return {os.path.basename(p).split(".")[0] for p in glob.glob(os.path.join(self.data(), "yard", "*"))}

    def running(self):
        groups = glob.glob("/proc/%d/root/sys/fs/cgroup/machines/m-*" % self.init())
        found = set()
        for g in groups:
            try:
                if "populated 1" in open(g + "/cgroup.events").read():
                    found.add(os.path.basename(g))
            except OSError:
                pass
        return found

    def nothing_left(self, seconds=60):
        wait_for(seconds, lambda: not self.kept() and not self.disks() and not self.running(),
                 lambda: "left: records %s, disks %s, running %s" % (list(self.kept()), self.disks(), self.running()))

    def read(self, machine, path):
        """A file of a running machine."""
        try:
            for p in open("/proc/%d/root/sys/fs/cgroup/machines/%s/cgroup.procs" % (self.init(), machine)).read().split():
                try:
                    return open("/proc/%s/root%s" % (p, path)).read()
                except OSError:
                    continue
        except OSError:
            pass
        return None

    def machine_ids(self, id):
        """By their names, from demo's records."""
        names = {m["name"] for m in self.machines(id)}
        return sorted(m for m, r in self.kept().items() if r["host"] in names)

    def write(self, machine, path, text):
        """A file of a running machine; of a simulated one, below its MACHINE_DIR."""
        if self.simulated:
            root = os.path.join(self.simulated, machine)
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
        else:
            with open("/proc/%d/root/sys/fs/cgroup/machines/%s/cgroup.procs" % (self.init(), machine)) as f:
                root = "/proc/%s/root" % f.read().split()[0]
        with open(root + path, "w") as f:
            f.write(text)

    # ---- what is killed ----

    def init(self):
        """The house's first process."""
        with open(os.path.join(OUT, "run", "house", self.house.name, "pid")) as f:
            return int(f.read())

    def service(self, room):
        """s6's 35 bytes about it."""
        try:
            with open("/proc/%d/root/run/service/%s/supervise/status" % (self.init(), room), "rb") as f:
                return f.read()
        except OSError:
            return b""

    def inner_pid(self, room):
        return int.from_bytes(self.service(room)[24:32], "big")

    def ready(self, room):
        status = self.service(room)
        return len(status) == 35 and bool(status[34] & 8)

    def agents(self):
        """Processes of the machines' agents, not those of their scripts."""
        found = []
        for machine in self.running():
            try:
                pids = open("/proc/%d/root/sys/fs/cgroup/machines/%s/cgroup.procs" % (self.init(), machine)).read().split()
            except OSError:
                continue
            for p in pids:
                try:
                    line = open("/proc/%s/cmdline" % p, "rb").read().split(b"\0")
                except OSError:
                    continue
                if os.path.basename(line[0]).startswith(b"elasticbox") and b"agent" in b" ".join(line):
                    found.append(int(p))
        return found

    def kill_agents(self):
        killed = 0
        for pid in self.agents():
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        return killed

    def kill(self, rooms):
        done = []
        services = self.house.status()["services"]
        for r in rooms:
            try:
                if services[r]["pid"]:
                    os.kill(services[r]["pid"], signal.SIGKILL)
                    done.append(r)
            except ProcessLookupError:
                pass
        return done

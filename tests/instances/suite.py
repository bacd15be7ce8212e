"""Instances and providers as their clients use them, against one fresh house.

usage: run [PART OF A CASE'S NAME...]     the world is always made
"""
import json
import os
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib")]

import cases

SCHEMAS = "http://elasticbox.net/schemas/"
MASK = "********"
SECRET, SECRET2 = "a-secret-nobody-sees-1", "a-secret-nobody-sees-2"
STATES = {"processing", "done", "unavailable"}
EVENTS = {"deploy", "shutdown", "shutdown_service", "poweron", "reinstall", "reconfigure", "terminate",
          "terminate_service", "snapshot"}
# What a strict client reads of every instance, all present and not null.
MEMBERS = ["schema", "box", "automatic_updates", "boxes", "name", "operation", "service", "state", "tags", "id", "uri",
           "owner", "policy_box", "updated", "variables"]


def check(what, *shown):
    if not what:
        raise AssertionError(" ".join(str(s)[:600] for s in shown) or "not so")


def need(thing, members, where):
    for m in members:
        check(m in thing and thing[m] is not None, where, m, "is missing or null in", json.dumps(thing)[:600])


def strict(i):
    """As the strictest client reads it: throws on what is missing, null or unknown."""
    need(i, MEMBERS, "instance")
    need(i["operation"], ["event", "workspace", "created"], "operation")
    need(i["service"], ["id"], "service")
    check(i["state"] in STATES and i["operation"]["event"] in EVENTS, i["state"], i["operation"])
    check(len(i["boxes"]) >= 1)
    for b in i["boxes"]:
        need(b, ["schema", "id", "name", "owner", "members", "requirements"], "box")
    need(i["policy_box"], ["owner", "claims", "profile", "id", "members", "name", "provider_id"], "policy_box")
    need(i["policy_box"]["profile"], ["schema"], "profile")
    for m in i["boxes"][0]["members"] + i["policy_box"]["members"]:
        need(m, ["role", "workspace"], "member")
    check(i["schema"] == SCHEMAS + "instance" and i["uri"] == "/services/instances/" + i["id"])
    check(len(i["id"]) == 8 and i["id"].startswith("i-") and i["service"]["id"].startswith("eb-"), i["id"])
    return i


class Client:
    def __init__(self, house):
        self.house, self.token = house, house.token()

    def call(self, method, path, body=None, want=None, timeout=30):
        status, headers, data = self.house.request(method, path, body, {"ElasticBox-Token": self.token, "ElasticBox-Release": "4.0"},
                                                   timeout=timeout)
        for s in (SECRET, SECRET2):
            check(s.encode() not in data, "a secret came back from", method, path)
        if want is not None:
            check(status in (want if isinstance(want, tuple) else (want,)), method, path, status, data[:300])
        if status >= 400:
            check(json.loads(data)["message"], "an error without a message")
            return status, json.loads(data)
        if not data:
            return status, None
        if headers.get("Content-Type", "").startswith("application/json"):
            return status, json.loads(data)
        return status, data.decode()

    def get(self, path, want=200):
        return self.call("GET", path, want=want)[1]

    def empty(self, method, path, want, body=None):
        """A call whose good answer has no body at all."""
        status, answer = self.call(method, path, body, want)
        check(status >= 400 or answer is None, method, path, "has a body:", answer)
        return answer

    def instance(self, id):
        return strict(self.get("/services/instances/" + id))

    def settled(self, id, before=None, seconds=20):
        """Polls as the plugin does: until `updated` has changed and nothing runs."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            i = self.instance(id)
            check(last is None or i["updated"] >= last, "updated goes back")
            last = i["updated"]
            if i["state"] != "processing" and i["updated"] != before:
                return i
            time.sleep(0.1)
        raise AssertionError("%s: still %s after %d s" % (id, i["state"], seconds))

    def provider_settled(self, id, before=None, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            p = self.get("/services/providers/" + id)
            if p["state"] in ("ready", "unavailable") and p["updated"] != before:
                return p
            time.sleep(0.1)
        raise AssertionError("%s: still %s" % (id, p["state"]))


class World:
    def __init__(self, house):
        self.house = house
        house.set_up()
        self.client = c = Client(house)
        self.workspace = c.get("/services/workspaces")[0]["id"]
        self.provider = c.call("POST", "/services/providers", {
            "type": "Test Provider", "schema": SCHEMAS + "test/provider", "name": "test", "owner": self.workspace,
            "icon": "", "secret": SECRET}, 202)[1]
        self.policy = self.box("policy", "policy", provider_id=self.provider["id"], claims=["linux", "small"], profile={
            "schema": SCHEMAS + "test/compute/profile", "image": "test", "instances": 1, "keypair": "test_keypair",
            "location": "Simulated Location", "flavor": "test.micro"})
        self.script = self.box("script", "web", requirements=["linux"], variables=[
            {"name": "PORT", "type": "Port", "value": "80", "required": True, "visibility": "public"},
            {"name": "PW", "type": "Password", "value": SECRET, "required": False, "visibility": "public"},
            {"name": "NAME", "type": "Text", "value": "", "required": True, "visibility": "public"},
            {"name": "DB", "type": "Binding", "value": "AnyBox", "required": False, "visibility": "public", "tags": ["db"]}])

    def box(self, kind, name, **members):
        body = {"schema": SCHEMAS + "boxes/" + kind, "name": name, "owner": self.workspace, "description": "",
                "automatic_updates": "off", "visibility": "workspace", "members": [], "variables": [], "requirements": []}
        if kind == "policy":
            del body["requirements"]
        body.update(members)
        return self.client.call("POST", "/services/boxes", body, (200, 201))[1]

    def request(self, **members):
        body = {"schema": SCHEMAS + "deploy-instance-request", "name": "one", "owner": self.workspace,
                "automatic_updates": "off", "instance_tags": ["ci"],
                "box": {"id": self.script["id"], "variables": [
                    {"name": "NAME", "type": "Text", "value": "x"}, {"name": "PW", "type": "Password", "value": SECRET2}]},
                "policy_box": {"id": self.policy["id"], "variables": []}}
        body.update(members)
        return {k: v for k, v in body.items() if v is not None}

    def deploy(self, **members):
        return strict(self.client.call("POST", "/services/instances", self.request(**members), 202)[1])

    def instance_settled(self):
        i = self.deploy(name="raced")
        return self.client.settled(i["id"], i["updated"])


# ---- providers ----

def provider_becomes_ready(w):
    c = w.client
    check(w.provider["state"] == "initializing" and w.provider["secret"] == MASK, w.provider)
    p = c.provider_settled(w.provider["id"])
    check(p["state"] == "ready", p)
    check([s["name"] for s in p["services"]] == ["Linux Compute", "Windows Compute"], p["services"])
    s = p["services"][0]
    check([f["name"] for f in s["flavors"]] == ["test.micro", "test.small"])
    check(s["locations"][0]["name"] == "Simulated Location" and s["locations"][0]["images"][0]["name"] == "test")
    check(p["secret"] == MASK and p["schema"] == SCHEMAS + "test/provider")
    logs = c.get("/services/providers/%s/logs" % p["id"])
    for entry in logs:
        need(entry, ["id", "provider_id", "workspace", "text", "level", "operation", "request_id", "created", "updated"], "log")
        check(entry["schema"] == SCHEMAS + "provider-log" and isinstance(entry["level"], int))
    check([e["created"] for e in logs] == sorted((e["created"] for e in logs), reverse=True))
    check(c.get("/services/providers/%s/unregisted-instances" % p["id"]) == [])


def provider_syncs_again(w):
    c, path = w.client, "/services/providers/" + w.provider["id"]
    before = c.provider_settled(w.provider["id"])["updated"]
    c.empty("PUT", path + "/sync", 202)
    p = c.provider_settled(w.provider["id"], before)
    check(p["state"] == "ready" and p["updated"] > before)


def provider_lists_are_partial(w):
    listed = [p for p in w.client.get("/services/providers") if p["id"] == w.provider["id"]]
    check(len(listed) == 1 and "secret" not in listed[0], listed)
    check(all(set(s) <= {"name", "icon", "schema"} for s in listed[0]["services"]))


def provider_put_keeps_the_secret_and_unknown_members(w):
    c, path = w.client, "/services/providers/" + w.provider["id"]
    p = c.get(path)
    p.update(name="renamed", later_field={"a": 1}, state="forged", services=[])
    q = c.call("PUT", path, p, 200)[1]
    check(q["name"] == "renamed" and q["later_field"] == {"a": 1} and q["state"] == "ready" and q["services"])
    check(q["secret"] == MASK and q["updated"] > p["updated"])
    check(c.call("PUT", path, dict(p, name=""), 400))


def provider_images_are_records(w):
    c, path = w.client, "/services/providers/%s/images" % w.provider["id"]
    image = {"location": "Simulated Location", "name": "golden image", "description": "d"}
    c.empty("POST", path, 202, image)
    c.call("POST", path, image, 400)
    c.empty("DELETE", path + "/golden%20image?location=Simulated%20Location", 202)
    c.empty("DELETE", path + "/golden%20image?location=Simulated%20Location", 404)


def other_providers_end_with_the_reason(w):
    c = w.client
    body = {"type": "VMware vSphere", "schema": SCHEMAS + "vsphere/provider", "name": "v", "endpoint": "http://v.example",
            "username": "u", "secret": SECRET}
    check("endpoint" in c.call("POST", "/services/providers", body, 400)[1]["message"])
    check("secret" in c.call("POST", "/services/providers", dict(body, endpoint="https://v.example", secret=None), 400)[1]["message"])
    c.call("POST", "/services/providers", {"type": "Nobody Knows", "name": "x"}, 400)
    p = c.call("POST", "/services/providers", dict(body, endpoint="https://v.example"), 202)[1]
    check(p["state"] == "initializing" and p["secret"] == MASK)
    check(c.provider_settled(p["id"])["state"] == "unavailable")
    logs = c.get("/services/providers/%s/logs" % p["id"])
    check(any("v.example: no name server is known" in e["text"] and e["level"] == 40 for e in logs), logs)
    c.empty("DELETE", "/services/providers/" + p["id"], 202)
    gone(w, "/services/providers/" + p["id"])


def gone(w, path, seconds=10):
    end = time.monotonic() + seconds
    while w.client.call("GET", path)[0] != 404:
        check(time.monotonic() < end, path, "is still there")
        time.sleep(0.1)


# ---- deployment ----

def deployed_instance_ends_with_the_reason(w):
    c = w.client
    i = w.deploy()
    check(i["state"] == "processing" and i["operation"]["event"] == "deploy" and i["tags"] == ["ci"])
    check(i["box"] == w.script["id"] == i["boxes"][0]["id"] and i["policy_box"]["id"] == w.policy["id"])
    check({v["name"]: v["value"] for v in i["variables"]} == {"NAME": "x", "PW": MASK}, i["variables"])
    e = c.settled(i["id"], i["updated"])
    check(e["state"] == "unavailable" and e["operation"]["event"] == "deploy" and e["updated"] > i["updated"], e["state"])
    activity = c.get("/services/instances/%s/activity" % i["id"])
    check(activity[0]["level"] == "start" and activity[-1]["text"].startswith("no worker for Test Provider"), activity)
    for a in activity:
        need(a, ["text", "created", "level"], "activity")
    ops = c.get("/services/instances/%s/operations" % i["id"])
    check(len(ops) == 1)
    need(ops[0], ["id", "instance", "operation", "state", "instance_state", "username", "workspace", "request_id",
                  "activity", "created", "updated", "schema"], "operation")
    check(ops[0]["operation"] == "deploy" and ops[0]["state"] == ops[0]["instance_state"] == "unavailable", ops[0])
    check(ops[0]["activity"] == activity and ops[0]["schema"] == SCHEMAS + "instance-operation")
    by_id = c.get("/services/instances/%s/activity?operation=%s" % (i["id"], ops[0]["id"]))
    check(by_id == activity and c.get("/services/instances/%s/activity?operation=reinstall" % i["id"]) == [])
    w.one = e


def service_has_what_clients_read(w):
    s = w.client.get("/services/instances/%s/service" % w.one["id"])
    need(s, ["id", "type", "provider_id", "organization", "profile", "state", "operation", "machines", "state_history",
             "tags", "variables", "created", "updated", "schema", "token"], "service")
    check(s["id"] == w.one["service"]["id"] and s["type"] == "Linux Compute" and s["operation"] == "deploy")
    check(s["profile"]["instances"] == 1 and s["provider_id"] == w.provider["id"])
    check(w.client.get("/services/instances/%s/machine_logs" % w.one["id"]) in (None, ""))
    w.client.get("/services/instances/%s/machine_logs?machine_name=none" % w.one["id"], 404)
    check(w.client.get("/services/instances/%s/bindings" % w.one["id"]) == [])


def lists_take_ids(w):
    c = w.client
    two = w.deploy(name="two", instance_tags=None)
    ids = {w.one["id"], two["id"]}
    check(ids <= {strict(i)["id"] for i in c.get("/services/instances")})
    listed = c.get("/services/instances?ids=%s," % ",".join(ids))
    check({i["id"] for i in listed} == ids)
    many = ["i-%06d" % n for n in range(799)] + [two["id"]]
    check([i["id"] for i in c.get("/services/instances?ids=%s," % ",".join(many))] == [two["id"]])
    check([i["id"] for i in c.get("/services/workspaces/%s/instances?ids=%s," % (w.workspace, ",".join(many)))] == [two["id"]])
    check(c.get("/services/instances?ids=,") == [])
    c.settled(two["id"], two["updated"])
    w.two = two


def wrong_requests_make_nothing(w):
    c = w.client
    before = {i["id"] for i in c.get("/services/instances")}
    other = "00000000-0000-4000-8000-000000000000"
    cases = [
        ({"name": "x" * 31}, "name"), ({"name": ""}, "name"), ({"name": None}, "name"),
        ({"automatic_updates": None}, "automatic_updates"), ({"automatic_updates": "weekly"}, "automatic_updates"),
        ({"box": None}, "box"), ({"box": {"id": other}}, "box.id"), ({"box": {"id": w.policy["id"]}}, "box.id"),
        ({"box": {"id": w.script["id"], "variables": []}}, "NAME"),
        ({"box": {"id": w.script["id"], "variables": [{"name": "NAME", "type": "Colour", "value": "x"}]}}, "box.variables[0].type"),
        ({"policy_box": None}, "policy_box"), ({"policy_box": {"id": other}}, "policy_box.id"),
        ({"policy_box": {"id": w.script["id"]}}, "policy_box.id"),
        ({"instance_tags": "ci"}, "instance_tags"), ({"instance_tags": [1]}, "instance_tags[0]"),
        ({"lease": {"expire": "tomorrow", "operation": "terminate"}}, "lease.expire"),
        ({"lease": {"expire": "2000-01-01 00:00:00.000000", "operation": "terminate"}}, "lease.expire"),
        ({"lease": {"expire": "2040-01-01 00:00:00.000000", "operation": "explode"}}, "lease.operation"),
        ({"schema": SCHEMAS + "nothing"}, "schema"), ({"schema": None}, "schema"),
    ]
    for change, word in cases:
        message = c.call("POST", "/services/instances", w.request(**change), 400)[1]["message"]
        check(word in message, change, "says", message)
        c.call("POST", "/services/instances/dryrun", w.request(**change), 400)
    c.call("POST", "/services/instances/dryrun", w.request(policy_box=None, ipv4_address="not one"), 400)
    c.call("POST", "/services/instances/dryrun", w.request(policy_box=None, ipv4_address="10.1.2.3"), 200)
    hungry = w.box("script", "hungry", requirements=["gpu"])
    check("claims" in c.call("POST", "/services/instances", w.request(box={"id": hungry["id"]}), 400)[1]["message"])
    c.call("POST", "/services/instances", w.request(owner="nobody-s-place"), (400, 404))
    check(c.call("POST", "/services/instances/dryrun", w.request(), 200)[1]["valid"] is True)
    check({i["id"] for i in c.get("/services/instances")} == before)


def applications_answer_an_array(w):
    c = w.client
    app = w.box("application", "shop", services=[
        {"name": "web", "box": {"id": w.script["id"], "variables": [{"name": "NAME", "type": "Text", "value": "a"}]},
         "policy": {"requirements": ["small"], "variables": []}, "tags": ["front"], "automatic_updates": "off"},
        {"name": "db", "box": {"id": w.script["id"], "variables": [{"name": "NAME", "type": "Text", "value": "b"}]},
         "policy": {"requirements": [], "variables": []}, "tags": ["db"], "automatic_updates": "off"}])
    body = {"schema": SCHEMAS + "deploy/application", "name": "shop", "owner": w.workspace, "instance_tags": ["t"],
            "requirements": [], "box": {"id": app["id"]}}
    made = c.call("POST", "/services/instances", body, 202)[1]
    check(isinstance(made, list) and len(made) == 2)
    check([strict(i)["tags"] for i in made] == [["t", "front"], ["t", "db"]], [i["tags"] for i in made])
    ids = ",".join(i["id"] for i in made) + ","
    end = time.monotonic() + 20
    while any(i["state"] == "processing" for i in map(strict, c.get("/services/instances?ids=" + ids))):
        check(time.monotonic() < end, "the application still runs")
        time.sleep(0.2)
    check("requires" in c.call("POST", "/services/instances", dict(body, requirements=["moon"]), 400)[1]["message"])
    c.call("POST", "/services/instances", w.request(box={"id": app["id"]}), 400)


def imports_are_checked(w):
    """What an import does: suite vcenter."""
    c = w.client
    body = {"schema": SCHEMAS + "register-instance-request", "owner": w.workspace, "name": "old", "description": "d",
            "unregistered_id": "vm-7", "linux_username": "root", "private_key": SECRET, "instance_tags": ["old"],
            "automatic_updates": "off"}
    before = len(c.get("/services/instances"))
    for wrong, member in ((dict(body, linux_username=None), "linux_username"), (dict(body, windows_username="w", windows_password=SECRET2),
                          "windows_username"), (body, "unregistered_id")):
        check(member in c.call("POST", "/services/instances", wrong, 400)[1]["message"], member)
    bulk = {"schema": SCHEMAS + "bulk-import-request", "owner": w.workspace, "instance_tags": ["bulk"],
            "unregistered_instances": [dict(body, name="a"), dict(body, name="a")]}
    c.call("POST", "/services/instances", bulk, 400)
    check(len(c.get("/services/instances")) == before, "something was made")
    c.empty("PUT", "/services/instances/%s/import" % w.one["id"], 409)
    c.empty("PUT", "/services/instances/%s/cancel_import" % w.one["id"], 409)


# ---- operations ----

def race(w, id, askers=24):
    """Asks for an operation on as many connections at once: the statuses, and the seconds it took."""
    connections = [w.house.connection(30) for _ in range(askers)]
    for c in connections:
        c.connect()
    answers, line = [], threading.Barrier(askers)

    def ask(n):
        line.wait()
        path = "/services/instances/%s/%s" % (id, ("reinstall", "reconfigure")[n % 2])
        answers.append(w.house.request("PUT", path, headers={"ElasticBox-Token": w.client.token}, connection=connections[n])[0])
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(askers)]
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = time.monotonic() - began
    for c in connections:
        c.close()
    return sorted(answers), took


def exactly_one_operation_wins(w):
    """An operation takes a second here: when all was asked within less, one has won.  However slow the machine is,
    each one that won has a record, and none began before the one before had ended."""
    c, i = w.client, w.instance_settled()
    won = 0
    for _ in range(5):
        answers, took = race(w, i["id"])
        check(set(answers) <= {202, 409} and 202 in answers, answers)
        won += answers.count(202)
        c.settled(i["id"], i["updated"])
        ops = c.get("/services/instances/%s/operations" % i["id"])
        check(len(ops) == 1 + won, len(ops), won)
        for later, earlier in zip(ops, ops[1:]):
            check(earlier["updated"] < later["created"] and earlier["state"] == "unavailable", earlier, later)
        if took < 0.9:
            check(answers == [202] + [409] * 23, answers)
            return
    raise AssertionError("the machine was too slow five times: 24 requests took %.1f s" % took)


def operations_have_empty_bodies(w):
    c, path = w.client, "/services/instances/" + w.one["id"]
    for verb, body in (("deploy", {}), ("reinstall", None), ("reconfigure", {"id": w.one["id"], "method": "reconfigure"})):
        before = c.instance(w.one["id"])["updated"]
        c.empty("PUT", "%s/%s" % (path, verb), 202, body)
        during = c.instance(w.one["id"])
        check(during["updated"] > before)
        check(during["state"] == "processing" and during["operation"]["event"] == verb, verb, during["state"])
        e = c.settled(w.one["id"], during["updated"])
        check(e["state"] == "unavailable" and e["operation"]["event"] == verb and e["updated"] > during["updated"])
    for verb in ("shutdown", "make_managed_os?accept_terms=true", "poweron", "abort"):
        c.empty("PUT", "%s/%s" % (path, verb), 409)
    c.empty("PUT", path + "/make_managed_os", 400)
    for verb, event, reason in (("make_managed_os?accept_terms=true", "reconfigure", "no worker for managed services"),):
        c.empty("PUT", path + "/force_online", 202)
        before = c.instance(w.one["id"])
        check(before["state"] == "done" and before["operation"]["event"] == "reconfigure", before["state"])
        c.empty("PUT", "%s/%s" % (path, verb), 202)
        e = c.settled(w.one["id"], before["updated"])
        check(e["state"] == "unavailable" and e["operation"]["event"] == event, e["operation"])
        check(c.get(path + "/activity")[-1]["text"] == reason, c.get(path + "/activity")[-3:])
    # Nothing was made, so nothing has to be switched off.
    c.empty("PUT", path + "/force_online", 202)
    before = c.instance(w.one["id"])
    c.empty("PUT", path + "/shutdown", 202)
    e = c.settled(w.one["id"], before["updated"])
    check(e["state"] == "done" and e["operation"]["event"] == "shutdown_service", e["operation"])
    c.empty("PUT", path + "/poweron", 202)
    e = c.settled(w.one["id"], e["updated"])
    check(e["state"] == "unavailable", e["operation"])
    c.empty("PUT", path + "/reconfigure", 202)
    c.settled(w.one["id"], e["updated"])
    c.empty("PUT", path + "/explode", (404, 405))
    c.empty("PUT", "/services/instances/i-000000/deploy", 404)


def pull_takes_another_version(w):
    c, path = w.client, "/services/instances/" + w.one["id"]
    box = c.get("/services/boxes/" + w.script["id"])
    box["description"] = "newer"
    c.call("PUT", "/services/boxes/" + w.script["id"], box, 200)
    before = c.instance(w.one["id"])
    c.empty("PUT", path + "/pull", 400, {"box_id": w.policy["id"]})
    c.empty("PUT", path + "/pull", 202, {"box_id": w.script["id"]})
    e = c.settled(w.one["id"], before["updated"])
    check(before["boxes"][0]["description"] == "" and e["boxes"][0]["description"] == "newer")


def abort_and_force_end_what_runs(w):
    c = w.client
    i = w.deploy(name="cut")
    path = "/services/instances/" + i["id"]
    c.empty("PUT", path + "/abort", 202)
    check(c.instance(i["id"])["state"] == "unavailable")
    c.empty("PUT", path + "/deploy", 202)
    c.empty("DELETE", path + "?operation=terminate", 409)
    c.empty("DELETE", path + "?operation=force_terminate", 202)
    c.empty("DELETE", path + "?operation=force_terminate", 409)
    e = c.settled(i["id"], i["updated"])
    check(e["state"] == "done" and e["operation"]["event"] == "terminate_service", e["operation"])
    states = [o["state"] for o in c.get(path + "/operations")]
    check(states == ["done", "unavailable", "unavailable"], states)


def template_is_a_task(w):
    c, path = w.client, "/services/instances/" + w.one["id"]
    body = {"schema": SCHEMAS + "vsphere/tasks/create-template", "name": "t", "instance_id": w.one["id"],
            "datacenter": "datacenter-2"}
    task = c.call("POST", path + "/template", body, (200, 201, 202))[1]
    need(task, ["uri", "name", "state", "updated", "input", "log"], "task")
    check(task["state"] == "submitted" and task["input"]["datacenter"] == "datacenter-2")
    end = time.monotonic() + 15
    while True:
        t = c.get(task["uri"])
        need(t, ["uri", "name", "state", "updated", "input", "log"], "task")
        if t["state"] == "unsuccessful":
            break
        check(t["state"] in ("submitted", "processing") and time.monotonic() < end, t)
        time.sleep(0.1)
    check(t["log"] == "the instance has no machine at a provider" and t["updated"] > task["updated"], t)
    c.call("POST", path + "/template", dict(body, schema="x"), 400)


# ---- changes ----

def put_keeps_what_it_must(w):
    c = w.client
    i = c.instance(w.one["id"])
    sent = dict(i, name="new name", tags=["a", "b"], state="done", later={"x": [1]}, description="d",
                lease={"expire": "2040-01-01 00:00:00.000000", "operation": "shutdown", "released": True},
                operation={"event": "poweron", "workspace": "x", "created": ""})
    r = strict(c.call("PUT", "/services/instances/" + i["id"], sent, (200, 202))[1])
    check(r["name"] == "new name" and r["tags"] == ["a", "b"] and r["later"] == {"x": [1]} and r["state"] == "unavailable")
    check("released" not in r["lease"], r["lease"])
    check(r["lease"]["operation"] == "shutdown" and r["operation"]["event"] == i["operation"]["event"])
    check(r["updated"] > i["updated"] and [v for v in r["variables"] if v["name"] == "PW"][0]["value"] == MASK)
    t = c.call("PUT", "/services/instances/" + i["id"], dict(r, lease={"expire": "2040-01-02T00:00:00Z", "operation": "shutdown"}), (200, 202))[1]
    check(t["lease"]["expire"] == "2040-01-02 00:00:00.000000", t["lease"])
    r["lease"] = None
    check("lease" not in c.call("PUT", "/services/instances/" + i["id"], r, (200, 202))[1])
    for wrong in ({"tags": [""]}, {"boxes": []}, {"boxes": [{}]}, {"automatic_updates": "x"}, {"variables": [{"name": "a"}]},
                  {"members": [1]}, {"members": [{"workspace": "x"}]}, {"icon": 5}, {"bindings": {}}, {"description": []},
                  {"lease": {"expire": "2001-01-01 00:00:00.000000", "operation": "shutdown"}}):
        c.call("PUT", "/services/instances/" + i["id"], dict(i, **wrong), 400)
    nulls = c.call("PUT", "/services/instances/" + i["id"], dict(i, tags=None, variables=None, boxes=None, members=None, name=None), 200)[1]
    check(strict(nulls)["variables"] == i["variables"] and nulls["boxes"] == i["boxes"] and nulls["name"] == "new name")


def boxes_are_read_only_while_something_runs(w):
    c = w.client
    before = c.instance(w.one["id"])
    c.empty("PUT", "/services/instances/%s/reinstall" % w.one["id"], 202)
    i = c.instance(w.one["id"])
    changed = dict(i, variables=[{"name": "NAME", "type": "Text", "value": "other"}])
    c.call("PUT", "/services/instances/" + i["id"], changed, 409)
    c.call("PUT", "/services/instances/" + i["id"], dict(i, tags=["while", "running"]), 200)
    e = c.settled(i["id"], before["updated"])
    check(e["tags"] == ["while", "running"])
    c.call("PUT", "/services/instances/" + i["id"], dict(e, variables=changed["variables"]), 200)


def lease_ends_it(w):
    c = w.client
    soon = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() + 3))
    i = w.deploy(name="leased", lease={"expire": soon, "operation": "terminate"})
    end = time.monotonic() + 20
    while True:
        e = c.instance(i["id"])
        if e["state"] == "done":
            break
        check(time.monotonic() < end, "the lease did not end it", e["state"], e["operation"])
        time.sleep(0.2)
    check(e["operation"]["event"] == "terminate_service" and e["lease"]["released"] is True)


# ---- the end ----

def an_operation_survives_a_kill_of_core(w):
    c = w.client
    made = [w.deploy(name="survivor")["id"] for _ in range(3)]
    os.kill(w.house.service_pid("core"), signal.SIGKILL)
    end = time.monotonic() + 30
    while True:
        try:
            states = [c.instance(id)["state"] for id in made]
            if "processing" not in states:
                break
        except (AssertionError, OSError) as e:
            check(time.monotonic() < end, "core does not come back:", e)
        check(time.monotonic() < end, "still processing after the kill")
        time.sleep(0.3)
    check(states == ["unavailable"] * 3, states)
    for id in made:
        check(c.get("/services/instances/%s/activity" % id)[-1]["text"].startswith("no worker for Test Provider"))


def terminate_and_delete(w):
    c, path = w.client, "/services/instances/" + w.one["id"]
    c.empty("DELETE", path, 400)
    c.empty("DELETE", path + "?operation=vanish", 400)
    c.empty("DELETE", path + "?operation=delete", 409)
    c.empty("DELETE", "/services/providers/" + w.provider["id"], 400)
    before = c.instance(w.one["id"])
    c.empty("DELETE", path + "?operation=terminate", 202)
    c.empty("DELETE", path + "?operation=terminate", 409)
    e = c.settled(w.one["id"], before["updated"])
    check(e["state"] == "done" and e["operation"]["event"] == "terminate_service" and e["terminated"])
    for verb in ("deploy", "poweron", "reinstall", "shutdown", "pull"):
        c.empty("PUT", "%s/%s" % (path, verb), 409)
    c.empty("DELETE", path + "?operation=force_terminate", 409)
    c.empty("DELETE", path + "?operation=delete", 202)
    for part in ("", "/service", "/activity", "/operations", "/bindings"):
        c.get(path + part, 404)
    c.empty("DELETE", path + "?operation=delete", 404)


def what_was_up_is_in_the_report(w):
    """Up from when it is online until it is terminated; also when its record is gone."""
    c = w.client
    organization = c.get("/services/workspaces")[0]["organization"]
    c.call("PUT", "/services/organizations/" + organization, {"providers": [
        {"type": "Test Provider", "pricing": [{"flavor": "test.micro", "price": 3600}]}]}, 200)     # a cent a second

    def spent():
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)), time.strftime("%Y-%m-%d", time.gmtime())
        found = [r for r in c.get("/services/organizations/%s/report/%s/%s" % ((organization,) + day))["cost"] if r["service"]["id"] == service]
        check(len(found) == 1, found)
        return sum(found[0]["cost"]), found[0]["service"]

    i = w.deploy(name="counted")
    path, service = "/services/instances/" + i["id"], i["service"]["id"]
    check(spent()[0] == 0)
    i = c.settled(i["id"], i["updated"])
    if i["state"] != "done":        # without a worker nothing comes online by itself
        c.empty("PUT", path + "/reinstall", 202)
        i = c.settled(i["id"], i["updated"])
        c.empty("PUT", path + "/force_online", 202)
    history = c.get(path + "/service")["state_history"]
    check([h["state"] for h in history] == ["up"] and history[0]["completed"] is None, history)
    time.sleep(1.5)
    first, _ = spent()
    check(first >= 100, "a second costs a cent", first)
    i = c.instance(i["id"])
    c.empty("DELETE", path + "?operation=terminate", 202)
    c.settled(i["id"], i["updated"])
    history = c.get(path + "/service")["state_history"]
    check([h["state"] for h in history] == ["up", "down"] and history[0]["completed"] == history[1]["started"], history)
    last, _ = spent()
    time.sleep(1.1)
    check(spent()[0] == last >= first, "what is down costs nothing", first, last)
    c.empty("DELETE", path + "?operation=delete", 202)
    gone(w, path)
    after, kept = spent()
    check(after == last and kept["deleted"], after, last, kept)


def provider_goes_when_nothing_uses_it(w):
    c = w.client
    for i in c.get("/services/instances"):
        if i["state"] != "done":
            c.empty("DELETE", "/services/instances/%s?operation=force_terminate" % i["id"], (202, 409))
    end = time.monotonic() + 30
    while any(i["state"] != "done" for i in c.get("/services/instances")):
        check(time.monotonic() < end, "not all were terminated")
        time.sleep(0.2)
    c.empty("DELETE", "/services/providers/" + w.provider["id"], 202)
    gone(w, "/services/providers/" + w.provider["id"])
    c.call("POST", "/services/instances", w.request(), 400)


def secrets_are_nowhere_in_the_clear(w):
    """Neither in the database with its log nor in what rooms wrote."""
    data = w.house.status()["data"]
    read = 0
    for top in (os.path.join(data, "core"), os.path.join(data, "log")):
        for directory, _, names in os.walk(top):
            for name in names:
                with open(os.path.join(directory, name), "rb") as f:
                    content = f.read()
                read += len(content)
                for s in (SECRET, SECRET2):
                    check(s.encode() not in content, name, "has a secret in the clear")
    check(read > 100000, "only %d bytes were looked at" % read)


CASES = [
    provider_becomes_ready, provider_syncs_again, provider_lists_are_partial,
    provider_put_keeps_the_secret_and_unknown_members, provider_images_are_records, other_providers_end_with_the_reason,
    deployed_instance_ends_with_the_reason, service_has_what_clients_read, lists_take_ids, wrong_requests_make_nothing,
    applications_answer_an_array, imports_are_checked, exactly_one_operation_wins, operations_have_empty_bodies,
    pull_takes_another_version, abort_and_force_end_what_runs, template_is_a_task, put_keeps_what_it_must,
    boxes_are_read_only_while_something_runs, secrets_are_nowhere_in_the_clear, lease_ends_it, an_operation_survives_a_kill_of_core, terminate_and_delete, what_was_up_is_in_the_report,
    provider_goes_when_nothing_uses_it,
]


if __name__ == "__main__":
    sys.exit(cases.main("instances", CASES, World, always=[deployed_instance_ends_with_the_reason]))

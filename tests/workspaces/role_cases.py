"""docs/roles.md, walked: every verb with every role; what the page says is what the appliance does, and nothing is left out."""
import os
import re
import time

from house import PASSWORD, TOP
from world import PEOPLE, SCHEMAS

REFUSED = (401, 403, 404)


def table():
    """[(verb, method, path, {who: cell})] of the page."""
    rows, names = [], None
    with open(os.path.join(TOP, "docs", "roles.md"), encoding="utf-8") as f:
        for line in f:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if cells[0] == "verb":
                names = cells[3:]
            elif names and len(cells) == 3 + len(names) and re.match(r"[a-z]+\.", cells[0]):
                method, path = cells[1].split()
                rows.append((cells[0], method, path, dict(zip(names, cells[3:]))))
    assert names == list(PEOPLE) and len(rows) > 60, (names, len(rows))
    return rows


class Requests:
    """What is sent for a verb: (path, keyword arguments of ask). Things that are used up are made anew each time."""

    def __init__(self, w):
        self.w = w
        self.a_task = None
        self.places = {"organization": {"name": w.organization}, "costcenter": {"id": w.center["id"]}, "workspace": {"id": w.team["id"]},
                       "box": {"id": w.a_box["id"]}, "instance": {"id": w.an_instance["id"]}, "provider": {"id": w.a_provider["id"]}}

    def make(self, verb, method, path, who, allowed):
        special = getattr(self, verb.replace(".", "_"), None)
        if special:
            values, body = special(who, allowed)
        else:
            values, body = self.places.get(verb.split(".")[0], {}), self.body(method, path, verb)
        values = dict(values)
        query = values.pop("query", "")
        headers = values.pop("headers", {})
        raw = values.pop("raw", None)
        token = values.pop("token", None)
        for name in re.findall(r"\{(\w+)\}", path):
            path = path.replace("{%s}" % name, str(values[name]))
        return path + query, {"body": body, "headers": headers, "raw": raw, "token": token}

    def body(self, method, path, verb):
        """A whole object is sent back as it is; other changes need nothing."""
        if method == "GET" or method == "DELETE":
            return None
        if verb.endswith(".put"):
            return self.w.good("owner", "GET", path.format(**self.places[verb.split(".")[0]]))
        return {}

    # Each: (values of the path and more, body)

    def appliance_setup(self, who, allowed):
        return {}, {"code": "AAAA-AAAA", "email": "x@example.test", "password": PASSWORD}

    def security_token(self, who, allowed):
        return {}, {"email": "visitor@example.test", "password": PASSWORD}

    def security_signout(self, who, allowed):
        return {"token": self.w.good(who, "POST", "/services/tokens", {"description": "for a while"})["value"] if allowed else None}, None

    def appliance_settings_put(self, who, allowed):
        return {}, self.w.good("owner", "GET", "/services/appliance/settings")

    def appliance_network_put(self, who, allowed):
        return {}, {"mode": "static", "address": "no address: the house keeps its network"}

    def appliance_network_confirm(self, who, allowed):
        return {}, {"change": "1"}

    def appliance_log(self, who, allowed):
        return {"name": "core"}, None

    def appliance_certificate_put(self, who, allowed):
        return {}, {"certificate": "none", "check": True}

    def appliance_certificate_request(self, who, allowed):
        return {}, {"names": ["cam.example.test"], "fresh": True}

    def organization_report(self, who, allowed):
        return {"name": self.w.organization, "start": "2026-01-01", "end": "2026-01-31"}, None

    organization_csv = organization_report

    def firewall_export(self, who, allowed):
        return {"query": "?format=csv"}, None

    def firewall_explain(self, who, allowed):
        return {"query": "?from=198.51.100.1&to=198.51.100.2&proto=tcp&dport=443&direction=in"}, None

    def firewall_own_put(self, who, allowed):
        return {}, {"lines": []}

    def firewall_confirm(self, who, allowed):
        return {}, {"generation": 1}

    def instance_tasks(self, who, allowed):
        at = self.places["instance"]["id"]
        return {"id": at, "operation": self.w.good("owner", "GET", "/services/instances/%s/operations" % at)[0]["id"]}, None

    def instance_machine_token(self, who, allowed):
        at = self.places["instance"]["id"]
        return {"id": at, "machine": self.w.good("owner", "GET", "/services/instances/%s/service" % at)["machines"][0]["name"]}, {}

    def task_output(self, who, allowed):
        at = "/services/instances/%s/operations" % self.places["instance"]["id"]
        for operation in self.w.good("owner", "GET", at):
            for task in self.w.good("owner", "GET", "%s/%s/tasks" % (at, operation["id"])):
                return {"task": task["task"]}, None
        raise AssertionError("the instance has no task")

    def costcenter_create(self, who, allowed):
        return {}, {"name": self.w.name("Walk"), "organization": self.w.organization}

    def costcenter_delete(self, who, allowed):
        return {"id": self.w.costcenter(["chief"])["id"]}, None

    def workspace_create(self, who, allowed):
        body = {"name": self.w.name("Walk")}
        if who == "chief":
            body["costcenter"] = self.w.center["id"]
        return {}, body

    def workspace_delete(self, who, allowed):
        return {"id": self.w.workspace(self.w.center["id"])["id"]}, None

    def box_create(self, who, allowed):
        return {}, self.w.box_body()

    def box_delete(self, who, allowed):
        return {"id": self.w.box()["id"]}, None

    def box_diff(self, who, allowed):
        return {"id": self.w.a_box["id"]}, self.w.box_body()

    def box_compare(self, who, allowed):
        return {"id": self.w.a_box["id"], "query": "?version=" + self.w.version["id"]}, None

    def box_restore(self, who, allowed):
        return {"id": self.w.a_box["id"]}, {"version": self.w.version["id"]}

    def builtin(self):
        return {"id": "11111111-2222-4333-8444-555555555555"}, self.w.box_body(owner=self.w.owner["id"], visibility="public")

    def box_builtin_add(self, who, allowed):
        return self.builtin()

    def box_builtin_put(self, who, allowed):
        return self.builtin()

    def instance_create(self, who, allowed):
        return {}, self.w.instance_body()

    instance_dryrun = instance_create

    def instance_delete(self, who, allowed):
        return {"id": self.w.an_instance["id"], "query": "?operation=terminate"}, None

    def instance_cancel_import(self, who, allowed):
        return {"id": self.w.an_instance["id"]}, None

    def instance_make_managed_os(self, who, allowed):
        return {"id": self.w.an_instance["id"], "query": "?accept_terms=true"}, {}

    def template_request(self):
        return "/services/instances/%s/template" % self.w.an_instance["id"], {
            "schema": SCHEMAS + "vsphere/tasks/create-template", "name": "t", "instance_id": self.w.an_instance["id"]}

    def instance_template(self, who, allowed):
        return {"id": self.w.an_instance["id"]}, self.template_request()[1]

    def task_get(self, who, allowed):
        return {"id": self.task()["uri"].split("/")[-1]}, None

    def task(self):
        """A task to look at, made once; the instance may still be busy with the operation of an earlier question."""
        end = time.monotonic() + 10
        while self.a_task is None:
            r = self.w.ask("owner", "POST", *self.template_request())
            assert r.status in (202, 409) and time.monotonic() < end, (r.status, r.data)
            if r.status == 202:
                self.a_task = r.json
            time.sleep(0.05)
        return self.a_task

    def provider_create(self, who, allowed):
        return {}, self.w.provider_body()

    def provider_delete(self, who, allowed):
        return {"id": self.w.provider()["id"]}, None

    def provider_image_create(self, who, allowed):
        return {"id": self.w.a_provider["id"]}, {"location": "Simulated Location", "name": "image", "description": ""}

    def provider_image_delete(self, who, allowed):
        name = self.w.name("image").replace(" ", "-")
        self.w.good("owner", "POST", "/services/providers/%s/images" % self.w.a_provider["id"],
                    {"location": "Simulated Location", "name": name, "description": ""})
        return {"id": self.w.a_provider["id"], "image": name, "query": "?location=Simulated%20Location"}, None

    def blobs_add(self, who, allowed):
        raw = b'--x\r\nContent-Disposition: form-data; name="blob"; filename="f"\r\n\r\nbytes\r\n--x--\r\n'
        return {"raw": raw, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, None

    def blobs_add_named(self, who, allowed):
        return {"name": "f", "raw": b"bytes", "headers": {"Content-Type": "application/octet-stream"}}, None

    def blobs_get(self, who, allowed):
        _, _, _, _, id, name = self.w.a_blob["url"].split("/")
        return {"id": id, "name": name}, None

    def blobs_credential(self, who, allowed):
        return {}, {"blob": self.w.a_blob["url"].split("/")[4], "instance": self.w.an_instance["id"]}

    def tokens_add(self, who, allowed):
        return {}, {"description": "walk"}

    def tokens_delete(self, who, allowed):
        return {"id": self.w.good(who if allowed else "owner", "POST", "/services/tokens", {"description": "gone"})["id"]}, None

    def victim(self):
        return {"id": self.w.invite(self.w.name("victim").replace(" ", "-"))["id"]}, {}

    def users_get(self, who, allowed):
        if not hasattr(self, "seen"):
            self.seen = self.victim()[0]
        return self.seen, None

    def users_invite(self, who, allowed):
        return {}, {"email": "%s@example.test" % self.w.name("guest").replace(" ", "-"), "name": "Guest"}

    def users_resend(self, who, allowed):
        return self.users_get(who, allowed)[0], {}

    users_reset = users_deactivate = users_reactivate = users_unlock = users_resend

    def users_delete(self, who, allowed):
        return self.victim()[0], None

    def users_activate(self, who, allowed):
        return {}, {"code": self.w.invite(self.w.name("new").replace(" ", "-"))["code"], "password": PASSWORD}

    def users_activation(self, who, allowed):
        return {}, {"code": self.w.invite(self.w.name("new").replace(" ", "-"))["code"]}

    def users_password(self, who, allowed):
        return {}, {"password": PASSWORD, "new_password": PASSWORD}


def judge(cell, answer):
    """None, or what is wrong."""
    if cell == "yes":
        return None if answer.status not in REFUSED and answer.status < 500 else "should be allowed"
    if cell == "address":
        return None if answer.status in (401, 404) else "should need the address"
    return None if answer.status == int(cell) else "should be " + cell


def every_role_at_every_verb(w):
    requests, wrong, walked, refused = Requests(w), [], 0, 0
    # Passwords cost much and by purpose: for those verbs two ask.
    costly = ("users.activate", "users.activation", "users.password", "security.token", "appliance.setup")
    for verb, method, path, cells in table():
        for column, who in PEOPLE.items():
            if verb in costly and column not in ("anonymous", "stranger"):
                continue
            cell = cells[column]
            where, more = requests.make(verb, method, path, who, cell == "yes")
            answer = w.ask(who, method, where, **more)
            walked += 1
            refused += cell != "yes"
            why = judge(cell, answer)
            if why:
                wrong.append("%s by %s: %s, but is %d %s" % (verb, column, why, answer.status, answer.data[:160]))
    assert not wrong, "\n".join(wrong)
    assert walked > 500 and refused > 200, (walked, refused)
    print("# %d questions, %d of them refused" % (walked, refused))


def the_walk_sees_a_wrong_table(w):
    """The judge itself: a cell that says the opposite is caught, both ways."""
    a = w.ask("visitor", "GET", "/services/workspaces/" + w.team["id"])
    b = w.ask("visitor", "DELETE", "/services/workspaces/" + w.team["id"])
    assert judge("yes", a) is None and judge("403", a) and judge("404", a)
    assert judge("403", b) is None and judge("yes", b) and judge("404", b)


CASES = [the_walk_sees_a_wrong_table, every_role_at_every_verb]

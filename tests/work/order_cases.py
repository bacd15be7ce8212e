"""The order of events in boxes of boxes; bindings, and what scripts ask of the appliance."""
from world import SIM, check, needs_agents, wait_for

EVENTS = ["pre_install", "install", "pre_configure", "configure", "pre_start", "start"]
TEARDOWN = ["stop", "post_stop", "dispose", "post_dispose"]


def loud(box, events=EVENTS + TEARDOWN):
    return {e: "#!/bin/sh\necho \"said %s %s\"\n" % (e, box) for e in events}


def said(w, id, since=0):
    return [line[5:] for line in w.logs(id).splitlines() if line.startswith("said ")][since:]


def expected(event, admin, tree):
    """§2.2: admin boxes first; a parent's pre_ before its children's, its main event after them; teardown the other way."""
    def walk(node):
        name, children = node
        below = [line for c in children for line in walk(c)]
        first = event.startswith("pre_") or event in TEARDOWN
        return ["%s %s" % (event, name)] + below if first else below + ["%s %s" % (event, name)]
    return ["%s %s" % (event, a) for a in admin] + walk(tree)


def three_levels_and_an_admin_box_run_in_order(w):
    leaf = w.box("script", "leaf", loud("leaf"))
    second = w.box("script", "second", loud("second"))
    middle = w.box("script", "middle", loud("middle"), variables=[
        {"name": "LEAF", "type": "Box", "value": leaf["id"], "required": False, "visibility": "public"}])
    top = w.box("script", "top", loud("top"), variables=[
        {"name": "MIDDLE", "type": "Box", "value": middle["id"], "required": False, "visibility": "public"},
        {"name": "SECOND", "type": "Box", "value": second["id"], "required": False, "visibility": "public"}])
    admin = w.box("script", "admin", loud("admin"))
    policy = w.policy(1, variables=[
        {"name": "ADMIN", "type": "Box", "value": admin["id"], "required": False, "visibility": "public"}])
    i = w.deploy(top, policy)
    w.ends(i["id"], "done", "deploy", i["updated"])
    tree = ("top", [("middle", [("leaf", [])]), ("second", [])])
    want = [line for e in EVENTS for line in expected(e, ["admin"], tree)]
    got = said(w, i["id"])
    check(got == want, "got", got, "want", want)
    n = len(got)
    w.terminate(i["id"])
    got = said(w, i["id"], n)
    want = [line for e in TEARDOWN for line in expected(e, ["admin"], tree)]
    check(got == want, "teardown: got", got, "want", want)
    w.nothing_left()
    w.away(i["id"])


def variables_and_bindings_reach_scripts(w):
    db = w.box("script", "db", {"start": "#!/bin/sh\necho \"db on {{ address.private }}\"\n"}, variables=[
        {"name": "PORT", "type": "Port", "value": "5432", "required": True, "visibility": "public"}])
    d = w.deploy(db, instance_tags=["the-db"])
    w.ends(d["id"], "done", "deploy", d["updated"])
    if SIM:
        web = "#!/bin/sh\necho \"name {{ NAME }}\"\n"
    else:
        web = "#!/bin/sh\necho \"name {{ NAME }} db {{ DB.PORT }} at {{ DB.address.private }}\"\n" \
              "{% for d in DB %}echo \"one of {{ DB | length }}\"\n{% endfor %}"
    box = w.box("script", "web", {"configure": web}, variables=[
        {"name": "NAME", "type": "Text", "value": "plain", "required": True, "visibility": "public"},
        {"name": "PW", "type": "Password", "value": "hidden-word", "required": False, "visibility": "public"},
        {"name": "DB", "type": "Binding", "value": "AnyBox", "required": False, "visibility": "public", "tags": ["the-db"]}])
    i = w.deploy(box, variables=[{"name": "NAME", "type": "Text", "value": "chosen"}])
    w.ends(i["id"], "done", "deploy", i["updated"])
    logs = w.logs(i["id"])
    address = w.machines(d["id"])[0]["address"]["private"]
    check("name chosen" in logs, logs)
    if not SIM:
        check("db 5432 at " + address in logs and logs.count("one of 1") == 1, logs)
    w.web, w.db = i["id"], d["id"]


def an_organization_may_keep_velocity_out(w):
    needs_agents()
    path = "/services/organizations/" + w.client.get("/services/workspaces")[0]["organization"]
    box = w.box("script", "dollars", {"install": "#!/bin/sh\nNAME=shell\necho \"is ${NAME}, is {{ NAME }}\"\n"},
                variables=[{"name": "NAME", "type": "Text", "value": "box", "required": False, "visibility": "public"}])
    for ignored, said in ((True, "is shell, is box\n"), (False, "is box, is box\n")):
        organization = w.client.get(path)
        organization.setdefault("features", {})["ignore_velocity_templates"] = ignored
        w.client.call("PUT", path, organization)
        i = w.deploy(box)
        w.ends(i["id"], "done", "deploy", i["updated"])
        check(said in w.logs(i["id"]), ignored, w.logs(i["id"]))
        w.away(i["id"])


def set_and_notify_reconfigure_who_is_bound(w):
    needs_agents()
    before = w.instance(w.web)["updated"]
    doc = w.instance(w.db)
    w.client.call("PUT", "/services/instances/" + w.db, doc, (200, 202))
    doc = w.instance(w.web)
    box = w.client.get("/services/boxes/" + doc["boxes"][0]["id"], (200, 404))
    check(box is not None)
    # the database's next configure script sets a variable and notifies
    db = w.instance(w.db)
    db["boxes"][0]["events"] = {"configure": w.script(
        "#!/bin/sh\nset -e\nelasticbox set PORT 6432\nelasticbox notify\necho \"set and notified\"\n", "configure")}
    w.client.call("PUT", "/services/instances/" + w.db, db, (200, 202))
    w.operate(w.db, "reconfigure")
    check("set and notified" in w.logs(w.db), w.logs(w.db))
    i = w.ends(w.web, "done", "reconfigure", before)
    wait_for(60, lambda: "db 6432" in w.logs(w.web), lambda: w.logs(w.web))
    check(i["operation"]["event"] == "reconfigure")


def exit_code_100_reboots_and_goes_on(w):
    needs_agents()
    box = w.box("script", "reboots", {
        "install": "#!/bin/sh\n[ -e /var/lib/been ] && { echo again; exit 0; }\ntouch /var/lib/been\necho first\n(sleep 2; reboot) &\nexit 100\n",
        "start": "#!/bin/sh\necho \"started once\"\n"})
    i = w.deploy(box)
    w.ends(i["id"], "done", "deploy", i["updated"])
    logs = w.logs(i["id"])
    check(logs.count("first") == 1 and logs.count("started once") == 1, logs)
    w.away(i["id"])


def they_go(w):
    for id in (w.web, w.db):
        w.terminate(id)
        w.away(id)
    w.nothing_left()


CASES = [three_levels_and_an_admin_box_run_in_order, variables_and_bindings_reach_scripts, an_organization_may_keep_velocity_out, set_and_notify_reconfigure_who_is_bound,
         exit_code_100_reboots_and_goes_on, they_go]

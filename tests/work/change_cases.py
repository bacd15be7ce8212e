"""What people change between deployment and end: secrets, protection, versions of boxes; one instance lives through all of it."""
import glob
import json
import os
import time

from world import check, needs_agents, wait_for

FIRST, SECOND = "first-hidden-word", "second-hidden-word"
INSTALL = "#!/bin/sh\necho \"installed %s\"\n"
# The second time it sees what it has set the first time.  Two braces side by side would be the template's.
CONFIGURE = """#!/bin/sh
[ "$PW" = %(first)s ] && echo "env has the first"
[ "{{ PW }}" = %(first)s ] && echo "template has the first"
[ "$PW" = %(second)s ] && echo "env has the second"
[ -e been ] && exit 0
touch been
elasticbox set PW %(second)s && echo "set it"
elasticbox set NOPE x 2>&1
echo "refused with $?"
elasticbox set -nowhere PW x 2>&1 || echo "no such option"
O='{''{' C='}''}'
echo "$O PW $C" | elasticbox config | grep -c %(second)s
""" % {"first": FIRST, "second": SECOND}


def on_disk(w, word):
    for path in glob.glob(os.path.join(w.data(), "core", "*")):
        with open(path, "rb") as f:
            if word.encode() in f.read():
                return path
    return None


def secrets_are_opened_for_scripts_alone(w):
    needs_agents()
    w.policy_kept = w.policy(1, manual_terminate_protection=True)
    w.box_kept = w.box("script", "kept", {"install": INSTALL % "one", "configure": CONFIGURE}, variables=[
        {"name": "PW", "type": "Password", "value": FIRST, "required": False, "visibility": "private"}])
    i = w.deploy(w.box_kept, w.policy_kept)
    w.ends(i["id"], "done", "deploy", i["updated"])
    w.kept_id = i["id"]
    logs = w.logs(w.kept_id)
    for line in ("installed one", "env has the first", "template has the first", "set it", "There is no variable NOPE."):
        check(line in logs, line, "is not in", logs)
    check("refused with 0" not in logs and "refused with" in logs and "no such option" in logs, logs)
    # `elasticbox config` renders with the value as it is then
    check(logs.rstrip().endswith("1") or "\n1\n" in logs, logs)
    w.operate(w.kept_id, "reconfigure")
    check("env has the second" in w.logs(w.kept_id), w.logs(w.kept_id))
    told = json.dumps([w.instance(w.kept_id), w.client.get("/services/instances/%s/activity" % w.kept_id),
                       w.client.get("/services/instances/%s/operations" % w.kept_id)])
    for word in (FIRST, SECOND):
        check(word not in told, "it is shown:", word)
        check(not on_disk(w, word), "it is on the disk:", on_disk(w, word))


def protection_holds_people_but_not_leases(w):
    needs_agents()
    c, path = w.client, "/services/instances/" + w.kept_id
    # the policy protects it from being terminated, by force too, and the instance cannot take that back
    for flag in (None, False):
        if flag is not None:
            c.call("PUT", path, dict(w.instance(w.kept_id), manual_terminate_protection=flag), (200, 202))
        for operation in ("terminate", "force_terminate"):
            status, answer = w.delete(w.kept_id, operation, (409,))
            check("protected" in answer["message"], answer)
    c.call("PUT", path, dict(w.instance(w.kept_id), manual_shutdown_protection=True), (200, 202))
    status, answer = c.call("PUT", path + "/shutdown", None, 409)
    check("protected" in answer["message"], answer)
    w.operate(w.kept_id, "reconfigure")
    expire = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() + 2))
    i = c.call("PUT", path, dict(w.instance(w.kept_id), lease={"expire": expire, "operation": "shutdown"}), (200, 202))[1]
    w.ends(w.kept_id, "done", "shutdown_service", i["updated"])
    check(not w.running(), w.running())
    c.call("PUT", path, dict(w.instance(w.kept_id), manual_shutdown_protection=False, lease=None), (200, 202))
    w.operate(w.kept_id, "poweron")
    wait_for(30, lambda: w.machines(w.kept_id)[0]["state"] == "done", lambda: w.machines(w.kept_id))


def a_failed_reconfiguration_is_forced_online(w):
    needs_agents()
    c, path = w.client, "/services/instances/" + w.kept_id
    doc = w.instance(w.kept_id)
    good = doc["boxes"][0]["events"]["configure"]
    doc["boxes"][0]["events"]["configure"] = w.script("#!/bin/sh\nexit 7\n", "configure")
    c.call("PUT", path, doc, (200, 202))
    w.operate(w.kept_id, "reconfigure", state="unavailable")
    c.call("PUT", path + "/force_online", None, (200, 202, 204))
    i = w.instance(w.kept_id)
    check((i["state"], i["operation"]["event"]) == ("done", "reconfigure"), i["state"], i["operation"])
    doc = w.instance(w.kept_id)
    doc["boxes"][0]["events"]["configure"] = good
    c.call("PUT", path, doc, (200, 202))
    w.operate(w.kept_id, "reconfigure")


def boxes_are_pulled_pushed_and_cloned(w):
    needs_agents()
    c, path = w.client, "/services/instances/" + w.kept_id
    draft = "/services/boxes/" + w.box_kept["id"]
    # pull: the box's new text is installed
    box = c.get(draft)
    box["events"]["install"] = w.script(INSTALL % "two", "install")
    c.call("PUT", draft, box, 200)
    before = w.instance(w.kept_id)["updated"]
    c.call("PUT", path + "/pull", {"box_id": w.box_kept["id"]}, (200, 202))
    w.ends(w.kept_id, "done", "reinstall", before)
    check("installed two" in w.logs(w.kept_id), w.logs(w.kept_id))
    # push: the copy that was edited becomes a version of the box, its secrets as they were
    doc = w.instance(w.kept_id)
    doc["boxes"][0]["events"]["install"] = w.script(INSTALL % "three", "install")
    copy = c.call("PUT", path, doc, (200, 202))[1]["boxes"][0]
    pushed = dict(c.get(draft), events=copy["events"], variables=copy["variables"],
                  version={"box": w.box_kept["id"], "number": {"major": 1, "minor": 0, "patch": 0}, "description": "pushed"})
    c.call("PUT", draft, pushed, 200)
    versions = c.get(draft + "/versions")
    check(len(versions) == 1 and versions[0]["events"]["install"]["url"] == copy["events"]["install"]["url"], versions)
    # clone: a new instance from what the first one shows, masks and all
    doc = w.instance(w.kept_id)
    i = w.deploy(versions[0], w.policies[1], variables=doc["variables"])
    w.ends(i["id"], "done", "deploy", i["updated"])
    logs = w.logs(i["id"])
    check("installed three" in logs and "env has the first" in logs, logs)
    w.away(i["id"])


def it_ends_by_its_lease_and_its_output_goes_with_it(w):
    needs_agents()
    c, path = w.client, "/services/instances/" + w.kept_id
    expire = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() + 2))
    i = c.call("PUT", path, dict(w.instance(w.kept_id), lease={"expire": expire, "operation": "terminate"}), (200, 202))[1]
    w.ends(w.kept_id, "done", "terminate_service", i["updated"])
    w.nothing_left()
    tasks = {t.get("id") or t["task"] for o in c.get(path + "/operations")
             for t in c.get("%s/operations/%s/tasks" % (path, o["id"])) if t["kind"] == "script" and t["output_length"]}
    files = lambda: {n for t in tasks for n in glob.glob(os.path.join(w.data(), "store", "segments", "out-%s*" % t))}
    check(tasks and files(), tasks, "without output on the disk")
    w.delete(w.kept_id, "delete", (200, 202, 204))
    wait_for(60, lambda: not files(), lambda: "output of a deleted instance is still there: %s" % files())


CASES = [secrets_are_opened_for_scripts_alone, protection_holds_people_but_not_leases, a_failed_reconfiguration_is_forced_online,
         boxes_are_pulled_pushed_and_cloned, it_ends_by_its_lease_and_its_output_goes_with_it]

"""Instances from their deployment to their end."""
import time
from concurrent.futures import ThreadPoolExecutor

from world import check, needs_agents, wait_for

HELLO = "#!/bin/sh\necho \"hello from $(id -un)\"\n"
ALL = ["pre_install", "install", "pre_configure", "configure", "pre_start", "start", "stop", "post_stop", "dispose", "post_dispose"]


def noisy(events=ALL, more=None):
    """Scripts that say which they are."""
    scripts = {e: "#!/bin/sh\necho \"said by %s\"\n" % e for e in events}
    scripts.update(more or {})
    return scripts


def said(w, id, since=0):
    return [line[len("said by "):] for line in w.logs(id).splitlines() if line.startswith("said by ")][since:]


def a_script_box_runs_to_its_end(w):
    box = w.box("script", "web", noisy(["install", "configure", "start"]))
    began = time.monotonic()
    i = w.deploy(box)
    check(i["state"] == "processing" and i["operation"]["event"] == "deploy", i)
    w.first = i["id"]
    w.ends(i["id"], "done", "deploy", i["updated"])
    took = time.monotonic() - began
    check(said(w, i["id"]) == ["install", "configure", "start"], w.logs(i["id"]))
    logs = w.logs(i["id"])
    check("Executing install" in logs and "successfully executed" in logs, logs)
    activity = w.client.get("/services/instances/%s/activity" % i["id"])
    texts = [a["text"] for a in activity]
    check(any(t.startswith("Executing install:web in machine") for t in texts), texts)
    operation = w.client.get("/services/instances/%s/operations" % i["id"])[0]
    tasks = w.client.get("/services/instances/%s/operations/%s/tasks" % (i["id"], operation["id"]))
    scripts = [t for t in tasks if t["kind"] == "script"]
    check([t["event"] for t in scripts] == ["install", "configure", "start"], tasks)
    check(all(t["exit_code"] == 0 and t["state"] == "done" and t["output_length"] > 0 for t in scripts), scripts)
    number = scripts[0].get("id") or scripts[0]["task"]
    text = w.client.get("/services/tasks/%d/output?from=0" % number)
    check(text == "said by install\n", text)
    check(w.client.get("/services/tasks/%d/output?from=5" % number) == "by install\n")
    m = w.machines(i["id"])
    check(len(m) == 1 and m[0]["address"]["public"].startswith("169.254.77."), m)
    facts = m[0].get("facts", {})
    check(m[0].get("boot_id") and facts.get("os") and facts.get("kernel") and facts.get("memory", 0) > 0 and len(facts.get("load", [])) == 3, m)
    check(len(w.kept()) == 1 and w.running() == set(w.kept()), w.kept(), w.running())
    return "%.1f s" % took


def reconfigure_and_reinstall_run_their_scripts(w):
    n = len(said(w, w.first))
    w.operate(w.first, "reconfigure")
    check(said(w, w.first, n) in (["configure"], ["configure", "start"]), said(w, w.first, n))
    n = len(said(w, w.first))
    w.operate(w.first, "reinstall")
    got = said(w, w.first, n)
    check(got[:2] == ["install", "configure"], got)


def shut_down_and_power_on(w):
    before = w.running()
    i = w.operate(w.first, "shutdown", event="shutdown_service")
    check(not w.running() and w.disks() and i["state"] == "done", w.running())
    w.operate(w.first, "poweron")
    check(w.running() == before, "another machine came back")
    # it is Online again, and takes what an Online instance takes
    w.operate(w.first, "reconfigure")


def terminate_then_delete(w):
    i = w.terminate(w.first)
    check(i["operation"]["event"] == "terminate_service", i["operation"])
    w.nothing_left()
    check(w.logs(w.first), "its log is gone before it is deleted")
    w.delete(w.first, "delete", (200, 202, 204))
    wait_for(30, lambda: w.client.call("GET", "/services/instances/" + w.first)[0] == 404, "it is still there")


def a_failing_script_makes_it_unavailable_and_a_retry_goes_on(w):
    flag = "/var/lib/flag"
    box = w.box("script", "fails", noisy(["start"], {
        "install": "#!/bin/sh\necho trying\n[ -e ${MACHINE_DIR}%s ] || { mkdir -p ${MACHINE_DIR}/var/lib; touch ${MACHINE_DIR}%s; exit 3; }\n" % (flag, flag)}))
    i = w.deploy(box)
    w.ends(i["id"], "unavailable", "deploy", i["updated"])
    check(said(w, i["id"]) == [], "start ran all the same")
    activity = w.client.get("/services/instances/%s/activity" % i["id"])
    check(any(a.get("exit_code") == 3 for a in activity), activity)
    machines = set(w.kept())
    w.operate(i["id"], "deploy")
    check(said(w, i["id"]) == ["start"] and set(w.kept()) == machines, "a second machine was made")
    w.away(i["id"])
    w.nothing_left()


# Its runner is its parent, and has a second to read what it says.
ONCE_MORE = """#!/bin/sh
n=$(cat /tmp/runs 2>/dev/null || echo 0)
echo $((n + 1)) >/tmp/runs
echo "run $((n + 1)) begins"
[ $n != 0 ] || { sleep 1; kill -9 $PPID; exit 0; }
echo "run $((n + 1)) ends"
"""


def an_interrupted_script_is_run_again(w):
    needs_agents()
    box = w.box("script", "again", events={"install": dict(w.script(ONCE_MORE, "install"), retry=1)})
    i = w.deploy(box)
    w.ends(i["id"], "done", "deploy", i["updated"])
    ran = [line for line in w.logs(i["id"]).splitlines() if line.startswith("run ")]
    check(ran == ["run 1 begins", "run 2 begins", "run 2 ends"], ran)
    check(any("It is run again." in (t or "") for t in w.told(i["id"])), w.told(i["id"]))
    w.away(i["id"])
    w.nothing_left()


def abort_kills_the_script(w):
    box = w.box("script", "slow", {"install": "#!/bin/sh\necho begun\nsleep 600\necho ended\n"})
    i = w.deploy(box)
    wait_for(60, lambda: "begun" in w.logs(i["id"]), lambda: "the script did not begin: %s" % w.told(i["id"]))
    before = w.instance(i["id"])["updated"]
    status, answer = w.client.call("PUT", "/services/instances/%s/abort" % i["id"])
    check(status in (200, 202, 204), status, answer)
    w.ends(i["id"], "unavailable", "deploy", before, 30)
    check("ended" not in w.logs(i["id"]))
    check(any("bort" in (t or "") for t in w.told(i["id"])), w.told(i["id"]))
    w.away(i["id"])
    w.nothing_left()


def output_is_seen_as_it_happens(w):
    box = w.box("script", "talks", {"install": "#!/bin/sh\nfor n in 1 2 3 4 5 6; do echo line $n; sleep 0.5; done\n"})
    i = w.deploy(box)
    seen = []

    def some():
        lines = [line for line in w.logs(i["id"]).splitlines() if line.startswith("line ")]
        if lines and (not seen or len(lines) > len(seen[-1])):
            seen.append(lines)
        return w.instance(i["id"])["state"] != "processing"
    wait_for(90, some)
    w.ends(i["id"], "done", "deploy")
    check(len(seen) >= 3 and seen[-1] == ["line %d" % n for n in range(1, 7)], seen)
    w.away(i["id"])


def a_conflict_is_answered_409(w):
    box = w.box("script", "busy", {"install": "#!/bin/sh\necho begun\nwhile [ ! -e ${MACHINE_DIR}/tmp/enough ]; do sleep 0.1; done\n"})
    i = w.deploy(box)
    for operation in ("reconfigure", "reinstall", "shutdown", "poweron"):
        status, answer = w.client.call("PUT", "/services/instances/%s/%s" % (i["id"], operation))
        check(status == 409 and answer["message"], operation, status, answer)
    check(w.delete(i["id"], "terminate", (409,))[0] == 409)
    wait_for(60, lambda: "begun" in w.logs(i["id"]), "the script did not begin")
    w.write(w.machine_ids(i["id"])[0], "/tmp/enough", "")
    w.ends(i["id"], "done", "deploy", i["updated"])
    w.busy = i["id"]


def ten_terminates_at_once_leave_nothing(w):
    before = w.instance(w.busy)["updated"]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: w.client.call("DELETE", "/services/instances/%s?operation=terminate" % w.busy)[0], range(10)))
    check(set(answers) <= {200, 202, 409} and sum(a != 409 for a in answers) >= 1, answers)
    w.ends(w.busy, "done", "terminate_service", before)
    w.nothing_left()
    w.away(w.busy)


def force_terminate_ends_what_is_still_processing(w):
    box = w.box("script", "stuck", {"install": "#!/bin/sh\necho begun\nsleep 900\n", "dispose": "#!/bin/sh\necho disposed\n"})
    i = w.deploy(box)
    wait_for(60, lambda: "begun" in w.logs(i["id"]), "the script did not begin")
    w.terminate(i["id"], "force_terminate")
    w.nothing_left()
    check("disposed" not in w.logs(i["id"]), "its scripts ran")
    w.away(i["id"])


def a_lease_ends_the_instance(w):
    box = w.box("script", "leased", {"start": HELLO})
    i = w.deploy(box)
    w.ends(i["id"], "done", "deploy", i["updated"])
    expire = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() + 2))
    doc = w.instance(i["id"])
    doc["lease"] = {"expire": expire, "operation": "terminate"}
    changed = w.client.call("PUT", "/services/instances/" + i["id"], doc, (200, 202))[1]
    w.ends(i["id"], "done", "terminate_service", changed["updated"])
    w.nothing_left()
    w.away(i["id"])


def two_machines_of_one_instance(w):
    box = w.box("script", "pair", noisy(["install", "start"]))
    i = w.deploy(box, w.policies[2])
    w.ends(i["id"], "done", "deploy", i["updated"])
    check(len(w.machines(i["id"])) == 2 and len(w.running()) == 2)
    check(said(w, i["id"]) in (["install", "start"] * 2, ["install"] * 2 + ["start"] * 2), said(w, i["id"]))
    one = w.machines(i["id"])[0]["name"]
    check(w.logs(i["id"], machine_name=one).count("said by") == 2)
    w.terminate(i["id"])
    w.nothing_left()
    w.away(i["id"])


def switched_off_it_makes_no_machine(w):
    c = w.client
    c.call("POST", "/services/appliance/settings", {"demo": False}, (200, 204))
    try:
        i = w.deploy(w.box("script", "off", {"install": HELLO}))
        w.ends(i["id"], "unavailable", "deploy", i["updated"])
        check(any("switched off" in (t or "") for t in w.told(i["id"])), w.told(i["id"]))
        check(not w.kept())
        w.away(i["id"])
    finally:
        c.call("POST", "/services/appliance/settings", {"demo": True}, (200, 204))


CASES = [a_script_box_runs_to_its_end, reconfigure_and_reinstall_run_their_scripts, shut_down_and_power_on, terminate_then_delete,
         a_failing_script_makes_it_unavailable_and_a_retry_goes_on, an_interrupted_script_is_run_again, abort_kills_the_script,
         output_is_seen_as_it_happens,
         a_conflict_is_answered_409, ten_terminates_at_once_leave_nothing, force_terminate_ends_what_is_still_processing,
         a_lease_ends_the_instance, two_machines_of_one_instance, switched_off_it_makes_no_machine]

"""Rooms and agents are killed at random moments: every operation ends, once, and no machine is left; and work goes on soon."""
import os
import random
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from world import Failed, PATIENCE, ROOMS, check, needs_agents, wait_for

SOAK = os.environ.get("CAM_SOAK") == "1"
# CAM_ROUNDS: another number of rounds.
ROUNDS = int(os.environ.get("CAM_ROUNDS", 1000 if SOAK else 20))
SEED = int(os.environ.get("CAM_SEED", "4"))
# A step that ran twice says so twice; what it writes says when it ran.
COUNTED = "#!/bin/sh\necho \"ran %s\"\nsleep 0.5\necho \"end %s\"\n"
EVENTS = ["install", "configure", "start"]
# The longest pause before a kill, seconds: the scripts of a round take a second and a half together.
PAUSE = 1.0


def one_round(w, dice, box, hits):
    """An instance, killed at while it is deployed: its id, how it ended."""
    targets = dice.choice([[r] for r in ROOMS] + [["agent"], ROOMS + ["agent"], ["core", "demo"], ["api", "store"]])
    i = w.deploy(box)
    kills = dice.randrange(1, 4)
    for _ in range(kills):
        time.sleep(dice.random() * PAUSE)
        before = w.client.call("GET", "/services/instances/" + i["id"])[1]
        done = w.kill([t for t in targets if t != "agent"])
        if "agent" in targets and w.kill_agents():
            done.append("agent")
        if done and isinstance(before, dict) and before.get("state") == "processing":
            for r in done:
                hits[r] = hits.get(r, 0) + 1
    end = w.settled(i["id"], i["updated"], 2 * PATIENCE)
    check(end["state"] in ("done", "unavailable"), end["state"])
    if end["state"] == "unavailable":
        # only where a script was interrupted with its runner: said, and not run again
        check(any(re.search("interrupt|lost|gone|away", t or "", re.I) for t in w.told(i["id"])), targets, w.told(i["id"]))
    logs = w.logs(i["id"])
    for e in EVENTS:
        check(logs.count("ran %s\n" % e) <= 1, e, "ran", logs.count("ran %s\n" % e), "times after", targets, "were killed:", logs)
        if end["state"] == "done":
            check(logs.count("end %s\n" % e) == 1, e, "has no end:", logs)
    return i["id"], end["state"]


def take_away(w, id, state):
    """While the next one is deployed and killed at."""
    w.terminate(id, "terminate" if state == "done" else "force_terminate")
    w.away(id)


def killed_at_any_moment_everything_ends_once(w):
    dice = random.Random(SEED)
    box = w.box("script", "counted", {e: COUNTED % (e, e) for e in EVENTS})
    hits, ends, going = {}, {}, None
    w.client.tries = 60
    try:
        with ThreadPoolExecutor(1) as beside:
            for n in range(ROUNDS):
                try:
                    id, state = one_round(w, dice, box, hits)
                    if going:
                        going.result()
                except Failed as e:
                    raise Failed("round %d of seed %d: %s" % (n, SEED, e))
                going = beside.submit(take_away, w, id, state)
                ends[state] = ends.get(state, 0) + 1
            going.result()
        w.nothing_left(120)
    finally:
        w.client.tries = 1
    check(sum(hits.values()) >= ROUNDS / 2, "hardly anything was hit in the middle:", hits)
    check(ends.get("done", 0) >= ROUNDS * 3 / 4, ends)
    return "%d rounds, ends %s, hit in the middle %s" % (ROUNDS, ends, hits)


# ---- how soon work goes on ----

SOON = 2.0
TRIES = 3	# a machine that is busy otherwise has so many series
# Of those that a running script's output comes by each is killed so often in a series; the median counts.
SERIES = {"core": 3, "api": 3, "gate": 3, "store": 3, "agent": 3, "demo": 1, "yard": 1, "keyd": 1}
# Each line says when it was written, by the machine's clock since the boot, which is ours too.
TICKS = "#!/bin/sh\nwhile [ ! -e /tmp/enough ]; do read up idle </proc/uptime; echo tick $up; sleep 0.2; done\necho ticked\n"


def uptime():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def last_tick(w, id):
    ticks = [line.split() for line in w.logs(id).splitlines() if line.startswith("tick ")]
    return float(ticks[-1][1]) if ticks and len(ticks[-1]) > 1 else 0


def resumed(w, id, target):
    """Seconds from when what was killed is there again until something is seen that was written after that."""
    if target == "agent":
        old = set(w.agents())
        check(w.kill_agents() == len(old) == 1, "there is not one agent")
        wait_for(30, lambda: set(w.agents()) - old, "the agent did not come back")
    else:
        old = w.inner_pid(target)
        w.kill([target])
        wait_for(30, lambda: w.inner_pid(target) != old and w.ready(target), target + " did not come back")
    back = uptime()
    wait_for(60, lambda: last_tick(w, id) >= back, "nothing more came after %s was killed" % target)
    return uptime() - back


def series(w, id, target, count):
    found = []
    for _ in range(count):
        found.append(resumed(w, id, target))
        time.sleep(0.3)
    return sorted(found)[len(found) // 2]


def work_goes_on_within_two_seconds_of_a_restart(w):
    needs_agents()
    box = w.box("script", "ticks", {"install": TICKS})
    i = w.deploy(box)
    wait_for(60, lambda: last_tick(w, i["id"]), "it does not tick")
    machine, = w.machine_ids(i["id"])
    took = {}
    w.client.tries = 60
    try:
        for target, count in SERIES.items():
            for _ in range(TRIES):
                took[target] = min(series(w, i["id"], target, count), took.get(target, 1e9))
                if took[target] <= SOON:
                    break
        w.write(machine, "/tmp/enough", "")
        w.ends(i["id"], "done", "deploy", i["updated"])
        check(w.logs(i["id"]).count("ticked\n") == 1, "it ran twice, or has no end")
    finally:
        w.client.tries = 1
    w.terminate(i["id"])
    w.away(i["id"])
    w.nothing_left()
    check(max(took.values()) <= SOON, took)
    return " ".join("%s %.1f s" % kv for kv in took.items())


CASES = [work_goes_on_within_two_seconds_of_a_restart, killed_at_any_moment_everything_ends_once]

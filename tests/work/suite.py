"""Suite work: see run.  usage: suite.py [PART OF A CASE'S NAME...]

CAM_WORK_AGENT=sim: simulated agents in place of the machines' own (for machines whose tree has no agent).
"""
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "lib")]

import change_cases
import cloud_init_cases
import kill_cases
import life_cases
import order_cases
import trust_cases
import upgrade_cases
from house import House
from sim import Agents
from world import SIM, Skipped, World


def main(wanted):
    bad = 0
    # Once the appliance has a host name (trust), user data names it, and its machines have nobody to ask for it.
    cases = [case for case in (life_cases.CASES + order_cases.CASES + change_cases.CASES + upgrade_cases.CASES + cloud_init_cases.CASES +
                               trust_cases.CASES + kill_cases.CASES) if not wanted or any(w in case.__name__ for w in wanted)]
    if not cases:
        print("no case has one of these words in its name: " + " ".join(wanted), file=sys.stderr)
        return 2
    with House("work") as house:
        house.start()
        world = World(house)
        agents = Agents(world) if SIM else None
        world.simulated = agents.work_dir if agents else None
        for case in cases:
            began = time.monotonic()
            try:
                note = case(world)
                print("ok %s (%.1f s%s)" % (case.__name__.replace("_", " "), time.monotonic() - began, ", " + note if note else ""),
                      flush=True)
            except Skipped as e:
                print("skip %s: %s" % (case.__name__.replace("_", " "), e), flush=True)
            except Exception as e:
                bad += 1
                traceback.print_exc()
                print("not ok %s: %s" % (case.__name__.replace("_", " "), str(e).replace("\n", " ")[:600] or type(e).__name__), flush=True)
                clear(world)
        if agents:
            agents.stop()
    return 1 if bad else 0


def clear(world):
    """What a failed case left must not fail the next."""
    try:
        for i in world.client.get("/services/instances"):
            world.away(i["id"])
        world.nothing_left()
    except Exception as e:
        print("  not cleared: %s" % e)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

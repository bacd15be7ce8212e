"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]
"""
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import place_cases
import role_cases
from house import House
from world import World


def people_and_places(w):
    w.people()
    w.places()
    w.contents()


def run(w, wanted):
    failed = 0
    for case in [people_and_places] + place_cases.CASES + role_cases.CASES:
        if wanted and case is not people_and_places and not any(x in case.__name__ for x in wanted):
            continue
        began = time.monotonic()
        try:
            case(w)
            result = "ok"
        except Exception:
            failed += 1
            result = "not ok"
            traceback.print_exc()
        print("%s %s (%.2f s)" % (result, case.__name__.replace("_", " "), time.monotonic() - began), flush=True)
        if failed and case is people_and_places:
            break
    return failed


def main():
    with House("workspaces") as house:
        house.start()
        failed = run(World(house), sys.argv[1:])
    if failed:
        print("%d cases failed" % failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

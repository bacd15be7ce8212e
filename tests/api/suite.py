"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]     setting up is always done
"""
import glob
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import fault_cases
import http_cases
import live_cases
import session_cases
from house import House
from wire import Wire


class Target:
    """What the cases work on, and what they leave for each other."""

    def __init__(self, house):
        self.house, self.address = house, house.address
        self.setup_code = house.screen("Setup code")
        self.secrets = [self.setup_code]
        self.cookie = self.csrf = None

    def wire(self, timeout=20):
        return Wire(self.address, timeout=timeout)

    def logs(self, room):
        text = ""
        for path in glob.glob(os.path.join(self.house.status()["data"], "log", room, "*")):
            if os.path.basename(path) == "current" or os.path.basename(path).startswith("@"):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()
        return text


def run(target, wanted):
    failed = 0
    deadlines = None if wanted else http_cases.Deadlines(target)
    cases = session_cases.CASES[:1] + http_cases.CASES + session_cases.CASES[1:-2] + live_cases.CASES
    if deadlines:
        def deadlines_hold(t):
            deadlines.finish()
        cases = cases + [deadlines_hold]	# before the cases that end the rooms its connections go through
    cases += fault_cases.CASES + session_cases.CASES[-2:]
    for case in cases:
        if wanted and case is not session_cases.setup_by_code and not any(w in case.__name__ for w in wanted):
            continue
        began = time.monotonic()
        try:
            case(target)
            result = "ok"
        except Exception:
            failed += 1
            result = "not ok"
            traceback.print_exc()
        print("%s %s (%.2f s)" % (result, case.__name__.replace("_", " "), time.monotonic() - began), flush=True)
    return failed


def main():
    with House("api") as house:
        house.start()
        failed = run(Target(house), sys.argv[1:])
    if failed:
        print("%d cases failed" % failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

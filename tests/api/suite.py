"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]     setting up is always done
"""
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import cases
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


def all_cases(deadlines):
    def deadlines_hold(t):
        deadlines.finish()
    # before the cases that end the rooms its connections go through
    return (session_cases.CASES[:1] + http_cases.CASES + session_cases.CASES[1:-2] + live_cases.CASES +
            ([deadlines_hold] if deadlines else []) + fault_cases.CASES + session_cases.CASES[-2:])


def main():
    with House("api") as house:
        house.start()
        target = Target(house)
        deadlines = None if sys.argv[1:] else http_cases.Deadlines(target)
        failed = cases.run(all_cases(deadlines), target, always=[session_cases.setup_by_code])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

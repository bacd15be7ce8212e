"""Runs the cases of a suite in order and prints a line for each: `ok what it shows`, or `not ok what it shows: why`.

    sys.exit(cases.main("boxes", CASES, Target))

A case is a function (or a coroutine) of the one thing they share, named as the sentence it proves. Parts of names on the command
line choose cases; those in `always` run all the same, for the others build on them.
"""
import asyncio
import inspect
import os
import sys
import time
import traceback

from house import House

# Longest time of a coroutine, seconds.
PATIENCE = 90


def do(case, target):
    if inspect.iscoroutinefunction(case):
        asyncio.run(asyncio.wait_for(case(target), PATIENCE))
    else:
        case(target)


def one(case, target):
    """Did it fail?"""
    name, began, why = case.__name__.replace("_", " "), time.monotonic(), None
    try:
        do(case, target)
    except Exception as e:
        traceback.print_exc()
        why = str(e).split("\n")[0][:200] or type(e).__name__
    print("%s %s (%.2f s)%s" % ("not ok" if why else "ok", name, time.monotonic() - began, ": " + why if why else ""), flush=True)
    return why is not None


def run(cases, target, always=(), needed=()):
    """How many failed. Without those of `needed` nothing else makes sense: the others are left out when they fail."""
    failed, wanted = 0, sys.argv[1:]
    for case in cases:
        if wanted and case not in always and case not in needed and not any(w in case.__name__ for w in wanted):
            continue
        bad = one(case, target)
        failed += bad
        if bad and case in needed:
            break
    return failed


def main(name, cases, make, always=(), needed=(), more=None):
    """A fresh house of this name, what `make` makes of it, the cases, then `more(target)`, which says how many failed."""
    with House(name) as house:
        house.start(*(["--root", os.environ["CAM_ROOT"]] if "CAM_ROOT" in os.environ else []))
        target = make(house)
        failed = run(cases, target, always, needed)
        if more:
            failed += more(target)
    if failed:
        print("%d cases failed" % failed)
    return 1 if failed else 0

"""Suite keyd: see run.  usage: suite.py [TEST...]"""
import os
import sys
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

import rooms
import cases
import certificate_cases


def main(names):
    rooms.new_root()
    keyd, hashd = rooms.Room("keyd"), rooms.Room("hashd")
    for room in (keyd, hashd):
        if not room.start():
            print("not ok start: %s: not ready\n%s" % (room.name, room.text()))
            return 1
    tests = {n: f for module in (cases, certificate_cases) for n, f in vars(module).items() if n.startswith("test_")}
    bad = 0
    # in the order of the file: the first looks at a first boot
    for name in names or list(tests):
        try:
            tests[name](keyd, hashd)
            print("ok " + name, flush=True)
        except Exception as e:
            bad += 1
            print("not ok %s: %s: %s" % (name, type(e).__name__, e), flush=True)
            traceback.print_exc()
    if bad:
        print(keyd.text(), hashd.text())
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))

"""Suite keyd: see run.  usage: suite.py [TEST...]"""
import sys
import traceback

import rooms
import cases


def main(names):
    rooms.new_root()
    keyd, hashd = rooms.Room("keyd"), rooms.Room("hashd")
    for room in (keyd, hashd):
        if not room.start():
            print("not ok start: %s: not ready\n%s" % (room.name, room.text()))
            return 1
    bad = 0
    # in the order of the file: the first looks at a first boot
    for name in names or [n for n in vars(cases) if n.startswith("test_")]:
        try:
            getattr(cases, name)(keyd, hashd)
            print("ok " + name, flush=True)
        except Exception as e:
            bad += 1
            print("not ok %s: %s: %s" % (name, type(e).__name__, e), flush=True)
            traceback.print_exc()
    if bad:
        print(keyd.text(), hashd.text())
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))

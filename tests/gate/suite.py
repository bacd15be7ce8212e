"""Suite gate: see run.  usage: suite.py [TEST...]"""
import sys
import traceback

from rooms import Rooms
import cases


def main(names):
    rooms = Rooms().start()
    bad = 0
    for name in names or [n for n in dir(cases) if n.startswith("test_")]:
        try:
            note = getattr(cases, name)(rooms)
            print("ok %s%s" % (name, ": " + note if note else ""), flush=True)
        except Exception as e:
            bad += 1
            print("not ok %s: %s: %s" % (name, type(e).__name__, e), flush=True)
            traceback.print_exc()
    if bad:
        print(*("==== %s\n%s" % (r.name, r.text()[-4000:]) for r in (rooms.gate, rooms.keyd, rooms.api)), sep="\n")
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))

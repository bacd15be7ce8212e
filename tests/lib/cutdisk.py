# cutdisk: a disk that forgets what was not flushed.  A plugin for nbdkit.
#
# Writes are held in memory, in order, until a flush (or a write with FUA for
# that write alone) puts them into the file.  A power cut is asked for by
# writing "cut SEED" into the control file: of the writes that were not
# flushed, a part chosen by the seed reaches the file, in an order chosen by
# the seed, and some of those only in part, sector by sector.  Everything else
# is lost, and from then on every request fails.  "flush" in the control file
# puts everything into the file (an orderly end).  The answer to a control word
# is written to <control>.done as one line.
#
# With lie=yes a flush is answered and not done: a fault for tests to find.
#
#   nbdkit -U SOCKET python cutdisk.py file=DISK control=PATH [lie=yes]
import builtins
import os
import random
import threading
import time

import nbdkit

API_VERSION = 2
SECTOR = 512
WITHIN = 30           # the cut comes with one of so many writes
PATIENCE = 3.0
PIECE = 4096          # held writes are split at these borders: a page cache's and a file system's unit

path = control = None
lie = False
fd = -1
lock = threading.Lock()
pending = []          # (offset, bytes) in the order of arrival
latest = {}           # piece number -> bytes of the newest content not yet in the file
dead = False
armed = None          # [seed, writes until the cut]
result = ""
counts = {"writes": 0, "flushes": 0}


def config(key, value):
    global path, control, lie
    if key == "file":
        path = value
    elif key == "control":
        control = value
    elif key == "lie":
        lie = value == "yes"
    else:
        raise RuntimeError("unknown parameter " + key)


def config_complete():
    if not path or not control:
        raise RuntimeError("file= and control= are needed")


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def after_fork():
    global fd
    fd = os.open(path, os.O_RDWR)
    threading.Thread(target=watch, daemon=True).start()


def open(readonly):
    return 1


def get_size(h):
    return os.fstat(fd).st_size


def can_fua(h):
    return nbdkit.FUA_NATIVE


def can_flush(h):
    return True


def can_multi_conn(h):
    return False


def alive():
    if dead:
        nbdkit.set_error(5)
        raise RuntimeError("power is off")


def piece(n):
    got = latest.get(n)
    if got is not None:
        return got
    return os.pread(fd, PIECE, n * PIECE).ljust(PIECE, b"\0")


def pread(h, buf, offset, flags):
    with lock:
        alive()
        length = len(buf)
        first, last = offset // PIECE, (offset + length - 1) // PIECE
        if not any(n in latest for n in range(first, last + 1)):
            buf[:] = os.pread(fd, length, offset).ljust(length, b"\0")
            return
        whole = b"".join(piece(n) for n in range(first, last + 1))
        start = offset - first * PIECE
        buf[:] = whole[start:start + length]


def hold(offset, data):
    while data:
        n = offset // PIECE
        start = offset - n * PIECE
        part = data[:PIECE - start]
        old = piece(n)
        latest[n] = old[:start] + part + old[start + len(part):]
        pending.append((offset, part))
        offset += len(part)
        data = data[len(part):]


def settle():
    for offset, data in pending:
        os.pwrite(fd, data, offset)
    pending.clear()
    latest.clear()


def pwrite(h, buf, offset, flags):
    with lock:
        alive()
        counts["writes"] += 1
        data = bytes(buf)
        if flags & nbdkit.FLAG_FUA and not pending and not lie:
            os.pwrite(fd, data, offset)
            return
        hold(offset, data)
        if flags & nbdkit.FLAG_FUA and not lie:
            # a disk may write more than it was asked to: everything before as well
            settle()
        if armed:
            armed[1] -= 1
            if armed[1] <= 0:
                cut(armed[0])
                alive()


def flush(h, flags):
    with lock:
        alive()
        counts["flushes"] += 1
        if not lie:
            settle()


def torn(rng, data):
    """Some sectors of a write: a prefix, a suffix, or any of them."""
    sectors = [data[i:i + SECTOR] for i in range(0, len(data), SECTOR)]
    keep = rng.randrange(3)
    at = rng.randrange(len(sectors) + 1)
    for i, s in enumerate(sectors):
        if (keep == 0 and i < at) or (keep == 1 and i >= at) or (keep == 2 and rng.random() < 0.5):
            yield i * SECTOR, s


def cut(seed):
    global dead, result
    rng = random.Random(seed)
    held = list(pending)
    survive = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
    rng.shuffle(held)
    kept = tore = 0
    for offset, data in held:
        if rng.random() >= survive:
            continue
        kept += 1
        if rng.random() < 0.3:
            tore += 1
            for at, s in torn(rng, data):
                os.pwrite(fd, s, offset + at)
        else:
            os.pwrite(fd, data, offset)
    dead = True
    pending.clear()
    latest.clear()
    os.fsync(fd)
    result = "cut: %d held, %d kept, %d torn, %d writes, %d flushes" % (
        len(held), kept, tore, counts["writes"], counts["flushes"])


def cut_soon(seed):
    global armed
    with lock:
        armed = [seed, random.Random(seed).randrange(1, WITHIN)]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not dead:
        time.sleep(0.005)
    with lock:
        if not dead:
            cut(seed)
    return result


def obey(words):
    if words[0] == "cut":
        return cut_soon(int(words[1]))
    if words[0] == "flush":
        with lock:
            settle()
            os.fsync(fd)
        return "flushed"
    return "unknown: " + words[0]


def watch():
    while True:
        time.sleep(0.01)
        try:
            with builtins.open(control) as f:
                words = f.read().split()
            os.unlink(control)
        except FileNotFoundError:
            continue
        if not words:
            continue
        answer = obey(words)
        tmp = control + ".tmp"
        with builtins.open(tmp, "w") as f:
            f.write(answer + "\n")
        os.rename(tmp, control + ".done")

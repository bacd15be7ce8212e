"""Suite machines: see run.  usage: suite.py [PART OF A CASE'S NAME...]

The "agent" in this suite's sealed tree runs its configuration as a shell script: what demo would hand over as
elasticbox.conf says what a machine does, and with which user, fences and bounds of a real one.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.environ.get("CAM_OUT", os.path.join(TOP, "out"))
WORK = os.path.join(OUT, "run", "machines")
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "channel"), os.path.join(TOP, "tests", "lib")]

from agentwire import wait_for
from fakes import ERROR, HEADER, as_user
from house import House

START, STOP, REMOVE, LIST, ENDED = 0x0D01, 0x0D02, 0x0D03, 0x0D04, 0x0D05
SLOTS = 8
CUTS = 10	# of one start
AGENT = "#!/bin/sh\nexec /bin/sh /usr/elasticbox/elasticbox.conf\n"
STAY = "while :; do sleep 60 & wait $!; done\n"


def make_root():
    """The root file system of the image, with this suite's agent in the sealed tree."""
    root, tree = os.path.join(WORK, "root"), os.path.join(WORK, "tree")
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    subprocess.check_call(["cp", "-a", os.path.join(OUT, "rootfs"), root])
    sealed = os.path.join(root, "usr/share/cam/demo.squashfs")
    subprocess.check_call(["unsquashfs", "-q", "-n", "-d", tree, sealed], stdout=subprocess.DEVNULL)
    agent = os.path.join(tree, "usr/elasticbox/elasticbox-agent")
    if os.path.exists(agent):
        os.unlink(agent)
    with open(agent, "w") as f:
        f.write(AGENT)
    os.chmod(agent, 0o755)
    os.unlink(sealed)
    subprocess.check_call(["mksquashfs", tree, sealed, "-comp", "zstd", "-all-root", "-no-xattrs", "-quiet", "-no-progress"],
                          stdout=subprocess.DEVNULL)
    return root


class Yard:
    """The connection that demo has."""

    def __init__(self, house, uid=111):
        self.house, self.uid, self.seq, self.notices = house, uid, 0, []
        self.connect()

    def connect(self):
        os.chdir("/proc/%d/root/run/cam/yard" % self.house.status()["pid"])	# names below /proc cannot be followed as another user

        def dial():
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(40)
            s.connect("sock")
            return s
        self.sock = wait_for(20, lambda: self._try(dial))
        os.chdir("/")
        assert self.sock, "yard does not listen"

    def _try(self, dial):
        try:
            return as_user(self.uid, dial, groups=[1112])
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def _frame(self):
        def need(n):
            data = b""
            while len(data) < n:
                got = self.sock.recv(n - len(data))
                if not got:
                    raise EOFError("yard ended the connection")
                data += got
            return data
        _, flags, kind, seq, length = HEADER.unpack(need(12))
        return flags, kind, seq, json.loads(need(length))

    def say(self, kind, **body):
        self.seq += 1
        data = json.dumps(body).encode()
        self.sock.sendall(HEADER.pack(1, 0, kind, self.seq, len(data)) + data)

    def ask(self, kind, **body):
        self.say(kind, **body)
        while True:
            flags, k, seq, answer = self._frame()
            if seq == self.seq:
                return (answer["code"], answer["message"]) if flags & ERROR else (0, answer)
            self.notices.append((k, answer))

    def ended(self, machine, seconds=15):
        self.sock.settimeout(seconds)
        while (ENDED, {"machine": machine}) not in self.notices:
            _, k, _, answer = self._frame()
            self.notices.append((k, answer))
        self.notices.remove((ENDED, {"machine": machine}))
        self.sock.settimeout(40)

    def start(self, machine, script, slot=0, memory=64, name=None):
        return self.ask(START, machine=machine, slot=slot, name=name or machine, memory=memory, conf=script, ca="PEM\n")

    def all(self):
        return {m["machine"]: m for m in self.ask(LIST)[1]["machines"]}

    def clear(self):
        for m in self.all():
            assert self.ask(REMOVE, machine=m) == (0, {}), m


class Place:
    def __init__(self, house):
        self.house, self.first = house, house.status()["pid"]
        # demo would remove what it does not know whenever it meets yard anew
        os.kill(house.status()["services"]["demo"]["pid"], signal.SIGSTOP)
        self.yard = Yard(house)
        self.yard.clear()

    def of_the_house(self, pid):
        """Or of another one on this machine, whose users have the same numbers?"""
        while pid > 1:
            if pid == self.first:
                return True
            with open("/proc/%d/stat" % pid) as f:
                pid = int(f.read().rsplit(")", 1)[1].split()[1])
        return False

    def pids(self, slot):
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat("/proc/" + p).st_uid == 64000 + slot and self.of_the_house(int(p)):
                    found.append(int(p))
            except OSError:
                pass
        return sorted(found)

    def read(self, slot, path):
        """A file as the machine sees it."""
        for p in self.pids(slot):
            try:
                with open("/proc/%d/root%s" % (p, path)) as f:
                    return f.read()
            except OSError:
                continue
        return None

    def run(self, script, slot=0, machine="m-run", seconds=60, **more):
        """What a script printed in a machine of its own; the machine stays."""
        text = "{\n%s\n} >/var/log/out 2>&1\necho done >>/var/log/end\n%s" % (script, STAY)
        code, answer = self.yard.start(machine, text, slot, **more)
        assert not code, (code, answer)
        assert wait_for(seconds, lambda: self.read(slot, "/var/log/end")), "no end: %s" % self.read(slot, "/var/log/out")
        return self.read(slot, "/var/log/out")

    def links(self):
        text = subprocess.check_output(["nsenter", "-t", str(self.house.status()["pid"]), "-n", "ip", "-o", "link"], text=True)
        return [line.split(":")[1].strip().split("@")[0] for line in text.splitlines()]

    def nothing_left(self):
        assert wait_for(10, lambda: not any(n.startswith("demo") for n in self.links())), self.links()
        assert wait_for(10, lambda: not any(self.pids(s) for s in range(SLOTS)))
        status = self.house.status()
        groups = [g for g in os.listdir("/proc/%d/root/sys/fs/cgroup/machines" % status["pid"]) if g.startswith("m-")]
        assert not groups, groups
        assert wait_for(10, lambda: not self.backing()), self.backing()

    def backing(self):
        """Disks of machines that a loop device still holds."""
        text = subprocess.run(["losetup", "-l", "-n", "-O", "BACK-FILE"], stdout=subprocess.PIPE, text=True).stdout
        return [line for line in text.splitlines() if self.house.status()["data"] in line]


# ---- what a machine is ----

def a_machine_is_a_place_without_privilege(p):
    out = p.run("""id -u; id -un; hostname; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ls /proc | grep -c '^[0-9]'
        cat /etc/machine-id; cat /proc/sys/kernel/random/boot_id; pwd; ls -d /data /etc/cam /run/cam /sys/* 2>&1
        echo text | sed s/t/T/ | awk '{ print toupper($1) }'; ls -l /usr/elasticbox/elasticbox.conf | cut -c1-10
        touch /etc/mine /usr/local/bin/mine /opt/mine && echo written""", name="web-1")
    lines = out.splitlines()
    assert lines[:3] == ["64000", "machine", "web-1"], lines
    assert all(line.split()[1].strip("0") == "" for line in lines if line.startswith("Cap")), lines
    assert "NoNewPrivs:\t1" in lines and "Seccomp:\t2" in lines, lines
    assert "TEXT" in lines and "written" in lines and "-rw-------" in lines, lines
    assert not any(line.startswith(("/data", "/etc/cam", "/run/cam", "/sys/")) for line in lines), lines


def nothing_of_the_kernel_is_its_to_change(p):
    out = p.run("""for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/sys/net/ipv4/ip_forward; do
            echo x >$f && echo "wrote $f"; done
        hostname other && echo renamed
        mkfifo /tmp/f && echo fifo
        cat /proc/1/environ >/dev/null && echo own-init
        echo end""")
    assert "wrote" not in out and "renamed" not in out and "fifo" in out and out.rstrip().endswith("end"), out


def it_reaches_443_of_the_appliance_and_nothing_else(p):
    out = p.run("""nc -w 3 169.254.77.0 443 </dev/null >/dev/null 2>/tmp/e && echo "443 open" || cat /tmp/e
        for to in "169.254.77.0 80" "169.254.77.0 22" "169.254.77.1 444" "127.0.0.1 8080"; do
            nc -v -w 3 $to </dev/null 2>&1 | head -n 1; done
        for to in %s %s 169.254.77.3 192.0.2.1; do nc -v -w 3 $to 443 </dev/null 2>&1 | head -n 1; done
        nc -v -u -w 1 169.254.77.0 53 </dev/null 2>&1 | head -n 1
        echo end""" % (p.house.address, p.house.status()["host"]))
    lines = out.splitlines()
    assert lines[0] == "443 open", out
    assert sum("ermission denied" in line for line in lines[1:5]) == 4, "other ports: " + out
    assert sum("nreachable" in line for line in lines[5:9]) == 4, "other addresses: " + out
    assert "not permitted" in lines[9], "datagrams: " + out


def its_disk_is_bounded_and_its_own(p):
    out = p.run("dd if=/dev/zero of=/var/big bs=64k count=2000 2>&1 | tail -n 1; ls -l /var/big | awk '{ print $5 }'; df -k / | tail -n 1")
    assert "100%" in out, out
    size = [int(line) for line in out.splitlines() if line.isdigit()]
    assert size and size[0] < 64 << 20, out
    data = os.path.join(p.house.status()["data"], "yard", "m-run.ext4")
    assert os.stat(data).st_size == 64 << 20 and os.stat(data).st_blocks * 512 < 66 << 20


def bounds_of_processes_and_memory_hold(p):
    status = p.house.status()
    have = open("/proc/%d/root/sys/fs/cgroup/cgroup.controllers" % status["pid"]).read().split()
    out = p.run("for i in $(seq 200); do sleep 100 & done 2>/tmp/e; ls /proc | grep -c '^[0-9]'", seconds=90)
    if "pids" in have:
        assert int(out.split()[-1]) <= 96, out
    group = "/proc/%d/root/sys/fs/cgroup/machines/m-run" % status["pid"]
    for name, file, want in (("memory", "memory.max", str(64 << 20)), ("pids", "pids.max", "96"), ("cpu", "cpu.weight", "20")):
        if name in have:
            assert open(os.path.join(group, file)).read().strip() == want, file


# ---- life ----

def a_restarted_machine_is_the_same_machine_anew(p):
    show = "cat /etc/machine-id /sys/class/net/eth0/address; cat /proc/sys/kernel/random/boot_id; ls /var/kept; touch /var/kept"
    first = p.run(show.replace("/sys/class/net/eth0/address", "/etc/hostname"), machine="m-same")
    mac = lambda: subprocess.check_output(["nsenter", "-t", str(p.pids(0)[0]), "-n", "ip", "-o", "link", "show", "eth0"],	# noqa: E731
                                          text=True).split("link/ether ")[1].split()[0]
    before = mac()
    os.kill(p.pids(0)[0], signal.SIGTERM)	# as /sbin/reboot does
    p.yard.ended("m-same")
    assert not p.yard.all()["m-same"]["running"] and p.yard.all()["m-same"]["disk"]
    assert wait_for(5, lambda: not p.pids(0))
    code, _ = p.yard.start("m-same", "ls /var/kept /var/log/end >/var/log/second; cat /etc/machine-id /proc/sys/kernel/random/boot_id >>/var/log/second\n" + STAY)
    assert not code
    text = wait_for(20, lambda: (lambda t: t if t and t.count("-") >= 4 else None)(p.read(0, "/var/log/second")))
    assert "/var/kept" in text and first.splitlines()[0] in text, (first, text)
    assert [line for line in first.splitlines() if line.count("-") == 4][0] not in text, "the same boot id"
    assert mac() == before


def stopping_keeps_the_disk_and_removing_does_not(p):
    p.run("echo kept >/var/kept", machine="m-disk")
    assert p.yard.ask(STOP, machine="m-disk") == (0, {}) and p.yard.ask(STOP, machine="m-disk") == (0, {})
    assert p.yard.all()["m-disk"] == {"machine": "m-disk", "running": False, "disk": True}
    p.nothing_left()
    assert not p.yard.start("m-disk", "cat /var/kept >/var/log/again\n" + STAY)[0]
    assert wait_for(10, lambda: p.read(0, "/var/log/again")) == "kept\n"
    assert p.yard.ask(REMOVE, machine="m-disk") == (0, {}) and not p.yard.all()
    assert p.yard.ask(REMOVE, machine="m-disk") == (0, {})


def starting_twice_is_starting_once(p):
    assert p.yard.start("m-once", STAY) == (0, {"running": True})
    pids = p.pids(0)
    assert p.yard.start("m-once", STAY) == (0, {"running": True})
    assert p.pids(0)[0] == pids[0]
    # another in its place is refused and leaves nothing behind
    code, why = p.yard.start("m-other", STAY)
    assert code == 500 and "loop" in why, (code, why)
    assert not p.yard.all()["m-other"]["running"] and p.pids(0)[0] == pids[0]


def a_killed_yard_finds_its_machines_again(p):
    p.yard.start("m-one", STAY, 0)
    p.yard.start("m-two", STAY, 1)
    pids = p.pids(0)[0], p.pids(1)[0]
    for _ in range(3):
        old = p.house.status()["services"]["yard"]["pid"]
        os.kill(old, signal.SIGKILL)
        assert wait_for(20, lambda: p.house.status()["services"]["yard"]["pid"] not in (0, old))
        p.yard.connect()
        assert {m for m, s in p.yard.all().items() if s["running"]} == {"m-one", "m-two"}
        assert (p.pids(0)[0], p.pids(1)[0]) == pids, "they did not live on"
    os.kill(pids[1], signal.SIGTERM)
    p.yard.ended("m-two")
    assert p.yard.start("m-one", STAY, 0)[0] == 0 and p.pids(0)[0] == pids[0]
    assert p.yard.ask(STOP, machine="m-one")[0] == 0 and wait_for(5, lambda: not p.pids(0))


def a_start_that_was_cut_short_anywhere_is_taken_up_again(p):
    """Yard is killed while it makes a machine, a little later each time; demo asks again, as it does when the two meet."""
    began = time.monotonic()
    assert p.run("true", machine="m-cut0") == ""
    step = 2 * (time.monotonic() - began) / CUTS
    assert p.yard.ask(REMOVE, machine="m-cut0") == (0, {})
    there = 0
    for n in range(CUTS):
        machine, old = "m-cut%d" % (n + 1), p.house.status()["services"]["yard"]["pid"]
        p.yard.say(START, machine=machine, slot=0, name=machine, memory=64, conf="echo here >/var/log/here\n" + STAY, ca="PEM\n")
        time.sleep(n * step)
        os.kill(old, signal.SIGKILL)
        assert wait_for(20, lambda: p.house.status()["services"]["yard"]["pid"] not in (0, old))
        p.yard.connect()
        there += bool(p.yard.all().get(machine, {}).get("running"))
        assert p.yard.start(machine, "echo here >/var/log/here\n" + STAY) == (0, {"running": True}), n
        assert wait_for(20, lambda: p.read(0, "/var/log/here")), "killed after %.0f ms: it does not run" % (1000 * n * step)
        os.kill(p.pids(0)[0], signal.SIGTERM)
        try:
            p.yard.ended(machine)
        except TimeoutError:
            raise AssertionError("killed after %.0f ms: its end is not told: %s, processes %s" % (
                1000 * n * step, p.yard.all(), [(x, open("/proc/%d/cmdline" % x).read()) for x in p.pids(0)]))
        assert p.yard.ask(REMOVE, machine=machine) == (0, {})
    p.nothing_left()
    return "%d of %d went on without yard, %.0f ms between two kills" % (there, CUTS, 1000 * step)


def eight_machines_at_once_and_not_one_left(p):
    began = time.monotonic()
    for slot in range(SLOTS):
        code, answer = p.yard.start("m-%d" % slot, STAY, slot)
        assert not code, (slot, code, answer)
    took = time.monotonic() - began
    assert all(p.pids(s) for s in range(SLOTS)) and sum(n.startswith("demo") for n in p.links()) == SLOTS
    for slot in range(SLOTS):
        assert p.yard.ask(REMOVE, machine="m-%d" % slot) == (0, {})
    p.nothing_left()
    assert not p.yard.all() and not os.listdir(os.path.join(p.house.status()["data"], "yard"))
    return "%.2f s a start" % (took / SLOTS)


# ---- who asks ----

def wrong_requests_are_refused_by_name(p):
    good = {"machine": "m-bad", "slot": 0, "name": "bad", "memory": 64, "conf": "x", "ca": "x"}
    for member, value in (("machine", "m-"), ("machine", "../x"), ("machine", "m-a/b"), ("machine", "m-" + "a" * 20), ("machine", 5),
                          ("machine", "m-a\u0000b"), ("slot", SLOTS), ("slot", -1), ("slot", "0"), ("memory", 1), ("memory", 100000),
                          ("name", "a b"), ("name", ""), ("name", "x" * 70), ("conf", ""), ("conf", "x" * 20000), ("ca", None)):
        code, why = p.yard.ask(START, **{**good, member: value})
        assert code == 400, (member, value, code, why)
    assert p.yard.ask(0x0D0F, machine="m-bad")[0] == 400
    assert not p.yard.all()


def only_demo_is_heard(p):
    for uid in (104, 105, 110, 64000):
        try:
            Yard(p.house, uid).ask(LIST)
            raise AssertionError("user %d was answered" % uid)
        except (EOFError, ConnectionResetError, PermissionError, BrokenPipeError, AssertionError) as e:
            assert "was answered" not in str(e), e


CASES = [v for v in list(globals().values()) if getattr(v, "__code__", None) and v.__module__ == __name__
         and v.__code__.co_varnames[:v.__code__.co_argcount] == ("p",)]


def main(wanted):
    bad = 0
    with House("machines") as house:
        house.start("--root", make_root())
        place = Place(house)
        for case in CASES:
            if wanted and not any(w in case.__name__ for w in wanted):
                continue
            began = time.monotonic()
            try:
                note = case(place)
                print("ok %s (%.1f s%s)" % (case.__name__.replace("_", " "), time.monotonic() - began, ", " + note if note else ""),
                      flush=True)
            except Exception as e:
                bad += 1
                traceback.print_exc()
                print("not ok %s: %s: %s" % (case.__name__.replace("_", " "), type(e).__name__, str(e)[:500]), flush=True)
            try:
                place.yard.clear()
            except (EOFError, OSError, AssertionError):
                place.yard.connect()
                place.yard.clear()
        if bad:
            print(house.log("yard") if hasattr(house, "log") else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

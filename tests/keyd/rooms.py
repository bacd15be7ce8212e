"""Starts rooms (keyd and hashd, others by name) as the launcher would (users, groups, directories, environment), and asks them as any room."""
import json
import os
import select
import signal
import socket
import struct
import subprocess
import time

UID = {"gate": 101, "keyd": 102, "hashd": 103, "api": 104, "core": 105, "store": 106, "sysd": 108, "tty": 109, "cloud": 113, "fwd": 114,
       "names": 115}
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.join(os.environ.get("CAM_OUT", os.path.join(TOP, "out")), "bin")
REPLY, ERROR = 1, 2
DATA_SIZE = "512k"	# of /data: small enough to fill in a test


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def new_root(rooms=("keyd", "hashd")):
    """A root directory with this machine's files, but with /run, /data and /etc/cam of our own."""
    root = "/mnt"
    sh("mount", "-t", "tmpfs", "-o", "mode=0755", "root", root)
    for name in os.listdir("/"):
        path, there = "/" + name, root + "/" + name
        if name in ("run", "data", "mnt", "proc", "etc"):
            continue
        if os.path.islink(path):
            os.symlink(os.readlink(path), there)
        elif os.path.isdir(path):
            os.mkdir(there)
            sh("mount", "--rbind", path, there)
    for name in ("run", "data", "proc", "etc", "etc/cam"):
        os.mkdir(root + "/" + name)
    sh("mount", "-t", "proc", "proc", root + "/proc")
    sh("mount", "-t", "tmpfs", "-o", "mode=0755,size=" + DATA_SIZE, "data", root + "/data")
    with open(root + "/etc/cam/release", "w") as f:
        f.write("NAME=test\nBUILD_TIME=1793491200\n")
    os.chroot(root)
    os.chdir(TOP)
    os.mkdir("/run/cam", 0o755)
    for room in rooms:
        for path, group, mode in (("/run/cam/" + room, UID[room] + 1000, 0o2710), ("/data/" + room, UID[room], 0o700)):
            os.mkdir(path)
            os.chown(path, UID[room], group)
            os.chmod(path, mode)


class Room:
    def __init__(self, name, links=()):
        self.name, self.pid, self.log = name, 0, "/run/%s.log" % name
        self.groups = [UID[room] + 1000 for room in links]

    def _become(self, ready):
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.dup2(ready, 3)
        os.closerange(4, 1024)
        os.setgroups(self.groups)
        os.setresgid(*[UID[self.name]] * 3)
        os.setresuid(*[UID[self.name]] * 3)
        os.execve(os.path.join(BIN, self.name), [self.name], {"CAM_ROOM": self.name})

    def start(self, wait=20):
        """True when it says it is ready, False when it ended before."""
        r, w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._become(w)
            finally:
                os._exit(127)
        os.close(w)
        ready = bool(select.select([r], [], [], wait)[0]) and os.read(r, 1) == b"\n"
        os.close(r)
        return ready

    def end(self, sig=None):
        """Its exit code; -n when a signal ended it."""
        if sig is not None:
            os.kill(self.pid, sig)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def restart(self):
        self.end(signal.SIGKILL)
        assert self.start(), "not ready:\n" + self.text()

    def text(self):
        with open(self.log) as f:
            return f.read()

    def status(self, field):
        """A line of /proc/PID/status that holds kB or a number."""
        with open("/proc/%d/status" % self.pid) as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise KeyError(field)


class Peer:
    """A connection to a room, made as the user of another."""
    def __init__(self, me, to):
        # the peer is who connects: a child does it under the right user and hands the socket over
        here, there = socket.socketpair()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([UID[to] + 1000])
                os.setresgid(*[UID[me]] * 3)
                os.setresuid(*[UID[me]] * 3)
                s = socket.socket(socket.AF_UNIX)
                s.connect("/run/cam/%s/sock" % to)
                socket.send_fds(there, [b"x"], [s.fileno()])
                code = 0
            finally:
                os._exit(code)
        there.close()
        _, fds, _, _ = socket.recv_fds(here, 1, 1)
        here.close()
        os.waitpid(child, 0)
        if not fds:
            raise ConnectionRefusedError("%s cannot connect to %s" % (me, to))
        self.sock = socket.socket(fileno=fds[0])
        self.sock.settimeout(20)
        self.seq, self.buf, self.notices = 0, b"", []

    def send(self, kind, body=b"{}", seq=None):
        if seq is None:
            self.seq += 1
            seq = self.seq
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.sock.sendall(struct.pack("<BBHII", 1, 0, kind, seq, len(body)) + body)
        return seq

    def frame(self):
        """The next frame: flags, type, seq, body; None at the end."""
        while True:
            if len(self.buf) >= 12:
                _, flags, kind, seq, n = struct.unpack("<BBHII", self.buf[:12])
                if len(self.buf) >= 12 + n:
                    body, self.buf = self.buf[12:12 + n], self.buf[12 + n:]
                    return flags, kind, seq, body
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.buf += more

    def reply(self, seq):
        """(refused?, body) of the answer; notices before it are kept."""
        while True:
            f = self.frame()
            assert f is not None, "connection ended"
            flags, kind, got, body = f
            if flags & REPLY:
                assert got == seq, "answer to %d, not %d" % (got, seq)
                return bool(flags & ERROR), body
            self.notices.append((kind, json.loads(body)))

    def raw(self, kind, body=b"{}"):
        return self.reply(self.send(kind, body))

    def call(self, kind, body=b"{}"):
        """The answer, JSON; a refusal is an error."""
        refused, answer = self.raw(kind, body)
        assert not refused, answer.decode()
        return json.loads(answer)

    def refused(self, kind, body=b"{}"):
        """The code of the refusal."""
        refused, answer = self.raw(kind, body)
        assert refused, "not refused: " + repr(answer)
        return json.loads(answer)["code"]

    def notice(self, kind):
        while not any(k == kind for k, _ in self.notices):
            f = self.frame()
            assert f is not None, "connection ended"
            assert not f[0] & REPLY, "an answer nobody waits for"
            self.notices.append((f[1], json.loads(f[3])))
        for i, (k, body) in enumerate(self.notices):
            if k == kind:
                del self.notices[i]
                return body

    def close(self):
        self.sock.close()


def wait_for(seconds, test):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "waited %g s in vain" % seconds
        time.sleep(0.02)

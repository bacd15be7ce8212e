"""Starts keyd, gate and the far end in the namespaces of this process, as the launcher would: same users, groups,
directories, descriptors and environment; the programs put up their own fences."""
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time

UID = {"gate": 101, "keyd": 102, "api": 104}
LINKS = {"gate": ("keyd", "api"), "keyd": (), "api": ()}
SHARED = 4 << 20
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.join(os.environ.get("CAM_OUT", os.path.join(TOP, "out")), "bin")


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def new_root():
    """A root directory with this machine's files, but with /run and /data of our own."""
    root = "/mnt"
    sh("mount", "-t", "tmpfs", "-o", "mode=0755", "root", root)
    for name in os.listdir("/"):
        path, there = "/" + name, root + "/" + name
        if name in ("run", "data", "mnt", "proc"):
            continue
        if os.path.islink(path):
            os.symlink(os.readlink(path), there)
        elif os.path.isdir(path):
            os.mkdir(there)
            sh("mount", "--rbind", path, there)
    for name in ("run", "data", "proc"):
        os.mkdir(root + "/" + name)
    sh("mount", "-t", "proc", "proc", root + "/proc")
    os.chroot(root)
    os.chdir(TOP)
    sh("ip", "link", "set", "lo", "up")


def directories():
    os.mkdir("/run/cam", 0o755)
    for room, uid in UID.items():
        for path, group, mode in (("/run/cam/" + room, uid + 1000, 0o2710), ("/data/" + room, uid, 0o700)):
            os.mkdir(path)
            os.chown(path, uid, group)
            os.chmod(path, mode)


class Room:
    def __init__(self, name, argv=None, fds=()):
        self.name, self.argv, self.fds = name, argv or [os.path.join(BIN, name)], fds
        self.pid = 0
        self.log = "/run/%s.log" % name

    def _become(self, ready):
        os.setsid()
        out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open("/dev/null", os.O_RDWR)
        wanted = (null, out, out, ready) + tuple(self.fds)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in wanted]
        for at, fd in enumerate(high):
            os.dup2(fd, at)
        os.closerange(len(high), 4096)
        files = min(32768, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        uid = UID[self.name]
        os.setgroups([UID[to] + 1000 for to in LINKS[self.name]])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.execve(self.argv[0], self.argv, {"CAM_ROOM": self.name, "PATH": "/usr/bin:/bin"})

    def start(self, wait=20):
        r, w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._become(w)
            except BaseException as e:
                os.write(2, ("%s: %s\n" % (self.argv[0], e)).encode())
                os._exit(127)
        os.close(w)
        if wait and (not select.select([r], [], [], wait)[0] or os.read(r, 1) != b"\n"):
            raise RuntimeError("%s: not ready:\n%s" % (self.name, self.text()))
        os.close(r)
        return self

    def stop(self, sig=signal.SIGTERM, wait=5):
        """Ends it; returns its wait status.  With SIGKILL the children of its session go too, as by the launcher."""
        (os.killpg if sig == signal.SIGKILL else os.kill)(self.pid, sig)
        end = time.monotonic() + wait
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return status
            time.sleep(0.01)
        raise RuntimeError("%s: still there after %d s" % (self.name, wait))

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
            return [int(p) for p in f.read().split()]

    def text(self):
        with open(self.log) as f:
            return f.read()


def listener():
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", 443))
    s.listen(4096)
    return s


class Rooms:
    def __init__(self):
        new_root()
        directories()
        self.listener = listener()
        fd = os.open("/run/cam/gate.shared", os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(fd, SHARED)
        self.keyd = Room("keyd")
        self.api = Room("api", ["/usr/bin/python3", os.path.join(HERE, "farend.py")])
        self.gate = Room("gate", fds=(self.listener.fileno(), fd))

    def start(self):
        self.keyd.start()
        self.api.start(wait=0)
        end = time.monotonic() + 10
        while not os.path.exists("/run/cam/api/sock"):
            if time.monotonic() > end:
                raise RuntimeError("far end: not there")
            time.sleep(0.02)
        self.gate.start()
        return self


def as_core(kind, body):
    """One request to keyd as room core; its reply."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([UID["keyd"] + 1000])
            os.setresgid(105, 105, 105)
            os.setresuid(105, 105, 105)
            data = json.dumps(body).encode()
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(5)
            s.connect("/run/cam/keyd/sock")
            s.sendall(struct.pack("<BBHII", 1, 0, kind, 1, len(data)) + data)
            got = s.recv(12, socket.MSG_WAITALL)
            os.write(w, s.recv(struct.unpack("<BBHII", got)[4], socket.MSG_WAITALL))
        finally:
            os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        reply = f.read()
    os.waitpid(pid, 0)
    return json.loads(reply)

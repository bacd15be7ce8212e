"""The appliance with a test's probe inside: the same kernel, the same verity root, an extra process that answers.

The probe comes in an initrd (tests/boot/probe.c); the root hash is asserted equal to the shipped one.
"""
import os
import socket
import subprocess
import time

from vm import IMAGE, OUT, TOP, VM, Trouble

SOURCES = [os.path.join(TOP, "tests", "boot", f) for f in ("probe.c", "tls.c")]


def entry(name, mode, body=b"", major=0, minor=0):
    """One entry of a cpio archive in the newc format that the kernel unpacks."""
    head = "070701" + "%08X" * 13 % (0, mode, 0, 0, 1, 0, len(body), 0, 0, major, minor, len(name) + 1, 0)
    out = head.encode() + name.encode() + b"\0"
    out += b"\0" * (-len(out) % 4) + body
    return out + b"\0" * (-len(out) % 4)


def initrd(work):
    """Builds the probe and its initrd; returns the path."""
    sysroot = os.path.join(OUT, "sysroot")
    program, path = os.path.join(work, "probe"), os.path.join(work, "initrd")
    os.makedirs(work, exist_ok=True)
    subprocess.run([os.path.join(sysroot, "bin", "musl-gcc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra",
                    "-Werror", "-I" + os.path.join(sysroot, "include"), "-static", "-s", "-o", program, *SOURCES,
                    os.path.join(sysroot, "lib", "libbearssl.a")], check=True)
    with open(program, "rb") as f, open(path, "wb") as out:
        out.write(entry("dev", 0o040755) + entry("dev/console", 0o020600, major=5, minor=1)
                  + entry("init", 0o100755, f.read()) + entry("TRAILER!!!", 0))
    return path


class ProbeVM(VM):
    """A VM (mode direct) that can be asked."""

    def __init__(self, work, initrd, watch=False, cmdline=None, extra=(), **more):
        def line(shipped):
            shipped = cmdline(shipped) if cmdline else shipped
            return shipped + " probe.watch" if watch else shipped
        self.channel = None
        super().__init__(work, mode="direct", initrd=initrd, cmdline=line, **more, extra=[
            "-device", "virtio-serial-pci", "-chardev", "socket,id=probe,path=%s,server=on,wait=off" % os.path.join(work, "probe.sock"),
            "-device", "virtserialport,chardev=probe,name=probe", *extra])

    def start(self):
        self.channel = None
        if os.path.exists(self.path("probe.sock")):
            os.unlink(self.path("probe.sock"))
        return super().start()

    def kill(self):
        if self.channel:
            self.channel.close()
            self.channel = None
        super().kill()

    def connect(self):
        end = time.monotonic() + 20
        while True:
            try:
                self.channel = socket.socket(socket.AF_UNIX)
                self.channel.connect(self.path("probe.sock"))
                return
            except OSError as e:
                self.channel.close()
                self.channel = None
                if time.monotonic() > end:
                    raise Trouble("probe: %s" % e)
                time.sleep(0.1)

    def ask(self, question, seconds=60):
        """The answer of the probe, as bytes."""
        if not self.channel:
            self.connect()
        self.channel.settimeout(seconds)
        try:
            self.channel.sendall(question.encode() + b"\n")
            head = b""
            while not head.endswith(b"\n"):
                c = self.channel.recv(1)
                if not c:
                    raise Trouble("probe: the machine is gone")
                head += c
            word, rest = head.decode().strip().split(" ", 1)
            if word != "ok":
                raise Trouble("probe: %s: %s" % (question, rest))
            body = b""
            while len(body) < int(rest):
                c = self.channel.recv(min(65536, int(rest) - len(body)))
                if not c:
                    raise Trouble("probe: the machine is gone")
                body += c
            return body
        except (socket.timeout, ConnectionError) as e:
            raise Trouble("probe: no answer to %r: %s; serial line:\n%s" % (question, e, self.serial()[-2000:]))

    def ask_text(self, question, seconds=60):
        return self.ask(question, seconds).decode("utf-8", "replace")

    def assert_root(self):
        """The root below the probe is the shipped one."""
        table = self.ask_text("root").split()
        shipped = open(os.path.join(IMAGE, "roothash")).read().strip()
        if table[0] != "verity" or shipped not in table or "panic_on_corruption" not in table:
            raise Trouble("the root is not the shipped one: " + " ".join(table))

    def processes(self):
        """name -> list of process numbers."""
        found = {}
        for line in self.ask_text("ps").splitlines():
            pid, _, _, _, name = line.split(" ", 4)
            found.setdefault(name, []).append(int(pid))
        return found

    def ready(self, service):
        """Has the service told s6 that it serves? (the last byte of its status file, bit 3)"""
        try:
            status = self.ask("get /run/service/%s/supervise/status" % service)
        except Trouble:
            return False
        return len(status) == 35 and bool(status[34] & 8)

    def times(self):
        """Seconds: wall clock, since the kernel's start, at the start of /init, at the first 200 (0: not yet)."""
        return [float(x) for x in self.ask_text("times").split()]

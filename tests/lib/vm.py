"""Boots the built image in QEMU for a test and talks to it.

    with VM(work_dir, mode="direct") as vm:
        vm.start()
        vm.wait_ready(60)
        print(vm.screen("Setup code"))

Software emulation always: results then do not depend on the machine.
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.environ.get("CAM_OUT", os.path.join(TOP, "out"))
IMAGE = os.path.join(OUT, "image")
OVMF = "/usr/share/OVMF"


class Trouble(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def held_image(work):
    """A copy of what a boot needs of out/image, so that a build in the meantime does not mix two images."""
    held = os.path.join(work, "image")
    os.makedirs(held)
    for name in ("cam.qcow2", "cmdline", "vmlinuz", "roothash"):
        shutil.copy(os.path.join(IMAGE, name), held)
    return held


class VM:
    """One machine.  Its files (overlay, serial log, sockets) live in `work`."""

    def __init__(self, work, mode="direct", disk=None, memory=512, size=None, cpus=1, net=True,
                 cmdline=None, initrd=None, kernel=None, extra=(), snapshot_of=None, secure_boot=None, image=IMAGE, tap=None):
        self.work = work
        self.image = image          # a directory as out/image
        self.mode = mode
        self.disk = disk            # a QEMU drive specification "file=..." or None: an overlay of the image
        self.memory = memory
        self.size = size            # e.g. "100G": the overlay is made that large
        self.cpus = cpus
        self.net = net              # True, False, or more options of QEMU's user network
        self.cmdline = cmdline      # a function from the image's command line to the one used
        self.initrd = initrd
        self.kernel = kernel
        self.extra = list(extra)
        self.base = snapshot_of or os.path.join(image, "cam.qcow2")
        self.secure_boot = secure_boot  # path of a variable store with keys enrolled
        self.tap = tap              # the name of a tap interface that is there: the machine is on it, with the address it gets
        self.address, self.port = (None, 443) if tap else ("127.0.0.1", free_port())
        self.process = None
        os.makedirs(work, exist_ok=True)

    # ---- files ----

    def path(self, name):
        return os.path.join(self.work, name)

    @property
    def overlay(self):
        return self.path("disk.qcow2")

    def make_overlay(self):
        """A fresh disk: the image as shipped, nothing written yet."""
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", os.path.abspath(self.base), self.overlay]
        if self.size:
            command.append(self.size)
        subprocess.run(command, check=True)

    def image_cmdline(self):
        with open(os.path.join(self.image, "cmdline")) as f:
            line = f.read().strip()
        return self.cmdline(line) if self.cmdline else line

    # ---- life ----

    def command(self):
        c = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", str(self.memory), "-smp", str(self.cpus),
             "-nodefaults", "-no-user-config", "-display", "none", "-device", "VGA",
             "-serial", "file:" + self.path("serial.log"),
             "-qmp", "unix:%s,server=on,wait=off" % self.path("qmp"), "-device", "virtio-rng-pci"]
        if self.mode == "uefi":
            c += self.uefi_options()
        else:
            c += ["-M", "q35"]
        c += ["-drive", (self.disk or "file=%s,format=qcow2,cache=unsafe" % self.overlay) + ",if=none,id=d0",
              "-device", "virtio-blk-pci,drive=d0,bootindex=1"]
        if self.mode == "direct":
            c += ["-kernel", self.kernel or os.path.join(self.image, "vmlinuz"), "-append", self.image_cmdline()]
            if self.initrd:
                c += ["-initrd", self.initrd]
        if self.tap:
            c += ["-netdev", "tap,id=n0,ifname=%s,script=no,downscript=no" % self.tap,
                  "-device", "virtio-net-pci,netdev=n0,romfile="]
        elif self.net:
            c += ["-netdev", "user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:%d-:443%s"
                  % (self.port, "," + self.net if isinstance(self.net, str) else ""),
                  "-device", "virtio-net-pci,netdev=n0,romfile="]
        return c + self.extra

    def uefi_options(self):
        variables = self.path("vars.fd")
        if self.secure_boot:
            if not os.path.exists(variables):
                shutil.copy(self.secure_boot, variables)
            return ["-M", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
                    "-global", "ICH9-LPC.disable_s3=1",
                    "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=%s/OVMF_CODE_4M.secboot.fd" % OVMF,
                    "-drive", "if=pflash,format=raw,unit=1,file=" + variables]
        if not os.path.exists(variables):
            shutil.copy(OVMF + "/OVMF_VARS_4M.fd", variables)
        return ["-M", "q35",
                "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=%s/OVMF_CODE_4M.fd" % OVMF,
                "-drive", "if=pflash,format=raw,unit=1,file=" + variables]

    def start(self):
        if self.disk is None and not os.path.exists(self.overlay):
            self.make_overlay()
        for name in ("serial.log", "qmp"):
            try:
                os.unlink(self.path(name))
            except FileNotFoundError:
                pass
        self.started = time.monotonic()
        self.errors = open(self.path("qemu.log"), "ab")
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As when the plug is pulled (for QEMU; what a disk then keeps is the disk's matter)."""
        if self.running():
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()
            self.errors.close()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()

    def wait_off(self, seconds):
        """Waits until the machine has switched itself off; True when it did."""
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def powerdown(self):
        self.qmp("system_powerdown")

    # ---- talking ----

    def qmp(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.path("qmp"))
            f = s.makefile("rw")
            f.readline()
            for c, a in (("qmp_capabilities", {}), (command, arguments)):
                f.write(json.dumps({"execute": c, "arguments": a}) + "\n")
                f.flush()
                while True:
                    answer = json.loads(f.readline())
                    if "return" in answer or "error" in answer:
                        break
            if "error" in answer:
                raise Trouble("qmp: %s: %s" % (command, answer["error"]["desc"]))
            return answer["return"]

    def serial(self):
        try:
            with open(self.path("serial.log"), "rb") as f:
                return f.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def wait_serial(self, pattern, seconds):
        """Waits for a match in the serial log and returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            m = re.search(pattern, self.serial())
            if m:
                return m
            if not self.running():
                break
            time.sleep(0.1)
        raise Trouble("%r did not appear on the serial line within %d s; its end:\n%s"
                      % (pattern, seconds, self.serial()[-3000:]))

    def screen(self, label, seconds=60):
        """The newest value the console shows behind `label: `."""
        self.wait_serial(r"(?m)^\s*%s: *(\S.*?)\s*$" % re.escape(label), seconds)
        return re.findall(r"(?m)^\s*%s: *(\S.*?)\s*$" % re.escape(label), self.serial())[-1]

    def https(self, method, path, body=None, headers=None, timeout=20):
        """One request on a connection of its own: (status, headers, bytes).  The certificate is not verified here;
        tests of it use its fingerprint."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        c = http.client.HTTPSConnection(self.address, self.port, timeout=timeout, context=context)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            h = {"Content-Type": "application/json", "ElasticBox-Release": "4.0"} if data is not None else {}
            h.update(headers or {})
            c.request(method, path, body=data, headers=h)
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def set_up(self, code, email, password, organization, seconds=60):
        """The first run: (status, text).  503 is asked again, as its message says: what hashes passwords starts last."""
        end = time.monotonic() + seconds
        while True:
            status, _, body = self.https("POST", "/services/appliance/setup", {
                "code": code, "email": email, "password": password, "organization": organization}, timeout=60)
            if status != 503 or time.monotonic() > end:
                return status, body.decode("utf-8", "replace")
            time.sleep(1)

    def wait_ready(self, seconds=90):
        """Waits for the first 200 of the status page; returns seconds since start()."""
        if self.tap:
            self.address = self.wait_serial(r"Address: https://([\d.]+)/", seconds).group(1)
        end = time.monotonic() + seconds
        last = "nothing tried"
        while time.monotonic() < end:
            if not self.running():
                raise Trouble("the machine stopped; serial line:\n" + self.serial()[-3000:])
            try:
                status, _, body = self.https("GET", "/services/appliance/status", timeout=5)
                if status == 200:
                    return time.monotonic() - self.started
                last = "%d %s" % (status, body[:200])
            except (OSError, http.client.HTTPException) as e:
                last = repr(e)
            time.sleep(0.1)
        raise Trouble("not ready after %d s: %s; serial line:\n%s" % (seconds, last, self.serial()[-3000:]))

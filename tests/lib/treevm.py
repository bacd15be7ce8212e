"""A machine that truly runs: systemd as the first process of new namespaces, on an overlay of the tree that tests/lib/tree makes.

    vms = Vms("/tmp/somewhere/vms", tree)      the bridge BRIDGE, in this network namespace
    vm = vms.make("one")
    vm.write("/var/lib/cloud/seed/nocloud/user-data", text)
    vm.start({"NAME": "value"})                 its first process has these; cloud-init's units too
    vm.stop()                                   as at power off: asked, then ended
    vm.remove()
    vms.end(); vms.left()                       what there should be nothing of

A machine is a directory, so another process may go on where one left it (the `docker` of tests/vcenter does): `up` is what it has
changed, `pid` the process that holds its namespaces, whose end is the end of all in it. All mounts are in its own namespace.
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import time
import zlib

BRIDGE, NETWORK = "cam-vms", "10.78.0"
# Milliseconds are enough for a machine that is well; one that hangs is cut off.
STOP_SECONDS = 10
POWEROFF = signal.SIGRTMIN + 4	# what systemd as first process takes for it
# Units in which cloud-init runs; they get the first process's variables as a VM's would come over the hypervisor's channel.
UNITS = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")

# Runs as the first process, with the machine's directory and the tree; says so and waits until the network is there.
# /proc/sys is read-only and the clock, modules and the machine's power are out of reach: those are this machine's.
BOOT = r"""
set -e
cd "$1"
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/up,workdir=$1/work" root
mount -t proc proc root/proc
mount -o bind,nosuid,nodev,noexec root/proc/sys root/proc/sys
mount -o remount,bind,ro root/proc/sys
mount -t tmpfs run root/run -o mode=755
mount -t tmpfs tmp root/tmp
mkdir root/run/sysfs
mount -t sysfs -o ro sysfs root/run/sysfs
mount -t tmpfs sys root/sys -o mode=755
for d in block bus dev devices firmware kernel module power; do
	mkdir root/sys/$d
	[ ! -d root/run/sysfs/$d ] || mount --bind root/run/sysfs/$d root/sys/$d
done
mkdir -p root/sys/fs/cgroup root/sys/class/net root/sys/class/dmi/id
mount --bind root/run/sysfs/class/net root/sys/class/net
mount --bind dmi root/sys/class/dmi/id
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
umount -l root/run/sysfs
rmdir root/run/sysfs
mount -t tmpfs dev root/dev -o mode=755
mkdir root/dev/pts root/dev/shm
mount -t devpts devpts root/dev/pts -o newinstance,ptmxmode=0666,mode=620
ln -s pts/ptmx root/dev/ptmx
for n in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 root/dev/${n%:*} c 1 ${n#*:}; done
mknod -m 666 root/dev/tty c 5 0
ln -s /proc/self/fd root/dev/fd
for n in in:0 out:1 err:2; do ln -s fd/${n#*:} root/dev/std${n%:*}; done
cp environment root/run/environment
mount -o remount,ro root/sys
echo here
read go
cd root
pivot_root . mnt
umount -l /mnt
exec setpriv --bounding-set=-sys_time,-sys_boot,-sys_module,-sys_rawio,-syslog env -i container=cam PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/sbin/init --log-target=journal </dev/null >/dev/null 2>&1
"""


def run(*argv, check=True):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and p.returncode:
        raise RuntimeError("%s: %s" % (" ".join(argv), p.stdout.strip()))
    return p


def cgroups():
    """Where this machine has its cgroup2 tree."""
    for line in open("/proc/mounts"):
        f = line.split()
        if f[2] == "cgroup2" and not f[1].startswith("/proc") and "/run/house/" not in f[1]:
            return f[1]
    raise RuntimeError("this machine has no cgroup2 tree")


class Vms:
    def __init__(self, directory, tree):
        self.dir, self.tree = directory, tree
        self.group = "cam-vm-%08x" % zlib.crc32(directory.encode())	# of control groups, which all of this machine share
        os.makedirs(os.path.join(directory, "numbers"), exist_ok=True)

    def number(self, n):
        """Whoever has the number is named there."""
        return os.path.join(self.dir, "numbers", str(n))

    def network(self):
        """The machines' network; what they send to others goes on through this namespace."""
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "addr", "add", NETWORK + ".1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        with open("/proc/sys/net/ipv4/ip_forward", "w") as f:
            f.write("1")
        return self

    def make(self, name, template="", number=0, mac=""):
        """One that begins with what the machine `template`, which does not run, has changed, if there is one. Its number (the last of its
        address) and its card's address are its own choice, unless they are given: then the caller sees to it that they differ."""
        vm = Vm(self, name)
        for d in ("up", "work", "root", "dmi"):
            os.makedirs(os.path.join(vm.dir, d))
        if template in self.names():
            run("cp", "-a", os.path.join(self.dir, template, "up", "."), os.path.join(vm.dir, "up"))
        for n in [number] if number else range(2, 250):	# a number of its own, as long as it is there
            try:
                os.symlink(name, self.number(n))
                break
            except FileExistsError:
                pass
        vm.put("number", str(n))
        vm.put("mac", mac or "00:50:56:00:00:%02x" % n)
        vm.put("environment", "")
        return vm

    def names(self):
        return sorted(d for d in os.listdir(self.dir) if os.path.isdir(os.path.join(self.dir, d, "up")))

    def all(self):
        return [Vm(self, n) for n in self.names()]

    def end(self):
        for vm in self.all():
            vm.remove()

    def left(self):
        """Of machines: directories, processes, mounts, control groups and cards. Empty when all is well."""
        found = self.names() + glob.glob(os.path.join(self.dir, "numbers", "*")) + glob.glob(os.path.join(self.dir, "volumes", "*"))
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                if self.dir in open("/proc/%s/mountinfo" % p).read() or self.dir in open("/proc/%s/cmdline" % p).read():
                    found.append("process %s" % p)
            except OSError:
                pass
        found += glob.glob(os.path.join(cgroups(), self.group + "-*"))
        found += [l["ifname"] for l in json.loads(run("ip", "-j", "link").stdout or "[]") if l["ifname"].startswith("camvm")]
        return found


class Vm:
    def __init__(self, vms, name):
        self.vms, self.name = vms, name
        self.dir = os.path.join(vms.dir, name)

    def put(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def get(self, name):
        try:
            with open(os.path.join(self.dir, name)) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    @property
    def number(self):
        return int(self.get("number"))

    @property
    def address(self):
        return "%s.%d" % (NETWORK, self.number)

    @property
    def mac(self):
        return self.get("mac")

    @property
    def group(self):
        return os.path.join(cgroups(), "%s-%d" % (self.vms.group, self.number))

    def holder(self):
        """The process that holds its namespaces, 0 when it does not run."""
        pid = int(self.get("pid") or 0)
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                return pid if self.dir in f.read().split("\0") else 0
        except OSError:
            return 0

    def first(self):
        """Its first process."""
        try:
            with open("/proc/%d/task/%d/children" % ((self.holder(),) * 2)) as f:
                return int(f.read().split()[0])
        except (OSError, IndexError):
            return 0

    # ---- files ----

    def path(self, path):
        """Where a file of its own is; what it has not changed is in the tree alone."""
        return os.path.join(self.dir, "up", path.lstrip("/"))

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w") as f:
            f.write(text)
        os.chmod(self.path(path), mode)

    def hide(self, path):
        """What the tree has there is not there."""
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        os.mknod(self.path(path), 0o20000, os.makedev(0, 0))

    def read(self, path):
        try:
            with open(self.path(path), errors="replace") as f:
                return f.read()
        except OSError:
            return None

    def run(self, *argv):
        """A command in the running machine."""
        return subprocess.run(["nsenter", "-t", str(self.first()), "-a", "--", *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    # ---- power ----

    def start(self, environment=None):
        if self.holder():
            return
        if environment is not None:
            self.put("environment", "".join("%s=%s\n" % kv for kv in environment.items()))
        for unit in UNITS:
            self.write("/etc/systemd/system/%s.service.d/environment.conf" % unit, "[Service]\nEnvironmentFile=-/run/environment\n")
        os.makedirs(self.group, exist_ok=True)

        def enter():
            with open(os.path.join(self.group, "cgroup.procs"), "w") as f:
                f.write("0")

        log = open(os.path.join(self.dir, "log"), "ab")
        p = subprocess.Popen(["unshare", "-m", "-p", "-u", "-i", "-n", "-C", "-f", "--kill-child", "sh", "-c", BOOT, "boot", self.dir, self.vms.tree],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, preexec_fn=enter, start_new_session=True)
        log.close()
        self.put("pid", str(p.pid))
        if p.stdout.readline() != b"here\n":
            p.kill()
            raise RuntimeError("%s does not start: %s" % (self.name, self.get("log")[-500:]))
        self.card(p.pid)
        p.stdin.write(b"go\n")
        p.stdin.close()
        p.stdout.close()

    def card(self, pid):
        here, inside = "camvm%d" % self.number, ["nsenter", "-t", str(pid), "-n", "ip"]
        run("ip", "link", "del", here, check=False)
        run("ip", "link", "add", here, "type", "veth", "peer", "name", "eth0", "address", self.mac, "netns", str(pid))
        run("ip", "link", "set", here, "master", BRIDGE, "up")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "addr", "add", self.address + "/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "route", "add", "default", "via", NETWORK + ".1")

    def pause(self, frozen=True):
        with open(os.path.join(self.group, "cgroup.freeze"), "w") as f:
            f.write("1" if frozen else "0")

    def gone(self, seconds):
        end = time.monotonic() + seconds
        while self.holder():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def stop(self, seconds=STOP_SECONDS):
        pid = self.holder()
        if pid and seconds:
            try:
                os.kill(self.first(), POWEROFF)
            except OSError:
                pass
        if not self.gone(seconds if pid else 0):
            self.pause(False)
            os.kill(pid, signal.SIGKILL)	# and with it the first process, and with that all others
            self.gone(60)
        run("ip", "link", "del", "camvm%d" % self.number, check=False)
        self.ungroup()

    def ungroup(self):
        """The control groups of systemd's units, once the last process is really gone."""
        end = time.monotonic() + 30
        while os.path.isdir(self.group) and time.monotonic() < end:
            for base, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(base)
                except OSError:
                    pass
            time.sleep(0.05)

    def remove(self):
        self.stop(0)
        number = self.number
        shutil.rmtree(self.dir)
        os.unlink(self.vms.number(number))

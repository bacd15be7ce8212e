"""A machine for the agent: a mount namespace in which /usr, /etc, /var and /run are its own, so that the real one stays as it is."""
import os
import signal
import subprocess
import time

SETUP = """
mount --make-rprivate / && mount -t tmpfs -o size=400m machine %(dir)s && cd %(dir)s && mkdir usr var etc run uw vw ew &&
mount -t overlay o -o lowerdir=/usr,upperdir=%(dir)s/usr,workdir=%(dir)s/uw /usr &&
mount -t overlay o -o lowerdir=/var,upperdir=%(dir)s/var,workdir=%(dir)s/vw /var &&
mount -t overlay o -o lowerdir=/etc,upperdir=%(dir)s/etc,workdir=%(dir)s/ew /etc &&
rm -rf /var/run && ln -s /run /var/run && mount -t tmpfs run /run && mkdir -p /usr/elasticbox && echo 11111111-0000 >boot && mount --bind boot /proc/sys/kernel/random/boot_id &&
echo ready && exec sleep infinity
"""


class Machine:
    def __init__(self, directory):
        self.dir = directory
        os.makedirs(directory, exist_ok=True)
        self.holder = subprocess.Popen(["unshare", "-m", "sh", "-c", SETUP % {"dir": directory}], stdout=subprocess.PIPE, text=True)
        line = self.holder.stdout.readline()
        if line != "ready\n":
            raise RuntimeError("the machine's name space cannot be made")
        self.agent = None
        self.environment = {"PATH": os.environ["PATH"]}

    def root(self, path):
        return "/proc/%d/root%s" % (self.holder.pid, path)

    def command(self, *argv):
        return ["nsenter", "-m", "-t", str(self.holder.pid), "--", *argv]

    def run(self, *argv, stdin=None, env=None):
        return subprocess.run(self.command(*argv), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                              env={**self.environment, **(env or {})})

    def read(self, path):
        try:
            with open(self.root(path), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def write(self, path, text, mode=0o600):
        with open(self.root(path), "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        os.chmod(self.root(path), mode)

    def start(self, *before):
        """The agent, as its service manager starts it; its process number is that of the agent itself."""
        self.agent = subprocess.Popen(self.command(*before, "/usr/elasticbox/elasticbox-agent", "run"), env=self.environment,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.agent.pid

    def kill(self, sig=signal.SIGKILL):
        if self.agent:
            self.agent.send_signal(sig)
            self.agent.wait(60)
            self.agent = None

    def processes(self, pattern):
        """Numbers of processes of this machine whose command line has the pattern."""
        found, mine = [], os.readlink("/proc/%d/ns/mnt" % self.holder.pid)
        for p in os.listdir("/proc"):
            try:
                if p.isdigit() and os.readlink("/proc/%s/ns/mnt" % p) == mine and \
                        pattern in open("/proc/%s/cmdline" % p).read().replace("\0", " "):
                    found.append(int(p))
            except OSError:
                pass
        return found

    def runners(self):
        return self.processes("elasticbox-runner")

    def reboot(self, number):
        """Everything ends at once, and the machine comes up under another boot id."""
        self.agent and self.agent.kill()
        self.agent and self.agent.wait(60)
        self.agent = None
        mine = os.readlink("/proc/%d/ns/mnt" % self.holder.pid)
        for _ in range(3):
            for p in os.listdir("/proc"):
                try:
                    if p.isdigit() and int(p) != self.holder.pid and os.readlink("/proc/%s/ns/mnt" % p) == mine:
                        os.kill(int(p), signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.05)
        self.run("sh", "-c", "echo 22222222-%04d >%s/boot" % (number, self.dir))

    def end(self):
        self.reboot(9999)
        self.holder.kill()
        self.holder.wait()

"""The disk of a machine as a network block device that keeps writes to itself until they are flushed (cutdisk.py): the file, and
nbdkit in front of it.

    disk = HeldDisk(work)       # work/image has a copy of what a boot needs (vm.held_image)
    disk.serve()
    VM(..., disk=disk.drive, image=work + "/image")
    disk.say("cut SEED")        # the power goes; what it answers says what was lost
"""
import os
import subprocess
import time

from vm import Trouble

HERE = os.path.dirname(os.path.abspath(__file__))


class HeldDisk:
    def __init__(self, work):
        self.file = os.path.join(work, "disk.raw")
        self.control = os.path.join(work, "control")
        self.socket = os.path.join(work, "nbd")
        self.log = os.path.join(work, "nbdkit.log")
        self.drive = "file=nbd+unix:///?socket=%s,format=raw,cache=writeback" % self.socket
        self.server = None
        subprocess.run(["qemu-img", "convert", "-O", "raw", os.path.join(work, "image", "cam.qcow2"), self.file], check=True)

    def serve(self, lie=False):
        for f in (self.socket, self.control, self.control + ".done"):
            if os.path.exists(f):
                os.unlink(f)
        out = open(self.log, "ab")
        self.server = subprocess.Popen(
            ["nbdkit", "-f", "-U", self.socket, "python", os.path.join(HERE, "cutdisk.py"),
             "file=" + self.file, "control=" + self.control,
             "lie=" + ("yes" if lie else "no")], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        end = time.monotonic() + 10
        while not os.path.exists(self.socket):
            if time.monotonic() > end or self.server.poll() is not None:
                raise Trouble("nbdkit does not start: see " + self.log)
            time.sleep(0.02)

    def say(self, words):
        with open(self.control + ".new", "w") as f:
            f.write(words)
        os.rename(self.control + ".new", self.control)
        end = time.monotonic() + 30
        while not os.path.exists(self.control + ".done"):
            if time.monotonic() > end:
                raise Trouble("cutdisk does not answer")
            time.sleep(0.01)
        with open(self.control + ".done") as f:
            return f.read().strip()

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait()
            self.server = None

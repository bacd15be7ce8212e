"""What the suite generates: every profile with its addresses, and how camfw is called."""
import os
import subprocess

TOP = os.environ.get("CAM_TOP", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
OUT = os.environ.get("CAM_OUT", os.path.join(TOP, "out"))
CAMFW = os.path.join(OUT, "bin", "camfw")

SELF4, SELF6, LINK6 = "10.9.0.2", "fd09::2", "fe80::2"
SELF = [SELF4, SELF6, LINK6]

PEERS = {
    "vms": ["10.20.0.0/16", "fd20::/64"],
    "vcenter": ["10.5.0.5", "fd05::5"],
    "openstack": ["10.6.0.0/28", "10.6.1.7"],
    "dns": ["10.9.0.1", "fd09::1"],
    "ntp": ["10.9.0.1", "10.7.0.123"],
    "mail": ["10.8.0.25"],
}

# Peers of each profile, and conditions that are on.
PROFILES = {
    "appliance": (["vms", "vcenter", "openstack", "dns", "ntp", "mail"], ["monitoring"]),
    "vm-alm": ([], []),
    "vm-msa": (["vms"], []),
    "management-appliance": (["vms"], []),
    "vcenter": ([], []),
    "openstack": ([], []),
}


def arguments(profile):
    """The options that give a profile its addresses."""
    peers, on = PROFILES[profile]
    argv = ["--profile", profile, "--self", ",".join(SELF)]
    for p in peers:
        argv += ["--" + p, ",".join(PEERS[p])]
    if profile != "appliance":
        argv += ["--appliance", "10.5.0.2,fd05::2"]
    for c in on:
        argv += ["--with", c]
    return argv


def camfw(*argv, stdin=None, ok=(0,)):
    p = subprocess.run([CAMFW, *argv], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if p.returncode not in ok:
        raise RuntimeError("camfw %s: %d: %s" % (" ".join(argv), p.returncode, p.stderr.strip()))
    return p.stdout


def generate(profile, form, *more):
    return camfw("generate", "--format", form, *arguments(profile), *more)

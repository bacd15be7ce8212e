"""A network for one booted appliance, in the network namespace of who calls: a tap, our side of it, and a DHCP server."""
import subprocess

from vm import Trouble

NETWORK, TAP = "10.93.0", "cam0"
READY = 120


def sh(*command):
    subprocess.run(command, check=True)


def network(count=0, lease="1h"):
    """(that many further addresses of our side, the DHCP server)"""
    sh("ip", "link", "set", "lo", "up")
    sh("ip", "tuntap", "add", TAP, "mode", "tap")
    sh("ip", "link", "set", TAP, "up")
    sh("ip", "addr", "add", NETWORK + ".1/24", "dev", TAP)
    found = ["%s.%d" % (NETWORK, 101 + n) for n in range(count)]
    for one in found:
        sh("ip", "addr", "add", one + "/24", "dev", TAP)
    server = subprocess.Popen(["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--leasefile-ro",
                               "--pid-file=", "--interface=" + TAP, "--bind-interfaces", "--dhcp-range=%s.50,%s.60,%s" % (NETWORK, NETWORK, lease)],
                              stderr=subprocess.DEVNULL)
    return found, server


def run(vm, server, do):
    """Boots the machine that is on the tap, does what is to be done with it, ends both; the exit code of the program."""
    try:
        with vm:
            vm.start()
            vm.wait_ready(READY)
            do()
    except (Trouble, OSError) as e:
        print(e, flush=True)
        return 1
    finally:
        server.kill()
        server.wait()
    return 0

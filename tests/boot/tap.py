"""A network for one booted appliance, in the network namespace of who calls: a tap, our side of it, and a DHCP server."""
import subprocess

from vm import Trouble

NETWORK, TAP = "10.93.0", "cam0"
EMAIL, PASSWORD = "admin@example.test", "a long enough password"
READY = 120


def sh(*command):
    subprocess.run(command, check=True)


def network(count=0, lease="1h", log="/dev/null"):
    """(that many further addresses of our side, the DHCP server, which says in a file what it does)"""
    sh("ip", "link", "set", "lo", "up")
    sh("ip", "tuntap", "add", TAP, "mode", "tap")
    sh("ip", "link", "set", TAP, "up")
    sh("ip", "addr", "add", NETWORK + ".1/24", "dev", TAP)
    found = ["%s.%d" % (NETWORK, 101 + n) for n in range(count)]
    for one in found:
        sh("ip", "addr", "add", one + "/24", "dev", TAP)
    server = subprocess.Popen(["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--leasefile-ro",
                               "--pid-file=", "--interface=" + TAP, "--bind-interfaces", "--dhcp-range=%s.50,%s.60,%s" % (NETWORK, NETWORK, lease),
                               "--log-dhcp", "--log-facility=" + log],
                              stderr=subprocess.DEVNULL)
    return found, server


def signed_in(vm):
    """The token of an administrator."""
    status, text = vm.set_up(vm.screen("Setup code"), EMAIL, PASSWORD, "Tap")
    if status not in (200, 201):
        raise Trouble("setup: %d %s" % (status, text))
    status, _, body = vm.https("POST", "/services/security/token", {"email": EMAIL, "password": PASSWORD}, timeout=60)
    if status != 200:
        raise Trouble("token: %d %s" % (status, body))
    return body.decode().strip().strip('"')


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

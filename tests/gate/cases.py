"""What gate promises, one function each.  Each gets the running rooms and returns a note or nothing."""
import json
import re
import subprocess

HOST = "127.0.0.1"


def s_client(*args, stdin=b"", timeout=15):
    p = subprocess.run(["openssl", "s_client", "-connect", HOST + ":443", *args], input=stdin,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    return p.returncode, p.stdout.decode("latin-1")


def test_a_call(rooms):
    rc, out = s_client("-ign_eof", "-quiet", stdin=b"meta\n")
    assert rc == 0, out
    notice = json.loads(re.search(r"\{.*\}", out).group(0))
    assert notice["peer"] == HOST and notice["leaf"] == 1 and notice["port"] > 1023, notice

"""What keyd and hashd do, seen by the rooms that ask them.  src/lib/ipc/proto.h has the messages."""
import base64
import contextlib
import errno
import hashlib
import os
import signal
import struct
import subprocess
import tempfile
import time

from rooms import Peer, wait_for

SIGN, CHAINS, IDENTITY, NAMES, SEAL, TICKET, UNSEAL, CLOCK = range(0x101, 0x109)
HASH, VERIFY = 0x201, 0x202
PLACE = {"object": "provider/7", "field": "password"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem(der):
    return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n"


class Scratch(tempfile.TemporaryDirectory):
    def __enter__(self):
        return self

    def put(self, name, data):
        path = os.path.join(self.name, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path


def openssl(*argv):
    return subprocess.run(("openssl",) + argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def chain(number):
    for leaf in Peer("gate", "keyd").call(CHAINS)["leaves"]:
        if leaf["leaf"] == number:
            return unb64(leaf["chain"][0]), leaf["names"]


def verifies(ca, der, *options):
    with Scratch() as d:
        return openssl("verify", "-x509_strict", "-purpose", "sslserver", *options, "-CAfile", d.put("ca", ca),
                       d.put("leaf", pem(der))).returncode == 0


def crl_verifies(me, der, crl=None):
    """True when the leaf is good by authority and revocation list; the list's own signature must be good."""
    with Scratch() as d:
        ca = d.put("ca", me["ca_pem"])
        crl = d.put("crl", crl or unb64(me["crl"]))
        r = openssl("crl", "-inform", "DER", "-in", crl, "-CAfile", ca, "-out", crl + ".pem")
        assert r.returncode == 0 and "verify OK" in r.stdout, r.stdout
        r = openssl("verify", "-x509_strict", "-crl_check", "-CAfile", ca, "-CRLfile", crl + ".pem", d.put("leaf", pem(der)))
        assert r.returncode == 0 or "certificate revoked" in r.stdout, r.stdout
        return r.returncode == 0


def public_key(der):
    with Scratch() as d:
        return openssl("x509", "-in", d.put("leaf", pem(der)), "-noout", "-pubkey").stdout


def test_certificates_verify_with_the_servers_authority_only(keyd, hashd):
    me = Peer("core", "keyd").call(IDENTITY)
    server, names = chain(1)
    agents, agents_names = chain(2)
    assert len(me["appliance_id"]) == 16 and me["agents_name"] == me["appliance_id"] + ".agents.internal"
    assert names == me["names"] == [me["appliance_id"] + ".appliance.internal"] and agents_names == [me["agents_name"]]
    assert verifies(me["ca_pem"], server, "-verify_hostname", names[0])
    assert verifies(me["ca_pem"], agents, "-verify_hostname", me["agents_name"])
    assert not verifies(me["ca_pem"], server, "-verify_hostname", me["agents_name"])
    assert not verifies(me["agents_ca_pem"], server) and not verifies(me["agents_ca_pem"], agents)
    digest = hashlib.sha256(server).hexdigest().upper()
    assert me["fingerprint"] == ":".join(digest[i:i + 2] for i in range(0, 64, 2))
    now = time.time() * 1e6
    assert me["not_before"] < now < me["not_after"] and me["not_after"] - me["not_before"] < 398 * 86400e6


def test_signatures_verify_with_the_leaf(keyd, hashd):
    gate = Peer("gate", "keyd")
    for leaf in (1, 2):
        for number, name in ((4, "sha256"), (5, "sha384"), (6, "sha512")):
            value = hashlib.new(name, b"handshake").digest()
            refused, signature = gate.raw(SIGN, bytes([leaf, number]) + value)
            assert not refused
            with Scratch() as d:
                key = public_key(chain(leaf)[0])
                r = openssl("pkeyutl", "-verify", "-pubin", "-inkey", d.put("key", key), "-in", d.put("value", value),
                            "-sigfile", d.put("sig", signature))
                assert r.returncode == 0, r.stdout


def test_only_whole_hashes_of_known_kinds_are_signed(keyd, hashd):
    gate = Peer("gate", "keyd")
    for body in (b"", b"\1", b"\1\4", b"\1\4" + bytes(31), b"\1\4" + bytes(33), b"\1\2" + bytes(20), b"\0\4" + bytes(32),
                 b"\3\4" + bytes(32), b"\1\1" + bytes(16), b"\1\5" + bytes(32), b"\1\4" + bytes(4096)):
        assert gate.refused(SIGN, body) == 400


def test_each_message_is_for_its_rooms_only(keyd, hashd):
    allowed = {SIGN: ("gate",), CHAINS: ("gate",), IDENTITY: ("core",), NAMES: ("core",), SEAL: ("core",),
               TICKET: ("core",), CLOCK: ("core", "sysd"), 0x10b: ("core",), 0x10c: ("core",), 0x10d: ("core",)}
    for room in ("gate", "core", "sysd"):
        peer = Peer(room, "keyd")
        for kind, rooms in allowed.items():
            if room not in rooms:
                assert peer.refused(kind) == 403, "%s may send 0x%04x" % (room, kind)
    for room, to in (("api", "keyd"), ("tty", "keyd"), ("store", "keyd"), ("api", "hashd"), ("gate", "hashd")):
        peer = Peer(room, to)	# the group lets it in here; the table of links must not
        try:
            peer.send(IDENTITY if to == "keyd" else HASH)
            assert peer.frame() is None, "%s is served by %s" % (room, to)
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_new_names_give_a_new_leaf_and_everybody_hears_of_it(keyd, hashd):
    gate, core, other = Peer("gate", "keyd"), Peer("core", "keyd"), Peer("core", "keyd")
    before, other_before = gate.call(CHAINS), other.call(IDENTITY)
    key = public_key(unb64(before["leaves"][0]["chain"][0]))
    me = core.call(NAMES, {"names": ["CAM.example.org", "192.0.2.7", "2001:DB8::1", "cam.example.org."]})
    assert me["names"] == ["cam.example.org", "192.0.2.7", "2001:db8::1"] and me["fingerprint"] != other_before["fingerprint"]
    after = gate.notice(CHAINS)
    assert after["generation"] > before["generation"] and after["leaves"][0]["names"] == me["names"]
    assert after["leaves"][1] == before["leaves"][1]
    assert other.notice(IDENTITY)["fingerprint"] == me["fingerprint"]
    der = unb64(after["leaves"][0]["chain"][0])
    for option, name in (("-verify_hostname", "cam.example.org"), ("-verify_ip", "192.0.2.7"), ("-verify_ip", "2001:db8::1")):
        assert verifies(me["ca_pem"], der, option, name), name
    assert public_key(der) == key	# a handshake with the former leaf can still be signed
    assert core.call(NAMES, {"names": me["names"][::-1]})["fingerprint"] == me["fingerprint"]


def test_replaced_certificates_are_revoked_for_good(keyd, hashd):
    core, other = Peer("core", "keyd"), Peer("core", "keyd")
    other.call(IDENTITY)
    before, agents = chain(1)[0], chain(2)[0]
    me = core.call(IDENTITY)
    assert crl_verifies(me, before) and crl_verifies(me, agents)
    me = core.call(NAMES, {"names": ["revoked.example.org", "192.0.2.7"]})
    after = chain(1)[0]
    assert not crl_verifies(me, before) and crl_verifies(me, after) and crl_verifies(me, agents)
    assert other.notice(IDENTITY)["crl"] == me["crl"]
    with Scratch() as d:
        text = openssl("x509", "-in", d.put("leaf", pem(after)), "-noout", "-ext", "crlDistributionPoints").stdout
        assert "URI:https://revoked.example.org/services/appliance/crl" in text, text
        assert "URI:https://192.0.2.7/services/appliance/crl" in text, text
    keyd.restart()
    assert Peer("core", "keyd").call(IDENTITY)["crl"] == me["crl"]
    keyd.end(signal.SIGKILL)
    os.unlink("/data/keyd/keys/revoked")	# only this is lost: it begins anew and goes on
    assert keyd.start()
    again = Peer("core", "keyd").call(IDENTITY)
    assert "keys/revoked: damaged or missing" in keyd.text()
    assert again["fingerprint"] == me["fingerprint"] and crl_verifies(again, after) and crl_verifies(again, before)


def test_bad_names_change_nothing(keyd, hashd):
    core = Peer("core", "keyd")
    before = core.call(IDENTITY)
    for names in (["*.example.org"], ["good.example", "bad_name"], [7], [None], [""], ["a" * 64], ["10.1"], ["::"],
                  [before["agents_name"]], ["h%d" % i for i in range(33)], {"a": 1}, "cam", None):
        assert core.refused(NAMES, {"names": names}) == 400, names
    for body in (b"", b"[]", b"{", b"\xff\xff", b'{"names":["a\\u0000b"]}'):
        assert core.refused(NAMES, body) == 400
    assert core.call(IDENTITY) == before


def seal(core, plain):
    return core.call(SEAL, dict(PLACE, plain=b64(plain)))["sealed"]


def ticket(core, room="core", lifetime=60, **place):
    return core.call(TICKET, dict(PLACE, room=room, lifetime=lifetime, **place))["ticket"]


def test_a_secret_comes_back_with_its_ticket_only(keyd, hashd):
    core, gate = Peer("core", "keyd"), Peer("gate", "keyd")
    for plain in (b"", b"x", b"correct horse \x00\xff", os.urandom(65536)):
        sealed = seal(core, plain)
        got = core.call(UNSEAL, dict(PLACE, sealed=sealed, ticket=ticket(core)))["plain"]
        assert unb64(got) == plain
    good = ticket(core)
    def code(peer, **change):
        return peer.refused(UNSEAL, dict(dict(PLACE, sealed=sealed, ticket=good), **change))
    assert code(gate) == 403						# another room's
    assert code(gate, ticket=ticket(core, "api")) == 403
    assert code(core, field="user") == 403				# another place's
    assert code(core, field="user", ticket=ticket(core, field="user")) == 422	# moved there
    assert code(core, sealed=sealed[:-1] + ("A" if sealed[-1] != "A" else "Q")) in (400, 422)
    assert code(core, sealed=b64(bytes(10))) == 422
    assert code(core, ticket=b64(bytes(42))) == 403
    assert code(core, ticket="") == 403
    assert code(core, ticket="***") == 400
    # a ticket for another room works there, and there alone
    assert unb64(gate.call(UNSEAL, dict(PLACE, sealed=seal(core, b"for gate"), ticket=ticket(core, "gate")))["plain"]) == b"for gate"


def test_tickets_expire(keyd, hashd):
    core = Peer("core", "keyd")
    sealed, short = seal(core, b"secret"), ticket(core, lifetime=1)
    core.call(UNSEAL, dict(PLACE, sealed=sealed, ticket=short))
    time.sleep(1.1)
    assert core.refused(UNSEAL, dict(PLACE, sealed=sealed, ticket=short)) == 403
    for lifetime in (0, -1, 86401, 1.5, "60", None, 1 << 62):
        assert core.refused(TICKET, dict(PLACE, room="core", lifetime=lifetime)) == 400, lifetime
    for change in ({"room": "nobody"}, {"room": 5}, {"object": ""}, {"field": "f" * 256}):
        assert core.refused(TICKET, dict(dict(PLACE, room="core", lifetime=5), **change)) == 400, change
    assert core.refused(SEAL, dict(PLACE, plain=b64(bytes(65537)))) == 400
    assert core.refused(SEAL, dict(PLACE, plain="A" * 200000)) == 413


def test_a_malformed_frame_ends_the_connection_and_nothing_else(keyd, hashd):
    stays = Peer("core", "keyd")
    before = stays.call(IDENTITY)
    for frame in (b"\x02" + bytes(11), struct.pack("<BBHII", 1, 0, IDENTITY, 1, 1 << 31), struct.pack("<BBHII", 1, 1, IDENTITY, 1, 0),
                  struct.pack("<BBHII", 1, 0, 0x777, 1, 0)):
        bad = Peer("core", "keyd")
        bad.sock.sendall(frame)
        assert bad.frame() is None
    assert "core: connection ended" in keyd.text()
    assert stays.call(IDENTITY) == before


def test_a_clock_message_without_a_step_changes_nothing(keyd, hashd):
    core = Peer("core", "keyd")
    before = core.call(IDENTITY)
    assert Peer("sysd", "keyd").call(CLOCK) == {}
    assert core.call(IDENTITY) == before


def test_everything_is_there_after_a_kill(keyd, hashd):
    core = Peer("core", "keyd")
    before, sealed, kept = core.call(IDENTITY), seal(core, b"secret"), ticket(core)
    generation = Peer("gate", "keyd").call(CHAINS)["generation"]
    keyd.restart()
    core = Peer("core", "keyd")
    assert core.call(IDENTITY) == before
    assert unb64(core.call(UNSEAL, dict(PLACE, sealed=sealed, ticket=kept))["plain"]) == b"secret"
    assert Peer("gate", "keyd").call(CHAINS)["generation"] > generation


@contextlib.contextmanager
def full_disk():
    """No byte is left, and then all are again."""
    with open("/data/fill", "wb", buffering=0) as f:
        try:
            while f.write(bytes(4096)):
                pass
        except OSError as e:
            assert e.errno == errno.ENOSPC
    try:
        yield
    finally:
        os.unlink("/data/fill")


def test_a_full_disk_stops_neither_names_nor_secrets(keyd, hashd):
    core = Peer("core", "keyd")
    before = core.call(IDENTITY)["names"]
    with full_disk():
        me = core.call(NAMES, {"names": ["full.example.org"]})
        assert verifies(me["ca_pem"], chain(1)[0], "-verify_hostname", "full.example.org")
        seal(core, b"secret")
        wait_for(2, lambda: "issued, not written: No space left" in keyd.text())
        assert not [n for n in os.listdir("/data/keyd/keys") if n.endswith(".new")]
        keyd.restart()	# on the full disk: what was there is whole
        assert Peer("core", "keyd").call(IDENTITY)["names"] == before
    assert Peer("core", "keyd").call(NAMES, {"names": ["after.example.org"]})["names"] == ["after.example.org"]
    keyd.restart()
    assert Peer("core", "keyd").call(IDENTITY)["names"] == ["after.example.org"]


def flip(path):
    with open(path, "r+b") as f:
        f.seek(20)
        byte = f.read(1)[0]
        f.seek(20)
        f.write(bytes([byte ^ 1]))


def test_damage_is_found_and_named(keyd, hashd):
    ids = Peer("core", "keyd").call(IDENTITY)["appliance_id"]
    keyd.end(signal.SIGKILL)
    for name in ("master", "ca-servers", "id"):
        flip("/data/keyd/keys/" + name)
        assert not keyd.start() and keyd.end() == 100
        assert "keys/%s: damaged or missing" % name in keyd.text()
        flip("/data/keyd/keys/" + name)
    flip("/data/keyd/keys/leaf-server")	# this one can be made again
    assert keyd.start()
    assert Peer("core", "keyd").call(IDENTITY)["appliance_id"] == ids


def test_keys_are_locked_and_nothing_is_readable_by_the_same_user(keyd, hashd):
    assert keyd.status("VmLck") > 0 and keyd.status("Seccomp") == 2
    assert keyd.status("VmRSS") < 4096
    assert os.stat("/proc/%d/mem" % keyd.pid).st_uid == 0	# not dumpable
    for name in os.listdir("/data/keyd/keys"):
        assert os.stat("/data/keyd/keys/" + name).st_mode & 0o777 == 0o600


def test_passwords_match_themselves_only(keyd, hashd):
    core = Peer("core", "hashd")
    for password in ("secret", "", "p\u00e4ss w\u00f6rd \U0001f511", "nul\0inside", "x" * 1024):
        made = core.call(HASH, {"password": password})["hash"]
        assert made.startswith("$argon2id$v=19$m=65536,t=2,p=1$")
        assert core.call(VERIFY, {"password": password, "hash": made}) == {"match": True}
        assert core.call(VERIFY, {"password": password + "x" if len(password) < 1024 else "x", "hash": made}) == {"match": False}
    for body in (b"", b"{}", {"password": 5}, {"password": "x" * 1025}, {"password": "x" * 100000}):
        assert core.refused(HASH, body) == 400
    for bad in ("", "plain", None, made.replace("m=65536", "m=65537"), made.replace("t=2", "t=200"), made + "$", "$" * 500):
        assert core.refused(VERIFY, {"password": "x", "hash": bad}) == 400


def test_a_flood_of_passwords_is_bounded_and_the_room_keeps_answering(keyd, hashd):
    core, other = Peer("core", "hashd"), Peer("core", "hashd")
    made = core.call(HASH, {"password": "secret"})["hash"]
    sent = [core.send(VERIFY, {"password": "secret", "hash": made}) for _ in range(40)]
    answers = {}
    began = time.monotonic()
    assert other.refused(HASH, {"password": 5}) == 400
    waited = time.monotonic() - began
    assert waited < 0.5, "a bad request waited %.2f s behind the queue" % waited
    while len(answers) < len(sent):
        flags, _, seq, body = core.frame()
        answers[seq] = body
    good = [s for s in sent if answers[s] == b'{"match":true}']
    busy = [s for s in sent if b'"code":429' in answers[s]]
    assert len(good) + len(busy) == len(sent) and len(good) >= 16 and len(busy) >= 40 - 20, (len(good), len(busy))
    assert good == sorted(good)
    wait_for(2, lambda: hashd.status("VmRSS") < 4096)	# the 64 MiB are given back
    assert hashd.status("VmHWM") < 72 * 1024, hashd.status("VmHWM")	# and were never taken twice


def test_jobs_of_a_lost_connection_are_dropped(keyd, hashd):
    core = Peer("core", "hashd")
    made = core.call(HASH, {"password": "secret"})["hash"]
    began = time.monotonic()
    core.call(VERIFY, {"password": "secret", "hash": made})
    one = time.monotonic() - began
    lost = Peer("core", "hashd")
    for _ in range(16):
        lost.send(VERIFY, {"password": "secret", "hash": made})
    time.sleep(one / 2)
    lost.close()
    time.sleep(0.05)
    began = time.monotonic()
    assert core.call(VERIFY, {"password": "secret", "hash": made}) == {"match": True}
    waited = time.monotonic() - began
    assert waited < 6 * one, "waited %.2f s behind 16 dead jobs of %.2f s" % (waited, one)

"""Certificates of another authority: a real one, made with openssl. See tests/lib/authority.py."""
import json
import os
import signal
import tempfile
import time

from authority import Authority, openssl
from cases import CHAINS, IDENTITY, NAMES, SIGN, chain, flip, full_disk, pem, public_key, unb64
from rooms import Peer, wait_for

REQUEST, UPLOAD, CERTIFICATE = 0x10b, 0x10c, 0x10d
NAME = "cam.corp.example"


def state(action="show"):
    return Peer("core", "keyd").call(CERTIFICATE, {"action": action})


def upload(certificate, **more):
    return Peer("core", "keyd").call(UPLOAD, dict(certificate=certificate, **more))


def refusal(certificate, **more):
    """(code, sentence)"""
    refused, answer = Peer("core", "keyd").raw(UPLOAD, dict(certificate=certificate, **more))
    assert refused, "not refused: %r" % answer
    answer = json.loads(answer)
    return answer["code"], answer["message"]


def request(**more):
    core = Peer("core", "keyd")
    core.call(NAMES, {"names": [NAME, "10.1.2.3"]})
    return core.call(REQUEST, dict({"names": [NAME, "10.1.2.3"], "fresh": True}, **more))["request"]


class World(tempfile.TemporaryDirectory):
    """An authority, and a request that waits."""
    def __init__(self, kind="ec", **more):
        super().__init__()
        self.ca = Authority(self.name, kind=kind)
        self.csr = request(**more)["pem"]

    def __enter__(self):
        super().__enter__()
        return self

    def __exit__(self, *what):
        state("own")
        state("forget")
        super().__exit__(*what)


def shown():
    leaves = {leaf["leaf"]: leaf for leaf in Peer("gate", "keyd").call(CHAINS)["leaves"]}
    return [pem(unb64(c)) for c in leaves[1]["chain"]]


def same(a, b):
    return openssl("x509", "-outform", "PEM", data=a) == openssl("x509", "-outform", "PEM", data=b)


def signs(leaf_pem):
    """Is a handshake signed by the key of this certificate?"""
    refused, signature = Peer("gate", "keyd").raw(SIGN, bytes([1, 4]) + bytes(32))
    assert not refused
    with tempfile.TemporaryDirectory() as d:
        def put(name, data):
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
            return f.name
        key = put("key", openssl("x509", "-noout", "-pubkey", data=leaf_pem).encode())
        try:
            openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-in", put("value", bytes(32)), "-sigfile", put("sig", signature))
        except AssertionError:
            return False
        return True


def test_a_request_holds_what_was_asked_for_and_is_signed(keyd, hashd):
    with World(organization="Example \u00e4 Ltd", country="DE") as w:
        text = openssl("req", "-noout", "-text", "-verify", "-utf8", "-nameopt", "utf8,sep_comma_plus", data=w.csr)
        assert "Subject: C=DE,O=Example \u00e4 Ltd,CN=" + NAME in text.replace(" = ", "="), text
        assert "DNS:%s, IP Address:10.1.2.3" % NAME in text and "prime256v1" in text and "ecdsa-with-SHA256" in text
        fresh = openssl("req", "-noout", "-pubkey", data=w.csr)
        assert fresh != public_key(chain(1)[0])
        assert openssl("req", "-noout", "-pubkey", data=request(fresh=False)["pem"]) == public_key(chain(1)[0])
        core = Peer("core", "keyd")
        for bad in ({"names": []}, {"names": ["*.example"]}, {"names": [NAME], "country": "D"}, {"names": [NAME], "country": "de"}, {}):
            assert core.refused(REQUEST, bad) == 400, bad
        assert "request" in state() and "request" not in state("forget")


def test_a_signed_request_is_shown_signs_and_survives(keyd, hashd):
    before, agents = shown(), chain(2)
    with World() as w:
        leaf = w.ca.sign(w.csr)
        for order in ((leaf, w.ca.middle, w.ca.root), (w.ca.root, w.ca.middle, leaf), (w.ca.middle, leaf, w.ca.root)):
            got = upload("words in front\n" + "\n".join(order), check=True)
            assert [c["subject"] for c in got["chain"]] == [NAME, "Example middle", "Example root"], got
            assert got["rooted"] and not got["warnings"] and got["names"] == [NAME, "10.1.2.3"]
        assert shown() == before and not signs(leaf), "a check changed something"
        gate, core = Peer("gate", "keyd"), Peer("core", "keyd")
        gate.call(CHAINS)
        got = upload(w.ca.root + w.ca.middle + leaf)
        assert got["source"] == "uploaded" and "request" not in got and "seconds_left" not in got
        told = [x for x in gate.notice(CHAINS)["leaves"] if x["leaf"] == 1][0]
        assert len(told["chain"]) == 2, "leaf and intermediate, not the root"
        assert core.notice(IDENTITY)["uploaded"] is True
        for _ in range(2):
            assert same(shown()[0], leaf) and same(shown()[1], w.ca.middle) and len(shown()) == 2
            assert signs(leaf) and chain(2) == agents, "agents see their own"
            me = Peer("core", "keyd").call(IDENTITY)
            assert me["uploaded"] and me["names"] == [NAME, "10.1.2.3"]
            keyd.restart()
        # other names do not take it away, nor does the clock
        Peer("core", "keyd").call(NAMES, {"names": ["other.corp.example"]})
        Peer("core", "keyd").call(0x108)
        assert same(shown()[0], leaf)
        # renewed for the same key
        renewed = w.ca.sign(request(fresh=False)["pem"], days=200)
        upload(renewed + w.ca.middle + w.ca.root)
        assert same(shown()[0], renewed) and not same(renewed, leaf)
        got = state("own")
        assert got["source"] == "appliance" and not same(shown()[0], renewed) and not signs(renewed)
        keyd.restart()
        assert state()["source"] == "appliance"


def test_an_rsa_authority_may_sign(keyd, hashd):
    with World("rsa") as w:
        leaf = w.ca.sign(w.csr)
        assert upload(leaf + w.ca.middle + w.ca.root)["certificate"]["rooted"]
        assert signs(leaf)


def test_what_cannot_be_used_is_refused_with_its_reason(keyd, hashd):
    with World() as w, tempfile.TemporaryDirectory() as d:
        before = shown()
        good, root, middle = w.ca.sign(w.csr), w.ca.root, w.ca.middle
        other = Authority(d, "Other")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", os.path.join(d, "k"), "-subj", "/CN=" + NAME, "-out", os.path.join(d, "r"))
        with open(os.path.join(d, "r")) as f:
            foreign = w.ca.sign(f.read(), names=["DNS:" + NAME])
        with open(os.path.join(d, "k")) as f:
            private = f.read()
        lines = good.splitlines()
        broken = "\n".join(lines[:3] + [lines[3][:10] + ("A" if lines[3][10] != "A" else "B") + lines[3][11:]] + lines[4:]) + "\n"
        cases = {
            "PEM": "no pem at all", "ends within": good[:200], "private key": good + private, "for a key of this": foreign + middle + root,
            "of 'Example middle', which signed": good + root, "not signed by the key": good + middle.replace(middle, "") + self_named(d),
            "has expired": w.ca.sign(w.csr, days=-1) + middle + root, "not for servers": w.ca.sign(w.csr, section="client") + middle + root,
            "names no host": w.ca.sign(w.csr, names=["email:x@y.example"]) + middle + root, "for the appliance's key": good + w.ca.sign(w.csr) + middle,
            "SHA-1": w.ca.sign(w.csr, digest="-sha1") + middle + root, "of an authority": w.ca.sign(w.csr, section="middle") + middle + root,
        }
        for word, text in cases.items():
            code, sentence = refusal(text)
            assert code == 400 and word in sentence, (word, code, sentence)
        refused, answer = Peer("core", "keyd").raw(UPLOAD, {"certificate": broken + middle + root})
        assert refused, "a damaged certificate was taken"
        code, sentence = refusal(good + middle + root + other.root)
        assert code == 409 and "left out" in sentence
        assert shown() == before and state()["source"] == "appliance"
        assert "request" in state(), "a refusal took the request away"


def self_named(directory):
    """Another authority that calls itself as the real intermediate."""
    out = os.path.join(directory, "fake")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", out + ".key", "-subj",
            "/O=Example/CN=Example middle", "-days", "30", "-out", out)
    with open(out) as f:
        return f.read()


def test_warnings_need_a_word(keyd, hashd):
    with World() as w:
        leaf = w.ca.sign(w.csr)
        for text, word in ((leaf, "not among them"), (w.ca.sign(w.csr, days=9) + w.ca.middle + w.ca.root, "It ends in "),
                           (w.ca.sign(w.csr, names=["DNS:elsewhere.example"]) + w.ca.middle + w.ca.root, "none of the names")):
            code, sentence = refusal(text)
            assert code == 409 and word in sentence, sentence
            assert any(word in x for x in upload(text, check=True)["warnings"])
        assert not upload(w.ca.sign(w.csr, names=["DNS:*.corp.example"]) + w.ca.middle + w.ca.root, check=True)["warnings"]
        assert upload(leaf, accept=True)["source"] == "uploaded" and len(shown()) == 1


def test_a_trial_goes_back_unless_confirmed(keyd, hashd):
    before = shown()
    with World() as w:
        leaf = w.ca.sign(w.csr) + w.ca.middle + w.ca.root
        assert upload(leaf, seconds=3600)["seconds_left"] > 3500 and same(shown()[0], leaf)
        assert "request" in state(), "its key must outlive a trial that fails"
        keyd.restart()
        assert shown() == before and state()["source"] == "appliance"
        assert Peer("core", "keyd").refused(CERTIFICATE, {"action": "confirm"}) == 409
        upload(leaf, seconds=1)
        wait_for(20, lambda: state()["source"] == "appliance")
        assert shown() == before and "not confirmed" in keyd.text()
        upload(leaf, seconds=3600)
        assert state("back")["source"] == "appliance" and shown() == before
        assert Peer("core", "keyd").refused(CERTIFICATE, {"action": "back"}) == 409
        upload(leaf, seconds=2)
        assert "seconds_left" not in state("confirm")
        time.sleep(2.5)	# past the trial's end: it stays
        assert same(shown()[0], leaf) and "request" not in state()
        # a second trial goes back to what was confirmed
        again = w.ca.sign(request(fresh=True)["pem"]) + w.ca.middle + w.ca.root
        upload(again, seconds=1)
        wait_for(20, lambda: same(shown()[0], leaf))
        keyd.restart()
        assert same(shown()[0], leaf)


def test_a_full_disk_and_damage_leave_one_whole_certificate(keyd, hashd):
    with World() as w:
        leaf = w.ca.sign(w.csr) + w.ca.middle + w.ca.root
        before = shown()
        with full_disk():
            code, _ = refusal(leaf)
            assert code == 507 and shown() == before
        upload(leaf)
        keyd.end(signal.SIGKILL)
        flip("/data/keyd/keys/uploaded")
        assert keyd.start() and "uploaded: damaged" in keyd.text()
        assert state()["source"] == "appliance"
        keyd.end(signal.SIGKILL)
        flip("/data/keyd/keys/uploaded")
        assert keyd.start() and same(shown()[0], leaf)

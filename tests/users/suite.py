"""Users, tokens and the activity, over HTTPS against a fresh house.

usage: run [PART OF A CASE'S NAME...]     without a name all of them; later cases build on earlier ones
"""
import base64
import glob
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib")]

import cases
from house import EMAIL, PASSWORD

TOOL = os.path.join(os.path.dirname(HERE), "tools", "camverify")
loader = importlib.machinery.SourceFileLoader("camverify", TOOL)
sys.dont_write_bytecode = True
camverify = importlib.util.module_from_spec(importlib.util.spec_from_loader("camverify", loader))
loader.exec_module(camverify)


class Client:
    """Somebody with a token, or with a header of his own."""

    def __init__(self, house, token=None, header="ElasticBox-Token"):
        self.house, self.token, self.header = house, token, header

    def __call__(self, method, path, body=None, expect=None):
        headers = {}
        if self.token:
            headers[self.header] = self.token if self.header == "ElasticBox-Token" else "Bearer " + self.token
        status, got, data = self.house.request(method, path, body, headers)
        kind = got.get("Content-Type") or ""
        parsed = json.loads(data) if data and kind.startswith("application/json") else data.decode()
        if expect is not None:
            assert status == expect, "%s %s: %d instead of %d: %s" % (method, path, status, expect, str(parsed)[:300])
        return status, parsed


def sign_in(t, email, password, expect=200):
    return Client(t.house)("POST", "/services/security/token", {"email": email, "password": password}, expect)[1]


def invited(t, email, **more):
    """A user who has accepted; (id, client)."""
    _, user = t.admin("POST", "/services/users", dict({"email": email}, **more), 201)
    Client(t.house)("POST", "/services/users/activate", {"code": user["code"], "password": "password of " + email}, 200)
    return user["id"], Client(t.house, sign_in(t, email, "password of " + email))


# ---- users ----

def invitation_and_activation(t):
    public = Client(t.house)
    _, user = t.admin("POST", "/services/users", {"email": "Jane.Doe@Example.com", "name": "Jane", "last_name": "Doe"}, 201)
    assert user["id"] == "jane-doe" and user["state"] == "invited" and user["email"] == "jane.doe@example.com", user
    assert user["type"] == "personal" and user["schema"].endswith("/workspaces/personal") and user["code"] in user["link"], user
    t.admin("POST", "/services/users", {"email": "jane.doe@example.com"}, 409)
    t.admin("POST", "/services/users", {"email": "no address"}, 400)
    t.admin("POST", "/services/users", {"email": "x@example.com", "role": "king"}, 400)
    sign_in(t, "jane.doe@example.com", "anything at all", 401)
    _, again = t.admin("PUT", "/services/users/jane-doe/invite", None, 200)
    assert again["code"] != user["code"]
    public("POST", "/services/users/activate", {"code": user["code"], "password": "long enough password"}, 403)
    public("POST", "/services/users/activate", {"code": again["code"], "password": "short"}, 400)
    public("POST", "/services/users/activation", {"code": user["code"]}, 403)
    for _ in range(2):      # looking uses nothing up
        _, welcome = public("POST", "/services/users/activation", {"code": again["code"]}, 200)
        assert welcome == {"email": "jane.doe@example.com", "name": "Jane", "last_name": "Doe", "organization": "Test", "purpose": "invitation",
                           "expires": again["expires"]}, welcome
    assert again["link"] == "https://%s/#/activate?code=%s" % (again["link"].split("/")[2], again["code"]), again
    _, me = public("POST", "/services/users/activate", {"code": again["code"], "password": "long enough password"}, 200)
    assert me["user"]["id"] == "jane-doe" and me["user"]["role"] == "user", me
    public("POST", "/services/users/activate", {"code": again["code"], "password": "long enough password"}, 403)
    t.jane = Client(t.house, sign_in(t, "jane.doe@example.com", "long enough password"))
    _, got = t.jane("GET", "/services/users/jane-doe", None, 200)
    assert got["state"] == "active" and got["last_login"] and got["administrator"] is False, got
    assert "code" not in got and "password" not in json.dumps(got), got
    _, spaces = t.jane("GET", "/services/workspaces", None, 200)
    own, = [w for w in spaces if w["id"] == "jane-doe"]
    assert own["last_login"] == got["last_login"] and own["email"] == "jane.doe@example.com", own
    before = own["updated"]
    sign_in(t, "jane.doe@example.com", "long enough password")
    _, later = t.jane("GET", "/services/workspaces/jane-doe", None, 200)
    assert later["last_login"] > own["last_login"] and later["updated"] == before, later


def only_administrators_administer(t):
    for method, path, body in (("POST", "/services/users", {"email": "joe@example.com"}), ("GET", "/services/users", None),
                               ("PUT", "/services/users/jane-doe/deactivate", None), ("GET", "/services/activity", None),
                               ("GET", "/services/activity/export", None)):
        t.jane(method, path, body, 403)
    # who is not oneself does not exist, and looks the same as who is missing
    for path in ("/services/users/admin", "/services/users/nobody"):
        assert t.jane("GET", path)[0] == 404 and t.jane("PUT", path + "/reset")[0] == 404
    assert t.jane("GET", "/services/users/admin")[1] == t.jane("GET", "/services/users/nobody")[1]
    Client(t.house)("GET", "/services/users", None, 401)


def lists_by_state(t):
    _, users = t.admin("GET", "/services/users", None, 200)
    assert [u["id"] for u in users] == ["admin", "jane-doe"], users
    assert users[0]["administrator"] is True
    t.admin("POST", "/services/users", {"email": "late@example.com"}, 201)
    assert [u["id"] for u in t.admin("GET", "/services/users?state=invited", None, 200)[1]] == ["late"]
    assert [u["id"] for u in t.admin("GET", "/services/users?state=active", None, 200)[1]] == ["admin", "jane-doe"]


def deactivation_ends_everything(t):
    user, joe = invited(t, "joe@example.com")
    _, more = joe("POST", "/services/tokens", {"description": "robot"}, 200)
    robot = Client(t.house, more["value"])
    robot("GET", "/services/workspaces", None, 200)
    assert t.admin("PUT", "/services/users/joe/deactivate", None, 200)[1]["state"] == "deactivated"
    robot("GET", "/services/workspaces", None, 401)
    joe("GET", "/services/workspaces", None, 401)
    sign_in(t, "joe@example.com", "password of joe@example.com", 401)
    t.admin("PUT", "/services/users/joe/reset", None, 409)
    assert t.admin("PUT", "/services/users/joe/activate", None, 200)[1]["state"] == "active"
    robot("GET", "/services/workspaces", None, 401)
    sign_in(t, "joe@example.com", "password of joe@example.com")
    t.admin("PUT", "/services/users/admin/deactivate", None, 409)
    t.admin("DELETE", "/services/users/admin", None, 409)


def passwords_change_and_reset(t):
    first, second = (Client(t.house, sign_in(t, "joe@example.com", "password of joe@example.com")) for _ in range(2))
    first("PUT", "/services/users/password", {"password": "wrong", "new_password": "another password"}, 403)
    first("PUT", "/services/users/password", {"password": "password of joe@example.com", "new_password": "short"}, 400)
    first("PUT", "/services/users/password", {"password": "password of joe@example.com", "new_password": "another password"}, 204)
    sign_in(t, "joe@example.com", "password of joe@example.com", 401)
    second("GET", "/services/tokens", None, 200)  # tokens are not sessions
    sign_in(t, "joe@example.com", "another password")
    _, link = t.admin("PUT", "/services/users/joe/reset", None, 200)
    sign_in(t, "joe@example.com", "another password")  # until it is used
    assert Client(t.house)("POST", "/services/users/activation", {"code": link["code"]}, 200)[1]["purpose"] == "reset"
    Client(t.house)("POST", "/services/users/activate", {"code": link["code"], "password": "a third password"}, 200)
    sign_in(t, "joe@example.com", "another password", 401)
    sign_in(t, "joe@example.com", "a third password")


def passwords_lock_and_tokens_go_on(t):
    user, client = invited(t, "lock@example.com")
    end = time.monotonic() + 120
    while t.admin("GET", "/services/users/lock", None, 200)[1]["state"] != "password_locked":
        assert time.monotonic() < end, "not locked"
        status, body = Client(t.house)("POST", "/services/security/token", {"email": "lock@example.com", "password": "wrong"})
        assert status in (401, 429), (status, body)
        if status == 429:
            time.sleep(0.5)
    client("GET", "/services/workspaces", None, 200)
    sign_in(t, "lock@example.com", "password of lock@example.com", 429)
    assert t.admin("PUT", "/services/users/lock/unlock", None, 200)[1]["state"] == "active"
    sign_in(t, "lock@example.com", "password of lock@example.com")


def deletion_gives_everything_away(t):
    user, gone = invited(t, "gone@example.com", role="administrator")
    _, box = gone("POST", "/services/boxes", {"schema": "http://elasticbox.net/schemas/boxes/script", "name": "Mine", "owner": "gone"})
    assert "id" in box, box
    t.admin("DELETE", "/services/users/gone", None, 409)
    t.admin("DELETE", "/services/users/gone?transfer=gone", None, 400)
    t.admin("DELETE", "/services/users/gone?transfer=nowhere", None, 404)
    t.admin("DELETE", "/services/users/gone?transfer=admin", None, 204)
    assert t.admin("GET", "/services/boxes/" + box["id"], None, 200)[1]["owner"] == "admin"
    gone("GET", "/services/workspaces", None, 401)
    t.admin("GET", "/services/users/gone", None, 404)
    t.admin("GET", "/services/workspaces/gone", None, 404)
    _, organization = t.admin("GET", "/services/organizations/" + t.admin("GET", "/services/users/admin")[1]["organization"], None, 200)
    assert not any(m["id"] == "gone" for m in organization["members"]), organization["members"]
    # the address is free again, the id is not
    _, again = t.admin("POST", "/services/users", {"email": "gone@example.com"}, 201)
    assert again["id"] == "gone-2", again["id"]


# ---- tokens ----

def tokens_are_listed_masked_and_limited(t):
    _, user = t.admin("POST", "/services/users", {"email": "tokens@example.com"}, 201)
    Client(t.house)("POST", "/services/users/activate", {"code": user["code"], "password": "password of tokens"}, 200)
    client = Client(t.house, sign_in(t, "tokens@example.com", "password of tokens"))
    made = [client("POST", "/services/tokens", {"description": "number %d" % i}, 200)[1] for i in range(50)]
    assert len({m["value"] for m in made}) == 50
    status, body = client("POST", "/services/tokens", {"description": "one more"})
    assert status == 409 and "50" in body["message"], (status, body)
    _, listed = client("GET", "/services/tokens", None, 200)
    assert len(listed) == 51 and not any(m["value"] in json.dumps(listed) for m in made)
    assert {"id", "value", "description", "type", "created", "last_used", "expires", "uri"} <= set(listed[0]), listed[0]
    assert listed[0]["value"] == "********" + made[0]["value"][-4:]
    other = Client(t.house, made[0]["value"], "Authorization")
    other("GET", "/services/workspaces", None, 200)
    t.jane("DELETE", "/services/tokens/" + made[0]["id"], None, 404)
    status, body = client("DELETE", "/services/tokens/" + made[0]["id"])
    assert status == 204 and body == "", (status, body)
    other("GET", "/services/workspaces", None, 401)
    # signing in goes on with all of them, and takes none away
    sign_in(t, "tokens@example.com", "password of tokens")
    Client(t.house, made[1]["value"])("GET", "/services/workspaces", None, 200)
    client("POST", "/services/tokens", {"description": "one more"}, 200)
    t.used = (client, made[1]["id"], time.monotonic())


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwt_by_openssl(t):
    end = time.monotonic() + 60
    while True:
        _, keys = Client(t.house)("GET", "/services/security/jwks", None, 200)
        if keys["keys"]:
            break
        assert time.monotonic() < end, "no key"
        time.sleep(0.5)
    key, = keys["keys"]
    # it is made and taken into use behind keyd's fence
    log = ""
    for path in glob.glob(os.path.join(t.house.status()["data"], "log", "keyd", "*")):
        if os.path.basename(path) == "current":
            with open(path, encoding="utf-8", errors="replace") as f:
                log += f.read()
    assert "is ready" in log and "seccomp" not in log, log
    assert (key["kty"], key["alg"], key["use"], key["e"]) == ("RSA", "RS256", "sig", "AQAB"), key
    _, made = t.jane("POST", "/services/tokens", {"type": "jwt", "description": "claims"}, 200)
    header, payload, signature = made["value"].split(".")
    assert json.loads(unbase64(header)) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    claims = json.loads(unbase64(payload))
    assert claims == {"type": "user", "sub": "jane-doe", "name": "Jane", "organization": "test", "iat": claims["iat"], "jti": made["id"]}, claims
    n = unbase64(key["n"])
    der = b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00" + n + b"\x02\x03\x01\x00\x01"
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("key.der", der), ("signature", unbase64(signature)), ("signed", (header + "." + payload).encode())):
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
        subprocess.run("openssl rsa -RSAPublicKey_in -inform DER -in key.der -pubout -out key.pem 2>/dev/null && "
                       "openssl dgst -sha256 -verify key.pem -signature signature signed", shell=True, cwd=d, check=True,
                       stdout=subprocess.DEVNULL)
    bearer = Client(t.house, made["value"], "Authorization")
    bearer("GET", "/services/workspaces", None, 200)
    Client(t.house, made["value"])("GET", "/services/workspaces", None, 200)
    forged = base64.urlsafe_b64encode(json.dumps(dict(claims, sub="admin")).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for value in ("%s.%s.%s" % (header, forged, signature), "%s.%s." % (none, payload), "%s.%s.%s" % (none, payload, signature),
                  made["value"] + ".", made["value"][:-2]):
        Client(t.house, value, "Authorization")("GET", "/services/workspaces", None, 401)
    t.jane("DELETE", "/services/tokens/" + made["id"], None, 204)
    bearer("GET", "/services/workspaces", None, 401)
    _, short = t.jane("POST", "/services/tokens", {"type": "jwt", "expires": 2}, 200)
    t.jane("POST", "/services/tokens", {"type": "saml"}, 400)
    short = Client(t.house, short["value"], "Authorization")
    short("GET", "/services/workspaces", None, 200)
    time.sleep(2.5)
    short("GET", "/services/workspaces", None, 401)


def jwt_outlives_a_restart(t):
    _, made = t.jane("POST", "/services/tokens", {"type": "jwt"}, 200)
    before = Client(t.house)("GET", "/services/security/jwks")[1]
    t.house.tool("restart")
    t.house.address = t.house.status()["address"]
    end = time.monotonic() + 30
    while True:
        try:
            Client(t.house, made["value"], "Authorization")("GET", "/services/workspaces", None, 200)
            break
        except (OSError, AssertionError):
            assert time.monotonic() < end
            time.sleep(0.3)
    end = time.monotonic() + 20
    while Client(t.house)("GET", "/services/security/jwks")[1] != before:
        assert time.monotonic() < end
        time.sleep(0.3)


# ---- activity ----

def activity_tells_who_did_what(t):
    t.jane("PUT", "/services/users/jane-doe/deactivate", None, 403)
    end = time.monotonic() + 5
    while True:
        _, rows = t.admin("GET", "/services/activity?user=jane-doe", None, 200)
        if any(r["verb"] == "users.deactivate" and r["status"] == 403 and r["object"] == "jane-doe" for r in rows):
            break
        assert time.monotonic() < end, rows[:3]
        time.sleep(0.2)
    numbers = [r["sequence"] for r in rows]
    assert numbers == sorted(numbers, reverse=True) and all(r["user"] == "jane-doe" for r in rows)
    assert rows[0]["peer"], rows[0]
    _, rows = t.admin("GET", "/services/activity?kind=user&object=joe", None, 200)
    assert {"users.deactivate", "users.reactivate", "users.reset", "users.password"} <= {r["verb"] for r in rows}, rows
    assert t.admin("GET", "/services/activity?from=2099-01-01", None, 200)[1] == []
    assert t.admin("GET", "/services/activity?to=2020-01-01%2000:00:00", None, 200)[1] == []
    t.admin("GET", "/services/activity?from=yesterday", None, 400)
    _, rows = t.admin("GET", "/services/activity", None, 200)
    verbs = {r["verb"] for r in rows}
    assert {"appliance.setup", "security.token", "users.invite", "users.activate", "tokens.add", "tokens.delete", "users.delete",
            "user.locked"} <= verbs, verbs
    assert "password of" not in json.dumps(rows)
    assert any(r["verb"] == "security.token" and r["status"] == 401 and r["object"] == "lock" for r in rows)


def check(lines, pem=None):
    try:
        camverify.verify(lines, pem)
    except camverify.Bad as e:
        return str(e)
    return None


def recipe_of_the_page(text, pem):
    """What docs/activity.md tells people to do by hand, word for word."""
    with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "activity.md"), encoding="utf-8") as f:
        page = f.read().split("By hand, with public tools only:")[1].split("## Its end")[0]
    script = "\n".join(line[4:] for line in page.split("\n") if line.startswith("    "))
    assert script.count("\n") >= 12, script

    def run(content):
        with tempfile.TemporaryDirectory() as d:
            for name, data in (("export.ndjson", content), ("key.pem", pem)):
                with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                    f.write(data)
            return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=d, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
    good = run(text)
    assert good.returncode == 0, good.stdout
    said = json.loads(json.loads(text.split("\n")[0])["statement"])
    out = good.stdout.split("\n")
    assert out[0] == "Verified OK" and out[1] == "%(first)d %(prev)s %(last)d %(hash)s" % said, out
    assert out[2] == said["hash"] and out[3] == str(said["first"]), out
    assert run(text.replace('"joe"', '"jon"')).returncode != 0


def export_is_a_chain(t):
    status, text = t.admin("GET", "/services/activity/export", None, 200)
    _, pem = Client(t.house)("GET", "/services/activity/key", None, 200)
    lines = text.split("\n")
    assert lines.pop() == "" and len(lines) > 20, len(lines)
    assert check(lines, pem) is None, check(lines, pem)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as key, tempfile.NamedTemporaryFile("w") as f:
        key.write(pem)
        key.flush()
        f.write(text)
        f.flush()
        p = subprocess.run([TOOL, f.name, key.name], stdout=subprocess.PIPE, text=True)
        assert p.returncode == 0 and p.stdout.startswith("good: "), p.stdout
        f.write("x")
        f.flush()
        assert subprocess.run([TOOL, f.name], stdout=subprocess.DEVNULL).returncode == 1
    recipe_of_the_page(text, pem)
    first = json.loads(json.loads(lines[0])["statement"])
    row = json.loads(lines[1])
    digest = row.pop("hash")
    canonical = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == digest and row["prev"] == first["prev"]


def every_tampering_is_found(t):
    lines = t.admin("GET", "/services/activity/export", None, 200)[1].split("\n")[:-1]
    _, pem = Client(t.house)("GET", "/services/activity/key")
    for i in range(len(lines)):
        assert check(lines[:i] + lines[i + 1:], pem), "line %d dropped" % i
        assert check(lines[:i] + [lines[i]] + lines[i:], pem), "line %d twice" % i
        if i + 1 < len(lines):
            assert check(lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2:], pem), "lines %d and %d changed places" % (i, i + 1)
        assert check(lines[:i], pem), "cut after %d" % i
    row = len(lines) // 2
    for at in range(len(lines[row])):
        changed = lines[row][:at] + ("0" if lines[row][at] != "0" else "1") + lines[row][at + 1:]
        assert check(lines[:row] + [changed] + lines[row + 1:], pem), "byte %d changed" % at
    # a forger who computes all hashes anew has not the key
    forged, prev = [lines[0]], None
    for line in lines[1:]:
        body = json.loads(line)
        del body["hash"]
        body["user"] = body["user"].replace("jane-doe", "joe")
        body["prev"] = prev or body["prev"]
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        prev = hashlib.sha256(text.encode()).hexdigest()
        forged.append(text[:-1] + ',"hash":"' + prev + '"}')
    assert check(forged, pem)
    other = pem.replace(pem.split("\n")[1][60:64], "AAAA")
    assert check(lines, other)


def use_is_noted_within_a_minute(t):
    client, token, when = t.used
    end = when + 75
    while True:
        entry, = [e for e in client("GET", "/services/tokens", None, 200)[1] if e["id"] == token]
        if entry["last_used"]:
            break
        assert time.monotonic() < end, entry
        time.sleep(2)


CASES = [invitation_and_activation, only_administrators_administer, lists_by_state, deactivation_ends_everything,
         passwords_change_and_reset, tokens_are_listed_masked_and_limited, jwt_by_openssl, passwords_lock_and_tokens_go_on,
         deletion_gives_everything_away, activity_tells_who_did_what, export_is_a_chain, every_tampering_is_found,
         use_is_noted_within_a_minute, jwt_outlives_a_restart]


class Target:
    def __init__(self, house):
        self.house = house
        house.set_up()
        self.admin = Client(house, house.token())


if __name__ == "__main__":
    sys.exit(cases.main("users", CASES, Target, always=CASES[:1]))

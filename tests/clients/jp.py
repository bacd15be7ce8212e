"""A client that does the Jenkins plugin's calls and is as unforgiving as its JSON library: a member that is missing or null
where it reads one, an unknown state, an unknown operation, is the end.

Success is any status from 200 to 299.  Lists by id are asked for with a comma behind the last id and 800 at a time.
"""
import json
import time
import uuid

from shapes import (BLOB, ERROR, INSTANCE, PROVIDER, SERVICE, Strict, TOKEN, VERSION, box, fail, filled, many, some, thing,
                    workspace)
from transport import Transport

RELEASE = "4.0"
IDS_AT_ONCE = 800
DEPLOY = "http://elasticbox.net/schemas/deploy-instance-request"
APPLICATION = "http://elasticbox.net/schemas/deploy/application"
TEAM = "http://elasticbox.net/schemas/workspaces/team"
# How the operation a call starts is called when it is over.
ENDS = {"deploy": ("deploy",), "poweron": ("poweron",), "reinstall": ("reinstall",), "reconfigure": ("reconfigure",),
        "shutdown": ("shutdown", "shutdown_service"), "terminate": ("terminate", "terminate_service"),
        "force_terminate": ("terminate", "terminate_service")}
ON = ("deploy", "poweron", "reinstall", "reconfigure", "snapshot")


class Refused(Strict):
    """An answer outside 2xx; message is the server's."""

    def __init__(self, status, message):
        super().__init__("status %d: %s" % (status, message))
        self.status, self.message = status, message


class JP:
    def __init__(self, address, token=None):
        self.http, self.token = Transport(address), token

    # ---- one call ----

    def call(self, method, path, body=None, headers=None):
        """Bytes of a good answer."""
        h = {"ElasticBox-Release": RELEASE}
        if self.token:
            h["ElasticBox-Token"] = self.token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            h["Content-Type"] = "application/json"
        h.update(headers or {})
        status, got, data = self.http.ask(method, path, body, h)
        self.status = status
        if not 200 <= status <= 299:
            try:
                value = json.loads(data)
            except ValueError:
                value = None
            ERROR(value, "error of status %d" % status)
            raise Refused(status, value["message"])
        if not (got.get("Elasticbox-Release") or "").startswith("4."):
            fail("Elasticbox-Release", "missing or another", got.get("Elasticbox-Release"))
        return data

    def read(self, shape, method, path, body=None):
        value = parsed(self.call(method, path, body))
        shape(value, "")
        return value

    def empty(self, method, path, body=None):
        """A call whose body the plugin does not look at."""
        self.call(method, path, body)

    # ---- signing in ----

    def sign_in(self, email, password):
        text = self.call("POST", "/services/security/token", {"email": email, "password": password}).decode()
        if not text or any(c in text for c in '"{} \r\n'):
            fail("the token", "cannot be a header as it is", text)
        self.token = text
        return text

    def tokens(self):
        return self.read(many(TOKEN), "GET", "/services/tokens")

    def token_new(self, description):
        return self.read(thing(value=filled), "POST", "/services/tokens", {"description": description})

    # ---- places ----

    def workspaces(self, ids=None):
        found = self.read(some(workspace), "GET", "/services/workspaces" + query(ids))
        for w in found:
            if ids is not None:
                same(w, ids)
        return found

    def workspace(self, id):
        return same(self.read(workspace, "GET", "/services/workspaces/" + id), [id])

    def workspace_new(self, name):
        value = self.read(workspace, "POST", "/services/workspaces", {"name": name, "schema": TEAM})
        if value["uri"] != "/services/workspaces/" + value["id"]:
            fail("uri", "another workspace's", value["uri"])
        return value

    def workspace_put(self, value):
        return same(self.read(workspace, "PUT", "/services/workspaces/" + value["id"], value), [value["id"]])

    def workspace_delete(self, id):
        self.empty("DELETE", "/services/workspaces/" + id)

    def organization(self, name):
        return self.read(thing(name=filled), "GET", "/services/organizations/" + name)

    # ---- boxes ----

    def boxes(self, place):
        return self.read(many(box), "GET", "/services/workspaces/%s/boxes" % place)

    def box(self, id):
        return self.read(box, "GET", "/services/boxes/" + id)

    def box_new(self, value):
        return self.read(box, "POST", "/services/boxes", value)

    def box_put(self, value):
        return self.read(box, "PUT", "/services/boxes/" + value["id"], value)

    def box_delete(self, id):
        self.empty("DELETE", "/services/boxes/" + id)

    def stack(self, id):
        return self.read(some(box), "GET", "/services/boxes/%s/stack" % id)

    def versions(self, id):
        found = self.read(many(VERSION), "GET", "/services/boxes/%s/versions" % id)
        numbers = [tuple(v["version"]["number"][n] for n in ("major", "minor", "patch")) for v in found]
        if numbers != sorted(numbers, reverse=True):
            fail("versions", "not newest first", numbers)
        return found

    def deployable(self, value, place):
        """The id the plugin deploys: the draft where it may write, else the newest version."""
        if value["owner"] == place or any(m["workspace"] == place and m["role"] == "collaborator" for m in value["members"]):
            return value["id"]
        return self.versions(value["id"])[0]["id"]

    # ---- blobs ----

    def upload(self, name, content, kind="text/x-shellscript"):
        edge = uuid.uuid4().hex
        body = ("--%s\r\nContent-Disposition: form-data; name=\"blob\"; filename=\"%s\"\r\nContent-Type: %s\r\n"
                "Content-Transfer-Encoding: binary\r\n\r\n" % (edge, name, kind)).encode() + content
        body += ("\r\n--%s--\r\n" % edge).encode()
        data = self.call("POST", "/services/blobs/upload", body, {"Content-Type": "multipart/form-data; boundary=" + edge})
        value = parsed(data)
        BLOB(value, "")
        if value["length"] != len(content):
            fail("length", "not the content's", value["length"])
        return value

    def download(self, url):
        return self.call("GET", url)

    # ---- instances ----

    def instances(self, place, ids=None):
        if ids is None:
            return self.read(many(INSTANCE), "GET", "/services/workspaces/%s/instances" % place)
        found = []
        for n in range(0, len(ids), IDS_AT_ONCE):
            found += self.read(many(INSTANCE), "GET",
                               "/services/workspaces/%s/instances%s" % (place, query(ids[n:n + IDS_AT_ONCE])))
        return found

    def instance(self, id):
        value = self.read(INSTANCE, "GET", "/services/instances/" + id)
        if value["id"] != id or not value["uri"].endswith("/" + id):
            fail("id", "another instance's", value["id"])
        return value

    def deploy(self, name, box_id, policy_id, owner, variables=(), tags=(), updates="off", lease=None,
               policy_variables=None):
        request = {"schema": DEPLOY, "name": name, "owner": owner, "automatic_updates": updates,
                   "box": {"id": box_id, "variables": list(variables)}, "policy_box": {"id": policy_id},
                   "instance_tags": list(tags)}
        if lease:
            request["lease"] = lease
        if policy_variables is not None:
            request["policy_box"]["variables"] = policy_variables
        return self.read(INSTANCE, "POST", "/services/instances", request)

    def deploy_application(self, name, box_id, owner, tags):
        return self.read(some(INSTANCE), "POST", "/services/instances",
                         {"schema": APPLICATION, "name": name, "owner": owner, "box": {"id": box_id}, "requirements": [],
                          "instance_tags": tags})

    def instance_put(self, value):
        return self.read(INSTANCE, "PUT", "/services/instances/" + value["id"], value)

    def operate(self, id, operation):
        self.empty("PUT", "/services/instances/%s/%s" % (id, operation))

    def remove(self, id, operation):
        self.empty("DELETE", "/services/instances/%s?operation=%s" % (id, operation))

    def service(self, id):
        value = self.read(thing(id=filled), "GET", "/services/instances/%s/service" % id)
        # without machines (a template's stack) there is an address of the service as a whole
        if "machines" in value or "address" not in value:
            SERVICE(value, "")
        return value

    def ended(self, value, operation, before, wait=60, every=0.1):
        """Polls as the plugin does until the operation is over; the instance then."""
        until = time.monotonic() + wait
        moments = [before]
        while True:
            now = self.instance(value["id"])
            if now["updated"] != moments[-1]:
                if now["updated"] < moments[-1]:
                    fail("updated", "went back", (moments[-1], now["updated"]))
                moments.append(now["updated"])
            if now["updated"] != before and now["state"] in ("done", "unavailable") and now["operation"]["event"] in ENDS[operation]:
                return now
            if time.monotonic() > until:
                fail("state", "%s not over after %d s" % (operation, wait), (now["state"], now["operation"]["event"], now["updated"]))
            time.sleep(every)

    def terminate_word(self, value):
        """Which of the two terminates the plugin sends."""
        if (value["state"] == "done" and value["operation"]["event"] in ON) or (
                value["state"] == "unavailable" and value["operation"]["event"] == "terminate"):
            return "terminate"
        return "force_terminate"

    # ---- providers ----

    def providers(self, place):
        return self.read(many(PROVIDER), "GET", "/services/workspaces/%s/providers" % place)

    def provider_new(self, value):
        return self.read(PROVIDER, "POST", "/services/providers", value)

    def provider(self, id):
        return same(self.read(PROVIDER, "GET", "/services/providers/" + id), [id])

    def provider_sync(self, id):
        self.empty("PUT", "/services/providers/%s/sync" % id)

    def provider_synced(self, id, before, wait=30):
        until = time.monotonic() + wait
        while True:
            now = self.provider(id)
            if now["updated"] != before and now["state"] in ("ready", "unavailable"):
                return now
            if time.monotonic() > until:
                fail("state", "not synced after %d s" % wait, now["state"])
            time.sleep(0.1)

    def provider_delete(self, id):
        self.empty("DELETE", "/services/providers/" + id)

    # ---- tasks ----

    def template(self, instance):
        task = thing(uri=filled, name=filled, updated=filled)
        return self.read(task, "POST", instance["uri"] + "/template",
                         {"schema": "http://elasticbox.net/schemas/vsphere/tasks/create-template", "name": "t",
                          "instance_id": instance["id"]})


def same(value, ids):
    """The value, which must be one of those asked for."""
    if value["id"] not in ids:
        fail("id", "not asked for", value["id"])
    return value


def parsed(data):
    try:
        return json.loads(data)
    except ValueError as e:
        raise Strict("not JSON: %s: %.60r" % (e, data)) from None


def query(ids):
    return "" if ids is None else "?ids=" + "".join(i + "," for i in ids)

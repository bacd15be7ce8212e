"""A client as strict as the Go one: only 200, 201, 202 and 204 are good, a call that has no result must bring no body, and a
value of another type than expected is an error (a missing one is not: it stays zero)."""
import json

from shapes import DATE, ERROR, Strict, boolean, fail, integer, many, text
from transport import Transport

GOOD = (200, 201, 202, 204)


def loose(**members):
    """An object whose members, where they are and are not null, are of these shapes."""
    def check(value, path):
        if not isinstance(value, dict):
            fail(path, "not an object", value)
        for name, shape in members.items():
            if value.get(name) is not None:
                shape(value[name], "%s.%s" % (path, name) if path else name)
    return check


def day(value, path):
    """A date, or nothing yet."""
    text(value, path)
    if value:
        DATE(value, path)


MEMBER = loose(id=text, type=text, role=text, workspace=text)
VARIABLE = loose(name=text, type=text, value=text, required=boolean, visibility=text, scope=text)
NUMBER = loose(major=integer, minor=integer, patch=integer)
BOX = loose(id=text, name=text, description=text, owner=text, organization=text, schema=text, uri=text, visibility=text,
            automatic_updates=text, created=day, updated=day, members=many(MEMBER), variables=many(VARIABLE),
            requirements=many(text), claims=many(text), provider_id=text, profile=loose(schema=text),
            version=loose(box=text, number=NUMBER, description=text))
INSTANCE = loose(id=text, name=text, uri=text, schema=text, owner=text, state=text, box=text, boxes=many(BOX), policy_box=BOX,
                 created=day, updated=day, tags=many(text), variables=many(VARIABLE), members=many(MEMBER),
                 operation=loose(event=text, workspace=text, created=day), service=loose(id=text, type=text),
                 automatic_updates=text, automatic_reconfiguration=boolean, is_deploy_only=boolean, bindings=many(loose(name=text)))
SERVICE = loose(id=text, type=text, provider_id=text, organization=text, state=text, operation=text, token=text,
                profile=loose(schema=text, instances=integer), created=day, updated=day,
                machines=many(loose(name=text, state=text, token=text, hostname=text, address=loose(public=text, private=text))))
OPERATION = loose(id=text, instance=text, operation=text, state=text, instance_state=text, username=text, workspace=text,
                  created=day, updated=day)
ACTIVITY = loose(text=text, created=day, level=text, event=text, box=text, machine=text, exit_code=integer)
PROVIDER = loose(id=text, name=text, type=text, owner=text, state=text, schema=text, uri=text, created=day, updated=day,
                 services=many(loose(name=text)))
WORKSPACE = loose(id=text, name=text, schema=text, type=text, organization=text, organizations=many(text), members=many(MEMBER))
ORGANIZATION = loose(name=text, display_name=text, domains=many(text), created=day, updated=day)
PART = loose(title=text)
DIFF = loose(changed=boolean, box_events=many(PART), box_readme=many(PART))


class Go:
    def __init__(self, address, token):
        self.http, self.token = Transport(address), token

    def ask(self, method, path, body=None, raw=None):
        headers = {"Authorization": "Bearer " + self.token, "ElasticBox-Release": "4.0", "Content-Type": "application/json"}
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        status, got, answer = self.http.ask(method, path, data, headers)
        self.status = status
        if status not in GOOD:
            try:
                ERROR(json.loads(answer), "error of status %d" % status)
            except ValueError:
                fail("error of status %d" % status, "not JSON", answer)
            raise Strict("%s %s: status %d: %.120r" % (method, path, status, answer))
        return status, got, answer

    def read(self, shape, method, path, body=None, raw=None):
        answer = self.ask(method, path, body, raw)[2]
        try:
            value = json.loads(answer)
        except ValueError as e:
            raise Strict("%s %s: not JSON: %s: %.60r" % (method, path, e, answer)) from None
        shape(value, "")
        return value

    def empty(self, method, path, body=None):
        status, headers, answer = self.ask(method, path, body)
        if answer or int(headers.get("Content-Length") or 0) > 0:
            fail("%s %s" % (method, path), "%d has a body where none is expected" % status, answer)

    def workspaces(self):
        return self.read(many(WORKSPACE), "GET", "/services/workspaces")

    def workspace_delete(self, id):
        self.empty("DELETE", "/services/workspaces/" + id)

    def organization(self, name):
        return self.read(ORGANIZATION, "GET", "/services/organizations/" + name)

    def organization_put(self, value):
        return self.read(ORGANIZATION, "PUT", "/services/organizations/" + value["name"], value)

    def boxes(self, ids=None):
        return self.read(many(BOX), "GET", "/services/boxes" + ("" if ids is None else "?ids=" + ",".join(ids)))

    def box(self, id):
        return self.read(BOX, "GET", "/services/boxes/" + id)

    def box_new(self, value):
        return self.read(BOX, "POST", "/services/boxes", value)

    def box_put(self, value, version=None):
        if version:
            value = dict(value, version=version)
        return self.read(BOX, "PUT", "/services/boxes/" + value["id"], value)

    def box_delete(self, id):
        self.empty("DELETE", "/services/boxes/" + id)

    def stack(self, id):
        return self.read(many(BOX), "GET", "/services/boxes/%s/stack" % id)

    def versions(self, id):
        return self.read(many(BOX), "GET", "/services/boxes/%s/versions" % id)

    def box_bindings(self, id):
        return self.read(many(loose(id=text, uri=text, name=text, icon=text)), "GET", "/services/boxes/%s/bindings" % id)

    def diff(self, id):
        return self.read(DIFF, "GET", "/services/boxes/%s/diff" % id)

    def upload(self, name, content):
        return self.read(loose(url=text, upload_date=day, length=integer, content_type=text), "POST",
                         "/services/blobs/upload/" + name, raw=content)

    def instances(self):
        return self.read(many(INSTANCE), "GET", "/services/instances")

    def instance(self, id):
        return self.read(INSTANCE, "GET", "/services/instances/" + id)

    def service(self, id):
        return self.read(SERVICE, "GET", "/services/instances/%s/service" % id)

    def activity(self, id):
        return self.read(many(ACTIVITY), "GET", "/services/instances/%s/activity" % id)

    def operations(self, id):
        return self.read(many(OPERATION), "GET", "/services/instances/%s/operations" % id)

    def instance_bindings(self, id):
        return self.read(many(loose(name=text)), "GET", "/services/instances/%s/bindings" % id)

    def older_bindings(self, id):
        for name in ("binding", "binding_instances"):
            self.read(many(loose(name=text)), "GET", "/services/instances/%s/%s" % (id, name))

    def machine_logs(self, id, machine):
        return self.ask("GET", "/services/instances/%s/machine_logs?machine_name=%s" % (id, machine))[2]

    def operate(self, id, operation, query=""):
        self.empty("PUT", "/services/instances/%s/%s%s" % (id, operation, query))

    def remove(self, id, operation):
        self.empty("DELETE", "/services/instances/%s?operation=%s" % (id, operation))

    def providers(self):
        return self.read(many(PROVIDER), "GET", "/services/providers")

    def provider(self, id):
        return self.read(PROVIDER, "GET", "/services/providers/" + id)

    def provider_sync(self, id):
        self.empty("PUT", "/services/providers/%s/sync" % id)

    def provider_delete(self, id):
        self.empty("DELETE", "/services/providers/" + id)

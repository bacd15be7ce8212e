"""The people and places of the cases: one organization, a cost center of its own for the team, a user for each role."""
import http.client
import json
import threading

from house import EMAIL, PASSWORD

SCHEMAS = "http://elasticbox.net/schemas/"
# Columns of docs/roles.md and who asks for them; None = nobody is signed in.
PEOPLE = {"anonymous": None, "stranger": "stranger", "visitor": "visitor", "user": "user", "author": "author",
          "administrator": "head", "cost center": "chief", "organization": "boss", "appliance": "owner"}


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @property
    def json(self):
        return json.loads(self.data)


class World:
    def __init__(self, house):
        self.house, self.tokens, self.count = house, {}, 0
        self.connections = threading.local()
        house.set_up()
        self.tokens["owner"] = house.token()
        self.owner = next(w for w in self.ask("owner", "GET", "/services/workspaces").json if w["email"] == EMAIL)
        self.organization = self.owner["organization"]

    # ---- asking, on one kept connection

    def ask(self, who, method, path, body=None, token=None, raw=None, headers=None):
        connection = getattr(self.connections, "kept", None)
        h = dict(headers or {})
        token = token or self.tokens.get(who)
        if token:
            h["ElasticBox-Token"] = token
        for last in (False, True):
            connection = connection or self.house.connection(60)
            try:
                if raw is not None:
                    connection.request(method, path, body=raw, headers=h)
                    r = connection.getresponse()
                    a = Answer(r.status, r.headers, r.read())
                else:
                    a = Answer(*self.house.request(method, path, body, h, connection=connection))
                break
            except (OSError, http.client.HTTPException) as e:
                connection.close()
                connection = None
                if last:
                    raise RuntimeError("%s %s: %r" % (method, path, e)) from e
        if a.headers.get("Connection", "").lower() == "close":
            connection.close()
            connection = None
        self.connections.kept = connection
        return a

    def good(self, who, method, path, body=None, **more):
        a = self.ask(who, method, path, body, **more)
        if a.status >= 300:
            raise AssertionError("%s %s by %s: %d %s" % (method, path, who, a.status, a.data[:400]))
        return a.json if a.data else None

    def name(self, stem):
        self.count += 1
        return "%s %d" % (stem, self.count)

    # ---- people

    def invite(self, name, role="user"):
        return self.good("owner", "POST", "/services/users", {"email": "%s@example.test" % name, "name": name, "role": role})

    def person(self, name, role="user"):
        """Invited, activated, signed in; the id is the name."""
        invitation = self.invite(name, role)
        assert invitation["id"] == name, invitation
        self.good(None, "POST", "/services/users/activate", {"code": invitation["code"], "password": PASSWORD})
        self.tokens[name] = self.ask(None, "POST", "/services/security/token",
                                     {"email": "%s@example.test" % name, "password": PASSWORD}).data.decode()
        return name

    def people(self):
        for name in ("stranger", "visitor", "user", "author", "head", "chief"):
            self.person(name)
        self.person("boss", "administrator")

    # ---- places

    def members(self):
        return [{"id": "visitor", "role": "visitor"}, {"id": "user", "role": "user"}, {"id": "author", "role": "author"},
                {"id": "head", "role": "administrator"}]

    def costcenter(self, members=()):
        return self.good("owner", "POST", "/services/costcenters", {
            "schema": SCHEMAS + "costcenter", "name": self.name("Center"), "organization": self.organization,
            "members": [{"id": m, "type": "workspace", "role": "administrator"} for m in members]})

    def workspace(self, costcenter, members=None):
        return self.good("owner", "POST", "/services/workspaces", {
            "schema": SCHEMAS + "workspaces/team", "name": self.name("Team"), "costcenter": costcenter,
            "members": self.members() if members is None else members})

    def places(self):
        self.center = self.costcenter(["chief"])
        self.team = self.workspace(self.center["id"])

    # ---- what a workspace has

    def box_body(self, **more):
        return dict({"schema": SCHEMAS + "boxes/script", "name": self.name("Box"), "owner": self.team["id"],
                     "description": "", "requirements": ["linux"], "automatic_updates": "off", "visibility": "workspace",
                     "members": [], "events": {}, "variables": []}, **more)

    def provider_body(self):
        return {"schema": SCHEMAS + "test/provider", "type": "Test Provider", "name": self.name("Provider"), "owner": self.team["id"]}

    def policy_body(self, provider):
        return {"schema": SCHEMAS + "boxes/policy", "name": self.name("Policy"), "owner": self.team["id"], "claims": ["linux"],
                "members": [], "variables": [], "provider_id": provider, "automatic_updates": "off", "visibility": "workspace",
                "profile": {"schema": SCHEMAS + "test/compute/profile", "image": "test", "instances": 1,
                            "keypair": "test_keypair", "location": "Simulated Location", "flavor": "test.micro"}}

    def box(self, **more):
        return self.good("owner", "POST", "/services/boxes", self.box_body(**more))

    def provider(self):
        return self.good("owner", "POST", "/services/providers", self.provider_body())

    def instance_body(self):
        return {"schema": SCHEMAS + "deploy-instance-request", "name": self.name("Instance"), "owner": self.team["id"],
                "automatic_updates": "off", "box": {"id": self.a_box["id"], "variables": []},
                "policy_box": {"id": self.policy["id"], "variables": []}, "instance_tags": []}

    def instance(self):
        return self.good("owner", "POST", "/services/instances", self.instance_body())

    def blob(self):
        return self.good("owner", "POST", "/services/blobs/upload/file.txt", raw=b"a file\n",
                         headers={"Content-Type": "application/octet-stream"})

    def contents(self):
        self.a_provider = self.provider()
        self.policy = self.good("owner", "POST", "/services/boxes", self.policy_body(self.a_provider["id"]))
        self.a_blob = self.blob()
        self.a_box = self.box(variables=[{"name": "FILE", "type": "File", "value": self.a_blob["url"], "required": False,
                                          "visibility": "public"}])
        draft = self.good("owner", "GET", "/services/boxes/" + self.a_box["id"])
        draft["version"] = {"box": draft["id"], "number": {"major": 1, "minor": 0, "patch": 0}, "description": "one"}
        self.good("owner", "PUT", "/services/boxes/" + draft["id"], draft)
        self.version = self.good("owner", "GET", "/services/boxes/%s/versions" % draft["id"])[0]
        self.an_instance = self.instance()

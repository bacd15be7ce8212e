"""What the clients' calls need to exist: provider, boxes, versions, instances; made once, and made anew for calls that use it up."""
import time

SCHEMAS = "http://elasticbox.net/schemas/"
PROFILE = {"schema": SCHEMAS + "test/compute/profile", "image": "test", "instances": 1, "keypair": "test_keypair",
           "location": "Simulated Location", "flavor": "test.micro"}
PASSWORD_VALUE = "opensesame-7431"


def script_box(name, owner, **more):
    return dict({"schema": SCHEMAS + "boxes/script", "name": name, "owner": owner, "description": "made by a test", "requirements": ["linux"],
                 "automatic_updates": "off", "visibility": "workspace", "members": [], "events": {},
                 "variables": [{"name": "PORT", "type": "Port", "value": "8080", "required": True, "visibility": "public"},
                               {"name": "GREETING", "type": "Text", "value": "hello", "required": False, "visibility": "public"},
                               {"name": "SECRET", "type": "Password", "value": PASSWORD_VALUE, "required": False,
                                "visibility": "private"}]}, **more)


def policy_box(name, owner, provider):
    return {"schema": SCHEMAS + "boxes/policy", "name": name, "owner": owner, "claims": ["linux"], "members": [], "variables": [],
            "provider_id": provider, "profile": dict(PROFILE), "automatic_updates": "off", "visibility": "workspace"}


class World:
    """jp: a signed-in client. Everything belongs to the personal workspace."""

    def __init__(self, jp):
        self.jp, self.count = jp, 0
        self.place = next(w["id"] for w in jp.workspaces() if w["schema"].endswith("/workspaces/personal"))

    def name(self, stem):
        self.count += 1
        return "%s %d" % (stem, self.count)

    def provider_new(self):
        p = self.jp.provider_new({"schema": SCHEMAS + "test/provider", "type": "Test Provider", "name": self.name("provider"),
                                  "owner": self.place})
        return self.jp.provider_synced(p["id"], None)

    def box_new(self, **more):
        return self.jp.box_new(script_box(self.name("box"), self.place, **more))

    def make(self):
        self.provider = self.provider_new()
        self.box = self.box_new()
        self.policy = self.jp.box_new(policy_box(self.name("policy"), self.place, self.provider["id"]))
        self.versioned = self.box_new()
        for patch in (0, 1):
            draft = self.jp.box(self.versioned["id"])
            draft["version"] = {"box": draft["id"], "number": {"major": 1, "minor": 0, "patch": patch}, "description": "v%d" % patch}
            self.jp.box_put(draft)
        self.instance = self.settled(self.instance_new())
        self.blob = self.jp.upload("install.sh", b"#!/bin/sh\nexit 0\n")
        return self

    def instance_new(self, **more):
        more.setdefault("variables", [{"name": "GREETING", "type": "Text", "value": "moin"}])
        return self.jp.deploy(self.name("instance"), self.box["id"], self.policy["id"], self.place, tags=["ci", self.name("tag")],
                              **more)

    def settled(self, instance):
        return self.jp.ended(instance, "deploy", instance["updated"])

    def spares(self, count):
        """Instances whose first operation is over, made at once: an operation takes its time."""
        made = [self.instance_new() for _ in range(count)]
        return [self.settled(i) for i in made]

    def terminated(self, instance):
        """The same instance after its terminate."""
        before = self.jp.instance(instance["id"])
        word = self.jp.terminate_word(before)
        self.jp.remove(instance["id"], word)
        after = self.jp.ended(before, word, before["updated"])
        if after["state"] != "done":
            self.jp.remove(instance["id"], "force_terminate")
            after = self.jp.ended(after, "force_terminate", after["updated"])
        return after

    def quiet(self, id, seconds=30):
        """Waits until no operation runs."""
        until = time.monotonic() + seconds
        while self.jp.instance(id)["state"] == "processing":
            if time.monotonic() > until:
                raise RuntimeError("%s: an operation runs for more than %d s" % (id, seconds))
            time.sleep(0.05)

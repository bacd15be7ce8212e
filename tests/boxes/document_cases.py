"""Documents: every kind of box and variable, what is refused and how it is said, and what survives."""
from client import SCHEMA, refused

GUID = "05b76b08-5238-4e05-ae5f-8ea8afe00378"


def a_new_box_has_every_member_clients_read(t):
    box = t.ann.new("Redis", requirements=["linux"], description="a store", owner=t.team)
    for member, value in {"schema": SCHEMA + "boxes/script", "owner": t.team, "visibility": "workspace", "members": [],
                          "variables": [], "events": {}, "requirements": ["linux"], "automatic_updates": "off", "deleted": None,
                          "uri": "/services/boxes/" + box["id"]}.items():
        assert box[member] == value, (member, box[member])
    assert len(box["id"]) == 36 and len(box["created"]) == 26 and box["updated"] >= box["created"] and box["organization"]
    assert t.ann.box(box["id"]) == box
    assert t.ann.new("Own")["owner"] == t.ann.user


def all_kinds_are_kept(t):
    file = t.ann.upload("Dockerfile", b"FROM scratch\n")
    docker = t.ann.new("D", "docker", dockerfile=file)
    assert docker["dockerfile"]["url"] == file["url"] and docker["events"] == {} and docker["requirements"] == []
    template = t.ann.new("T", "cloudformation", template={"url": t.ann.upload("t.json", b"{}")["url"]})
    assert template["type"] == "CloudFormation Service"
    part = t.ann.new("Part")
    services = [{"name": "web", "box": {"id": part["id"], "latest": True, "variables": []}, "policy": {"requirements": ["linux"],
                 "variables": []}, "tags": ["x"], "automatic_updates": "off", "automatic_reconfiguration": True}]
    assert t.ann.new("A", "application", services=services)["services"] == services
    refused(400, t.ann.new, "A", "application", services=[dict(services[0], box={"id": GUID})], says="services[0].box.id: the box")
    refused(400, t.ann.new, "P", "policy", provider_id=GUID, profile={"schema": "x"}, says="provider_id: the provider")
    refused(400, t.ann.new, "P", "policy", says="provider_id: is missing.")
    refused(400, t.ann.new, "X", "something", says="schema: must be ")


def policies_name_a_provider(t):
    provider = t.ann.ask("POST", "/services/providers", {
        "schema": SCHEMA + "test/provider", "type": "Test Provider", "name": "Test", "owner": t.team, "icon": "images/test.png",
        "secret": "not shown"}, good=202)
    profile = {"schema": SCHEMA + "test/compute/profile", "image": "test", "instances": 1, "keypair": "test_keypair",
               "location": "Simulated Location", "flavor": "test.micro"}
    t.policy = t.ann.new("Small", "policy", owner=t.team, provider_id=provider["id"], profile=profile, claims=["linux"],
                         lifespan={"operation": "none"})
    assert t.policy["profile"] == profile and t.policy["claims"] == ["linux"] and "events" not in t.policy
    changed = t.ann.put("/services/boxes/%s/diff" % t.policy["id"], dict(t.policy, profile=dict(profile, flavor="test.small")))
    assert changed["box_profile_properties"] == {
        "title": "Modified Box Profile properties", "added": [], "removed": [],
        "changed": [{"name": "flavor", "previous": "test.micro", "new": "test.small"}]}, changed


def variables_of_every_type_are_kept_in_order(t):
    other = t.ann.new("Other")
    file = t.ann.upload("conf.txt", b"x = 1\n")["url"]
    variables = [
        {"name": "b", "type": "Text", "value": "{{ a }}\nmore", "required": True, "visibility": "internal"},
        {"name": "a", "type": "Number", "value": "3.5", "required": False, "visibility": "private"},
        {"name": "p", "type": "Port", "value": "8080", "visibility": "public"},
        {"name": "f", "type": "File", "value": file}, {"name": "t", "type": "Task", "value": file},
        {"name": "o", "type": "Options", "options": "small, large", "value": "large"},
        {"name": "m", "type": "Multi Options", "options": "a,b,c", "value": "a,c"},
        {"name": "bind", "type": "Binding", "value": other["id"], "tags": ["db"]},
        {"name": "any", "type": "Binding", "value": "AnyBox", "tags": []},
        {"name": "child", "type": "Box", "value": other["id"], "automatic_updates": "minor"},
        {"name": "a", "type": "Text", "value": "override", "scope": "child"},
        {"name": "empty", "type": "Port", "value": ""},
        {"name": "odd", "type": "Text", "value": "", "x-unknown": {"kept": [1, 2.5, None, True]}},
    ]
    box = t.ann.new("V", variables=variables)
    assert box["variables"] == variables
    assert t.ann.box(box["id"])["variables"] == variables


def what_is_wrong_is_told_with_its_path(t):
    def variable(says, **members):
        refused(400, t.ann.new, "V", variables=[{"name": "x", "type": "Text"}, {"name": "y", "type": "Text"}, members],
                says="variables[2]" + says)
    variable(".type: must be one of Text, ", name="z", type="Colour")
    variable(".name: is missing.", type="Text")
    variable(".value: must be a port", name="z", type="Port", value="70000")
    variable(".value: must be a number.", name="z", type="Number", value="many")
    variable(".value: must be one of the options (a,b).", name="z", type="Options", options="a,b", value="c")
    variable(".value: must be the id of a box", name="z", type="Box", value="redis")
    variable(".value: the box ", name="z", type="Box", value=GUID)
    variable(".value: there is no such file", name="z", type="File", value="/services/blobs/download/%s/x" % ("0" * 24))
    variable(".tags[0]: must be a string.", name="z", type="Binding", tags=[1])
    variable(": there are two variables", name="x", type="Port")
    refused(400, t.ann.new, "E", events={"breakfast": {"url": "x"}}, says='events: "breakfast" is not an event.')
    refused(400, t.ann.new, "E", events={"install": {}}, says="events.install.url: is missing.")
    refused(400, t.ann.new, "x" * 129, says="name: at most 128 characters")
    refused(400, t.ann.new, "", says="name: must not be empty.")
    refused(400, t.ann.new, "D", description="x" * 2049, says="description: at most 2048")
    refused(400, t.ann.new, "I", icon="x" * 257, says="icon: at most 256")
    refused(400, t.ann.new, "U", automatic_updates="sometimes", says="automatic_updates: must be one of")
    refused(400, t.ann.new, "M", members=[{"workspace": "nowhere", "role": "read"}], says="members[0].workspace: there is no")
    refused(400, t.ann.post, "/services/boxes", {"name": "no schema"}, says="schema: is missing.")


def all_events_are_accepted(t):
    url = t.ann.upload("script", b"#!/bin/bash\nexit 0\n")["url"]
    names = ("pre_install install pre_configure configure pre_start start stop post_stop dispose post_dispose pre_stop pre_dispose "
             "post_install post_configure post_start").split()
    events = {n: {"url": url, "length": 19, "upload_date": "2015-04-30 14:09:39.701080", "destination_path": "scripts",
                  "content_type": "text/x-shellscript"} for n in names}
    assert t.ann.new("E", events=events)["events"] == events


def a_whole_object_comes_back_as_it_was_put(t):
    box = t.ann.new("Whole", future={"deep": [{"x": 1}]}, more=[1, 2])
    box["description"], box["newer"] = "changed", {"y": None}
    answer = t.ann.save(box)
    for member in box:
        assert member == "updated" or answer[member] == box[member], member
    assert answer["updated"] > box["updated"]
    # What is ours to say is not the client's.
    forged = t.ann.put("/services/boxes/" + box["id"], dict(answer, id=GUID, uri="/x", created="never", updated="never", deleted="x",
                                                            organization="other"))
    for member in ("id", "uri", "created", "deleted", "organization"):
        assert forged[member] == box[member], member
    refused(400, t.ann.save, dict(answer, schema=SCHEMA + "boxes/docker"), says="schema: a box stays of its kind.")
    assert "more" not in t.ann.save({k: v for k, v in answer.items() if k != "more"})


def two_editors_and_the_last_one_wins(t):
    box = t.ann.new("Shared", owner=t.team)
    one, two = t.ann.box(box["id"]), t.boss.box(box["id"])
    t.ann.save(dict(one, description="first"))
    t.boss.save(dict(two, description="second"))
    assert t.ann.box(box["id"])["description"] == "second"
    seen = [(e["user"], e["verb"], e["status"]) for e in t.boss.get("/services/activity?object=" + box["id"])]
    boss = next(w["id"] for w in t.boss.get("/services/workspaces") if w.get("email"))
    assert seen[:2] == [(boss, "box.put", 200), (t.ann.user, "box.put", 200)], seen


def lists_are_whole_and_by_ids(t):
    before = {b["id"] for b in t.eve.get("/services/boxes")}
    made = [t.eve.new("L%d" % i)["id"] for i in range(60)]
    assert {b["id"] for b in t.eve.get("/services/boxes")} - before == set(made)
    some = [b["id"] for b in t.eve.get("/services/boxes?ids=%s,%s,nothing,%s," % (made[3], GUID, made[7]))]
    assert sorted(some) == sorted([made[3], made[7]]), some
    foreign = t.ann.new("Foreign")["id"]
    assert t.eve.get("/services/boxes?ids=" + foreign) == []
    in_team = {b["id"] for b in t.ann.get("/services/workspaces/%s/boxes" % t.team)}
    mine = {b["id"] for b in t.ann.get("/services/workspaces/%s/boxes" % t.ann.user)}
    assert foreign in mine and foreign not in in_team


def missing_and_foreign_are_the_same(t):
    box, nowhere = t.ann.new("Hidden"), "/services/boxes/" + GUID
    there = "/services/boxes/" + box["id"]
    for method, suffix in (("GET", ""), ("DELETE", ""), ("GET", "/stack"), ("GET", "/versions"), ("GET", "/bindings"), ("GET", "/diff")):
        one, two = t.eve.raw(method, there + suffix), t.eve.raw(method, nowhere + suffix)
        assert one[0] == two[0] == 404 and one[2] == two[2], (method, suffix, one, two)
    refused(404, t.eve.save, box)
    assert t.ann.box(box["id"]) == box


def a_deleted_box_is_gone_with_its_versions(t):
    box = t.ann.new("Gone")
    t.ann.version(box, "1.0.0")
    version = t.ann.versions(box)[0]["id"]
    status, _, text = t.ann.raw("DELETE", "/services/boxes/" + box["id"])
    assert status == 204 and not text
    refused(404, t.ann.box, box["id"])
    refused(404, t.ann.box, version)
    refused(404, t.ann.ask, "DELETE", "/services/boxes/" + box["id"])


CASES = [a_new_box_has_every_member_clients_read, all_kinds_are_kept, policies_name_a_provider,
         variables_of_every_type_are_kept_in_order, what_is_wrong_is_told_with_its_path, all_events_are_accepted,
         a_whole_object_comes_back_as_it_was_put, two_editors_and_the_last_one_wins, lists_are_whole_and_by_ids,
         missing_and_foreign_are_the_same, a_deleted_box_is_gone_with_its_versions]

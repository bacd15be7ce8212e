"""Shares, owners, visibility, the catalogue."""
from client import SCHEMA, refused


def share(t, box, *members, **more):
    members = [{"workspace": w, "role": r} for w, r in members]
    return t.ann.save(dict(t.ann.box(box["id"]), members=members, **more))


def viewers_see_versions_and_not_the_draft(t):
    box = t.ann.new("View", description="one", variables=[{"name": "v", "type": "Text", "value": "1"}])
    t.ann.version(box, "1.0.0")
    t.ann.save(dict(t.ann.box(box["id"]), description="work in progress", variables=[]))
    refused(404, t.ben.box, box["id"])
    share(t, box, (t.ben.user, "read"))
    seen = t.ben.box(box["id"])
    assert seen["id"] == box["id"] and seen["description"] == "one" and seen["variables"][0]["value"] == "1"
    assert seen["owner"] == t.ann.user and seen["members"] == [{"workspace": t.ben.user, "role": "read"}]
    listed = [b for b in t.ben.get("/services/boxes") if b["id"] == box["id"]]
    assert listed == [seen]
    assert t.ben.get("/services/workspaces/%s/boxes" % t.ben.user)[0]["description"] != "work in progress"
    assert [v["description"] for v in t.ben.versions(box)] == ["one"]
    assert t.ben.box(t.ben.versions(box)[0]["id"])["members"] == seen["members"]
    assert t.ann.box(box["id"])["description"] == "work in progress"
    parent = t.ben.new("Mine", variables=[{"name": "c", "type": "Box", "value": box["id"]}])
    stack = t.ben.get("/services/boxes/%s/stack" % parent["id"])
    assert stack[1]["version"]["box"] == box["id"], "in a stack a viewer has the version"
    for attempt in (lambda: t.ben.save(seen), lambda: t.ben.ask("DELETE", "/services/boxes/" + box["id"]),
                    lambda: t.ben.version(seen, "9.0.0")):
        refused(403, attempt)
    share(t, box)
    refused(404, t.ben.box, box["id"])
    refused(404, t.ben.versions, box)
    refused(400, t.ben.get, "/services/boxes/%s/stack" % parent["id"], says="variables[0].value (c of Mine): the box ")


def a_viewer_of_a_box_without_versions_sees_no_content(t):
    box = t.ann.new("Early", description="hidden", variables=[{"name": "v", "type": "Text", "value": "hidden"}], members=[
        {"workspace": t.ben.user, "role": "read"}])
    seen = t.ben.box(box["id"])
    assert seen["name"] == "Early" and seen["variables"] == [] and seen["events"] == {} and seen["requirements"] == []
    assert set(seen) == set(box) and seen["description"] == "", set(seen) ^ set(box)


def files_are_seen_with_the_box(t):
    url = t.ann.upload("install", b"exit 0\n")["url"]
    box = t.ann.new("Files", events={"install": {"url": url}})
    t.ann.version(box, "1.0.0")
    for client in (t.ben, t.eve):
        assert client.raw("GET", url)[0] == 404
    share(t, box, (t.ben.user, "read"))
    assert t.ben.raw("GET", url)[2] == b"exit 0\n"
    assert t.eve.raw("GET", url)[0] == 404
    share(t, box)
    assert t.ben.raw("GET", url)[0] == 404


def nobody_names_a_file_he_may_not_read(t):
    """Naming a file opens it to who sees the name: so only who may read it names it, anywhere."""
    url = t.ben.upload("secret.txt", b"of ben\n")["url"]
    says = "there is no such file; upload it first."
    organization = "/services/organizations/" + t.ann.new("Any")["organization"]
    for attempt, where in (
            (lambda: t.ann.new("T", events={"install": {"url": url}}), "events.install.url: "),
            (lambda: t.ann.new("T", variables=[{"name": "F", "type": "File", "value": url}]), "variables[0].value: "),
            (lambda: t.ann.new("T", future={"deep": ["see " + url]}), "future.deep[0]: "),
            (lambda: t.ann.put("/services/workspaces/" + t.ann.user, {"icon": url}), "icon: "),
            (lambda: t.boss.put(organization, {"theme": {"logo": url}}), None)):
        if where is None:       # administers the organization, and with it ben's workspace
            assert attempt()["theme"]["logo"] == url
        else:
            refused(400, attempt, says=where + says)
    assert t.ann.raw("GET", url)[0] == 200, "what the organization shows its users is open to them"
    t.boss.put(organization, {"theme": {}})
    assert t.ann.raw("GET", url)[0] == 404
    # Who sees it by a box may use it in his own.
    box = t.ben.new("Theirs", events={"install": {"url": url}}, members=[{"workspace": t.ann.user, "role": "read"}])
    refused(400, t.ann.new, "T", events={"install": {"url": url}}, says="events.install.url: " + says)
    t.ben.version(box, "1.0.0")
    mine = t.ann.new("Mine", events=t.ann.box(box["id"])["events"])
    t.ben.save(dict(t.ben.box(box["id"]), members=[]))
    assert t.ann.save(mine)["events"]["install"]["url"] == url, "what one has named one may keep"
    assert t.ann.raw("GET", url)[2] == b"of ben\n"


def editors_edit_and_no_more(t):
    box = t.ann.new("Edit")
    share(t, box, (t.ben.user, "collaborator"))
    t.ben.save(dict(t.ben.box(box["id"]), description="by ben"))
    t.ben.version(box, "1.0.0")
    assert t.ann.box(box["id"])["description"] == "by ben"
    refused(403, t.ben.save, dict(t.ben.box(box["id"]), members=[]), says="Only the owner")
    refused(403, t.ben.save, dict(t.ben.box(box["id"]), owner=t.ben.user), says="Only the owner")
    refused(403, t.ben.save, dict(t.ben.box(box["id"]), visibility="organization"), says="Only the owner")
    refused(403, t.ben.ask, "DELETE", "/services/boxes/" + box["id"])
    # A client that does not know of shares does not end them.
    old = {k: v for k, v in t.ann.box(box["id"]).items() if k not in ("members", "visibility", "owner")}
    assert t.ann.save(old)["members"][0]["workspace"] == t.ben.user


def a_box_is_given_away(t):
    box = t.ann.new("Gift")
    t.ann.version(box, "1.0.0")
    refused(403, share, t, box, owner=t.ben.user, says="A box can be given to a workspace it is shared with")
    refused(400, share, t, box, owner="nowhere", says="owner: there is no workspace nowhere")
    share(t, box, (t.ben.user, "collaborator"))
    given = share(t, box, owner=t.ben.user)
    assert given["owner"] == t.ben.user
    refused(404, t.ann.box, box["id"])
    assert t.ben.versions(box)[0]["owner"] == t.ben.user
    assert t.ben.raw("DELETE", "/services/boxes/" + box["id"])[0] == 204
    moved = t.ann.new("To the team")
    assert share(t, moved, owner=t.team)["owner"] == t.team


def visibility_opens_a_box(t):
    box = t.ann.new("Open", owner=t.team)
    t.ann.version(box, "1.0.0")
    refused(404, t.eve.box, box["id"])
    share(t, box, visibility="organization")
    assert t.eve.box(box["id"])["name"] == "Open" and t.eve.versions(box)[0]["visibility"] == "organization"
    refused(403, t.eve.save, t.eve.box(box["id"]))
    share(t, box, visibility="workspace")
    refused(404, t.eve.box, box["id"])
    refused(403, share, t, box, visibility="public", says="Only an administrator of the organization")


def the_catalogue_has_public_boxes_by_category(t):
    box = t.boss.new("Catalogue", visibility="public", categories=["Databases", "Linux"], description="one")
    t.boss.version(box, "1.0.0")
    t.boss.save(dict(t.boss.box(box["id"]), description="not yet"))
    for client in (t.eve, t.boss):
        found = [b for b in client.get("/services/catalog?category=Databases") if b["id"] == box["id"]]
        assert found and found[0]["description"] == "one", found
    assert box["id"] in [b["id"] for b in t.eve.get("/services/catalog")]
    assert t.eve.get("/services/catalog?category=Cooking") == []
    assert box["id"] in [b["id"] for b in t.eve.get("/services/boxes")]


def policies_stay_in_their_cost_center(t):
    costcenter = t.boss.ask("POST", "/services/costcenters", {
        "name": "Other", "organization": t.policy["organization"], "schema": SCHEMA + "costcenter", "members": []}, good=201)
    other = t.boss.ask("POST", "/services/workspaces", {"name": "Far", "schema": SCHEMA + "workspaces/team", "costcenter": costcenter["id"]},
                       good=201)["id"]
    share(t, t.policy, (t.ben.user, "read"))
    assert t.ben.box(t.policy["id"])["claims"] == ["linux"], "a policy is used without a version"
    refused(400, share, t, t.policy, (other, "read"), says="members[0].workspace: policies are shared within their cost center")


def boxes_of_the_appliance_have_fixed_ids(t):
    box_id = "11111111-2222-4333-8444-555555555555"
    path, box = "/services/appliance/boxes/" + box_id, {"schema": SCHEMA + "boxes/script", "name": "Built in"}
    assert t.boss.post(path, box)["id"] == box_id
    assert t.boss.put(path, dict(box, description="again"))["visibility"] == "public"
    assert t.eve.box(box_id)["description"] == "again"
    refused(403, t.eve.put, path, box)


CASES = [viewers_see_versions_and_not_the_draft, a_viewer_of_a_box_without_versions_sees_no_content, files_are_seen_with_the_box,
         nobody_names_a_file_he_may_not_read,         editors_edit_and_no_more, a_box_is_given_away, visibility_opens_a_box, the_catalogue_has_public_boxes_by_category,
         policies_stay_in_their_cost_center, boxes_of_the_appliance_have_fixed_ids]

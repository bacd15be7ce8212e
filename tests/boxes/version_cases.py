"""Versions: made, in order, brought back, compared, deleted."""
import hashlib

from client import refused


def versions_are_in_order(t):
    box = t.ann.new("Box", description="zero")
    assert t.ann.versions(box) == []
    first = t.ann.version(box, "1.0.0", "the first", description="one")
    assert "version" not in first and first["draft_from"] and first["id"] == box["id"]
    version = t.ann.box(first["draft_from"])
    assert version["version"] == {"box": box["id"], "number": {"major": 1, "minor": 0, "patch": 0}, "description": "the first",
                                  "workspace": t.ann.user}, version["version"]
    assert version["description"] == "one" and "draft_from" not in version and version["owner"] == box["owner"]
    t.ann.version(box, "1.1.0", description="two")
    t.ann.version(box, "2.0.0", description="three")
    t.ann.version(box, "1.1.1", description="a fix")
    refused(409, t.ann.version, box, "2.0.0", says="version.number: there is a version 2.0.0")
    refused(409, t.ann.version, box, "1.1.0", says="version.number: there is a version 1.1.0")
    numbers = ["%(major)d.%(minor)d.%(patch)d" % v["version"]["number"] for v in t.ann.versions(box)]
    assert numbers == ["2.0.0", "1.1.1", "1.1.0", "1.0.0"], numbers
    # Asked of a version, the list is the same.
    assert t.ann.versions(version) == t.ann.versions(box)


def a_version_does_not_change(t):
    box = t.ann.new("Frozen")
    version = t.ann.box(t.ann.version(box, "1.0.0")["draft_from"])
    refused(400, t.ann.save, dict(version, description="changed"), says="A version does not change.")
    t.ann.save(dict(t.ann.box(box["id"]), description="changed"))
    assert t.ann.box(version["id"]) == version


def a_number_grows_in_its_line(t):
    box = t.ann.new("Lines")
    t.ann.version(box, "1.0.5")
    refused(400, t.ann.version, box, "1.0.4", says="version.number: must be greater than 1.0.5, the latest of its line.")
    asked = {"box": t.ann.new("Another")["id"], "number": {"major": 3, "minor": 0, "patch": 0}, "description": ""}
    refused(400, t.ann.save, dict(t.ann.box(box["id"]), version=asked), says="version.box: must be the id of the box itself.")
    refused(400, t.ann.save, dict(box, version={"box": box["id"], "number": {"major": 1, "minor": 2}, "description": ""}),
            says="version.number.patch: is missing.")
    assert len(t.ann.versions(box)) == 1


def a_posted_version_is_a_version(t):
    box = t.ann.new("Posted", description="draft")
    asked = {"box": box["id"], "number": {"major": 1, "minor": 0, "patch": 0}, "description": "posted"}
    version = t.ann.post("/services/boxes", dict(box, description="content", version=asked))
    assert version["id"] != box["id"] and version["version"]["box"] == box["id"] and version["description"] == "content"
    draft = t.ann.box(box["id"])
    assert draft["description"] == "draft" and draft["draft_from"] == version["id"]
    refused(404, t.eve.post, "/services/boxes", dict(box, version=dict(asked, number={"major": 2, "minor": 0, "patch": 0})))


def a_version_comes_back(t):
    box = t.ann.new("Back", description="one", variables=[{"name": "v", "type": "Text", "value": "1"}])
    first = t.ann.version(box, "1.0.0")["draft_from"]
    t.ann.save(dict(t.ann.box(box["id"]), description="two", variables=[], members=[{"workspace": t.ben.user, "role": "read"}]))
    draft = t.ann.put("/services/boxes/%s/restore" % box["id"], {"version": first})
    assert draft["description"] == "one" and draft["variables"][0]["value"] == "1" and draft["draft_from"] == first
    # Who sees the box is not the version's to say.
    assert draft["id"] == box["id"] and draft["members"][0]["workspace"] == t.ben.user and "version" not in draft
    other = t.ann.version(t.ann.new("Else"), "1.0.0")["draft_from"]
    path = "/services/boxes/%s/restore" % box["id"]
    refused(400, t.ann.put, path, {"version": other}, says="version: is not a version of this box.")
    refused(400, t.ann.put, path, {"version": "nothing"}, says="version: is not a version of this box.")
    refused(400, t.ann.put, path, {}, says="version: is missing.")
    refused(403, t.ben.put, path, {"version": first})


def a_deleted_version_leaves_the_others(t):
    box = t.ann.new("Less")
    t.ann.version(box, "1.0.0")
    second = t.ann.version(box, "1.1.0")["draft_from"]
    assert t.ann.raw("DELETE", "/services/boxes/" + second)[0] == 204
    assert [v["version"]["number"]["minor"] for v in t.ann.versions(box)] == [0]
    assert "draft_from" not in t.ann.box(box["id"])
    t.ann.version(box, "1.1.0")


def differences_are_told(t):
    """The example of the published documentation."""
    variables = [{"required": False, "type": "Text", "name": "Text_var", "value": "Default value", "visibility": "public"},
                 {"required": True, "type": "Port", "name": "Port_variable", "value": "80", "visibility": "public"}]
    box = t.ann.new("Wordpress Starter Box", description="Wordpress Started box", requirements=["linux"], variables=variables)
    submitted = dict(box, description="Wordpress Started box proposal", requirements=["linux", "new_requirement"], variables=[
        variables[0], dict(variables[1], name="Port_variable_renamed"), dict(variables[0], name="Text_var2")])
    diff = t.ann.put("/services/boxes/%s/diff" % box["id"], submitted)
    assert diff["changed"] is True and diff["box_events"] == [] and diff["box_readme"] == []
    assert diff["box_details"] == {"title": "Modified Box Details", "added": [], "removed": [], "changed": [
        {"name": "Description", "previous": "Wordpress Started box", "new": "Wordpress Started box proposal"},
        {"name": "Requirements", "previous": "linux", "new": "linux, new_requirement"}]}, diff["box_details"]
    assert diff["box_variables"]["title"] == "Modified Variables" and diff["box_variables"]["files_diff"] == []
    assert [v["name"] for v in diff["box_variables"]["removed"]] == ["Port_variable"]
    assert diff["box_variables"]["removed"][0] == variables[1]
    assert [v["name"] for v in diff["box_variables"]["added"]] == ["Port_variable_renamed", "Text_var2"]
    assert diff["box_variables"]["changed"] == []
    assert set(diff["box_profile_properties"]) == {"title", "added", "removed", "changed"}
    assert t.ann.put("/services/boxes/%s/diff" % box["id"], box)["changed"] is False
    assert t.ann.box(box["id"]) == box, "a comparison changed something"


def a_draft_is_compared_with_its_version(t):
    file = t.ann.upload("install", b"exit 0\n")["url"]
    box = t.ann.new("Compare", variables=[{"name": "v", "type": "Text", "value": "1"}])
    path = "/services/boxes/%s/diff" % box["id"]
    assert t.ann.get(path)["changed"] is True, "without a version everything is new"
    t.ann.version(box, "1.0.0")
    assert t.ann.get(path)["changed"] is False
    t.ann.save(dict(t.ann.box(box["id"]), events={"install": {"url": file}}, variables=[{"name": "v", "type": "Text", "value": "2"}]))
    diff = t.ann.get(path)
    assert diff["box_variables"]["changed"] == [{"name": "v", "previous": "1", "new": "2", "property": "value"}]
    assert diff["box_events"] == [{"title": "install", "added": [{"name": "install", "previous": "", "new": file}], "removed": [],
                                   "changed": []}], diff["box_events"]
    second = t.ann.version(box, "1.1.0")["draft_from"]
    assert t.ann.get("/services/boxes/%s/diff" % second) == diff, "a version is compared with the one before"
    assert t.ann.get(path + "?version=" + second)["changed"] is False


def an_unchanged_file_is_no_difference(t):
    """Files are compared by what is in them: uploading the same once more changes nothing."""
    def draft(content, name="conf.txt"):
        up = t.ann.upload
        return {"events": {"install": {"url": up("install", content)["url"]}}, "readme": {"url": up("readme.MD", content)["url"]},
                "variables": [{"name": "CONF", "type": "File", "value": up(name, content)["url"]},
                              {"name": "CONF", "type": "File", "value": up(name, b"of the child")["url"], "scope": "child"}]}
    box = t.ann.new("Same", **draft(b"one\n"))
    t.ann.version(box, "1.0.0")
    path = "/services/boxes/%s/diff" % box["id"]
    t.ann.save(dict(t.ann.box(box["id"]), **draft(b"one\n")))
    diff = t.ann.get(path)
    assert diff["changed"] is False and diff["box_variables"]["files_diff"] == [] and diff["box_events"] == [], diff
    same = dict(t.ann.box(box["id"]), **draft(b"one\n"))
    assert t.ann.put(path, same)["changed"] is False
    changed = dict(t.ann.box(box["id"]), **draft(b"two\n"))
    diff = t.ann.put(path, changed)
    assert [d["title"] for d in diff["box_events"]] == ["install"] and len(diff["box_readme"]) == 1
    one, = diff["box_variables"]["files_diff"]
    assert one["name"] == "CONF" and "scope" not in one and one["new"] == changed["variables"][0]["value"], one
    assert one["previous_digest"] == hashlib.sha256(b"one\n").hexdigest() and one["new_digest"] == hashlib.sha256(b"two\n").hexdigest()
    assert diff["box_variables"]["changed"] == [{"name": "CONF", "previous": one["previous"], "new": one["new"], "property": "value"}]
    # Scripts see the name of a file.
    assert len(t.ann.put(path, dict(t.ann.box(box["id"]), **draft(b"one\n", "other.txt")))["box_variables"]["files_diff"]) == 2
    # What ann may not read says nothing: not even whether it is the same.
    theirs = t.eve.upload("conf.txt", b"one\n")["url"]
    hidden = t.ann.put(path, dict(same, variables=[dict(same["variables"][0], value=theirs), same["variables"][1]]))
    assert hidden["box_variables"]["files_diff"][0]["new_digest"] == ""


CASES = [an_unchanged_file_is_no_difference, versions_are_in_order, a_version_does_not_change, a_number_grows_in_its_line, a_posted_version_is_a_version,
         a_version_comes_back, a_deleted_version_leaves_the_others, differences_are_told, a_draft_is_compared_with_its_version]

"""Boxes of boxes: stacks, circles, bindings."""
from client import refused


def child(box, name="child", **more):
    return dict({"name": name, "type": "Box", "value": box["id"]}, **more)


def a_stack_is_the_box_and_all_it_reaches(t):
    d = t.ann.new("D")
    c = t.ann.new("C", variables=[child(d)])
    b = t.ann.new("B", variables=[child(d)])
    a = t.ann.new("A", variables=[child(b, "b"), {"name": "x", "type": "Text", "value": "1"}, child(c, "c")])
    stack = t.ann.get("/services/boxes/%s/stack" % a["id"])
    assert [x["name"] for x in stack] == ["A", "B", "D", "C"], [x["name"] for x in stack]
    assert stack[0] == t.ann.box(a["id"])
    assert [x["id"] for x in t.ann.get("/services/boxes/%s/stack" % d["id"])] == [d["id"]]


def a_circle_is_refused_with_its_path(t):
    c = t.ann.new("C")
    b = t.ann.new("B", variables=[child(c)])
    a = t.ann.new("A", variables=[child(b)])
    says = "variables[0].value: the box would contain itself: "
    refused(400, t.ann.save, dict(c, variables=[child(c)]), says=says + "C > C.")
    message = refused(400, t.ann.save, dict(c, variables=[{"name": "v", "type": "Text"}, child(a)]))
    assert "the box would contain itself: C > A > B > C." in message, message
    # By way of a version, too: it may be moved to newer ones.
    version = t.ann.box(t.ann.version(a, "1.0.0")["draft_from"])
    refused(400, t.ann.save, dict(t.ann.box(c["id"]), variables=[child(version)]))
    assert t.ann.box(c["id"])["variables"] == []


def updates_choose_the_version(t):
    box = t.ann.new("Child")
    ids = {n: t.ann.version(box, n)["draft_from"] for n in ("1.0.0", "1.0.1", "1.2.0", "2.0.0")}
    for update, want in (("off", "1.0.0"), ("patch", "1.0.1"), ("minor", "1.2.0"), ("major", "2.0.0")):
        parent = t.ann.new("P", variables=[child({"id": ids["1.0.0"]}, automatic_updates=update)])
        got = t.ann.get("/services/boxes/%s/stack" % parent["id"])[1]["id"]
        assert got == ids[want], update


def a_box_that_is_gone_may_stay_named(t):
    gone = t.ann.new("Gone")
    box = t.ann.new("Holder", variables=[child(gone)])
    assert t.ann.raw("DELETE", "/services/boxes/" + gone["id"])[0] == 204
    assert t.ann.save(dict(t.ann.box(box["id"]), description="still saved"))["description"] == "still saved"
    refused(400, t.ann.get, "/services/boxes/%s/stack" % box["id"],
            says="variables[0].value (child of Holder): the box %s does not exist" % gone["id"])


def nesting_has_an_end(t):
    box = t.ann.new("0")
    for i in range(1, 40):
        try:
            box = t.ann.new(str(i), variables=[child(box)])
        except Exception as e:
            assert "nested at most 32 deep" in str(e) and i == 32, (i, e)
            return
    raise AssertionError("boxes nest without an end")


def bindings_are_the_boxes_asked_for(t):
    db = t.ann.new("Database", icon="images/platform/mongodb.png")
    box = t.ann.new("App", variables=[{"name": "db", "type": "Binding", "value": db["id"]},
                                      {"name": "any", "type": "Binding", "value": "AnyBox"},
                                      {"name": "none", "type": "Binding", "value": ""},
                                      {"name": "again", "type": "Binding", "value": db["id"]}])
    assert t.ann.get("/services/boxes/%s/bindings" % box["id"]) == [
        {"id": db["id"], "uri": db["uri"], "name": "Database", "icon": "images/platform/mongodb.png"}]
    assert t.ann.get("/services/boxes/%s/bindings" % db["id"]) == []


CASES = [a_stack_is_the_box_and_all_it_reaches, a_circle_is_refused_with_its_path, updates_choose_the_version,
         a_box_that_is_gone_may_stay_named, nesting_has_an_end, bindings_are_the_boxes_asked_for]

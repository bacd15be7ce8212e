"""CloudFormation boxes: the parameters of the template are variables of the box."""
import json

from client import refused

PARAMETERS = {
    "KeyName": {"Type": "AWS::EC2::KeyPair::KeyName", "Description": "Name of the key pair"},
    "Size": {"Type": "Number", "Default": 5, "MinValue": 1},
    "Kind": {"Type": "String", "Default": "t2.micro", "AllowedValues": ["t2.micro", "m1.small"]},
    "Password": {"Type": "String", "NoEcho": "true", "Default": "hunter2 of the template"},
    "Nets": {"Type": "List<AWS::EC2::Subnet::Id>"},
}
YAML = b"""\
# the same in YAML
Parameters:
  KeyName:
    Type: AWS::EC2::KeyPair::KeyName
    Description: Name of the
      key pair
  Size:
    Type: Number
    Default: 5
  Kind:
    Type: String
    Default: t2.micro
    AllowedValues: [t2.micro, "m1.small"]
  Password:
    Type: String
    NoEcho: true
    Default: 'hunter2 of the template'
  Nets:
    Type: List<AWS::EC2::Subnet::Id>
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
"""
WANTED = {"KeyName": ("Text", ""), "Size": ("Number", "5"), "Kind": ("Options", "t2.micro"), "Password": ("Password", "********"), "Nets": ("Text", "")}


def template(t, content, who=None, name="stack.template"):
    return {"url": (who or t.ann).upload(name, content if isinstance(content, bytes) else json.dumps(content).encode())["url"]}


def shown(box):
    return {v["name"]: (v["type"], v["value"]) for v in box["variables"]}


def parameters_become_variables(t):
    for content in ({"Parameters": PARAMETERS, "Resources": {}}, YAML):
        box = t.ann.new("Stack", "cloudformation", template=template(t, content))
        assert shown(box) == WANTED, shown(box)
        assert all(v["required"] is True and v["visibility"] == "public" for v in box["variables"]), box["variables"]
        assert next(v for v in box["variables"] if v["name"] == "Kind")["options"] == "t2.micro,m1.small"
        assert "hunter2" not in json.dumps(t.ann.box(box["id"]))
        assert t.ann.box(box["id"]) == box
        again = t.ann.save(box)
        assert again["variables"] == box["variables"], "a box that comes back as it is stays as it is"
    t.stack = box


def what_people_set_stays(t):
    """Values, types and variables of their own stay; a new parameter comes, one that is gone from the template stays until removed."""
    box = t.ann.box(t.stack["id"])
    for v in box["variables"]:
        if v["name"] == "Size":
            v["value"] = "50"
    box["variables"].append({"name": "OWN", "type": "Text", "value": "own", "required": False, "visibility": "private"})
    box["template"] = template(t, {"Parameters": {"Size": {"Type": "Number", "Default": 7}, "New": {"Type": "String"}}})
    got = shown(t.ann.save(box))
    assert got == dict(WANTED, Size=("Number", "50"), OWN=("Text", "own"), New=("Text", "")), got
    box = t.ann.box(t.stack["id"])
    box["variables"] = [v for v in box["variables"] if v["name"] in ("Size", "OWN")]
    assert set(shown(t.ann.save(box))) == {"Size", "OWN", "New"}
    version = t.ann.box(t.ann.version(box, "1.0.0")["draft_from"])
    assert set(shown(version)) == {"Size", "OWN", "New"}


def templates_that_are_none_are_told(t):
    for content, says in ((b'{"Parameters":{"A":', "template: is not a template: "), (b"Parameters:\n\tA:\n", "template: line 2: tabs"),
                          (b"Parameters: {A: 1}\n", "template: line 1: "), (b"\xff\xfe", "template: is not a template: "),
                          (b" " * 460801, "template: is too large"),
                          ({"Parameters": {"A": {"Type": "Number", "Default": "many"}}}, "variables[0].value: must be a number."),
                          ({"Parameters": {"not a name": {"Type": "String"}}}, "variables[0].name: must be ")):
        refused(400, t.ann.new, "Bad", "cloudformation", template=template(t, content), says=says)
    before = t.ann.box(t.stack["id"])
    refused(400, t.ann.save, dict(before, template=template(t, b'{"Parameters":1}')), says="template: Parameters: must be an object.")
    assert t.ann.box(t.stack["id"]) == before
    assert t.ann.new("Plain", "cloudformation", template=template(t, {"Resources": {}}))["variables"] == []
    # The largest there may be.
    big = json.dumps({"Parameters": {"A": {"Type": "String"}}}).encode()
    assert set(shown(t.ann.new("Big", "cloudformation", template=template(t, big + b" " * (460800 - len(big)))))) == {"A"}


def templates_of_others_are_not_read(t):
    refused(400, t.ann.new, "Theirs", "cloudformation", template=template(t, {"Parameters": PARAMETERS}, t.eve),
            says="template.url: there is no such file")


CASES = [parameters_become_variables, what_people_set_stays, templates_that_are_none_are_told, templates_of_others_are_not_read]

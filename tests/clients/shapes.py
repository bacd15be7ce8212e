"""Shapes of JSON as clients of the original product read it: required members, types, closed sets.

A shape is a function (value, path) that returns nothing and raises Strict for what such a client would not survive.
Members that a shape does not name are let through: clients ignore what they do not know.
"""
import re


class Strict(Exception):
    """A client of the original product would have failed here."""


def fail(path, what, value=None):
    raise Strict("%s: %s%s" % (path or "the body", what, "" if value is None else ": %.80r" % (value,)))


def text(value, path):
    if not isinstance(value, str):
        fail(path, "not a text", value)


def filled(value, path):
    text(value, path)
    if not value:
        fail(path, "empty")


def boolean(value, path):
    if not isinstance(value, bool):
        fail(path, "not a boolean", value)


def integer(value, path):
    if isinstance(value, bool) or not isinstance(value, int):
        fail(path, "not an integer", value)


def pattern(expression, what):
    compiled = re.compile(expression)

    def check(value, path):
        text(value, path)
        if not compiled.fullmatch(value):
            fail(path, "not " + what, value)
    return check


def one_of(*words):
    def check(value, path):
        text(value, path)
        if value not in words:
            fail(path, "unknown word", value)
    return check


def many(shape):
    def check(value, path):
        if not isinstance(value, list):
            fail(path, "not an array", value)
        for n, one in enumerate(value):
            shape(one, "%s[%d]" % (path, n))
    return check


def some(shape):
    """As many(), with an element at least."""
    inner = many(shape)

    def check(value, path):
        inner(value, path)
        if not value:
            fail(path, "empty")
    return check


def thing(**members):
    """An object with these members, none absent, none null. A name that begins with maybe_ may be absent (not null)."""
    def check(value, path):
        if not isinstance(value, dict):
            fail(path, "not an object", value)
        for name, shape in members.items():
            maybe = name.startswith("maybe_")
            name = name[6:] if maybe else name
            at = "%s.%s" % (path, name) if path else name
            if name not in value:
                if maybe:
                    continue
                fail(at, "missing")
            if value[name] is None:
                fail(at, "null")
            shape(value[name], at)
    return check


def both(*shapes):
    def check(value, path):
        for s in shapes:
            s(value, path)
    return check


def schema(suffix):
    return pattern(r"http://elasticbox\.net/schemas/" + suffix, "the schema " + suffix)


DATE = pattern(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", "a date of six decimals")
GUID = pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "a GUID")
INSTANCE_ID = pattern(r"i-[0-9a-z]{6}", "an instance's id")
SERVICE_ID = pattern(r"eb-[0-9a-z]{5}", "a service's id")
STATE = one_of("processing", "done", "unavailable")
EVENT = one_of("deploy", "shutdown", "shutdown_service", "poweron", "reinstall", "reconfigure", "terminate",
               "terminate_service", "snapshot")
UPDATES = one_of("off", "major", "minor", "patch")
PROFILES = ("centurylink/compute", "aws/cloudformation", "aws/ec2", "aws/ecs", "azure/compute/linux",
            "azure/compute/windows", "azure-arm/arm", "byoi/compute", "cloudstack/compute", "dimension-data/compute",
            "gce/compute", "openstack/compute", "softlayer/compute", "vcloud/compute", "vsphere/compute", "test/compute")
PROFILE = thing(schema=one_of(*("http://elasticbox.net/schemas/%s/profile" % p for p in PROFILES)))
MEMBER = thing(role=filled, workspace=filled)
VARIABLE = thing(name=filled, type=one_of("Text", "Password", "Number", "Port", "File", "Options", "Multi Options",
                                          "Binding", "Box", "Task"), value=text)

_POLICY = thing(schema=schema("boxes/policy"), id=GUID, name=filled, owner=filled, claims=many(text), members=many(MEMBER),
                provider_id=text, profile=PROFILE)
_SCRIPT = thing(schema=schema("boxes/.+"), id=GUID, name=filled, owner=filled, requirements=many(text), members=many(MEMBER))


def box(value, path):
    """A box of any kind: a policy has claims and a profile, the others requirements."""
    if isinstance(value, dict) and isinstance(value.get("schema"), str) and value["schema"].endswith("/boxes/policy"):
        _POLICY(value, path)
    else:
        _SCRIPT(value, path)


# What an instance carries as its policy: of a template that is its own policy, the template.
POLICY_BOX = thing(schema=schema("boxes/(policy|cloudformation)"), id=GUID, name=filled, owner=filled, claims=many(text),
                   members=many(MEMBER), provider_id=text, profile=PROFILE)
SCRIPT_BOX = thing(schema=schema("boxes/script"), id=GUID, name=filled, owner=filled, requirements=many(text), members=many(MEMBER))
VERSION = both(box, thing(version=thing(box=GUID, number=thing(major=integer, minor=integer, patch=integer), description=text)))
INSTANCE = thing(
    schema=schema("instance"), box=GUID, automatic_updates=UPDATES, boxes=some(box), name=filled,
    operation=thing(event=EVENT, workspace=filled, created=DATE), service=thing(id=SERVICE_ID), state=STATE, tags=many(text),
    id=INSTANCE_ID, uri=pattern(r"/services/instances/i-[0-9a-z]{6}", "an instance's uri"), owner=filled,
    policy_box=POLICY_BOX, updated=DATE, variables=many(VARIABLE))
ADDRESS = thing(public=text, private=text)
MACHINE = thing(name=filled, address=ADDRESS, state=STATE)
SERVICE = thing(id=SERVICE_ID, profile=thing(instances=integer), machines=many(MACHINE), state=STATE)
PERSONAL = thing(id=filled, schema=schema("workspaces/personal"), name=text, organization=filled, email=filled)
TEAM = thing(id=filled, uri=filled, schema=schema("workspaces/team"), name=filled, organizations=many(text))


def workspace(value, path):
    if isinstance(value, dict) and isinstance(value.get("schema"), str) and value["schema"].endswith("/workspaces/team"):
        TEAM(value, path)
    else:
        PERSONAL(value, path)


PROVIDER = thing(id=GUID, name=filled, type=filled, owner=filled, state=one_of("initializing", "processing", "ready", "unavailable",
                 "deleting"), updated=DATE, schema=schema(".+/provider"),
                 uri=pattern(r"/services/providers/[0-9a-f-]{36}", "a provider's uri"))
BLOB = thing(url=pattern(r"/services/blobs/download/[0-9a-f]{24}/.+", "a blob's address"), upload_date=DATE, length=integer,
             content_type=filled)
TOKEN = thing(value=filled, description=text)
ERROR = thing(message=filled)

"""Answers changed in one place each: a member taken away, null, or of another type; a word outside its set; another status.

A mutant is killed when the client fails on it.  A survivor means that the clients would not notice such an answer from the
appliance, so that the suites that use them would not either.
"""
import copy
import json

from shapes import Strict

# What a member becomes when its type changes: whatever it was not.
OTHER = {str: 7, int: "seven", bool: "true", float: "seven", list: "list", dict: ["thing"]}
# Words a closed set must not take.
STRANGE = "strange"

BOX = ["schema", "id", "name", "owner", "members", "requirements"]
POLICY = ["schema", "id", "name", "owner", "members", "claims", "provider_id", "profile", "profile.schema"]
INSTANCE = (["schema", "box", "automatic_updates", "boxes", "name", "operation", "operation.event", "operation.workspace",
             "operation.created", "service", "service.id", "state", "tags", "id", "uri", "owner", "policy_box", "updated", "variables",
             "tags.0", "variables.0.name", "variables.0.type", "variables.0.value"]
            + ["boxes.0." + m for m in BOX] + ["policy_box." + m for m in POLICY])
SERVICE = ["id", "profile", "profile.instances", "machines"]
VERSION = BOX + ["version", "version.number", "version.number.major", "version.number.minor", "version.number.patch",
                 "version.description", "version.box"]
PROVIDER = ["id", "name", "type", "owner", "state", "updated", "uri", "schema"]
PERSONAL = ["id", "schema", "name", "organization", "email"]
TEAM = ["id", "schema", "name", "organizations"]
BLOB = ["url", "upload_date", "length", "content_type"]
# Members whose words are a closed set, or whose form is given.
WORDS = ("schema", "automatic_updates", "operation.event", "state", "id", "uri", "updated", "operation.created", "service.id", "box",
         "policy_box.profile.schema", "policy_box.schema", "boxes.0.schema", "boxes.0.id", "policy_box.id", "profile.schema",
         "upload_date", "url", "version.box")


def parent_of(value, path):
    """(container, last step), or None when the path is not there."""
    steps = [int(s) if s.isdigit() else s for s in path.split(".")]
    for s in steps[:-1]:
        try:
            value = value[s]
        except (KeyError, IndexError, TypeError):
            return None
    last = steps[-1]
    there = isinstance(value, dict) and last in value or isinstance(value, list) and isinstance(last, int) and last < len(value)
    return (value, last) if there else None


def change(value, path, how):
    """A copy with the member at path changed; None when it is not there."""
    value = copy.deepcopy(value)
    found = parent_of(value, path)
    if not found:
        return None
    container, last = found
    if how == "removed":
        if isinstance(container, list):
            return None
        del container[last]
    elif how == "null":
        container[last] = None
    elif how == "retyped":
        container[last] = OTHER[type(container[last])] if container[last] is not None else 7
    else:
        container[last] = STRANGE
    return value


class Call:
    """One call of a client.

    label   "JP GET /services/…" for the report
    run     makes the call through the proxy; raises Strict when the answer is not good enough
    members paths of members to change ("0." first when the answer is an array)
    bad     statuses put in place of the real one
    fresh   makes a new object before each run for calls that use one up; its result is run's argument
    """

    def __init__(self, label, run, members=(), bad=(), fresh=None, empty=False, types_only=False):
        self.label, self.run, self.members, self.bad = label, run, members, bad
        self.fresh, self.empty, self.types_only = fresh, empty, types_only

    def mutants(self):
        """(name, lie) of each."""
        for path in self.members:
            plain = path[2:] if path.startswith("0.") else path
            hows = ["retyped"] if self.types_only else ["removed", "null", "retyped"]
            if plain in WORDS and not self.types_only:
                hows.append("strange")
            for how in hows:
                if how == "removed" and path.rsplit(".", 1)[-1].isdigit():
                    continue
                yield "%s %s" % (path, how), body_lie(path, how)
        for status in self.bad:
            yield "status %d" % status, status_lie(status)
        if self.empty:
            yield "a body", lambda m, p, s, h, b: (200, h, b'{"id": "x"}')
        elif self.members:
            yield "cut short", lambda m, p, s, h, b: (s, h, b[:len(b) // 2])
            yield "no body", lambda m, p, s, h, b: (s, h, b"")
            yield "another thing around", lambda m, p, s, h, b: (s, h, wrapped(b))


def wrapped(body):
    value = json.loads(body)
    return json.dumps({"items": value} if isinstance(value, list) else [value]).encode()


def body_lie(path, how):
    def lie(method, where, status, headers, body):
        value = change(json.loads(body), path, how)
        return None if value is None else (status, headers, json.dumps(value).encode())
    return lie


def status_lie(status):
    def lie(method, where, was, headers, body):
        return (status, headers, body)
    return lie


class Tally:
    def __init__(self):
        self.killed, self.survivors, self.unreached, self.broken = 0, [], [], []


def hunt(proxy, calls, tally):
    """First each call untouched, then each of its mutants."""
    for c in calls:
        proxy.lie = None
        try:
            c.run(c.fresh() if c.fresh else None)
        except Strict as e:
            tally.broken.append("%s: %s" % (c.label, e))
            continue
        for name, lie in c.mutants():
            label = "%s: %s" % (c.label, name)
            thing = c.fresh() if c.fresh else None
            proxy.lie, proxy.lies = lie, 0
            try:
                c.run(thing)
                caught = False
            except Strict:
                caught = True
            finally:
                proxy.lie = None
            if not proxy.lies:
                tally.unreached.append(label)
            elif caught:
                tally.killed += 1
            else:
                tally.survivors.append(label)
    return tally

"""What the plugin and the Go client do in their lives, call by call, on one house."""
import json
import time
import urllib.parse

from go import Go
from house import EMAIL, PASSWORD
from jp import JP, Refused
from shapes import Strict, fail, workspace
from transport import Transport
from world import PASSWORD_VALUE, SCHEMAS, World, script_box


class Target:
    """What the cases work on, and what they leave for each other."""

    def __init__(self, house, address):
        self.house, self.address = house, address
        self.jp = JP(address)
        self.world = self.go = None


def refused(status, call, *args):
    """The message of a call that must be refused with this status."""
    try:
        call(*args)
    except Refused as e:
        if e.status != status:
            raise Strict("status %d, not %d: %s" % (e.status, status, e.message)) from None
        return e.message
    raise Strict("not refused with %d" % status)


def signing_in_gives_a_bare_token(t):
    wrong = JP(t.address)
    message = refused(401, wrong.sign_in, EMAIL, "not the password")
    assert message
    t.jp.sign_in(EMAIL, PASSWORD)
    nobody = JP(t.address)
    refused(401, nobody.workspaces)


def header_names_in_any_case(t):
    h = Transport(t.address)
    for name in ("ElasticBox-Token", "elasticbox-token", "ELASTICBOX-TOKEN", "Elasticbox-Token"):
        status, headers, _ = h.ask("GET", "/services/workspaces", headers={name: t.jp.token, "ElasticBox-Release": "4.0"})
        assert status == 200 and headers["Elasticbox-Release"] == "4.0.0", (name, status)
    h.close()


def the_plugin_connects_with_workspaces(t):
    found = t.jp.workspaces()
    personal = [w for w in found if w["schema"].endswith("/workspaces/personal")]
    assert len(personal) == 1 and personal[0]["email"] == EMAIL, found
    again = t.jp.workspaces([personal[0]["id"]])
    assert [w["id"] for w in again] == [personal[0]["id"]]
    t.world = World(t.jp)


def tokens_are_made_and_used(t):
    made = t.jp.token_new("for the plugin")
    with_it = JP(t.address, made["value"])
    assert with_it.workspaces()
    found = [x for x in t.jp.tokens() if x["description"] == "for the plugin"]
    assert len(found) == 1
    t.jp.empty("DELETE", "/services/tokens/" + found[0]["id"])
    refused(401, with_it.workspaces)


def a_token_of_both_headers(t):
    t.go = Go(t.address, t.jp.token)
    assert t.go.workspaces()
    organization = t.go.organization(t.jp.workspace(t.world.place)["organization"])
    t.go.organization_put(organization)


def team_workspaces_come_and_go(t):
    made = t.jp.workspace_new("Team of a test")
    assert made["name"] == "Team of a test"
    made["name"] = "Another name"
    assert t.jp.workspace_put(made)["name"] == "Another name"
    assert t.jp.workspace(made["id"])["name"] == "Another name"
    assert made["id"] in [w["id"] for w in t.jp.workspaces()]
    # The plugin's own tests take a part of another schema for a version and send it along.
    odd = t.jp.read(workspace, "POST", "/services/workspaces", {"name": "Odd", "schema": SCHEMAS + "workspaces/workspaces/team"})
    assert odd["schema"] == SCHEMAS + "workspaces/team"
    t.go.workspace_delete(odd["id"])
    t.go.workspace_delete(made["id"])
    refused(404, t.jp.workspace, made["id"])


def what_others_need_is_made(t):
    t.world.make()


def boxes_are_put_whole(t):
    w, jp = t.world, t.jp
    made = w.box_new()
    assert made["id"] in [b["id"] for b in jp.boxes(w.place)]
    before = jp.box(made["id"])
    secret = next(v for v in before["variables"] if v["name"] == "SECRET")
    assert PASSWORD_VALUE not in json.dumps(before) and secret["value"], "the password is not masked: %r" % secret["value"]
    before["description"], before["a_member_nobody_knows"] = "changed", {"kept": [1, 2.5, None]}
    after = jp.box_put(before)
    assert after["description"] == "changed" and after["a_member_nobody_knows"] == {"kept": [1, 2.5, None]}
    assert after["updated"] > before["updated"]
    assert next(v for v in jp.box(made["id"])["variables"] if v["name"] == "SECRET")["value"] == secret["value"]
    assert jp.stack(made["id"])[0]["id"] == made["id"]
    jp.box_delete(made["id"])
    refused(404, jp.box, made["id"])


def a_box_without_a_name_names_its_field(t):
    bad = script_box("x", t.world.place)
    bad["variables"][1]["type"] = "Nonsense"
    message = refused(400, t.jp.box_new, bad)
    assert "variables" in message and "type" in message, message


def versions_come_newest_first(t):
    w, jp = t.world, t.jp
    found = jp.versions(w.versioned["id"])
    assert [v["version"]["number"]["patch"] for v in found] == [1, 0], [v["version"] for v in found]
    assert all(v["version"]["box"] == w.versioned["id"] for v in found)
    assert jp.deployable(w.versioned, w.place) == w.versioned["id"]
    assert jp.deployable(dict(w.versioned, members=[]), "somebody-else") == found[0]["id"]
    assert jp.box(found[1]["id"])["version"]["number"]["patch"] == 0


def stacks_follow_box_variables(t):
    w, jp = t.world, t.jp
    parent = w.box_new()
    draft = jp.box(parent["id"])
    draft["variables"].append({"name": "child", "type": "Box", "value": w.box["id"], "required": True, "visibility": "public"})
    jp.box_put(draft)
    found = [b["id"] for b in jp.stack(parent["id"])]
    assert found == [parent["id"], w.box["id"]], found
    assert [b["id"] for b in t.go.stack(parent["id"])] == found
    jp.box_delete(parent["id"])


def go_keeps_boxes(t):
    w, go = t.world, t.go
    made = go.box_new(script_box(w.name("go box"), w.place))
    made["description"] = "by go"
    assert go.box_put(made)["description"] == "by go"
    go.box_put(go.box(made["id"]), {"box": made["id"], "number": {"major": 0, "minor": 1, "patch": 0}, "description": "first"})
    assert len(go.versions(made["id"])) == 1
    go.diff(made["id"])
    go.box_bindings(made["id"])
    assert made["id"] in [b["id"] for b in go.boxes()]
    go.box_delete(made["id"])


def files_go_in_and_out(t):
    content = bytes(range(256)) * 40
    for url in (t.jp.upload("bytes.bin", content, "application/octet-stream")["url"], t.go.upload("raw.bin", content)["url"]):
        assert t.jp.download(url) == content
    draft = t.jp.box(t.world.box["id"])
    draft["events"] = {"install": dict(t.jp.upload("install", b"#!/bin/bash\necho hi\n"), destination_path="scripts")}
    assert t.jp.box_put(draft)["events"]["install"]["url"]


def deployed_instances_come_to_an_end(t):
    w, jp = t.world, t.jp
    made = jp.deploy("deployed", w.box["id"], w.policy["id"], w.place, tags=["jenkins-1"],
                     variables=[{"name": "GREETING", "type": "Text", "value": "moin"}])
    assert made["state"] == "processing" and made["operation"]["event"] == "deploy", (made["state"], made["operation"])
    assert made["boxes"][0]["id"] == w.box["id"] and made["tags"] == ["jenkins-1"]
    assert made["id"] in [i["id"] for i in jp.instances(w.place)]
    end = jp.ended(made, "deploy", made["updated"])
    assert end["updated"] > made["updated"] and end["operation"]["event"] == "deploy"
    service = jp.service(made["id"])
    assert service["id"] == made["service"]["id"]
    t.instance = end


def deployed_from_a_version(t):
    w, jp = t.world, t.jp
    version = jp.versions(w.versioned["id"])[0]["id"]
    made = jp.deploy("versioned", version, w.policy["id"], w.place, updates="minor", tags=["v"],
                     variables=[{"name": "GREETING", "type": "Text", "value": "moin"}])
    assert made["automatic_updates"] == "minor" and made["boxes"][0]["id"] == version, made["boxes"][0]["id"]
    assert PASSWORD_VALUE not in json.dumps(made)


def applications_are_several_instances(t):
    w, jp = t.world, t.jp
    service = {"box": {"id": w.box["id"], "variables": []}, "policy": {"requirements": ["linux"], "variables": []},
               "automatic_updates": "off"}
    app = jp.box_new({"schema": SCHEMAS + "boxes/application", "name": "a shop", "owner": w.place, "members": [], "variables": [],
                      "automatic_updates": "off", "visibility": "workspace",
                      "services": [dict(service, name="web", tags=["front"]), dict(service, name="db", tags=["back"])]})
    made = jp.deploy_application("shop", app["id"], w.place, ["shop-1"])
    assert len(made) == 2 and all("shop-1" in i["tags"] for i in made), [i["tags"] for i in made]
    ids, over, until = [i["id"] for i in made], 0, time.monotonic() + 20
    while over < 2:     # the plugin counts two polls that find all of them done
        now = jp.instances(w.place, ids)
        assert sorted(i["id"] for i in now) == sorted(ids) and time.monotonic() < until
        over += all(i["state"] != "processing" for i in now)
        time.sleep(0.1)
    assert app["id"] in [b["id"] for b in jp.boxes(w.place)]


def templates_are_their_own_policy(t):
    w, jp = t.world, t.jp
    box = jp.box_new({"schema": SCHEMAS + "boxes/cloudformation", "type": "CloudFormation Service", "name": "a stack", "owner": w.place,
                      "members": [], "variables": [], "requirements": [], "automatic_updates": "off", "visibility": "workspace"})
    settings = [{"name": "provider_id", "type": "Text", "value": w.provider["id"]},
                {"name": "location", "type": "Text", "value": "Simulated Location"}]
    made = jp.deploy("stack", box["id"], box["id"], w.place, tags=["stack"], policy_variables=settings,
                     variables=[{"name": "GREETING", "type": "Text", "value": "moin"}])
    assert made["policy_box"]["id"] == made["boxes"][0]["id"] == box["id"]
    w.settled(made)
    jp.service(made["id"])


def ids_with_a_comma_behind_the_last(t):
    w, jp = t.world, t.jp
    ids = [t.instance["id"], w.instance["id"]]
    assert sorted(i["id"] for i in jp.instances(w.place, ids)) == sorted(ids)
    padded = ["i-%06d" % n for n in range(798)] + ids
    assert sorted(i["id"] for i in jp.instances(w.place, padded)) == sorted(ids)


def whole_object_puts_keep_secrets(t):
    jp = t.jp
    before = jp.instance(t.instance["id"])
    value = before
    value["tags"] = ["renamed"]
    value["variables"] = [{"name": "GREETING", "type": "Text", "value": "hi", "required": False, "visibility": "public"},
                          {"name": "SECRET", "type": "Password", "value": "another-secret-91", "required": False, "visibility": "private"}]
    after = jp.instance_put(value)
    assert after["tags"] == ["renamed"] and "another-secret-91" not in json.dumps(after)
    masked = next(v["value"] for v in after["variables"] if v["name"] == "SECRET")
    again = jp.instance_put(after)
    assert next(v["value"] for v in again["variables"] if v["name"] == "SECRET") == masked


def one_operation_at_a_time(t):
    jp = t.jp
    now = jp.instance(t.instance["id"])
    jp.operate(now["id"], "reinstall")
    message = refused(409, jp.operate, now["id"], "reconfigure")
    assert "Operation Conflict" in message, message
    end = jp.ended(now, "reinstall", now["updated"])
    assert end["operation"]["event"] == "reinstall"
    now = jp.instance(t.instance["id"])
    t.go.operate(now["id"], "reconfigure")
    jp.ended(now, "reconfigure", now["updated"])


def go_reads_what_happened(t):
    id = t.instance["id"]
    t.go.instance(id)
    t.go.service(id)
    t.go.older_bindings(id)
    assert any("no worker for" in a["text"] for a in t.go.activity(id)), t.go.activity(id)
    operations = t.go.operations(id)
    assert {"deploy", "reinstall", "reconfigure"} <= {o["operation"] for o in operations}, operations
    t.go.instance_bindings(id)
    assert id in [i["id"] for i in t.go.instances()]


def many_terminates_leave_nothing(t):
    w, jp = t.world, t.jp
    before = jp.instance(t.instance["id"])
    refused(409, jp.remove, before["id"], "delete")
    jp.remove(before["id"], "force_terminate")
    for word in ("terminate", "force_terminate", "terminate"):
        try:
            jp.remove(before["id"], word)
        except Refused as e:
            assert e.status == 409, e
    end = jp.ended(before, "force_terminate", before["updated"])
    assert (end["state"], end["operation"]["event"]) == ("done", "terminate_service"), (end["state"], end["operation"])
    t.go.remove(before["id"], "delete")
    refused(404, jp.instance, before["id"])
    assert before["id"] not in [i["id"] for i in jp.instances(w.place)]


def force_while_it_is_processing(t):
    w, jp = t.world, t.jp
    made = w.instance_new()
    assert jp.terminate_word(made) == "force_terminate"
    jp.remove(made["id"], "force_terminate")
    end = jp.ended(made, "force_terminate", made["updated"])
    assert (end["state"], end["operation"]["event"]) == ("done", "terminate_service"), (end["state"], end["operation"])
    jp.remove(made["id"], "delete")
    refused(404, jp.service, made["id"])


def providers_are_synced(t):
    w, jp = t.world, t.jp
    before = jp.provider(w.provider["id"])
    assert before["state"] == "ready" and before["services"], before
    jp.provider_sync(before["id"])
    after = jp.provider_synced(before["id"], before["updated"])
    assert after["state"] == "ready" and after["updated"] > before["updated"]
    t.go.provider_sync(before["id"])
    jp.provider_synced(before["id"], after["updated"])
    logs = json.loads(jp.call("GET", "/services/providers/%s/logs" % before["id"]))
    assert logs and all(l["provider_id"] == before["id"] and isinstance(l["level"], int) for l in logs)
    assert before["id"] in [p["id"] for p in jp.providers(w.place)]
    refused(400, jp.provider_delete, before["id"])


def unused_providers_go(t):
    made = t.world.provider_new()
    t.jp.provider_delete(made["id"])
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if made["id"] not in [p["id"] for p in t.jp.providers(t.world.place)]:
            return
        time.sleep(0.1)
    fail("provider", "still listed")


def errors_are_objects_with_a_message(t):
    jp = t.jp
    for id in ("i-zzzzzz", "i-zzzzzy"):
        assert refused(404, jp.instance, id)
    refused(404, jp.box, "00000000-0000-4000-8000-000000000000")
    refused(404, jp.workspace, "nobody-here")
    refused(400, jp.deploy, "", t.world.box["id"], t.world.policy["id"], t.world.place)
    refused(400, jp.deploy, "n" * 31, t.world.box["id"], t.world.policy["id"], t.world.place)
    refused(400, jp.deploy, "no box", "00000000-0000-4000-8000-000000000000", t.world.policy["id"], t.world.place)
    refused(400, jp.remove, t.world.instance["id"], urllib.parse.quote("nonsense"))


def statuses_are_the_documented_ones(t):
    """Those that a client may compare with, not only the hundreds."""
    w, jp, go = t.world, t.jp, t.go
    seen = []

    def code(want, client, call, *args):
        value = call(*args)
        if client.status not in want:
            seen.append("%s: %d, not %s" % (call.__name__, client.status, want))
        return value

    code((200,), jp, jp.sign_in, EMAIL, PASSWORD)
    go.token = jp.token
    code((200,), jp, jp.token_new, "statuses")
    code((200,), jp, jp.tokens)
    place = code((200, 201), jp, jp.workspace_new, "Statuses")
    code((200,), jp, jp.workspace_put, place)
    code((204,), jp, jp.workspace_delete, place["id"])
    box = code((200,), jp, jp.box_new, script_box("statuses", w.place))
    code((200,), jp, jp.box_put, box)
    code((204,), go, go.box_delete, box["id"])
    code((200,), jp, jp.upload, "s.sh", b"exit 0\n")
    made = code((202,), jp, jp.deploy, "statuses", w.box["id"], w.policy["id"], w.place,
                [{"name": "GREETING", "type": "Text", "value": "moin"}], ["s"])
    end = w.settled(made)
    code((200, 202), jp, jp.instance_put, end)
    for word in ("reinstall", "reconfigure"):
        now = jp.instance(end["id"])
        code((202,), go, go.operate, end["id"], word)
        jp.ended(now, word, now["updated"])
    now = jp.instance(end["id"])
    code((202,), jp, jp.remove, end["id"], "force_terminate")
    jp.ended(now, "force_terminate", now["updated"])
    code((200, 202), go, go.remove, end["id"], "delete")
    provider = code((202,), jp, jp.provider_new, {"schema": SCHEMAS + "test/provider", "type": "Test Provider", "name": "statuses",
                                                  "owner": w.place})
    jp.provider_synced(provider["id"], provider["updated"])
    code((202,), go, go.provider_sync, provider["id"])
    jp.provider_synced(provider["id"], None)
    code((200, 202), go, go.provider, provider["id"])
    code((202,), go, go.provider_delete, provider["id"])
    assert not seen, "; ".join(seen)


CASES = [signing_in_gives_a_bare_token, header_names_in_any_case, the_plugin_connects_with_workspaces, tokens_are_made_and_used,
         a_token_of_both_headers, team_workspaces_come_and_go, what_others_need_is_made, boxes_are_put_whole,
         a_box_without_a_name_names_its_field, versions_come_newest_first, stacks_follow_box_variables, go_keeps_boxes,
         files_go_in_and_out, deployed_instances_come_to_an_end, deployed_from_a_version, applications_are_several_instances,
         templates_are_their_own_policy, ids_with_a_comma_behind_the_last,
         whole_object_puts_keep_secrets, one_operation_at_a_time, go_reads_what_happened, many_terminates_leave_nothing,
         force_while_it_is_processing, providers_are_synced, unused_providers_go, errors_are_objects_with_a_message,
         statuses_are_the_documented_ones]

"""Organizations, cost centers and workspaces: fields, codes, what is kept, what is refused."""
import datetime

from world import SCHEMAS

MASK = "********"
DATE = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$"


def expect(answer, status):
    assert answer.status == status, "%d instead of %d: %s" % (answer.status, status, answer.data[:400])
    if status >= 400:
        assert isinstance(answer.json["message"], str) and answer.json["message"]
    if status == 204:
        assert not answer.data and not answer.headers.get("Content-Length", "").strip("0")
    return answer


def setting_up_made_the_places(w):
    import re
    o = w.good("owner", "GET", "/services/organizations/" + w.organization)
    assert o["schema"] == SCHEMAS + "organization" and o["setup"] is True and o["release"] == "4.0" and o["name"] == w.organization
    assert o["domains"] == ["example.test"] and o["members"][0]["role"] == "administrator" and o["deleted"] is None
    assert re.match(DATE, o["created"]) and re.match(DATE, o["updated"])
    c = w.good("owner", "GET", "/services/costcenters/" + o["default_costcenter"])
    assert c["schema"] == SCHEMAS + "costcenter" and c["organization"] == w.organization
    p = w.good("owner", "GET", "/services/workspaces/" + w.owner["id"])
    assert p["schema"] == SCHEMAS + "workspaces/personal" and p["type"] == "personal" and p["costcenter"] == c["id"]
    for field in ("id name last_name email email_validated_at last_login organization favorites group_dns saml_id clc_username "
                  "add_provider deploy_instance take_tour billing_notice dashboard_notice support_user_created uri icon").split():
        assert field in p, field


def organization_settings_are_kept_whole(w):
    path = "/services/organizations/" + w.organization
    o = w.good("owner", "GET", path)
    o.update(display_name="Ünï", theme={"logo": "/l.png", "accent": "#fff", "css": "a{}"}, webhooks=["https://hook.example/x"],
             tags=[{"name": "env", "type": "custom", "value": "test"}], features={"alm": True, "reporting": False},
             providers=[{"type": "VMware vSphere", "enabled": False}], federated_to=["partner"], future={"deep": [{"kept": None}]},
             authentication={"password": True, "ldap_config": {"sources": [{"host": "ldap://d", "ldap_search_password": "plain-4711"}]}})
    answer = expect(w.ask("owner", "PUT", path, o), 200)
    assert b"plain-4711" not in answer.data
    back = w.good("owner", "GET", path)
    assert back["authentication"]["ldap_config"]["sources"][0]["ldap_search_password"] == MASK
    for field in ("display_name", "theme", "webhooks", "tags", "features", "providers", "federated_to", "future"):
        assert back[field] == o[field], field
    assert back["updated"] > o["updated"] and back["created"] == o["created"]
    # The mask is sent back; what the server says itself stays.
    back.update(setup=False, release="1", id="other", name="other")
    again = expect(w.ask("owner", "PUT", path, back), 200).json
    assert again["id"] == w.organization and again["setup"] is True and again["release"] == "4.0"
    for bad, field in (({"webhooks": [""]}, "webhooks[0]"), ({"tags": [{"name": "x" * 126}]}, "tags[0].name"), ({"members": []}, "members"),
                       ({"tags": [{"name": "n"}] * 11}, "tags"), ({"default_costcenter": "none"}, "default_costcenter"),
                       ({"members": [{"id": "ghost", "role": "administrator"}]}, "members[0].id")):
        refused = expect(w.ask("owner", "PUT", path, bad), 400)
        assert refused.json["message"].startswith(field), refused.json
    assert w.good("owner", "GET", path) == again


def reports_tell_what_was_spent(w):
    path = "/services/organizations/%s/%s/2026-01-01/2026-01-02"
    report = expect(w.ask("owner", "GET", path % (w.organization, "report")), 200)
    assert report.headers["Content-Type"] == "application/json" and report.json["cost"] == [], report.data[:200]
    # What is there and never was up is told and cost nothing.
    today = datetime.datetime.now(datetime.timezone.utc).date()
    report = w.good("owner", "GET", "/services/organizations/%s/report/%s/%s" % (w.organization, today - datetime.timedelta(30), today))
    assert w.an_instance["service"]["id"] in [one["service"]["id"] for one in report["cost"]], report
    for one in report["cost"]:
        assert len(one["cost"]) == 31 and not any(one["cost"]), one
    table = expect(w.ask("owner", "GET", path % (w.organization, "csv")), 200)
    assert table.headers["Content-Type"].startswith("text/csv") and table.data.startswith(b"SERVICE_ID,DAY (in Date Range),SIZE,REGION,")
    for bad in ("2026-1-1/2026-01-02", "2026-01-02/2026-01-01", "2026-02-30/2026-03-01", "2020-01-01/2026-01-01", "x/y"):
        expect(w.ask("owner", "GET", "/services/organizations/%s/csv/%s" % (w.organization, bad)), 400)
    expect(w.ask("user", "GET", path % (w.organization, "report")), 403)
    expect(w.ask("owner", "GET", path % ("elsewhere", "report")), 404)


def groups_need_a_source(w):
    path = "/services/organizations/" + w.organization
    before = w.good("owner", "GET", path)
    w.good("owner", "PUT", path, {"authentication": {"password": True}})
    refused = expect(w.ask("owner", "PUT", path + "/sync_groups"), 409)
    assert "no LDAP source" in refused.json["message"], refused.json
    w.good("owner", "PUT", path, {"authentication": before["authentication"]})
    assert "no worker for LDAP" in expect(w.ask("owner", "PUT", path + "/sync_groups"), 409).json["message"]
    expect(w.ask("user", "PUT", path + "/sync_groups"), 403)


def workspaces_are_shared_with_federated_organizations(w):
    made = w.workspace(w.center["id"], [])
    path = "/services/workspaces/" + made["id"]
    assert made["organizations"] == [w.organization]
    refused = expect(w.ask("owner", "PUT", path, dict(made, organizations=[w.organization, "stranger"])), 400)
    assert refused.json["message"].startswith("organizations: stranger "), refused.json
    shared = w.good("owner", "PUT", path, dict(made, organizations=["partner"]))
    assert shared["organizations"] == [w.organization, "partner"]
    organization = "/services/organizations/" + w.organization
    assert "partner still shares" in expect(w.ask("owner", "PUT", organization, {"federated_to": []}), 409).json["message"]
    assert w.good("owner", "PUT", path, dict(shared, organizations=[w.organization]))["organizations"] == [w.organization]
    w.good("owner", "PUT", organization, {"federated_to": []})
    w.good("owner", "DELETE", path)


def cost_centers_come_and_go(w):
    made = expect(w.ask("owner", "POST", "/services/costcenters", {"schema": SCHEMAS + "costcenter", "name": "R&D",
                                                                    "organization": w.organization, "members": []}), 201).json
    path = "/services/costcenters/" + made["id"]
    assert made["uri"] == path and len(made["id"]) == 36
    expect(w.ask("owner", "POST", "/services/costcenters", {"name": "R&D"}), 409)
    expect(w.ask("owner", "POST", "/services/costcenters", {"organization": w.organization}), 400)
    expect(w.ask("owner", "POST", "/services/costcenters", {"name": "x", "organization": "elsewhere"}), 404)
    made["name"] = "Research"
    assert expect(w.ask("owner", "PUT", path, made), 200).json["name"] == "Research"
    team = w.workspace(made["id"], [])
    expect(w.ask("owner", "DELETE", path), 409)
    expect(w.ask("owner", "DELETE", "/services/workspaces/" + team["id"]), 204)
    expect(w.ask("owner", "DELETE", path), 204)
    expect(w.ask("owner", "GET", path), 404)


def workspaces_come_and_go(w):
    body = {"schema": SCHEMAS + "workspaces/team", "name": "Opérations & Co", "members": [{"id": "user"}], "note": {"kept": True}}
    made = expect(w.ask("owner", "POST", "/services/workspaces", body), 201).json
    path = "/services/workspaces/" + made["id"]
    assert made["organizations"] == [w.organization] and made["type"] == "team" and made["note"] == {"kept": True}
    assert {m["id"]: m["role"] for m in made["members"]} == {"user": "user", w.owner["id"]: "administrator"}
    expect(w.ask("owner", "POST", "/services/workspaces", body), 409)
    expect(w.ask("owner", "POST", "/services/workspaces", {"name": "p", "schema": SCHEMAS + "workspaces/personal"}), 400)
    expect(w.ask("owner", "POST", "/services/workspaces", {"name": ""}), 400)
    made.update(name="Operations", costcenter=w.center["id"])
    changed = expect(w.ask("owner", "PUT", path, made), 200).json
    assert changed["name"] == "Operations" and changed["costcenter"] != w.center["id"] and changed["id"] == made["id"]
    expect(w.ask("owner", "PUT", path, dict(made, members=[{"id": "user", "role": "emperor"}])), 400)
    box = w.good("owner", "POST", "/services/boxes", w.box_body(owner=made["id"]))
    expect(w.ask("owner", "DELETE", path), 409)
    expect(w.ask("owner", "DELETE", "/services/boxes/" + box["id"]), 204)
    expect(w.ask("owner", "DELETE", path), 204)
    expect(w.ask("owner", "DELETE", path), 404)
    expect(w.ask("owner", "DELETE", "/services/workspaces/user"), 409)


def lists_are_arrays_of_what_one_sees(w):
    def ids(who, path):
        answer = expect(w.ask(who, "GET", path), 200)
        assert isinstance(answer.json, list)
        return [x["id"] for x in answer.json]
    team = w.team["id"]
    assert set(ids("visitor", "/services/workspaces")) == {"visitor", team} and ids("stranger", "/services/workspaces") == ["stranger"]
    assert team in ids("chief", "/services/workspaces")
    assert ids("visitor", "/services/workspaces?ids=%s,stranger,nowhere," % team) == [team]
    assert w.a_box["id"] in ids("visitor", "/services/workspaces/%s/boxes" % team)
    assert w.policy["id"] in ids("visitor", "/services/workspaces/%s/boxes" % team)
    assert w.version["id"] not in ids("visitor", "/services/workspaces/%s/boxes" % team)
    assert ids("visitor", "/services/workspaces/%s/instances" % team) == [w.an_instance["id"]]
    assert ids("visitor", "/services/workspaces/%s/instances?ids=i-zzzzzz,%s," % (team, w.an_instance["id"])) == [w.an_instance["id"]]
    assert ids("visitor", "/services/workspaces/%s/providers" % team) == [w.a_provider["id"]]
    assert ids("stranger", "/services/workspaces/stranger/instances") == []
    organization = "/services/organizations/" + w.organization
    assert w.a_box["id"] in ids("boss", organization + "/boxes") and w.an_instance["id"] in ids("boss", organization + "/instances")
    assert w.a_provider["id"] in ids("boss", organization + "/providers")
    assert {"stranger", team, "boss"} <= set(ids("boss", organization + "/workspaces"))


def foreign_is_missing_byte_for_byte(w):
    def bare(answer):
        return answer.status, answer.data, sorted((k, v) for k, v in answer.headers.items() if k.lower() != "date")
    pairs = [("GET", "/services/workspaces/%s", w.team["id"], "none"), ("PUT", "/services/workspaces/%s", w.team["id"], "none"),
             ("DELETE", "/services/workspaces/%s", w.team["id"], "none"), ("GET", "/services/workspaces/%s/boxes", w.team["id"], "none"),
             ("GET", "/services/costcenters/%s", w.center["id"], w.center["id"][::-1]),
             ("GET", "/services/boxes/%s", w.a_box["id"], w.a_box["id"][::-1]), ("DELETE", "/services/boxes/%s", w.a_box["id"], "none"),
             ("GET", "/services/instances/%s", w.an_instance["id"], "i-zzzzzz"),
             ("GET", "/services/instances/%s/service", w.an_instance["id"], "i-zzzzzz"),
             ("DELETE", "/services/instances/%s?operation=terminate", w.an_instance["id"], "i-zzzzzz"),
             ("GET", "/services/providers/%s", w.a_provider["id"], "none"), ("GET", "/services/users/%s", "visitor", "nobody")]
    for method, path, foreign, missing in pairs:
        body = {} if method == "PUT" else None
        a, b = (bare(w.ask("stranger", method, path % id, body)) for id in (foreign, missing))
        assert a[0] == 404 and a == b, (method, path, a, b)


def a_role_that_changes_counts_at_once(w):
    team = w.workspace(w.center["id"], [{"id": "stranger", "role": "user"}])
    path = "/services/workspaces/" + team["id"]
    assert w.ask("stranger", "GET", path).status == 200
    expect(w.ask("stranger", "PUT", path, {"name": "mine"}), 403)
    team["members"] = [dict(m, role="administrator") if m["id"] == "stranger" else m for m in team["members"]]
    w.good("owner", "PUT", path, team)
    expect(w.ask("stranger", "PUT", path, {"name": w.name("Mine")}), 200)
    team["members"] = [m for m in team["members"] if m["id"] != "stranger"]
    w.good("owner", "PUT", path, team)
    expect(w.ask("stranger", "GET", path), 404)
    assert team["id"] not in [x["id"] for x in w.good("stranger", "GET", "/services/workspaces")]
    expect(w.ask("owner", "DELETE", path), 204)


def bad_input_changes_nothing(w):
    path = "/services/workspaces/" + w.team["id"]
    before = w.good("owner", "GET", path)
    for raw in (b'{"name":"a","name":"b"}', b'{"name":', b'[1]', b'{"name":5}', b'{"members":{}}', b'{"x":' + b"[" * 10000 + b"]" * 10000 + b"}",
                b'{"name":"\xff"}', b'{"n":1e999}'):
        answer = expect(w.ask("owner", "PUT", path, raw=raw, headers={"Content-Type": "application/json"}), 400)
        assert answer.json["message"]
    assert w.good("owner", "GET", path) == before


def sharing_is_for_owners_and_near(w):
    """Instances and providers: who works on them does not share them; providers stay within their cost center."""
    near, far = w.workspace(w.center["id"], []), w.workspace(w.costcenter()["id"], [])
    for path, worker in (("/services/instances/" + w.an_instance["id"], "user"), ("/services/providers/" + w.a_provider["id"], None)):
        o = w.good("owner", "GET", path)

        def share(who, workspace):
            return w.ask(who, "PUT", path, dict(o, members=[{"workspace": workspace, "role": "read"}]))
        if worker:
            expect(share(worker, near["id"]), 403)
        expect(share("head", "nowhere"), 400)
        refused = share("head", far["id"])
        expect(refused, 400 if "providers" in path else 200)
        expect(share("head", near["id"]), 200)
        assert o["id"] in [x["id"] for x in w.good("owner", "GET", "/services/workspaces/%s/%s" % (near["id"], path.split("/")[2]))]
        if worker:
            shared = w.good(worker, "GET", path)
            expect(w.ask(worker, "PUT", path, shared), 200)
        w.good("owner", "PUT", path, dict(o, members=[]))


CASES = [setting_up_made_the_places, organization_settings_are_kept_whole, reports_tell_what_was_spent,
         groups_need_a_source, workspaces_are_shared_with_federated_organizations, cost_centers_come_and_go, workspaces_come_and_go,
         lists_are_arrays_of_what_one_sees, foreign_is_missing_byte_for_byte, a_role_that_changes_counts_at_once,
         sharing_is_for_owners_and_near, bad_input_changes_nothing]

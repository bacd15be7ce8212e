"""The calls whose answers are changed on their way: what each client reads of them, and the statuses it must refuse."""
import go
import jp
from house import EMAIL, PASSWORD
from mutants import BLOB, BOX, Call, INSTANCE, PERSONAL, POLICY, PROVIDER, SERVICE, TEAM, VERSION
from world import SCHEMAS, script_box

# JP takes any 2xx; these are not.
NOT_2XX = (302, 400, 401, 403, 404, 409, 500, 503)
# GO takes 200, 201, 202 and 204 only.
NOT_GO = (203, 205, 206) + NOT_2XX


def first(members):
    return ["0." + m for m in members]


def call(label, run, members=(), **more):
    return Call(label, run, members, more.pop("bad", NOT_2XX), **more)


def jp_calls(w, address):
    c = jp.JP(address, w.jp.token)
    spare = iter(w.spares(len(NOT_2XX) + 1))
    other = jp.JP(address)
    inst, box = w.instance["id"], w.box["id"]
    found = [
        call("JP POST token", lambda _: other.sign_in(EMAIL, PASSWORD)),
        call("JP GET tokens", lambda _: c.tokens(), first(["value", "description"])),
        call("JP POST tokens", lambda _: c.token_new("spare"), ["value"], fresh=lambda: tidy_tokens(w)),
        call("JP GET workspaces", lambda _: c.workspaces([w.place]), first(PERSONAL)),
        call("JP GET workspace", lambda _: c.workspace(w.place), PERSONAL),
        call("JP PUT workspace", lambda v: c.workspace_put(v), PERSONAL, fresh=lambda: w.jp.workspace(w.place)),
        call("JP POST workspaces", lambda n: c.workspace_new(n), TEAM, fresh=lambda: w.name("Mutants"), bad=NOT_2XX[:4]),
        call("JP DELETE workspace", lambda v: c.workspace_delete(v["id"]), fresh=lambda: w.jp.workspace_new(w.name("Mutants"))),
        call("JP GET workspace boxes", lambda _: c.boxes(w.place), first(BOX[:5])),
        call("JP GET workspace instances", lambda _: c.instances(w.place), first(INSTANCE)),
        call("JP GET instances by ids", lambda _: c.instances(w.place, [inst]), first(INSTANCE)),
        call("JP GET workspace providers", lambda _: c.providers(w.place), first(PROVIDER)),
        call("JP POST boxes", lambda n: c.box_new(script_box(n, w.place)), BOX, fresh=lambda: w.name("mutant")),
        call("JP GET box", lambda _: c.box(box), BOX),
        call("JP GET policy", lambda _: c.box(w.policy["id"]), POLICY),
        call("JP PUT box", lambda v: c.box_put(v), BOX, fresh=lambda: w.jp.box(box)),
        call("JP DELETE box", lambda b: c.box_delete(b["id"]), fresh=w.box_new),
        call("JP GET stack", lambda _: c.stack(box), first(BOX)),
        call("JP GET versions", lambda _: c.versions(w.versioned["id"]), first(VERSION)),
        call("JP POST upload", lambda _: c.upload("a.sh", b"exit 0\n"), BLOB),
        call("JP GET download", lambda _: c.download(w.blob["url"])),
        call("JP GET instance", lambda _: c.instance(inst), INSTANCE),
        call("JP PUT instance", lambda v: c.instance_put(v), INSTANCE, fresh=lambda: w.jp.instance(inst)),
        call("JP GET service", lambda _: c.service(inst), SERVICE),
        call("JP PUT reinstall", lambda _: c.operate(inst, "reinstall"), fresh=lambda: w.quiet(inst), bad=NOT_2XX[:3]),
        call("JP DELETE instance", lambda i: c.remove(i["id"], "force_terminate"), fresh=lambda: next(spare)),
        call("JP GET provider", lambda _: c.provider(w.provider["id"]), PROVIDER),
        call("JP POST providers", lambda n: c.provider_new(provider(n, w)), PROVIDER, fresh=lambda: w.name("mutant")),
        call("JP PUT sync", lambda _: c.provider_sync(w.provider["id"]),
             fresh=lambda: w.jp.provider_synced(w.provider["id"], None), bad=NOT_2XX[:3]),
        call("JP POST instances", lambda n: c.deploy(n, box, w.policy["id"], w.place, tags=["m"],
                                                     variables=[{"name": "GREETING", "type": "Text", "value": "moin"}]),
             INSTANCE, fresh=lambda: w.name("mutant")),
    ]
    return found


def provider(name, w):
    return {"schema": SCHEMAS + "test/provider", "type": "Test Provider", "name": name, "owner": w.place}


def tidy_tokens(w):
    """The tokens made by mutants go again: a user may have 50."""
    for t in w.jp.tokens():
        if t["description"] == "spare" and "id" in t:
            w.jp.empty("DELETE", "/services/tokens/" + t["id"])


def go_calls(w, address):
    c = go.Go(address, w.jp.token)
    inst, box = w.instance["id"], w.box["id"]
    organization = w.jp.workspace(w.place)["organization"]
    spare = iter(w.spares(len(NOT_GO) + 2))

    def call(label, run, members=(), **more):
        return Call(label, run, members, more.pop("bad", NOT_GO), types_only=True, **more)

    return [
        call("GO GET workspaces", lambda _: c.workspaces(), first(PERSONAL[:4])),
        call("GO GET boxes", lambda _: c.boxes(), first(BOX[:5])),
        call("GO GET box", lambda _: c.box(box), BOX),
        call("GO PUT box", lambda v: c.box_put(v), BOX, fresh=lambda: w.jp.box(box)),
        call("GO DELETE box", lambda b: c.box_delete(b["id"]), fresh=w.box_new, empty=True),
        call("GO GET stack", lambda _: c.stack(box), first(BOX)),
        call("GO GET versions", lambda _: c.versions(w.versioned["id"]), first(VERSION)),
        call("GO POST upload", lambda _: c.upload("a.sh", b"exit 0\n"), BLOB),
        call("GO GET instances", lambda _: c.instances(), first(INSTANCE)),
        call("GO GET instance", lambda _: c.instance(inst), INSTANCE),
        call("GO GET service", lambda _: c.service(inst), SERVICE),
        call("GO GET activity", lambda _: c.activity(inst), first(["text", "created", "level"])),
        call("GO GET operations", lambda _: c.operations(inst), first(["id", "instance", "operation", "state", "created"])),
        call("GO PUT reinstall", lambda _: c.operate(inst, "reinstall"), fresh=lambda: w.quiet(inst), bad=NOT_GO[:4], empty=True),
        call("GO DELETE instance", lambda i: c.remove(i["id"], "force_terminate"), fresh=lambda: next(spare), empty=True),
        call("GO GET bindings", lambda _: c.instance_bindings(inst)),
        call("GO GET box bindings", lambda _: c.box_bindings(box)),
        call("GO GET diff", lambda _: c.diff(box), ["changed", "box_events", "box_readme"]),
        call("GO POST box", lambda n: c.box_new(script_box(n, w.place)), BOX, fresh=lambda: w.name("mutant")),
        call("GO GET organization", lambda _: c.organization(organization), ["name", "display_name", "domains", "created", "updated"]),
        call("GO PUT organization", lambda v: c.organization_put(v), ["name", "display_name", "domains"],
             fresh=lambda: w.jp.organization(organization)),
        call("GO DELETE workspace", lambda v: c.workspace_delete(v["id"]), empty=True,
             fresh=lambda: w.jp.workspace_new(w.name("Mutants"))),
        call("GO GET providers", lambda _: c.providers(), first(PROVIDER)),
        call("GO GET provider", lambda _: c.provider(w.provider["id"]), PROVIDER),
        call("GO PUT sync", lambda _: c.provider_sync(w.provider["id"]),
             fresh=lambda: w.jp.provider_synced(w.provider["id"], None), bad=NOT_GO[:4], empty=True),
    ]

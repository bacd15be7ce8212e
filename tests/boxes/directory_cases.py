"""The directory layout: out of the appliance and back, byte for byte."""
import os
import shutil
import subprocess
import tempfile

TOOL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools", "boxdir")
SCRIPT = b"#!/bin/bash\necho \xc3\xa4\xc3\xb6\xc3\xbc '{{ PORT }}'\n\nexit 0"


def boxdir(client, *args, good=True):
    env = dict(os.environ, CAM_URL="https://" + client.address, CAM_TOKEN=client.token, CAM_INSECURE_TLS="1")
    p = subprocess.run(["/usr/bin/python3", TOOL, *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       timeout=60)
    assert (p.returncode == 0) == good, "%d %s%s" % (p.returncode, p.stdout, p.stderr)
    return p.stdout.strip() if good else p.stderr


def tree(directory):
    found = {}
    for at, _, names in os.walk(directory):
        for name in names:
            with open(os.path.join(at, name), "rb") as f:
                found[os.path.relpath(os.path.join(at, name), directory)] = f.read()
    return found


def same(one, two):
    a, b = tree(one), tree(two)
    assert a.keys() == b.keys(), set(a) ^ set(b)
    for name in a:
        assert a[name] == b[name], "%s differs:\n%r\n%r" % (name, a[name][:2000], b[name][:2000])


def content(box):
    """What the layout carries: the addresses of files are of each upload."""
    drop = ("updated", "created", "uri", "draft_from", "events", "readme", "icon", "template", "dockerfile")
    out = {k: v for k, v in box.items() if k not in drop}
    out["variables"] = [dict(v, value="") if v["type"] == "File" else v for v in box["variables"]]
    return out


def whole_box(t):
    up = t.ann.upload
    child = t.ann.new("Child")
    return t.ann.new(
        "Directory ä", requirements=["linux"], description="two\nlines, and: a colon\n", automatic_updates="minor",
        icon=up("icon.png", b"\x89PNG\r\n\x1a\n\0\0")["url"], readme=up("readme.MD", b"# Read me\n\n* one\n"),
        events={n: dict(up(n, SCRIPT + n.encode()), destination_path="scripts") for n in ("install", "pre_start", "stop")},
        unknown={"kept": [1, 2.5, None, True, "yes", "2015-01-01", "0x10"]}, variables=[
            {"name": "PORT", "type": "Port", "value": "8080", "required": True, "visibility": "public"},
            {"name": "CONF", "type": "File", "value": up("app.conf", bytes(range(256)))["url"], "visibility": "private"},
            {"name": "CONF", "type": "File", "value": up("app.conf", b"of the child")["url"], "scope": "child"},
            {"name": "TEXT", "type": "Text", "value": "  blanks \n# and: 'quotes' \"too\"\n\ttab"},
            {"name": "ON", "type": "Text", "value": "off"}, {"name": "child", "type": "Box", "value": child["id"]},
            {"name": "any", "type": "Binding", "value": "AnyBox", "tags": ["a", "b"]}])


def a_box_goes_out_and_comes_back(t):
    box = whole_box(t)
    with tempfile.TemporaryDirectory() as d:
        one, two = os.path.join(d, "one"), os.path.join(d, "two")
        boxdir(t.ann, "export", box["id"], one)
        files = tree(one)
        assert files["events/install"] == SCRIPT + b"install" and files["readme.MD"] == b"# Read me\n\n* one\n"
        assert files["files/CONF/app.conf"] == bytes(range(256)) and files["files/child.CONF/app.conf"] == b"of the child"
        assert boxdir(t.ann, "import", one) == box["id"], "a box that is there is replaced"
        after = t.ann.box(box["id"])
        assert content(after) == content(box), (content(after), content(box))
        boxdir(t.ann, "export", box["id"], two)
        same(one, two)


def a_directory_goes_in_and_comes_out(t):
    """Into another workspace, as a new box: only the id is another."""
    box = whole_box(t)
    with tempfile.TemporaryDirectory() as d:
        one, two = os.path.join(d, "one"), os.path.join(d, "two")
        boxdir(t.ann, "export", box["id"], one)
        t.ann.ask("DELETE", "/services/boxes/" + box["id"], good=204)
        os.mkdir(os.path.join(one, "draft"))
        for name in os.listdir(one):
            if name != "draft":
                shutil.move(os.path.join(one, name), os.path.join(one, "draft", name))
        new = boxdir(t.ann, "import", one, "--owner", t.team, "--version", "0.1.0", "--comment", "brought in")
        assert new != box["id"] and t.ann.box(new)["owner"] == t.team
        assert t.ann.versions({"id": new})[0]["version"]["description"] == "brought in"
        boxdir(t.ann, "export", new, two)
        path = os.path.join(two, "box.yaml")
        with open(path, encoding="utf-8") as f:
            text = f.read().replace(new, box["id"])
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        same(os.path.join(one, "draft"), two)


def other_kinds_go_out_and_come_back(t):
    up = t.ann.upload
    boxes = [t.policy, t.ann.new("D", "docker", dockerfile=up("Dockerfile", b"FROM scratch\n")),
             t.ann.new("T", "cloudformation", template={"url": up("template.json", b'{"Parameters":{}}')["url"]}),
             t.ann.new("A", "application", services=[{"name": "web", "box": {"id": t.ann.new("W")["id"], "latest": True, "variables": [
                 {"name": "F", "type": "File", "value": up("f.txt", b"f")["url"]}]}, "policy": {"requirements": [], "variables": []}}])]
    for box in boxes:
        with tempfile.TemporaryDirectory() as d:
            boxdir(t.ann, "export", box["id"], d + "/one")
            assert boxdir(t.ann, "import", d + "/one") == box["id"]
            boxdir(t.ann, "export", box["id"], d + "/two")
            same(d + "/one", d + "/two")
            assert len(tree(d + "/one")) == (1 if box is t.policy else 2), list(tree(d + "/one"))


def a_hand_written_directory_is_taken(t):
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(d + "/events")
        with open(d + "/box.yaml", "w") as f:
            f.write("schema: http://elasticbox.net/schemas/boxes/script\nname: By hand\nautomatic_updates: off\n"
                    "variables:\n- {name: N, type: Number, value: 7}\n- name: F\n  type: File\n  value: conf/x.txt\n")
        refused = boxdir(t.ann, "import", d, good=False)
        assert "conf/x.txt: No such file" in refused, refused
        os.mkdir(d + "/conf")
        with open(d + "/conf/x.txt", "w") as f:
            f.write("x")
        with open(d + "/events/install", "wb") as f:
            f.write(SCRIPT)
        box = t.ann.box(boxdir(t.ann, "import", d))
        assert box["automatic_updates"] == "off" and box["variables"][0]["value"] == "7"
        assert t.ann.raw("GET", box["events"]["install"]["url"])[2] == SCRIPT
        with open(d + "/events/lunch", "w") as f:
            f.write("x")
        assert "events/lunch: is not an event" in boxdir(t.ann, "import", d, good=False)
        os.unlink(d + "/events/lunch")
        with open(d + "/box.yaml", "a") as f:
            f.write("- {name: E, type: File, value: ../../../etc/passwd}\n")
        assert "is not inside the directory" in boxdir(t.ann, "import", d, good=False)


CASES = [a_box_goes_out_and_comes_back, a_directory_goes_in_and_comes_out, other_kinds_go_out_and_come_back,
         a_hand_written_directory_is_taken]

"""Password variables: masked, kept through whole-object changes, nowhere else."""
import glob
import os

MASK = "********"
VALUE = "correct horse battery staple"


def password(value=VALUE, name="PW", **more):
    return dict({"name": name, "type": "Password", "value": value}, **more)


def values(t, box):
    return {v["name"]: v["value"] for v in t.ann.box(box["id"])["variables"]}


def secrets_are_masked_and_kept(t):
    box = t.ann.new("Secret", variables=[password(), password("", "EMPTY"), {"name": "T", "type": "Text", "value": "x"}])
    assert values(t, box) == {"PW": MASK, "EMPTY": "", "T": "x"}
    box = t.ann.save(dict(t.ann.box(box["id"]), variables=list(reversed(t.ann.box(box["id"])["variables"]))))
    assert values(t, box) == {"PW": MASK, "EMPTY": "", "T": "x"}
    t.ann.version(box, "1.0.0")
    assert t.ann.versions(box)[0]["variables"][2]["value"] == MASK
    t.ann.save(dict(t.ann.box(box["id"]), variables=[]))
    # The mask alone brings nothing back; the version does.
    assert t.ann.save(dict(t.ann.box(box["id"]), variables=[password(MASK)]))["variables"][0]["value"] == ""
    t.ann.put("/services/boxes/%s/restore" % box["id"], {"version": t.ann.box(box["id"])["draft_from"]})
    assert values(t, box)["PW"] == MASK


def a_mask_from_elsewhere_is_nothing(t):
    assert t.ann.new("Imported", variables=[password(MASK)])["variables"][0]["value"] == ""


def secrets_are_not_in_differences(t):
    box = t.ann.new("Diff", variables=[password()])
    status, _, text = t.ann.raw("PUT", "/services/boxes/%s/diff" % box["id"],
                                (b'{"schema":"http://elasticbox.net/schemas/boxes/script","name":"Diff","variables":[{"name":"PW",'
                                 b'"type":"Password","value":"another secret value"}]}'))
    assert status == 200 and b"another secret" not in text and VALUE.encode() not in text


def secrets_are_nowhere_on_the_disk(t):
    data = t.house.status()["data"]
    read = 0
    for path in glob.glob(os.path.join(data, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
            read += len(content)
            assert VALUE.encode() not in content and b"another secret value" not in content, path
    assert read > 100000, "nothing was looked at"


CASES = [secrets_are_masked_and_kept, a_mask_from_elsewhere_is_nothing, secrets_are_not_in_differences,
         secrets_are_nowhere_on_the_disk]

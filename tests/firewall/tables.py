"""The tables' reader: what it refuses and where; a customer's own file narrows or adds, and never overrides."""
import json
import os
import subprocess
import tempfile

import cases

REFUSED = [
    ('rule own-a in tcp 443 users always - ours "x"\n', "1:1", "before the first profile"),
    ('profile appliance\nrule web-users in tcp 443 users always - ours "x"\n', "2:6", "is there already (firewall/appliance.fw"),
    ('profile appliance\nrule mine in tcp 443 users always - ours "x"\n', "2:6", "begins with own-"),
    ('profile appliance\nrule own-a in tcp 443,80-90,85 users always - ours "x"\n', "2:19", "85 is in it twice"),
    ('profile appliance\nrule own-a in tcp 0 users always - ours "x"\n', "2:19", "port 0 is none"),
    ('profile appliance\nrule own-a in tcp 70000 users always - ours "x"\n', "2:19", "more than 65535"),
    ('profile appliance\nrule own-a in tcp 90-80 users always - ours "x"\n', "2:19", "smaller to a larger"),
    ('profile appliance\nrule own-a in sctp 80 users always - ours "x"\n', "2:15", "tcp, udp, icmp or icmp6"),
    ('profile appliance\nrule own-a in tcp 80 nobody always - ours "x"\n', "2:22", "no such peer"),
    ('profile appliance\nrule own-a in tcp 80 users sometimes - ours "x"\n', "2:28", "no such condition"),
    ('profile appliance\nrule own-a in tcp 80 users always - hearsay "x"\n', "2:37", "no such source"),
    ('profile appliance\nrule own-a in tcp 80 users always - ours "x\n', "2:42", "without its end"),
    ('profile appliance\nrule own-a in tcp 80 users always - ours\n', "2:41", "ends early"),
    ('profile appliance\nrule own-a in tcp 80 users always - ours "x" more\n', "2:46", "too many words"),
    ('profile appliance', "1:18", "not whole"),
    ('profile nowhere\n', "1:9", "no such profile"),
    ('peer users any "x"\n', "1:6", "is there already"),
    ('peer own-b 10.0.0.1/8 "x"\n', "1:12", "bits behind"),
    ('peer own-b 10.0.0.0/8,x "x"\n', "1:23", "address or a prefix"),
    ('narrow nothing off "x"\n', "1:8", "no such line"),
    ('narrow web-users off "x"\nnarrow web-users off "x"\n', "2:8", "narrowed already"),
    ('limit web-users 100000 1 1 "x"\n', "1:7", "wider"),
    ('limit own-x 1 1 1 "x"\n', "1:7", "no such line"),
    ('allow everything\n', "1:1", "rule, profile"),
    ('profile "appliance"\n', "1:9", "a name is expected"),
    ('source a\x01b "x"\n', "1:9", "control character"),
    ('source caf\u00e9 "x"\n', "1:11", "not ASCII"),
]

OWN = '''# ours
source own-net "network team"
peer own-branch 10.77.0.0/16 "the branch office"
profile appliance
narrow web-users 10.0.0.0/8,fd00::/8 "not from outside"
narrow ping4-in off "no ping"
rule own-monitor in tcp 9100 own-branch always - own-net "exporter"
'''


def refuse(check, folder):
    bad = []
    for text, place, what in REFUSED:
        path = os.path.join(folder, "own.fw")
        open(path, "w", encoding="utf-8").write(text)
        p = subprocess.run([cases.CAMFW, "check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if p.returncode != 1 or "own.fw:%s: " % place not in p.stderr or what not in p.stderr:
            bad.append((text, place, what, p.returncode, p.stderr))
    check("a table with an error is refused with its line and column (%d of them)" % len(REFUSED), not bad, bad[:3])


def verdict(own, *words):
    return json.loads(cases.camfw("explain", "--json", "--own", own, *cases.arguments("appliance"), *words, ok=(0, 1)))


def own(check, folder):
    path = os.path.join(folder, "own.fw")
    open(path, "w").write(OWN)
    said = json.loads(cases.camfw("check", "--json", path))
    check("an own file is counted", said["good"] and said["added"] == 1 and said["narrowed"] == 2, said)
    to = ("--to", cases.SELF4, "--proto", "tcp")
    inside, outside = verdict(path, "--from", "10.1.1.1", "--dport", "443", *to), verdict(path, "--from", "198.51.100.7", "--dport", "443", *to)
    check("a narrowed line lets the rest through and no more", inside["id"] == "web-users" and outside["verdict"] == "drop", (inside, outside))
    ping = verdict(path, "--from", "10.1.1.1", "--to", cases.SELF4, "--proto", "icmp", "--type", "8")
    check("a line that is off opens nothing", ping["verdict"] == "drop", ping)
    mine = verdict(path, "--from", "10.77.3.4", "--dport", "9100", *to)
    check("a line added opens its own, and explain names its file", mine["id"] == "own-monitor" and mine["line"].endswith("own.fw:7") and
          mine["source"] == "network team", mine)
    script = cases.generate("appliance", "nft", "--own", path)
    check("what is exported has the line added, and the narrowed one narrowed",
          "tcp . 9100 . 10.77.0.0/16" in script and "tcp . 443 . 10.0.0.0/8" in script and "tcp . 443 comment" not in script)


def explain(check):
    v = verdict("/dev/null", "--from", "203.0.113.9", "--to", cases.SELF4, "--proto", "tcp", "--dport", "443")
    check("explain names line, purpose and source", v["verdict"] == "pass" and v["id"] == "web-users" and
          v["line"].startswith("firewall/appliance.fw:") and "agents" in v["purpose"] and "firewall rules" in v["source"], v)
    p = subprocess.run([cases.CAMFW, "generate", "--profile", "vcenter", "--format", "nft"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check("a peer without an address is an error that names line and peer", p.returncode == 100 and "vcenter-api (firewall/providers.fw:" in p.stderr
          and "appliance" in p.stderr, p.stderr)


def page(name, command, check, what):
    """The end of a page, behind its mark, is what camfw writes. CAM_WRITE=1 writes it anew."""
    path = os.path.join(cases.TOP, "docs", name)
    head, mark, tail = open(path).read().partition("<!-- camfw %s -->\n" % " ".join(command))
    made = "\n" + cases.camfw(*command)
    if os.environ.get("CAM_WRITE"):
        open(path, "w").write(head + mark + made)
        tail = made
    check(what, mark and tail == made)


def document(check):
    page("firewall.md", ("document",), check, "docs/firewall.md has the tables as they are")
    page("firewall-formats.md", ("formats", "--markdown"), check, "docs/firewall-formats.md lists every format as it is")


def run(check):
    with tempfile.TemporaryDirectory() as folder:
        refuse(check, folder)
        own(check, folder)
    explain(check)
    document(check)

"""Golden files for each profile and format, and what the formats' real consumers say."""
import csv
import json
import os
import subprocess
import tempfile
import xml.dom.minidom

import cases

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden")
PYTHON = "/usr/bin/python3"


def run(*argv, stdin=None, **more):
    p = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    return p.returncode, p.stdout


def formats():
    return json.loads(cases.camfw("formats", "--json"))["formats"]


def golden(check):
    """Every profile in every format, byte for byte. CAM_WRITE=1 writes them anew."""
    os.makedirs(GOLDEN, exist_ok=True)
    for profile in cases.PROFILES:
        different = []
        for f in formats():
            path = os.path.join(GOLDEN, "%s.%s.%s" % (profile, f["name"], f["suffix"]))
            text = cases.generate(profile, f["name"])
            if os.environ.get("CAM_WRITE"):
                open(path, "w", newline="").write(text)
            if not os.path.exists(path) or open(path, newline="").read() != text:
                different.append(f["name"])
        check("golden files of profile %s: %d formats are as kept" % (profile, len(formats())), not different, different)


def written(folder, profile, form):
    path = os.path.join(folder, "%s.%s" % (profile, form))
    with open(path, "w", newline="") as f:
        f.write(cases.generate(profile, form))
    return path


def nft(check, folder):
    bad, differ = [], []
    for profile in cases.PROFILES:
        text, js = written(folder, profile, "nft"), written(folder, profile, "nft-json")
        rc, out = run("unshare", "-n", "sh", "-c", 'nft -c -f "$1" && nft -j -c -f "$2"', "sh", text, js)
        if rc:
            bad.append((profile, out[:300]))
        lists = [run("unshare", "-n", "sh", "-c", 'nft %s -f "$1" && nft -s list ruleset' % o, "sh", f)[1] for o, f in (("", text), ("-j", js))]
        if lists[0] != lists[1] or "table inet cam" not in lists[0]:
            differ.append(profile)
    check("nft accepts the script and its JSON form of every profile", not bad, bad)
    check("the script and the JSON form list as the same ruleset", not differ, differ)


def iptables(check, folder):
    bad = []
    for profile in cases.PROFILES:
        for form in ("iptables", "ip6tables"):
            rc, out = run("unshare", "-n", form + "-restore", "--test", written(folder, profile, form))
            if rc:
                bad.append((profile, form, out[:300]))
    check("iptables-restore and ip6tables-restore accept every profile", not bad, bad)


FIREWALLD = """
mount -t tmpfs none /etc/firewalld
mkdir /etc/firewalld/zones /etc/firewalld/policies /etc/firewalld/services /etc/firewalld/ipsets /etc/firewalld/icmptypes /etc/firewalld/helpers
echo DefaultZone=public >/etc/firewalld/firewalld.conf
FIREWALL=firewall-offline-cmd sh "$1" >/dev/null && firewall-offline-cmd --check-config >/dev/null &&
grep -h -c '<rule' /etc/firewalld/zones/cam.xml /etc/firewalld/policies/cam-out.xml
"""


def firewalld(check, folder):
    bad = []
    for profile in cases.PROFILES:
        path = written(folder, profile, "firewalld")
        want = open(path).read().count("--add-rich-rule")
        rc, out = run("unshare", "-mn", "sh", "-c", FIREWALLD, "sh", path)
        counts = [int(x) for x in out.split() if x.isdigit()]
        if sum(counts) != want or not want or (rc and 0 not in counts):
            bad.append((profile, want, out[-300:]))
    check("firewalld's offline check accepts every profile and keeps every rule", not bad, bad)


UFW = """
cp -a /etc/ufw "$2/ufw" && mount -t tmpfs none /etc/ufw && cp -a "$2/ufw/." /etc/ufw && mount -t tmpfs none /run &&
sh "$1" >/dev/null && ufw --force enable >/dev/null && ufw status; rm -rf "$2/ufw"
"""


def ufw(check, folder):
    bad = []
    for profile in ("appliance", "vm-msa", "openstack"):
        path = written(folder, profile, "ufw")
        rc, out = run("unshare", "-mn", "sh", "-c", UFW, "sh", path, folder)
        if rc or out.count("ALLOW") < open(path).read().count("\nufw allow"):
            bad.append((profile, out[-300:]))
    check("ufw takes every rule and is enabled", not bad, bad)


def heat(check, folder):
    paths = [written(folder, profile, "heat") for profile in cases.PROFILES]
    rc, out = run(PYTHON, os.path.join(HERE, "heat_check.py"), *paths)
    check("heat validates every profile's template", rc == 0 and len(out.splitlines()) == len(paths), out[-300:])
    broken = os.path.join(folder, "broken.yaml")
    open(broken, "w").write(open(paths[0]).read().replace("direction: ingress", "direction: sideways", 1))
    rc, out = run(PYTHON, os.path.join(HERE, "heat_check.py"), broken)
    check("heat refuses a template with a direction that is none", rc != 0 and "sideways" in out, out[-300:])


def cfn_lint(path, folder):
    return run(os.path.join(folder, "node_modules/.bin/cfn-lint"), "validate", path, cwd=folder)[1]


def cloudformation(check, folder):
    """cfn-lint from npm, pinned; kept in the cache."""
    lock = os.path.join(HERE, "package-lock.json")
    cache = os.path.join(os.environ.get("CAM_CACHE", os.path.expanduser("~/.cache/cam-appliance")), "npm",
                         run("sha256sum", lock)[1][:16])
    if not os.path.exists(os.path.join(cache, "node_modules/.package-lock.json")):
        os.makedirs(cache, exist_ok=True)
        for f in ("package.json", "package-lock.json"):
            open(os.path.join(cache, f), "w").write(open(os.path.join(HERE, f)).read())
        rc, out = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=cache)
        if rc:
            check("npm gives cfn-lint", False, out[-300:])
            return
    bad = []
    for profile in cases.PROFILES:
        out = cfn_lint(written(folder, profile, "aws"), cache)
        if "Template valid!" not in out:
            bad.append((profile, out[-300:]))
    check("cfn-lint accepts the CloudFormation template of every profile", not bad, bad)
    broken = os.path.join(folder, "broken.json")
    open(broken, "w").write(cases.generate("vcenter", "aws").replace("FromPort", "FromPorts", 1))
    check("cfn-lint refuses a template with a property that is none", "Template invalid!" in cfn_lint(broken, cache))


def azure(check):
    """No consumer is to be had: what the service's documentation demands of a rule, checked here."""
    bad = []
    for profile in cases.PROFILES:
        t = json.loads(cases.generate(profile, "azure"))
        rules = t["resources"][0]["properties"]["securityRules"]
        for d in ("Inbound", "Outbound"):
            numbers = [r["properties"]["priority"] for r in rules if r["properties"]["direction"] == d]
            if len(set(numbers)) != len(numbers) or not all(100 <= n <= 4096 for n in numbers):
                bad.append((profile, d, "priorities"))
        if len({r["name"] for r in rules}) != len(rules):
            bad.append((profile, "names"))
        for r in rules:
            p = r["properties"]
            if len(p["description"]) > 140 or ("sourceAddressPrefix" in p) == ("sourceAddressPrefixes" in p) or \
                    ("destinationPortRange" in p) == ("destinationPortRanges" in p):
                bad.append((profile, r["name"]))
            families = {":" in a for a in p.get("sourceAddressPrefixes", []) + p.get("destinationAddressPrefixes", [])}
            if len(families) > 1:
                bad.append((profile, r["name"], "two families"))
    check("ARM templates: priorities and names are unique, each rule has one family and one of each pair of members", not bad, bad)


def readers(check, folder):
    bad = []
    for profile in cases.PROFILES:
        rows = list(csv.reader(open(written(folder, profile, "csv"), newline="")))
        if len(rows) < 2 or any(len(r) != 11 for r in rows):
            bad.append((profile, "csv"))
        xml.dom.minidom.parse(written(folder, profile, "svg"))
        json.loads(cases.generate(profile, "nsxt"))
        if run("sh", "-n", written(folder, profile, "google"))[0]:
            bad.append((profile, "google"))
    check("CSV has its columns, SVG is XML, NSX-T is JSON, Google's is a shell script", not bad, bad)


def consumers(check):
    with tempfile.TemporaryDirectory(dir=cases.OUT) as folder:
        nft(check, folder)
        iptables(check, folder)
        firewalld(check, folder)
        ufw(check, folder)
        heat(check, folder)
        cloudformation(check, folder)
        azure(check)
        readers(check, folder)

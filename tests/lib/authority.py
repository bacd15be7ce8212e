"""A corporate authority made with openssl: a root, an intermediate, and what they sign. Files live in a directory that is given.

usage: authority.py DIRECTORY "leaf middle root" <REQUEST    signs, and says these, in this order; the authority stays the same
"""
import os
import subprocess
import sys

CONFIGURATION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "authority.cnf")
EXTENSIONS = """
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[middle]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[plain]
basicConstraints = critical, CA:FALSE
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
"""


def openssl(*argv, data=None):
    r = subprocess.run(("openssl",) + argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       env=dict(os.environ, OPENSSL_CONF=CONFIGURATION))
    assert r.returncode == 0, "openssl %s: %s" % (" ".join(argv), r.stderr)
    return r.stdout


class Authority:
    def __init__(self, directory, name="Example", kind="ec"):
        self.dir, self.name = directory, name
        self.path("ext", EXTENSIONS)
        self.root, self.root_key = self._make("root", None, kind)
        self.middle, self.middle_key = self._make("middle", ("root", self.root_key), kind)

    def path(self, name, text=None):
        path = os.path.join(self.dir, "%s-%s" % (self.name, name))
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        return path

    def _make(self, what, by, kind):
        key, csr, out = self.path(what + ".key"), self.path(what + ".csr"), self.path(what + ".pem")
        if os.path.exists(out):
            with open(out) as f:
                return f.read(), key
        if kind == "ec":
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key)
        else:
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", "/O=%s/CN=%s %s" % (self.name, self.name, what), "-out", csr)
        sign = ["-signkey", key] if not by else ["-CA", self.path(by[0] + ".pem"), "-CAkey", by[1], "-CAcreateserial"]
        openssl("x509", "-req", "-in", csr, *sign, "-days", "3650", "-sha384", "-extfile", self.path("ext"), "-extensions", what, "-out", out)
        with open(out) as f:
            return f.read(), key

    def sign(self, csr, days=90, names=None, section="plain", by="middle", digest="-sha256", start=None):
        """The certificate for a request (PEM), with its own names unless others are given."""
        ext = EXTENSIONS
        copy = ["-copy_extensions", "copyall"]
        if names is not None:
            ext = ext.replace("[%s]\n" % section, "[%s]\nsubjectAltName = %s\n" % (section, ", ".join(names)))
            copy = []
        extfile = self.path("leaf.ext", ext)
        openssl("req", "-verify", "-noout", "-in", self.path("leaf.csr", csr))
        argv = ["x509", "-req", "-in", self.path("leaf.csr"), "-CA", self.path(by + ".pem"), "-CAkey", self.path(by + ".key"), "-CAcreateserial",
                digest, "-extfile", extfile, "-extensions", section, "-out", self.path("leaf.pem"), *copy]
        openssl(*argv, "-days", str(days))
        with open(self.path("leaf.pem")) as f:
            return f.read()


if __name__ == "__main__":
    authority = Authority(sys.argv[1])
    parts = {"leaf": authority.sign(sys.stdin.read()), "middle": authority.middle, "root": authority.root}
    print("".join(parts[p] for p in sys.argv[2].split()), end="")

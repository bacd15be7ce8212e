"""Random templates from the grammar of docs/templates.md. The same seed gives the same templates."""
import random

CONTEXT = {
    "n": 3, "zero": 0, "neg": -7, "f": 2.5, "big": 123456789, "yes": True, "no": False, "nothing": None,
    "s": "Hello World", "empty": "", "num": "42", "dec": " 3.75 ", "path": "/var/lib/x", "uni": "é ünï →", "multi": "one\ntwo\n\nthree",
    "words": "b,a,C,a", "quote": "it's \"so\"",
    "l": [3, 1, 2], "names": ["beta", "Alpha", "gamma", "alpha"], "none_at_all": [], "mixed": [1, "a", None, 2.5], "nested": [[1, 2], [3, 4]],
    "d": {"x": 1, "y": "why", "Z": [1, 2]}, "nodict": {}, "deep": {"a": {"b": {"c": "end"}}},
    "web": [{"port": 80, "name": "Web-b", "address": {"public": "192.0.2.1"}}, {"port": 8080, "name": "web-a", "address": {"public": "192.0.2.2"}}],
}
TEXTS = ["s", "empty", "num", "dec", "path", "uni", "multi", "words", "quote"]
NUMBERS = ["n", "zero", "neg", "f", "big", "yes"]
LISTS = ["l", "names", "none_at_all", "nested", "web"]
ALL = list(CONTEXT) + ["missing"]
LITERALS = ["'x'", '"y z"', "''", "'a\\n\\'b'", "'\\x41\\u00e9'", "'a' 'b'", "'/'", "','"]
WORDS = ["plain", " ", "\n", "  \n\t", "$HOME ", "}} ", "x = y; ", "% ", "# c\n", "é→", "{ ", "-", "'\"", "\r\n", "if "]


class Grammar:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = []

    def pick(self, *options):
        return self.r.choice(options)

    def some(self, make, low, high):
        return [make() for _ in range(self.r.randint(low, high))]

    def number(self, depth):
        if depth <= 0 or self.r.random() < 0.4:
            return self.pick(str(self.r.randint(0, 20)), "%d.%d" % (self.r.randint(0, 9), self.r.randint(0, 99)), "1_000", "1e3", "2.5e-3",
                             *NUMBERS)
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.pick(*["%s %s %s" % (a, op, b) for op in ("+", "-", "*", "/", "//", "%")], "(%s)" % a, "-%s" % a, "+%s" % a,
                         "%s ** %d" % (self.pick("2", "n", "neg", "f"), self.r.randint(0, 4)), "%s|abs" % a, "(%s)|round" % a,
                         "(%s)|round(%d)" % (a, self.r.randint(0, 3)), "(%s)|round(%d, '%s')" % (a, self.r.randint(0, 2), self.pick("ceil", "floor", "common")),
                         "(%s)|int" % a, "(%s)|float" % a, "%s|int" % self.text(depth - 1), "%s|float" % self.text(depth - 1),
                         "%s|int(%d)" % (self.text(depth - 1), self.r.randint(0, 9)), "%s|length" % self.sequence(depth - 1),
                         "%s|count" % self.text(depth - 1), "%s|sum" % self.pick("l", "[1, 2.5]", "range(5)"), "%s|first" % self.pick("l", "range(3)"),
                         "%s|max" % self.pick("l", "[1, n, f]"), "%s|min" % self.pick("l", "[1, n, f]"), "%s|wordcount" % self.text(depth - 1),
                         "web|sum(attribute='port')", "web|map(attribute='port')|sum", "l[%d]" % self.r.randint(-4, 4), "web.port", "web[1].port", "d.x",
                         "%s.find('o')" % self.pick("s", "path"), "nested.0.1")

    def text(self, depth):
        if depth <= 0 or self.r.random() < 0.4:
            return self.pick(*TEXTS, *LITERALS)
        a, b = self.text(depth - 1), self.text(depth - 1)
        return self.pick(*["%s|%s" % (a, f) for f in ("upper", "lower", "capitalize", "title", "trim", "string", "reverse", "first", "last",
                                                      "urlencode", "indent", "indent(2, true)", "indent(width='> ', blank=true)",
                                                      "default('d')", "default('d', true)", "d(boolean=true)", "trim('/H')", "list|join('-')",
                                                      "replace('a', 'A')", "replace('l', 'L', 1)", "replace('', '.')")],
                         *["%s.%s" % (self.pick("s", "path", "uni", "(%s)" % a), m) for m in
                           ("upper()", "lower()", "strip()", "lstrip('/H')", "rstrip()", "replace('o', '0')", "capitalize()")],
                         "%s + %s" % (a, b), "%s ~ %s" % (a, self.any(depth - 1)), "%s * %d" % (a, self.r.randint(0, 3)), "(%s)" % a,
                         "%s[%d]" % (self.pick("s", "uni"), self.r.randint(-6, 12)), "%s[%s:%s]" % (self.pick("s", "uni", "path"), self.bound(), self.bound()),
                         "%s[%s:%s:%s]" % (self.pick("s", "uni"), self.bound(), self.bound(), self.pick("2", "-1", "-2", "1")),
                         "(%s)|string" % self.any(depth - 1), "%s|join(', ')" % self.sequence(depth - 1),
                         "web|map(attribute='name')|join('%s')" % self.pick(",", ""), "web.name", "web[0].address.public", "web.address['public']",
                         "deep.a.b.c", "deep['a'].b['c']", "d['y']", "d.get('y')", "d.get('q', 'none')", "'-'.join(%s)" % self.pick("names", "words", "[s, 'b']"),
                         "web|join(',', attribute='name')", "%s|tojson" % self.pick("d", "l", "mixed", "s", "quote", "web", "uni", "f", "nothing"))

    def bound(self):
        return self.pick("", "", str(self.r.randint(-4, 9)), "n")

    def sequence(self, depth):
        if depth <= 0 or self.r.random() < 0.4:
            return self.pick(*LISTS, "[1, 2, 3]", "['a', 'B']", "('x',)", "(1, 'b')", "[]", "range(4)|list", "range(1, 9, 3)|list")
        a = self.sequence(depth - 1)
        return self.pick(*["%s|%s|list" % (a, f) for f in ("reverse", "select", "reject", "select('defined')", "select('string')", "reject('number')",
                                                           "map('string')", "map('string')|map('upper')", "unique")],
                         "%s|list" % a, "%s|sort" % self.pick("l", "names", "words|list", "[3, 1.5, true]", "nested", a), "names|sort(reverse=true)",
                         "names|sort(case_sensitive=true)", "web|sort(attribute='name')", "web|sort(attribute='address.public', reverse=true)",
                         "names|unique|list", "d|dictsort", "d|dictsort(true)", "d|dictsort(by='%s')" % self.pick("key", "value"), "d.items()|list", "d.keys()|list",
                         "d.values()|list", "d|items|list", "web|selectattr('port', 'gt', 100)|list", "web|rejectattr('name')|list", "web|selectattr('nope')|list",
                         "web|map(attribute='nope', default='?')|list", "web|map(attribute='address.public')|list", "l|select('odd')|list",
                         "l|select('divisibleby', %d)|list" % self.r.randint(1, 3), "names|reject('in', ['beta'])|list", "names|map('replace', 'a', 'o')|list",
                         "[%s]" % ", ".join(self.some(lambda: self.any(depth - 1), 0, 3)), "(%s,)" % self.any(depth - 1), "l + %s" % self.pick("[4]", "nested", "names"),
                         "%s[%s:%s]" % (self.pick("l", "names", "mixed"), self.bound(), self.bound()), "l * 2", "words.split(',')", "s.split()", "multi.splitlines()",
                         "words.split(',', 1)", "path.split('/')", "web|map(attribute='name')|map('lower')|sort")

    def truth(self, depth):
        if depth <= 0 or self.r.random() < 0.25:
            return self.pick("yes", "no", "true", "False", self.any(0), "%s is defined" % self.pick(*ALL), "%s is none" % self.pick(*ALL))
        a, b = self.any(depth - 1), self.any(depth - 1)
        x, y = self.number(depth - 1), self.number(depth - 1)
        return self.pick(*["%s %s %s" % (x, op, y) for op in ("<", "<=", ">", ">=", "==", "!=")], "%s == %s" % (a, b), "%s != %s" % (a, b),
                         "not %s" % self.truth(depth - 1), "%s and %s" % (self.truth(depth - 1), self.truth(depth - 1)), "(%s)" % self.truth(depth - 1),
                         "%s or %s" % (self.truth(depth - 1), self.truth(depth - 1)), "%s in %s" % (self.text(depth - 1), self.pick("names", "d", "s", "words", "[s]")),
                         "%s not in %s" % (x, self.pick("l", "[1, 2]", "nodict", "range(9)")), "%s < %s" % (self.text(0), self.text(0)),
                         "%s is %s" % (a, self.pick("string", "number", "mapping", "sequence", "iterable", "boolean", "integer", "float", "true", "false",
                                                    "none", "defined", "undefined", "not string", "not defined")),
                         "%s is %s" % (x, self.pick("odd", "even", "divisibleby 3", "divisibleby(2)", "gt 2", "lt(3)", "eq 3", "not eq 3", "in l", "ge 1", "le 2")),
                         "%s is %s" % (self.text(depth - 1), self.pick("upper", "lower", "ne 'x'", "in names")), "1 < n < 5", "0 == zero == no",
                         "%s.startswith('%s')" % (self.pick("s", "path"), self.pick("H", "/")), "%s.endswith('d')" % self.pick("s", "words"), "num.isdigit()",
                         "nested == [[1, 2], [3, 4]]", "l == (3, 1, 2)", "l < %s" % self.pick("[3, 2]", "[]", "names"))

    def any(self, depth):
        if self.names and self.r.random() < 0.25:
            return self.r.choice(self.names)
        if self.r.random() < 0.06:
            return self.pick(*ALL, "missing|default(n)", "missing.x", "d.missing", "l.missing", "nothing.x", "web.nope", "d", "nodict", "{'k': n, 'j': [s]}", "{}", "{1: 2, true: 3}")
        return self.pick(self.number, self.text, self.sequence, self.truth, self.choice)(depth - 1)

    def choice(self, depth):
        if depth <= 0:
            return self.number(0)
        return "%s if %s%s" % (self.any(depth - 1).replace(" if ", " or "), self.truth(depth - 1),
                               self.pick("", " else %s" % self.any(depth - 1)))

    # ---- statements ----

    def tag(self, inside):
        return "{%%%s %s %s%%}" % (self.pick("", "", "", "-", "+"), inside, self.pick("", "", "", "-", "+"))

    def show(self, depth):
        e = self.any(depth)
        pad = self.pick("", " ")
        return "{{%s%s%s%s}}" % (self.pick("", "", "", "- "), " " if e.startswith(("{", "-", "+")) else pad, e,
                                 self.pick("", " ", " -") if not e.endswith("}") else " ")

    def body(self, depth):
        before = list(self.names)
        out = "".join(self.some(lambda: self.statement(depth), 0, 3))
        self.names = before
        return out

    def head(self, depth):
        return self.truth(depth).replace(" if ", " or ")

    def statement(self, depth):
        k = self.r.random()
        if depth <= 0 or k < 0.3:
            return self.pick(*WORDS)
        if k < 0.6:
            return self.show(3)
        if k < 0.65:
            return "{#%s %s %s#}" % (self.pick("", "-", "+"), self.pick("note", "{{ x", "%}"), self.pick("", "-", "+"))
        if k < 0.68:
            return self.tag("raw").replace("+%}", "%}") + self.pick("{{ s }}", "{% if %}", "text\n", " ") + self.tag("endraw")
        if k < 0.8:
            out = self.tag("if " + self.head(2)) + self.body(depth - 1)
            for _ in range(self.r.randint(0, 2)):
                out += self.tag("elif " + self.head(2)) + self.body(depth - 1)
            if self.r.random() < 0.5:
                out += self.tag("else") + self.body(depth - 1)
            return out + self.tag("endif")
        if k < 0.9:
            return self.loop(depth)
        name = self.pick("v", "w")	# not of the context: docs/templates.md, what differs
        if k < 0.93:
            out = self.tag("set " + name) + self.body(depth - 1) + self.tag("endset")
        elif k < 0.95:
            out = self.tag("set ns = namespace(a=%s)" % self.number(0)) + "{{ ns.a }}" + self.tag("for i in range(3)") + \
                self.tag("set ns.a = ns.a + i") + self.tag("endfor") + "{{ ns.a }}"
        elif k < 0.97:
            out = self.tag("set v, w = %s, %s" % (self.number(1), self.text(1)))
            self.names += ["w"]
        else:
            out = self.tag("set %s = %s" % (name, self.any(2)))
        self.names += [name]
        return out

    def loop(self, depth):
        kind = self.r.random()
        before = list(self.names)
        if kind < 0.2:
            head, names = self.pick("k, v in d.items()", "k, v in d|dictsort", "a, b in nested", "k, v in nodict.items()"), ["loop.index"]
        else:
            source = self.pick(self.sequence(2).replace(" if ", " or "), "range(%d)" % self.r.randint(0, 4), self.pick(*ALL), "web", "names|map('upper')", "1, 2, 3")
            head, names = "i in " + source, ["i", "i"]
            if self.r.random() < 0.2 and "1, 2" not in source:
                head += " if " + self.pick("i", "i is defined", "not i", "i != 2", self.head(1))
        self.names += names + ["loop.index", "loop.first", "loop.last", "loop.length", "loop.revindex", "loop.index0", "loop.revindex0",
                               "loop.cycle('a', 'b')", "loop.previtem|default('-')", "loop.nextitem|d('+')", "loop.depth"]
        body = self.body(depth - 1) + (self.show(2) if self.r.random() < 0.7 else "")
        self.names = before
        out = self.tag("for " + head) + body
        if self.r.random() < 0.3:
            out += self.tag("else") + self.body(depth - 1)
        return out + self.tag("endfor")

    def template(self):
        self.names = []
        text = "".join(self.some(lambda: self.statement(3), 1, 6))
        if self.r.random() < 0.04 and text:	# one character less, or one that does not belong there
            at = self.r.randrange(len(text))
            text = text[:at] + self.pick("", "{", "}", "%", "(", "'", "|") + text[at + 1:]
        return text

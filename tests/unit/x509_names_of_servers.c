/* x509: which texts are names of servers, and in which form they are kept. */
#include <stdio.h>
#include <string.h>

#include "x509/x509.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* The kind and the text that a name is kept as; NULL = refused. */
static void expect(const char *text, enum x509_kind kind, const char *kept)
{
	struct x509_name name;
	const char *why = "";
	int result = x509_name_parse(&name, text, strlen(text), &why);

	if (kept ? !result && name.kind == kind && !strcmp(name.text, kept) : result && *why)
		return;
	failed = 1;
	printf("'%s': %s '%s' %s\n", text, result ? "refused" : "kept as", result ? "" : name.text, why);
}

int main(void)
{
	static struct x509_names a, b;
	struct x509_name name;
	const char *why;
	char longest[260];

	expect("cam", X509_KIND_DNS, "cam");
	expect("Cam.Example.ORG.", X509_KIND_DNS, "cam.example.org");
	expect("3com.example", X509_KIND_DNS, "3com.example");
	expect("xn--bcher-kva.example", X509_KIND_DNS, "xn--bcher-kva.example");
	expect("192.0.2.7", X509_KIND_IP4, "192.0.2.7");
	expect("2001:DB8::0:1", X509_KIND_IP6, "2001:db8::1");
	expect("", 0, NULL);
	expect(".", 0, NULL);
	expect("a..b", 0, NULL);
	expect(".a", 0, NULL);
	expect("-a.b", 0, NULL);
	expect("a-.b", 0, NULL);
	expect("a_b", 0, NULL);
	expect("*.example.org", 0, NULL);
	expect("a b", 0, NULL);
	expect("b\xc3\xbc" "cher.example", 0, NULL);
	expect("192.0.2", 0, NULL);
	expect("192.0.2.300", 0, NULL);
	expect("1.2.3.4.5", 0, NULL);
	expect("0.0.0.0", 0, NULL);
	expect("::", 0, NULL);
	expect("fe80::1%eth0", 0, NULL);
	expect("2001:db8::g", 0, NULL);
	CHECK(x509_name_parse(&name, "a\0b", 3, &why));

	memset(longest, 'a', sizeof longest);
	longest[63] = longest[127] = longest[191] = '.';
	CHECK(!x509_name_parse(&name, longest, 253, &why));
	CHECK(x509_name_parse(&name, longest, 256, &why));
	longest[63] = 'a';
	CHECK(x509_name_parse(&name, longest, 64, &why));

	for (int i = 0; i < X509_NAMES_MAX; i++) {
		char text[16];

		snprintf(text, sizeof text, "h%d", i);
		CHECK(!x509_name_parse(&name, text, strlen(text), &why));
		CHECK(!x509_names_add(&a, &name));
	}
	CHECK(!x509_names_add(&a, &name) && a.count == X509_NAMES_MAX);
	for (size_t i = a.count; i-- > 0;)
		CHECK(!x509_names_add(&b, &a.name[i]));
	CHECK(x509_names_equal(&a, &b));
	b.count--;
	CHECK(!x509_names_equal(&a, &b) && !x509_names_equal(&b, &a));
	CHECK(!x509_name_parse(&name, "one-more", 8, &why) && x509_names_add(&a, &name) == -1);
	CHECK(x509_names_have(&a, "h3") && !x509_names_have(&a, "h99"));
	return failed;
}

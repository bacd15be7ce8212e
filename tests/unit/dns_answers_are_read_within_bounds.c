/* Answers of name servers: addresses and aliases are found, what is not to the question is not taken, damage has an end. */
#include <stdio.h>
#include <string.h>

#include "dns/dns.h"

static int bad;

static void expect(int good, const char *what)
{
	if (good)
		return;
	printf("%s\n", what);
	bad = 1;
}

/* ---- a message, written by hand ---- */

struct message {
	uint8_t b[2048];
	size_t len;
};

static void put(struct message *m, const void *bytes, size_t n)
{
	memcpy(m->b + m->len, bytes, n);
	m->len += n;
}

static void put16(struct message *m, unsigned v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, b, 2);
}

static void put_name(struct message *m, const char *name)
{
	for (size_t n; *name; name += n + (name[n] == '.')) {
		uint8_t len;

		n = strcspn(name, ".");
		len = (uint8_t)n;
		put(m, &len, 1);
		put(m, name, n);
	}
	put(m, "", 1);
}

static void begin(struct message *m, unsigned id, unsigned flags, const char *name, unsigned type, unsigned answers)
{
	m->len = 0;
	put16(m, id);
	put16(m, flags);
	put16(m, 1);
	put16(m, answers);
	put16(m, 0);
	put16(m, 0);
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}

static void record(struct message *m, const char *owner, unsigned type, unsigned ttl, const void *data, unsigned n)
{
	put_name(m, owner);
	put16(m, type);
	put16(m, 1);
	put16(m, ttl >> 16);
	put16(m, ttl & 0xffff);
	put16(m, n);
	put(m, data, n);
}

static enum dns_result read_as(const struct message *m, struct dns_answer *a, const char *name)
{
	return dns_answer_read(a, m->b, m->len, 7, name, DNS_A);
}

/* ---- what is tried ---- */

static void question(void)
{
	/* RFC 1035 §4.1, RFC 6891 §6.1.2: by hand */
	static const uint8_t want[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 'v', 'c', 4, 't', 'e', 's', 't', 0, 0, 28, 0, 1,
		0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0 };
	uint8_t out[DNS_QUESTION_MAX];
	char longest[260] = "";

	expect(dns_question(out, 0x1234, "vc.test", DNS_AAAA, true) == sizeof want && !memcmp(out, want, sizeof want), "question");
	expect(dns_question(out, 1, "vc.test", DNS_A, false) == 25 && out[11] == 0, "question without OPT");
	expect(!dns_question(out, 1, "a b", DNS_A, true) && !dns_question(out, 1, "", DNS_A, true), "no name");
	for (int i = 0; i < 126; i++)
		strcat(longest, "a.");
	strcat(longest, "b");	/* 253 bytes: 255 on the wire */
	expect(dns_question(out, 1, longest, DNS_A, true) == DNS_QUESTION_MAX, "the longest name");
}

static void addresses(void)
{
	static const uint8_t one[4] = { 10, 0, 0, 5 }, two[4] = { 10, 0, 0, 6 }, self[4] = { 127, 0, 0, 1 }, all[4] = { 224, 0, 0, 1 };
	static const uint8_t link[4] = { 169, 254, 1, 1 };
	struct dns_answer a;
	struct message m;
	char text[ADDR_TEXT_MAX];

	begin(&m, 7, 0x8180, "vC.test", 1, 7);
	record(&m, "vc.TEST", 1, 300, one, 4);
	record(&m, "vc.test", 1, 200, two, 4);
	record(&m, "vc.test", 1, 200, two, 4);
	record(&m, "other.test", 1, 1, "\x0a\x09\x09\x09", 4);
	record(&m, "vc.test", 1, 400, self, 4);
	record(&m, "vc.test", 1, 400, all, 4);
	record(&m, "vc.test", 1, 400, link, 4);
	expect(read_as(&m, &a, "vc.test") == DNS_ADDRESSES_GOT && a.count == 2 && a.ttl == 200, "addresses, and what is none");
	addr_format(&a.list[0], text);
	expect(!strcmp(text, "10.0.0.5"), "the first");
	expect(read_as(&m, &a, "vd.test") == DNS_FOREIGN, "another question");
	expect(dns_answer_read(&a, m.b, m.len, 8, "vc.test", DNS_A) == DNS_FOREIGN, "another number");
	expect(dns_answer_read(&a, m.b, m.len, 7, "vc.test", DNS_AAAA) == DNS_FOREIGN, "another type");
	m.b[2] = 0;
	expect(read_as(&m, &a, "vc.test") == DNS_FOREIGN, "a question is no answer");
}

static void aliases(void)
{
	static const uint8_t one[4] = { 10, 0, 0, 5 };
	struct dns_answer a;
	struct message m;
	char from[32], to[32];

	/* the address first, its aliases behind it and out of order; the last by a pointer to its owner's name */
	begin(&m, 7, 0x8180, "a.test", 1, 3);
	record(&m, "c.test", 1, 500, one, 4);
	record(&m, "b.test", 5, 40, "\1c\xc0\x0e", 4);
	record(&m, "a.test", 5, 300, "\1b\xc0\x0e", 4);
	expect(read_as(&m, &a, "a.test") == DNS_ADDRESSES_GOT && a.count == 1 && a.ttl == 40, "aliases");
	begin(&m, 7, 0x8180, "a.test", 1, 2);
	record(&m, "a.test", 5, 300, "\1b\xc0\x0e", 4);
	record(&m, "b.test", 5, 300, "\1a\xc0\x0e", 4);
	expect(read_as(&m, &a, "a.test") == DNS_NO_ADDRESS && !a.count, "aliases in a circle");
	begin(&m, 7, 0x8180, "n0.test", 1, 20);
	for (int i = 0; i < 19; i++) {
		snprintf(from, sizeof from, "n%d.test", i);
		snprintf(to, sizeof to, "%cn%d\xc0\x0f", i + 1 < 10 ? 2 : 3, i + 1);
		record(&m, from, 5, 300, to, (unsigned)strlen(to));
	}
	record(&m, "n19.test", 1, 300, one, 4);
	expect(read_as(&m, &a, "n0.test") == DNS_NO_ADDRESS, "too many aliases");
}

static void nothing(void)
{
	static const struct { unsigned flags; enum dns_result want; } cases[] = {
		{ 0x8183, DNS_NO_NAME }, { 0x8180, DNS_NO_ADDRESS }, { 0x8182, DNS_REFUSED }, { 0x8185, DNS_REFUSED }, { 0x8181, DNS_PLAIN },
		{ 0x8184, DNS_PLAIN }, { 0x8380, DNS_CUT }, { 0x8980, DNS_FOREIGN },
	};
	static const uint8_t head[12] = { 0, 7, 0x81, 0x81 };
	struct dns_answer a;
	struct message m;

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(&m, 7, cases[i].flags, "a.test", 1, 0);
		expect(read_as(&m, &a, "a.test") == cases[i].want && !a.count, "an answer without an address");
	}
	expect(dns_answer_read(&a, head, sizeof head, 7, "a.test", DNS_A) == DNS_PLAIN, "a head alone");
}

static void damage(void)
{
	static const uint8_t one[4] = { 10, 0, 0, 5 };
	struct dns_answer a;
	struct message m;

	begin(&m, 7, 0x8180, "a.test", 1, 1);
	record(&m, "a.test", 1, 300, one, 4);
	for (size_t cut = 0; cut < m.len; cut++) {
		enum dns_result r = dns_answer_read(&a, m.b, cut, 7, "a.test", DNS_A);

		expect((r == DNS_FOREIGN || r == DNS_BROKEN) && !a.count, "cut short");
	}
	/* a name that points at itself, and one that points forwards (RFC 1035 §4.1.4: to a prior occurrence) */
	begin(&m, 7, 0x8180, "a.test", 1, 1);
	put(&m, "\xc0\x18", 2);
	put(&m, "\0\1\0\1\0\0\1\0\0\4\x0a\0\0\5", 14);
	expect(m.b[24] == 0xc0 && read_as(&m, &a, "a.test") == DNS_BROKEN, "a name that points at itself");
	m.b[25] = 0x1a;
	expect(read_as(&m, &a, "a.test") == DNS_BROKEN, "a name that points forwards");
	m.b[25] = 0x0c;
	expect(read_as(&m, &a, "a.test") == DNS_ADDRESSES_GOT, "a name that points to the question's");
}

int main(void)
{
	question();
	addresses();
	aliases();
	nothing();
	damage();
	return bad;
}

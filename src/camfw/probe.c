/* camfw: probe: are the peers of a profile reached from here?  Several at once; a table, or JSON. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "camfw.h"
#include "firewall/json.h"
#include "probe.h"

#define AT_ONCE 16
#define SECONDS 5.0
#define SECONDS_MOST 300.0

static struct {
	struct probe *list;
	unsigned count, taken, done;
	double seconds;
	pthread_mutex_t lock;
	pthread_cond_t change;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };

/* ---- what is to be tried ---- */

static struct probe *add(const struct fw_rule *r)
{
	struct probe *p;

	if (!(all.count & (all.count - 1))) {
		all.list = realloc(all.list, (all.count ? (size_t)all.count * 2 : 1) * sizeof *all.list);
		if (!all.list)
			trouble("%s", strerror(errno));
	}
	p = &all.list[all.count++];
	memset(p, 0, sizeof *p);
	p->rule = r;
	return p;
}

static void skip(const struct fw_rule *r, const struct addr *a, const char *why)
{
	struct probe *p = add(r);

	if (a)
		p->address = *a;
	p->state = PROBE_SKIPPED;
	snprintf(p->text, sizeof p->text, "%s", why);
}

static bool can_ask(const struct fw_rule *r, uint16_t port)
{
	return r->protocol == FW_TCP || (r->protocol == FW_UDP && (port == 500 || port == 4500));
}

static void add_address(const struct options *o, const struct fw_rule *r, const struct addr *a)
{
	unsigned ports = 0;
	struct probe *p;

	for (unsigned i = 0; i < r->range_count; i++)
		ports += r->ranges[i].last - r->ranges[i].first + 1u;
	if (r->protocol != FW_TCP && r->protocol != FW_UDP) {
		skip(r, a, "not TCP or UDP");
		return;
	}
	if (ports > PROBE_PORTS) {
		skip(r, a, "many ports: none of them is a service's");
		return;
	}
	for (unsigned i = 0; i < r->range_count; i++) {
		for (unsigned port = r->ranges[i].first; port <= r->ranges[i].last; port++) {
			p = add(r);
			p->address = *a;
			p->port = (uint16_t)port;
			p->name = options_name_of(o, a);
			if (!can_ask(r, p->port)) {
				p->state = PROBE_SKIPPED;
				snprintf(p->text, sizeof p->text, "UDP: silence would say nothing");
			}
		}
	}
}

static void collect(const struct options *o, const struct fw_policy *policy)
{
	for (unsigned i = 0; i < policy->count; i++) {
		const struct fw_line *l = &policy->lines[i];

		if (l->rule->direction != FW_OUT)
			continue;
		if (!l->peers.count)
			skip(l->rule, NULL, "any address");
		for (unsigned k = 0; k < l->peers.count; k++) {
			const struct addr_prefix *x = &l->peers.list[k];

			if (x->len == addr_bits(x->addr.family))
				add_address(o, l->rule, &x->addr);
			else
				skip(l->rule, &x->addr, "a network");
		}
	}
}

/* Names that lead nowhere. */
static void collect_unresolved(const struct options *o, const struct fw_policy *policy)
{
	for (unsigned i = 0; i < o->lost_count; i++) {
		const struct fw_rule *r = NULL;
		struct probe *p;

		for (unsigned k = 0; k < policy->tables->rule_count && !r; k++)
			if (policy->tables->rules[k].peer == o->lost[i].peer && policy->tables->rules[k].profile == policy->profile)
				r = &policy->tables->rules[k];
		if (!r)
			continue;
		p = add(r);
		p->name = o->lost[i].name;
		p->state = PROBE_NOT;
		snprintf(p->text, sizeof p->text, "cannot be resolved: %s", o->lost[i].why);
	}
}

/* ---- trying ---- */

static void *work(void *arg)
{
	(void)arg;
	for (;;) {
		struct probe *p;

		pthread_mutex_lock(&all.lock);
		p = all.taken < all.count ? &all.list[all.taken++] : NULL;
		pthread_mutex_unlock(&all.lock);
		if (!p)
			return NULL;
		probe_run(p, all.seconds);
		pthread_mutex_lock(&all.lock);
		all.done++;
		pthread_cond_signal(&all.change);
		pthread_mutex_unlock(&all.lock);
	}
}

static void run(void)
{
	pthread_t threads[AT_ONCE];
	unsigned n = all.count < AT_ONCE ? all.count : AT_ONCE;
	bool shown = isatty(STDERR_FILENO);

	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			trouble("a thread cannot be started");
	pthread_mutex_lock(&all.lock);
	while (all.done < all.count) {
		if (shown)
			fprintf(stderr, "\r%u of %u", all.done, all.count);
		pthread_cond_wait(&all.change, &all.lock);
	}
	pthread_mutex_unlock(&all.lock);
	if (shown)
		fprintf(stderr, "\r%*s\r", 24, "");
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

/* ---- the answer ---- */

static const char *state_text(const struct probe *p)
{
	return p->state == PROBE_REACHED ? "reached" : p->state == PROBE_SKIPPED ? "skipped" : "not";
}

static void address_text(const struct probe *p, char out[ADDR_TEXT_MAX])
{
	addr_format(&p->address, out);
	if (!out[0])
		strcpy(out, "-");
}

static void answer_table(void)
{
	char address[ADDR_TEXT_MAX], port[8];

	printf("%-22s %-28s %-24s %-4s %-5s %-8s %7s  %s\n", "line", "peer", "address", "over", "port", "result", "ms", "what");
	for (unsigned i = 0; i < all.count; i++) {
		const struct probe *p = &all.list[i];

		address_text(p, address);
		snprintf(port, sizeof port, p->port ? "%u" : "-", p->port);
		printf("%-22s %-28s %-24s %-4s %-5s %-8s %7u  %s\n", p->rule->id, p->name ? p->name : "-", address, fw_protocol_name(p->rule->protocol),
			port, state_text(p), p->milliseconds, p->text);
	}
}

static void answer_json(unsigned reached, unsigned not)
{
	struct json j;
	yyjson_mut_val *list, *one;
	char address[ADDR_TEXT_MAX];

	json_begin(&j);
	json_number(&j, j.root, "reached", reached);
	json_number(&j, j.root, "not", not);
	list = json_array(&j, j.root, "probes");
	for (unsigned i = 0; i < all.count; i++) {
		const struct probe *p = &all.list[i];

		addr_format(&p->address, address);
		one = yyjson_mut_arr_add_obj(j.d, list);
		json_text(&j, one, "id", p->rule->id);
		json_text(&j, one, "name", p->name ? p->name : "");
		json_text(&j, one, "address", address);
		json_text(&j, one, "protocol", fw_protocol_name(p->rule->protocol));
		json_number(&j, one, "port", p->port);
		json_text(&j, one, "result", state_text(p));
		json_number(&j, one, "milliseconds", p->milliseconds);
		json_text(&j, one, "what", p->text);
		json_text(&j, one, "purpose", p->rule->purpose);
	}
	json_end(&j, stdout);
}

static double seconds_of(const struct options *o)
{
	char *end = NULL;
	double s = o->timeout ? strtod(o->timeout, &end) : SECONDS;

	if (o->timeout && (*end || end == o->timeout || !(s >= 0.1 && s <= SECONDS_MOST)))
		misuse("--timeout %s: seconds from 0.1 to %g are expected", o->timeout, SECONDS_MOST);
	return s;
}

int command_probe(struct options *o)
{
	struct fw_policy *policy;
	unsigned reached = 0, not = 0;

	all.seconds = seconds_of(o);
	policy = options_policy(o);
	collect(o, policy);
	collect_unresolved(o, policy);
	if (!all.count)
		misuse("profile %s calls nobody: there is nothing to probe", o->profile);
	run();
	for (unsigned i = 0; i < all.count; i++) {
		reached += all.list[i].state == PROBE_REACHED;
		not += all.list[i].state == PROBE_NOT;
	}
	if (o->json) {
		answer_json(reached, not);
	} else {
		answer_table();
		printf("%u reached, %u not, %u skipped\n", reached, not, all.count - reached - not);
	}
	free(all.list);
	fw_policy_free(policy);
	return not ? CAMFW_NO : 0;
}

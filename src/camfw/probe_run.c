/* camfw: probe: one peer's port: TCP connect, TLS's first messages, IKE's. */
#include <bearssl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "camfw.h"
#include "ike/ike.h"
#include "plat/clock.h"
#include "probe.h"
#include "tls/trust.h"
#include "x509/view.h"

enum { PORT_SSH = 22, PORT_IKE = 500, PORT_IKE_NAT = 4500 };

struct wire {
	int fd;
	int64_t until;		/* plat_clock_boot */
};

/* Waits for events; false when the time is over. */
static bool ready(const struct wire *w, short events)
{
	struct pollfd p = { .fd = w->fd, .events = events };
	int64_t left = w->until - plat_clock_boot();

	return left > 0 && poll(&p, 1, (int)(left / (PLAT_SECOND / 1000)) + 1) > 0;
}

/* A connected socket of the type, -1 with a sentence. */
static int reach(struct probe *p, struct wire *w, int type, double seconds)
{
	union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } to = { 0 };
	bool six = p->address.family == ADDR_V6;
	int error = 0;
	socklen_t len = sizeof error;

	if (six) {
		to.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(p->port) };
		memcpy(&to.v6.sin6_addr, p->address.bytes, 16);
	} else {
		to.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(p->port) };
		memcpy(&to.v4.sin_addr, p->address.bytes, 4);
	}
	w->fd = socket(six ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0)
		trouble("socket: %s", strerror(errno));
	if (connect(w->fd, &to.any, six ? sizeof to.v6 : sizeof to.v4) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (!ready(w, POLLOUT))
		error = ETIMEDOUT;
	else
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (!error)
		return 0;
	p->state = PROBE_NOT;
	if (error == ETIMEDOUT)
		snprintf(p->text, sizeof p->text, "no answer within %g s", seconds);
	else
		snprintf(p->text, sizeof p->text, "%s", error == ECONNREFUSED ? "refused: nobody listens there" : strerror(error));
	return -1;
}

/* ---- TLS ---- */

static int on_read(void *arg, unsigned char *buf, size_t len)
{
	struct wire *w = arg;
	ssize_t n = ready(w, POLLIN) ? recv(w->fd, buf, len, 0) : 0;

	return n > 0 ? (int)n : -1;
}

static int on_write(void *arg, const unsigned char *buf, size_t len)
{
	struct wire *w = arg;
	ssize_t n = ready(w, POLLOUT) ? send(w->fd, buf, len, MSG_NOSIGNAL) : 0;

	return n > 0 ? (int)n : -1;
}

static void say_certificate(struct probe *p, const struct tls_check *check)
{
	char issuer[200] = "its issuer cannot be read";
	struct x509_view v;

	if (x509_view(&v, check->bytes, check->ends[0]) == 0)
		x509_view_name_text(v.issuer, issuer, sizeof issuer);
	snprintf(p->text, sizeof p->text, "TLS 1.2, certificate by %s, SHA-256 %s", issuer, check->fingerprint);
}

/* Speaks until the server has shown its certificate; it is not judged. */
static void say_tls(struct probe *p, struct wire *w)
{
	unsigned char buffer[BR_SSL_BUFSIZE_MONO];
	char host[ADDR_NAME_MAX + 1], why[TLS_WHY];
	struct tls_trust *trust = tls_trust_new(NULL, NULL, why);
	struct tls_check check = { 0 };
	br_ssl_client_context cc;
	br_x509_minimal_context unused;
	br_sslio_context io;
	int error;

	if (p->name)
		snprintf(host, sizeof host, "%s", p->name);
	else
		addr_format(&p->address, host);
	br_ssl_client_init_full(&cc, &unused, NULL, 0);
	br_ssl_engine_set_buffer(&cc.eng, buffer, sizeof buffer, 0);
	tls_check_install(&check, &cc, trust, host);
	if (br_ssl_client_reset(&cc, p->name ? p->name : NULL, 0)) {
		br_sslio_init(&io, &cc.eng, on_read, w, on_write, w);
		br_sslio_flush(&io);
	}
	error = br_ssl_engine_last_error(&cc.eng);
	if (check.count)
		say_certificate(p, &check);
	else if (error == BR_ERR_IO)
		snprintf(p->text, sizeof p->text, "connected; no TLS: it closed, or said nothing");
	else {
		tls_client_error(error, host, why);
		snprintf(p->text, sizeof p->text, "connected; %s", why);
	}
	tls_check_end(&check);
	tls_trust_free(trust);
}

/* Ports whose services speak without TLS, or speak first. */
static bool is_plain(uint16_t port)
{
	static const uint16_t ports[] = { 20, 21, PORT_SSH, 25, 53, 80, 88, 135, 139, 389, 445, 464, 3268, 3389, 5985 };

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void run_tcp(struct probe *p, double seconds)
{
	struct wire w = { -1, plat_clock_boot() + (int64_t)(seconds * PLAT_SECOND) };

	if (reach(p, &w, SOCK_STREAM, seconds) == 0) {
		p->state = PROBE_REACHED;
		if (is_plain(p->port))
			snprintf(p->text, sizeof p->text, "connected");
		else
			say_tls(p, &w);
	}
	close(w.fd);
}

/* ---- IKE ---- */

static void say_ike(struct probe *p, enum ike_answer a, unsigned notify)
{
	const char *name = ike_notify_name(notify);

	p->state = PROBE_REACHED;
	if (a == IKE_REFUSES && name)
		snprintf(p->text, sizeof p->text, "IKEv2, answers %s", name);
	else if (a == IKE_REFUSES)
		snprintf(p->text, sizeof p->text, "IKEv2, answers with error %u", notify);
	else
		snprintf(p->text, sizeof p->text, "%s", a == IKE_OLD ? "IKEv1 alone" : a == IKE_COOKIE ? "IKEv2, asks for a cookie" :
			"IKEv2, accepts a proposal");
}

/* Asks each second: a datagram may be lost. */
static void run_ike(struct probe *p, double seconds)
{
	size_t marker = p->port == PORT_IKE_NAT ? IKE_MARKER : 0, len;
	struct wire w = { -1, plat_clock_boot() + (int64_t)(seconds * PLAT_SECOND) }, turn;
	uint8_t random[IKE_RANDOM], message[IKE_MARKER + IKE_INIT_MAX] = { 0 }, answer[2048];
	enum ike_answer a = IKE_FOREIGN;
	unsigned notify = 0;
	ssize_t n = 0;

	if (getrandom(random, sizeof random, 0) != sizeof random)
		trouble("random: %s", strerror(errno));
	len = marker + ike_init(message + marker, random);
	if (reach(p, &w, SOCK_DGRAM, seconds) < 0) {
		close(w.fd);
		return;
	}
	while (a == IKE_FOREIGN && plat_clock_boot() < w.until) {
		turn = (struct wire){ w.fd, plat_clock_boot() + PLAT_SECOND };
		turn.until = turn.until < w.until ? turn.until : w.until;
		n = send(w.fd, message, len, MSG_NOSIGNAL);
		while (n >= 0 && a == IKE_FOREIGN && ready(&turn, POLLIN) && (n = recv(w.fd, answer, sizeof answer, 0)) >= 0)
			if ((size_t)n > marker)
				a = ike_answer_read(answer + marker, (size_t)n - marker, random, &notify);
		if (n < 0 && errno != EAGAIN)
			break;
	}
	if (a != IKE_FOREIGN) {
		say_ike(p, a, notify);
	} else {
		p->state = PROBE_NOT;
		if (n < 0 && errno != EAGAIN)
			snprintf(p->text, sizeof p->text, "%s", errno == ECONNREFUSED ? "refused: nobody listens there" : strerror(errno));
		else
			snprintf(p->text, sizeof p->text, "no IKE answer within %g s", seconds);
	}
	close(w.fd);
}

void probe_run(struct probe *p, double seconds)
{
	int64_t began = plat_clock_boot();

	if (p->state != PROBE_WAITING)
		return;
	if (p->rule->protocol == FW_TCP)
		run_tcp(p, seconds);
	else
		run_ike(p, seconds);
	p->milliseconds = (unsigned)((plat_clock_boot() - began) / (PLAT_SECOND / 1000));
}

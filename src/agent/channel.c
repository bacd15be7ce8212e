#include <bearssl.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/channel.h"

#define CONNECT_SECONDS 30L
#define FETCH_SECONDS 600L
/* A lost peer is noticed by the kernel, without waking us: first probe, between probes, probes; data unacknowledged. */
#define PROBE_AFTER 45
#define PROBE_EVERY 15
#define PROBES 3
#define UNACKED_MS 90000

enum frame_kind { FRAME_TEXT, FRAME_BINARY, FRAME_PING, FRAME_PONG };

struct frame {
	struct frame *next;
	enum frame_kind kind;
	size_t len, sent;
	char data[];
};

struct fetch {
	CURL *easy;
	char *data;
	size_t len, max;
	fetch_fn *done;
	void *arg;
	char why[CURL_ERROR_SIZE];
};

static const struct conf *conf;
static struct channel_ops ops;
static CURLM *multi;
static CURL *easy;
static bool opening, opened, proxied, blocked;
static curl_socket_t sock = CURL_SOCKET_BAD;
static char why[CURL_ERROR_SIZE];
static struct curl_slist *headers, *route;
static struct frame *first, **last = &first;
static size_t queued;
static int64_t asked;	/* since when a ping has had no answer, 0 = none waits for one */
static unsigned fetches;
static char *message;
static size_t message_len;

static const char *verdict(CURLcode code, const char *text);

/* Six suites, all of them with ephemeral keys and authenticated encryption; TLS 1.2 and nothing older. */
static CURLcode on_tls(CURL *c, void *context, void *arg)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	br_ssl_client_context *cc = context;

	(void)c;
	(void)arg;
	br_ssl_engine_set_versions(&cc->eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(&cc->eng, suites, sizeof suites / sizeof *suites);
	return CURLE_OK;
}

static int on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	static const int one = 1, idle = PROBE_AFTER, every = PROBE_EVERY, count = PROBES, unacked = UNACKED_MS;

	(void)arg;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKOPT_OK;
	/* What an old kernel does not know it does without: channel_answers looks too. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof unacked);
	return CURL_SOCKOPT_OK;
}

static void set_proxy(CURL *c)
{
	const char *proxy = proxy_for(conf);

	proxied = proxy != NULL;
	curl_easy_setopt(c, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	if (!proxy)
		return;
	curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
	if (conf->proxy_user[0]) {
		curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, conf->proxy_user);
		curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, conf->proxy_password);
	}
}

static CURL *request(const char *scheme, const char *path, char *error)
{
	CURL *c = curl_easy_init();
	char url[1400];

	if (!c)
		exit(EXIT_TROUBLE);
	snprintf(url, sizeof url, "%s://%s%s", scheme, conf->host, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CAINFO, conf->ca);
	curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	/* It is connected anew when something has changed: perhaps the address. */
	curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "elasticbox-agent/" AGENT_VERSION);
	if (route)
		curl_easy_setopt(c, CURLOPT_CONNECT_TO, route);
	set_proxy(c);
	return c;
}

void channel_init(const struct conf *c, const struct channel_ops *o)
{
	char text[600], host[256], port[8];

	conf = c;
	ops = *o;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	if (!multi)
		exit(EXIT_TROUBLE);
	snprintf(text, sizeof text, "ElasticBox-Token: %s", c->token);
	headers = curl_slist_append(NULL, text);
	headers = curl_slist_append(headers, "Sec-WebSocket-Protocol: cam-agent.1");
	if (c->address[0] && conf_address(c->address, host, port) == 0) {
		snprintf(text, sizeof text, "%s:443:%s:%s", c->host, host, port);
		route = curl_slist_append(NULL, text);
	}
}

void *channel_request(const char *path, char *error)
{
	return request("https", path, error);
}

void channel_open(void)
{
	channel_close();
	why[0] = 0;
	easy = request("wss", "/services/agents/channel", why);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 2L);
	curl_easy_setopt(easy, CURLOPT_WS_OPTIONS, (long)CURLWS_NOAUTOPONG);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 2 * CONNECT_SECONDS);
	curl_multi_add_handle(multi, easy);
	opening = true;
}

void channel_close(void)
{
	struct frame *f;

	if (easy) {
		curl_multi_remove_handle(multi, easy);
		curl_easy_cleanup(easy);
	}
	easy = NULL;
	sock = CURL_SOCKET_BAD;
	opening = opened = blocked = false;
	while ((f = first)) {
		first = f->next;
		free(f);
	}
	last = &first;
	queued = 0;
	asked = 0;
	free(message);
	message = NULL;
	message_len = 0;
}

static void lost(const char *text, long status)
{
	char copy[CURL_ERROR_SIZE + 80];

	snprintf(copy, sizeof copy, "%s", text);
	channel_close();
	ops.closed(copy, status);
}

bool channel_is_open(void)
{
	return opened;
}

size_t channel_queued(void)
{
	return queued;
}

bool channel_by_proxy(void)
{
	return proxied;
}

static void add(enum frame_kind kind, const void *head, size_t head_len, const void *data, size_t len)
{
	struct frame *f;

	if (!opened)
		return;
	f = malloc(sizeof *f + head_len + len);
	if (!f)
		exit(EXIT_TROUBLE);
	f->next = NULL;
	f->kind = kind;
	f->len = head_len + len;
	f->sent = 0;
	if (head_len)
		memcpy(f->data, head, head_len);
	if (len)
		memcpy(f->data + head_len, data, len);
	*last = f;
	last = &f->next;
	queued += f->len;
}

void channel_text(const char *text, size_t len)
{
	add(FRAME_TEXT, NULL, 0, text, len);
}

void channel_binary(const void *head, size_t head_len, const void *data, size_t len)
{
	add(FRAME_BINARY, head, head_len, data, len);
}

void channel_ping(void)
{
	add(FRAME_PING, NULL, 0, "", 0);
	if (!asked)
		asked = clock_mono();
}

bool channel_answers(int64_t ms)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	if (asked && clock_mono() - asked >= ms)
		return false;
	if (sock == CURL_SOCKET_BAD || getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return true;
	return !info.tcpi_unacked || info.tcpi_last_ack_recv < (uint64_t)ms;
}

/* ---- sending ---- */

/* One frame at a time: libcurl must be given the rest of one before the next. */
static void send_some(void)
{
	static const unsigned flags[] = { CURLWS_TEXT, CURLWS_BINARY, CURLWS_PING, CURLWS_PONG };
	struct frame *f;
	size_t n;
	CURLcode rc;
	bool any = first != NULL;

	blocked = false;
	while (opened && (f = first)) {
		rc = curl_ws_send(easy, f->data + f->sent, f->len - f->sent, &n, 0, flags[f->kind]);
		f->sent += n;
		queued -= n;
		if (rc == CURLE_AGAIN || (rc == CURLE_OK && f->sent < f->len)) {
			blocked = true;
			return;
		}
		if (rc) {
			lost(verdict(rc, why), 0);
			return;
		}
		first = f->next;
		if (!first)
			last = &first;
		free(f);
	}
	if (any && opened)
		ops.sent();
}

/* ---- receiving ---- */

static bool take(const char *data, size_t n, const struct curl_ws_frame *meta)
{
	char *more, *whole;
	size_t len;

	if (meta->flags & CURLWS_PING) {
		add(FRAME_PONG, NULL, 0, data, n);
		return true;
	}
	if (meta->flags & CURLWS_CLOSE) {
		lost(n > 2 ? "the appliance closed the channel" : "closed by the appliance", 0);
		return false;
	}
	if (!(meta->flags & (CURLWS_TEXT | CURLWS_BINARY | CURLWS_CONT)) || meta->flags & CURLWS_PONG)
		return true;
	if (n > CHANNEL_MESSAGE_MAX - message_len) {
		lost("a message of the appliance is too long", 0);
		return false;
	}
	more = realloc(message, message_len + n + 1);
	if (!more)
		exit(EXIT_TROUBLE);
	message = more;
	memcpy(message + message_len, data, n);
	message_len += n;
	if (meta->bytesleft || meta->flags & CURLWS_CONT)
		return true;
	whole = message;
	len = message_len;
	whole[len] = 0;
	message = NULL;
	message_len = 0;
	if (meta->flags & CURLWS_TEXT)
		ops.message(whole, len);
	free(whole);
	return opened;
}

static void receive(void)
{
	static char buf[16384];
	const struct curl_ws_frame *meta;
	CURLcode rc;
	size_t n;

	while (opened) {
		rc = curl_ws_recv(easy, buf, sizeof buf, &n, &meta);
		if (rc == CURLE_AGAIN)
			return;
		if (rc) {
			lost(verdict(rc, why), 0);
			return;
		}
		asked = 0;	/* whatever comes has come from behind a proxy, too */
		if (!take(buf, n, meta))
			return;
	}
}

/* ---- transfers ---- */

/* libcurl's sentence, or ours where it has only a number. */
static const char *verdict(CURLcode code, const char *text)
{
	static char line[CURL_ERROR_SIZE + 80];
	unsigned number = 0;
	const char *at = strstr(text, "connection error 0x");

	if (at)
		sscanf(at + strlen("connection error 0x"), "%x", &number);
	if (code == CURLE_GOT_NOTHING)
		return "the appliance closed the connection";
	if (number == 0x0146 || number == 3)
		return "the other side does not speak TLS 1.2";
	if (number >= 0x100 && number < 0x200)
		snprintf(line, sizeof line, "TLS: the other side sent alert %u", number & 0xff);
	else
		snprintf(line, sizeof line, "%s", text[0] ? text : curl_easy_strerror(code));
	return line;
}

static void channel_done(CURLcode rc)
{
	long status = 0, tunnel = 0, number = 0;
	char line[CURL_ERROR_SIZE + 80];

	opening = false;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (rc == CURLE_OK && curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &sock) == CURLE_OK && sock != CURL_SOCKET_BAD) {
		opened = true;
		ops.opened();
		return;
	}
	if (proxied && tunnel && tunnel != 200)
		snprintf(line, sizeof line, "the proxy refused with status %ld", tunnel);
	else if (status && status != 101)
		snprintf(line, sizeof line, "the appliance refused with status %ld", status);
	else
		snprintf(line, sizeof line, "%s", verdict(rc, why));
	if (rc == CURLE_COULDNT_CONNECT && curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number == ECONNREFUSED)
		status = CHANNEL_NOBODY;
	lost(line, tunnel && tunnel != 200 ? 0 : status);
}

static size_t on_bytes(char *data, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	char *more;

	n *= size;
	if (n > f->max - f->len)
		return 0;
	more = realloc(f->data, f->len + n + 1);
	if (!more)
		return 0;
	f->data = more;
	memcpy(f->data + f->len, data, n);
	f->len += n;
	f->data[f->len] = 0;
	return n;
}

static void fetch_done(struct fetch *f, CURLcode rc)
{
	long status = 0;
	char line[CURL_ERROR_SIZE + 80];
	bool permanent;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(multi, f->easy);
	curl_easy_cleanup(f->easy);
	fetches--;
	if (rc == CURLE_OK && status == 200) {
		f->done(f->arg, f->data ? f->data : (char *)"", f->len, false, "");
	} else {
		if (rc == CURLE_WRITE_ERROR)
			snprintf(line, sizeof line, "longer than %zu bytes", f->max);
		else if (rc == CURLE_OK)
			snprintf(line, sizeof line, "the appliance answers %ld", status);
		else
			snprintf(line, sizeof line, "%s", verdict(rc, f->why));
		permanent = rc == CURLE_WRITE_ERROR || (rc == CURLE_OK && status >= 400 && status < 500 && status != 408 && status != 429);
		f->done(f->arg, NULL, 0, permanent, line);
	}
	free(f->data);
	free(f);
}

void channel_fetch(const char *path, size_t max, fetch_fn *done, void *arg)
{
	struct fetch *f = calloc(1, sizeof *f);

	if (!f)
		exit(EXIT_TROUBLE);
	f->max = max;
	f->done = done;
	f->arg = arg;
	f->easy = request("https", path, f->why);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT, FETCH_SECONDS);
	curl_easy_setopt(f->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_multi_add_handle(multi, f->easy);
	fetches++;
}

size_t channel_poll(struct pollfd fds[CHANNEL_FDS], int *timeout)
{
	struct curl_waitfd wait[CHANNEL_FDS];
	unsigned n = 0;
	long ms = -1;
	size_t count = 0;

	if (opened)
		fds[count++] = (struct pollfd){ .fd = sock, .events = POLLIN | (blocked ? POLLOUT : 0) };
	if (!opening && !fetches)
		return count;
	if (curl_multi_waitfds(multi, wait, CHANNEL_FDS - 1, &n) == CURLM_OK)
		for (unsigned i = 0; i < n && count < CHANNEL_FDS; i++)
			fds[count++] = (struct pollfd){ .fd = wait[i].fd, .events = wait[i].events };
	curl_multi_timeout(multi, &ms);
	if (ms < 0 || ms > 1000)
		ms = 1000;
	if (*timeout < 0 || ms < *timeout)
		*timeout = (int)ms;
	return count;
}

void channel_turn(void)
{
	CURLMsg *m;
	CURL *c;
	CURLcode rc;
	struct fetch *f;
	int running, left;

	if (opening || fetches) {
		curl_multi_perform(multi, &running);
		while ((m = curl_multi_info_read(multi, &left))) {
			if (m->msg != CURLMSG_DONE)
				continue;
			c = m->easy_handle;
			rc = m->data.result;
			f = NULL;
			if (c == easy)
				channel_done(rc);
			else if (curl_easy_getinfo(c, CURLINFO_PRIVATE, &f) == CURLE_OK && f)
				fetch_done(f, rc);
		}
	}
	if (opened)
		receive();
	if (opened && first)
		send_some();
}

/* terminal: one device: its settings, its bytes, its screen. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "log/log.h"
#include "tty.h"

/* A menu that nobody uses goes back to the first page, seconds. */
#define IDLE 300.0
/* A display whose size is not known. */
#define ROWS 25
#define COLUMNS 80
/* Sizes that are believed. */
#define ROWS_MAX 200
#define COLUMNS_MAX 300

/* ---- writing ---- */

static void die(struct terminal *t)
{
	ev_io_stop(t->loop, &t->in);
	ev_io_stop(t->loop, &t->out);
	ev_timer_stop(t->loop, &t->idle);
	t->dead = true;
}

static void flush(struct terminal *t)
{
	ssize_t n = write(t->out.fd, t->queue, t->queued);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		log_warn_errno("%s: cannot write", t->display ? "screen" : "serial line");
		die(t);
		return;
	}
	if (n > 0) {
		t->queued -= (size_t)n;
		memmove(t->queue, t->queue + n, t->queued);
	}
	if (t->queued)
		ev_io_start(t->loop, &t->out);
	else
		ev_io_stop(t->loop, &t->out);
}

static void put(struct terminal *t, const char *bytes, size_t len)
{
	if (len > sizeof t->queue - t->queued) {
		t->lost += len;
		return;
	}
	memcpy(t->queue + t->queued, bytes, len);
	t->queued += len;
}

/* ---- a display ---- */

static void size_of(const struct terminal *t, unsigned *rows, unsigned *columns)
{
	struct winsize w;

	*rows = ROWS;
	*columns = COLUMNS;
	if (ioctl(t->out.fd, TIOCGWINSZ, &w) < 0 || w.ws_row < 4 || w.ws_col < 20)
		return;
	*rows = w.ws_row < ROWS_MAX ? w.ws_row : ROWS_MAX;
	*columns = w.ws_col < COLUMNS_MAX ? w.ws_col : COLUMNS_MAX;
}

static void draw(struct terminal *t)
{
	static struct screen_text text;
	unsigned rows, columns;

	/* a slow display gets the newest picture only */
	if (t->queued) {
		t->redraw = true;
		return;
	}
	t->redraw = false;
	size_of(t, &rows, &columns);
	screen_text_clear(&text);
	screen_ansi(&t->screen, &text, rows, columns);
	put(t, text.bytes, text.len);
	flush(t);
}

/* ---- a plain line ---- */

static bool differs(char *last, const struct screen_text *now)
{
	if (!strcmp(last, now->bytes))
		return false;
	memcpy(last, now->bytes, now->len + 1);
	return true;
}

static void put_page(struct terminal *t)
{
	static struct screen_text text;

	screen_text_clear(&text);
	screen_plain(&t->screen, &text);
	put(t, text.bytes, text.len);
	t->shown = t->screen.shown;
}

static void put_news(struct terminal *t)
{
	static const char hint[] = "Press Enter for the menu.\n";
	static struct screen_text status, services;
	bool news;

	screen_text_clear(&status);
	screen_text_clear(&services);
	screen_status(t->screen.model, &status);
	screen_services(t->screen.model, &services);
	news = differs(t->status, &status);
	if (news) {
		put(t, "\n", 1);
		put(t, status.bytes, status.len);
	}
	if (differs(t->services, &services)) {
		put(t, news ? "" : "\n", news ? 0 : 1);
		put(t, services.bytes, services.len);
		news = true;
	}
	if (!news)
		return;
	if (screen_is_home(&t->screen))
		put(t, hint, sizeof hint - 1);
	else
		put_page(t);
}

static void echo_key(struct terminal *t, struct screen_key key, enum screen_echo echo)
{
	switch (echo) {
	case SCREEN_ECHO_CHAR: put(t, &key.c, 1); break;
	case SCREEN_ECHO_ERASE: put(t, "\b \b", 3); break;
	case SCREEN_ECHO_LINE: put(t, "\n", 1); break;
	case SCREEN_ECHO_BELL: put(t, "\a", 1); break;
	default: break;
	}
}

/* Writes whatever is new. */
static void show(struct terminal *t)
{
	if (t->dead)
		return;
	if (t->display) {
		draw(t);
		return;
	}
	if (t->lost && t->queued == 0) {
		static const char gap[] = "\n(lines are missing here)\n";

		t->lost = 0;
		put(t, gap, sizeof gap - 1);
	}
	if (t->shown != t->screen.shown)
		put_page(t);
	flush(t);
}

/* ---- reading ---- */

static void press(struct terminal *t, unsigned char byte)
{
	struct screen_key key = screen_decode(&t->decoder, byte);
	enum screen_request_kind request;
	enum screen_echo echo;

	if (key.kind == SCREEN_KEY_NONE)
		return;
	request = screen_press(&t->screen, key, &echo);
	if (!t->display)
		echo_key(t, key, echo);
	if (request != SCREEN_REQUEST_NONE)
		t->request(t, request);
}

static void on_in(struct ev_loop *loop, ev_io *w, int events)
{
	struct terminal *t = w->data;
	unsigned char buf[256];
	ssize_t n = read(w->fd, buf, sizeof buf);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		log_warn("%s: hung up", t->display ? "screen" : "serial line");
		die(t);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		press(t, buf[i]);
	if (screen_is_home(&t->screen))
		ev_timer_stop(loop, &t->idle);
	else
		ev_timer_again(loop, &t->idle);
	show(t);
}

static void on_out(struct ev_loop *loop, ev_io *w, int events)
{
	struct terminal *t = w->data;

	(void)loop;
	(void)events;
	flush(t);
	if (t->queued == 0 && (t->redraw || t->lost))
		show(t);
}

static void on_idle(struct ev_loop *loop, ev_timer *w, int events)
{
	struct terminal *t = w->data;

	(void)events;
	ev_timer_stop(loop, w);
	/* an answer that is awaited comes by itself, and must find its question */
	if (t->screen.page != SCREEN_WAIT)
		screen_reset(&t->screen);
	show(t);
}

/* ---- the device ---- */

/* Keys one by one, no echo, no signals; output keeps its CR LF. */
static int set_up(int fd)
{
	struct termios m;

	if (tcgetattr(fd, &m) < 0)
		return -1;
	m.c_iflag &= (tcflag_t)~(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
	m.c_lflag &= (tcflag_t)~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	m.c_oflag |= OPOST | ONLCR;
	m.c_cflag |= CREAD | CLOCAL;
	m.c_cc[VMIN] = 1;
	m.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &m) < 0)
		return -1;
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void terminal_open(struct terminal *t, struct ev_loop *loop, int fd, bool display, const struct screen_model *m,
	void (*request)(struct terminal *t, enum screen_request_kind kind))
{
	t->loop = loop;
	t->display = display;
	t->request = request;
	screen_init(&t->screen, m, display);
	t->shown = t->screen.shown;
	ev_io_init(&t->in, on_in, fd, EV_READ);
	ev_io_init(&t->out, on_out, fd, EV_WRITE);
	ev_timer_init(&t->idle, on_idle, 0, IDLE);
	t->in.data = t->out.data = t->idle.data = t;
	if (set_up(fd) < 0) {
		log_info("%s: not there: %s", display ? "screen" : "serial line", strerror(errno));
		t->dead = true;
		return;
	}
	ev_io_start(loop, &t->in);
}

void terminal_update(struct terminal *t)
{
	if (t->dead)
		return;
	if (!t->display)
		put_news(t);
	show(t);
}

void terminal_done(struct terminal *t, bool ok, const char *message)
{
	screen_done(&t->screen, ok, message);
	show(t);
}

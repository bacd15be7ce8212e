/*
 * screen: the appliance's own screen and its menu, without a terminal.
 *
 * The model is what there is to show.  A screen is one person's place in the
 * menu; keys go in, pages come out as text, and now and then a request to be
 * carried out.  The same state machine serves a serial line (plain lines) and
 * a display (redrawn).  No I/O, no allocation.
 *
 * All text from elsewhere is made printable ASCII before it is kept.
 */
#ifndef CAM_SCREEN_H
#define CAM_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "addr/addr.h"

/* Bytes of texts with their 0; longer ones are cut. */
#define SCREEN_TEXT_MAX 128
/* Longest line a person may type; more is ignored, with a bell. */
#define SCREEN_LINE_MAX 64
#define SCREEN_ADDRESSES_MAX 16
#define SCREEN_SERVICES_MAX 32
#define SCREEN_CARDS_MAX 16
#define SCREEN_ITEMS_MAX 10
/* Bytes of everything one screen shows. */
#define SCREEN_OUTPUT_MAX 8192

/* ---- output ---- */

struct screen_text {
	char bytes[SCREEN_OUTPUT_MAX];
	size_t len;			/* bytes[len] is 0; what does not fit is cut */
};

void screen_text_clear(struct screen_text *t);
void screen_text_add(struct screen_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Copies text as printable ASCII: every other byte becomes '?'.  NULL is "". */
void screen_clean(char *out, size_t size, const char *text);

/* ---- model ---- */

struct screen_model {
	char product[SCREEN_TEXT_MAX], version[SCREEN_TEXT_MAX];
	bool development;
	char addresses[SCREEN_ADDRESSES_MAX][ADDR_TEXT_MAX];
	unsigned address_count;
	char url[SCREEN_TEXT_MAX];		/* by name; may be "" */
	char fingerprint[SCREEN_TEXT_MAX];	/* may be "" */
	char setup_code[SCREEN_TEXT_MAX];	/* "" once used */
	char state[SCREEN_TEXT_MAX];
	struct {
		char name[SCREEN_TEXT_MAX];
		bool running;
		unsigned long starts;
	} services[SCREEN_SERVICES_MAX];
	unsigned service_count;
	/* the network as it is, to begin the form with */
	bool is_static;
	char cards[SCREEN_CARDS_MAX][SCREEN_TEXT_MAX];
	unsigned card_count;
	char static_card[SCREEN_TEXT_MAX];
	struct addr_prefix static_address;
	struct addr static_router, static_dns[2];
};

/* The lines others read too, each with its end of line; their beginnings are a promise:
 *   "Address: https://..." one per address, "SHA-256 fingerprint: AA:BB...", "Setup code: XXXX-XXXX". */
void screen_status(const struct screen_model *m, struct screen_text *t);
/* One line "Services: ...". */
void screen_services(const struct screen_model *m, struct screen_text *t);

/* ---- keys ---- */

enum screen_key_kind {
	SCREEN_KEY_NONE = 0,		/* nothing yet, or nothing we know */
	SCREEN_KEY_CHAR, SCREEN_KEY_ENTER, SCREEN_KEY_ERASE, SCREEN_KEY_KILL,
	SCREEN_KEY_CANCEL, SCREEN_KEY_UP, SCREEN_KEY_DOWN, SCREEN_KEY_REDRAW
};

struct screen_key {
	enum screen_key_kind kind;
	char c;				/* SCREEN_KEY_CHAR: printable ASCII */
};

/* Bytes of a terminal into keys (ECMA-48 control sequences are taken whole, whatever they are). */
struct screen_decoder {
	unsigned state;
	unsigned length;		/* bytes of the sequence so far */
	bool was_return;
};
#define SCREEN_DECODER_ZERO { 0 }

struct screen_key screen_decode(struct screen_decoder *d, unsigned char byte);

/* ---- menu ---- */

enum screen_page {
	SCREEN_NOWHERE = 0,
	SCREEN_HOME, SCREEN_ADVANCED, SCREEN_NETWORKING, SCREEN_STATIC,
	SCREEN_EDIT,			/* one field of the form */
	SCREEN_CONFIRM,			/* yes or no */
	SCREEN_CONFIRM_WORD,		/* a word to type */
	SCREEN_WAIT,			/* a request is on its way */
	SCREEN_MESSAGE
};

enum screen_request_kind {
	SCREEN_REQUEST_NONE = 0,
	SCREEN_REQUEST_DHCP, SCREEN_REQUEST_STATIC, SCREEN_REQUEST_REBOOT,
	SCREEN_REQUEST_POWEROFF, SCREEN_REQUEST_RESET
};

/* What the second question before a factory reset wants to read. */
#define SCREEN_RESET_WORD "RESET"

struct screen_form {
	char card[SCREEN_TEXT_MAX];
	struct addr address;
	unsigned prefix;		/* 0 = not given */
	struct addr router, dns[2];
};

struct screen {
	const struct screen_model *model;	/* kept, owned by the caller */
	enum screen_page page;
	bool bar;				/* a display: Enter alone takes the item under the bar; on a plain
						 * line it only shows the page again */
	unsigned selected;			/* item under the bar */
	unsigned field;				/* SCREEN_EDIT: of the form */
	char line[SCREEN_LINE_MAX + 1];
	size_t line_len;
	struct screen_form form;
	enum screen_request_kind asking;	/* SCREEN_CONFIRM and on */
	enum screen_page after;			/* SCREEN_MESSAGE: where Enter leads */
	char message[SCREEN_TEXT_MAX];		/* SCREEN_MESSAGE; elsewhere a remark, may be "" */
	unsigned long shown;			/* goes up when the page must be shown anew */
};

void screen_init(struct screen *s, const struct screen_model *m, bool bar);
/* Back to the first page, whatever was typed: nobody is there any more. */
void screen_reset(struct screen *s);
bool screen_is_home(const struct screen *s);

/* What became of a key, for the echo on a plain line. */
enum screen_echo { SCREEN_ECHO_NONE = 0, SCREEN_ECHO_CHAR, SCREEN_ECHO_ERASE, SCREEN_ECHO_LINE, SCREEN_ECHO_BELL };

/* One key.  The request to carry out, or SCREEN_REQUEST_NONE; with one the screen waits for
 * screen_done.  A static address is in s->form, whole and valid. */
enum screen_request_kind screen_press(struct screen *s, struct screen_key key, enum screen_echo *echo);
/* The request has been carried out, or not, with the reason. */
void screen_done(struct screen *s, bool ok, const char *message);

/* The page in plain lines, ending with the prompt and what was typed. */
void screen_plain(const struct screen *s, struct screen_text *t);
/* The whole display, drawn anew (ECMA-48), for a terminal of this size. */
void screen_ansi(const struct screen *s, struct screen_text *t, unsigned rows, unsigned columns);

#endif

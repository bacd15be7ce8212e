/* screen: pages, keys, requests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen/screen_int.h"

/* ---- pages ---- */

static const struct screen_item home[] = { { "Advanced Menu", -1 } };
static const struct screen_item advanced[] = {
	{ "Networking", -1 }, { "Reboot", -1 }, { "Power off", -1 }, { "Factory reset", -1 }, { "Back", -1 }
};
static const struct screen_item networking[] = { { "DHCP", -1 }, { "Static IP", -1 }, { "Back", -1 } };
static const struct screen_item form_items[] = {
	{ "Network Card", FIELD_CARD }, { "IP Address", FIELD_ADDRESS }, { "Netmask", FIELD_NETMASK },
	{ "Default Gateway", FIELD_ROUTER }, { "Name Server (preferred)", FIELD_DNS1 },
	{ "Name Server (alternate)", FIELD_DNS2 }, { "Apply", -1 }, { "Back", -1 }
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

unsigned screen_page_items(enum screen_page page, const struct screen_item **items)
{
	switch (page) {
	case SCREEN_HOME: *items = home; return COUNT(home);
	case SCREEN_ADVANCED: *items = advanced; return COUNT(advanced);
	case SCREEN_NETWORKING: *items = networking; return COUNT(networking);
	case SCREEN_STATIC: *items = form_items; return COUNT(form_items);
	default: *items = NULL; return 0;
	}
}

const char *screen_page_title(const struct screen *s)
{
	switch (s->page) {
	case SCREEN_HOME: return "";
	case SCREEN_ADVANCED: return "Advanced Menu";
	case SCREEN_NETWORKING: return s->model->is_static ? "Networking (now: Static IP)" : "Networking (now: DHCP)";
	case SCREEN_STATIC: return "Static IP";
	case SCREEN_EDIT: return screen_field_label(s->field);
	case SCREEN_WAIT: return "One moment ...";
	default: return "";
	}
}

static const char *question(enum screen_request_kind kind)
{
	switch (kind) {
	case SCREEN_REQUEST_DHCP: return "Use DHCP from now on?";
	case SCREEN_REQUEST_REBOOT: return "Restart the appliance now?";
	case SCREEN_REQUEST_POWEROFF: return "Power the appliance off now?";
	case SCREEN_REQUEST_RESET: return "Factory reset ERASES EVERYTHING on this appliance. Go on?";
	default: return "Go on?";
	}
}

void screen_page_prompt(const struct screen *s, char prompt[SCREEN_TEXT_MAX])
{
	char value[SCREEN_TEXT_MAX];

	switch (s->page) {
	case SCREEN_EDIT:
		screen_field_value(&s->form, s->field, value);
		snprintf(prompt, SCREEN_TEXT_MAX, "%s [%.48s]: ", screen_field_label(s->field), value);
		break;
	case SCREEN_CONFIRM:
		snprintf(prompt, SCREEN_TEXT_MAX, "%s (yes/no): ", question(s->asking));
		break;
	case SCREEN_CONFIRM_WORD:
		snprintf(prompt, SCREEN_TEXT_MAX, "There is no way back. Type %s to erase everything: ", SCREEN_RESET_WORD);
		break;
	case SCREEN_MESSAGE:
		snprintf(prompt, SCREEN_TEXT_MAX, "Press Enter. ");
		break;
	case SCREEN_WAIT:
		prompt[0] = 0;
		break;
	default:
		snprintf(prompt, SCREEN_TEXT_MAX, "Choice: ");
	}
}

/* ---- moving ---- */

static void line_clear(struct screen *s)
{
	memset(s->line, 0, sizeof s->line);
	s->line_len = 0;
}

static void go(struct screen *s, enum screen_page page)
{
	line_clear(s);
	if (page != s->page)
		s->selected = 0;
	s->page = page;
	s->message[0] = 0;
	s->shown++;
}

static void say(struct screen *s, const char *remark)
{
	line_clear(s);
	screen_clean(s->message, sizeof s->message, remark);
	s->shown++;
}

void screen_init(struct screen *s, const struct screen_model *m, bool bar)
{
	memset(s, 0, sizeof *s);
	s->bar = bar;
	s->model = m;
	s->page = SCREEN_HOME;
	s->shown = 1;
}

void screen_reset(struct screen *s)
{
	s->asking = SCREEN_REQUEST_NONE;
	memset(&s->form, 0, sizeof s->form);
	go(s, SCREEN_HOME);
}

bool screen_is_home(const struct screen *s)
{
	return s->page == SCREEN_HOME && s->line_len == 0;
}

static void ask(struct screen *s, enum screen_request_kind kind, enum screen_page after)
{
	go(s, SCREEN_CONFIRM);
	s->asking = kind;
	s->after = after;
}

static void form_begin(struct screen *s)
{
	const struct screen_model *m = s->model;
	struct screen_form *f = &s->form;

	memset(f, 0, sizeof *f);
	if (m->is_static) {
		f->address = m->static_address.addr;
		f->prefix = m->static_address.len;
		f->router = m->static_router;
		memcpy(f->dns, m->static_dns, sizeof f->dns);
		strcpy(f->card, m->static_card);
	}
	if (!f->card[0] && m->card_count)
		strcpy(f->card, m->cards[0]);
	go(s, SCREEN_STATIC);
}

static enum screen_request_kind send(struct screen *s, enum screen_request_kind kind, enum screen_page after)
{
	go(s, SCREEN_WAIT);
	s->asking = kind;
	s->after = after;
	return kind;
}

/* ---- choosing; i counts from 0 ---- */

static void choose_advanced(struct screen *s, unsigned i)
{
	switch (i) {
	case 0: go(s, SCREEN_NETWORKING); break;
	case 1: ask(s, SCREEN_REQUEST_REBOOT, SCREEN_ADVANCED); break;
	case 2: ask(s, SCREEN_REQUEST_POWEROFF, SCREEN_ADVANCED); break;
	case 3: ask(s, SCREEN_REQUEST_RESET, SCREEN_ADVANCED); break;
	default: go(s, SCREEN_HOME);
	}
}

static void choose_networking(struct screen *s, unsigned i)
{
	switch (i) {
	case 0: ask(s, SCREEN_REQUEST_DHCP, SCREEN_NETWORKING); break;
	case 1: form_begin(s); break;
	default: go(s, SCREEN_ADVANCED);
	}
}

static enum screen_request_kind choose_static(struct screen *s, unsigned i)
{
	const char *remark;

	if (i < FIELD_COUNT) {
		go(s, SCREEN_EDIT);
		s->field = i;
	} else if (i > FIELD_COUNT) {
		go(s, SCREEN_NETWORKING);
	} else if (screen_form_check(&s->form, &remark) < 0) {
		say(s, remark);
	} else {
		return send(s, SCREEN_REQUEST_STATIC, SCREEN_STATIC);
	}
	return SCREEN_REQUEST_NONE;
}

static enum screen_request_kind choose(struct screen *s, unsigned i)
{
	switch (s->page) {
	case SCREEN_HOME: go(s, SCREEN_ADVANCED); break;
	case SCREEN_ADVANCED: choose_advanced(s, i); break;
	case SCREEN_NETWORKING: choose_networking(s, i); break;
	case SCREEN_STATIC: return choose_static(s, i);
	default: break;
	}
	return SCREEN_REQUEST_NONE;
}

/* ---- Enter ---- */

static enum screen_request_kind enter_item(struct screen *s, unsigned count)
{
	unsigned i = s->selected;
	size_t n = strlen(s->line);

	if (n == 0 && !s->bar) {
		go(s, s->page);
		return SCREEN_REQUEST_NONE;
	}
	if (n > 0) {
		if (n > 2 || strspn(s->line, "0123456789") != n || atoi(s->line) < 1 || (unsigned)atoi(s->line) > count) {
			say(s, "Choose a number of the list.");
			return SCREEN_REQUEST_NONE;
		}
		i = (unsigned)atoi(s->line) - 1;
	}
	return choose(s, i);
}

static void enter_field(struct screen *s)
{
	const char *remark;
	unsigned field = s->field;

	if (s->line_len && screen_field_set(&s->form, s->model, field, s->line, &remark) < 0) {
		say(s, remark);
		return;
	}
	go(s, SCREEN_STATIC);
	s->selected = field + 1;
}

static enum screen_request_kind enter_answer(struct screen *s)
{
	if (strcmp(s->line, "yes") && strcmp(s->line, "y") && strcmp(s->line, "YES")) {
		go(s, s->after);
		return SCREEN_REQUEST_NONE;
	}
	if (s->asking == SCREEN_REQUEST_RESET) {
		go(s, SCREEN_CONFIRM_WORD);
		return SCREEN_REQUEST_NONE;
	}
	return send(s, s->asking, s->after);
}

static enum screen_request_kind enter_word(struct screen *s)
{
	if (!strcmp(s->line, SCREEN_RESET_WORD))
		return send(s, s->asking, s->after);
	go(s, s->after);
	return SCREEN_REQUEST_NONE;
}

static enum screen_request_kind enter(struct screen *s)
{
	const struct screen_item *items;
	unsigned count = screen_page_items(s->page, &items);

	if (count)
		return enter_item(s, count);
	switch (s->page) {
	case SCREEN_EDIT: enter_field(s); break;
	case SCREEN_CONFIRM: return enter_answer(s);
	case SCREEN_CONFIRM_WORD: return enter_word(s);
	case SCREEN_MESSAGE: go(s, s->after); break;
	default: break;
	}
	return SCREEN_REQUEST_NONE;
}

static void cancel(struct screen *s)
{
	switch (s->page) {
	case SCREEN_NETWORKING: go(s, SCREEN_ADVANCED); break;
	case SCREEN_STATIC: go(s, SCREEN_NETWORKING); break;
	case SCREEN_EDIT: go(s, SCREEN_STATIC); break;
	case SCREEN_CONFIRM:
	case SCREEN_CONFIRM_WORD:
	case SCREEN_MESSAGE: go(s, s->after); break;
	default: go(s, SCREEN_HOME);
	}
}

/* ---- keys ---- */

static void move(struct screen *s, int by)
{
	const struct screen_item *items;
	unsigned count = screen_page_items(s->page, &items);

	if (count && s->bar)
		s->selected = (s->selected + count + (unsigned)(by + (int)count)) % count;
}

static enum screen_echo type(struct screen *s, char c)
{
	if (s->page == SCREEN_MESSAGE)
		return SCREEN_ECHO_NONE;
	if (s->line_len == SCREEN_LINE_MAX)
		return SCREEN_ECHO_BELL;
	s->line[s->line_len++] = c;
	return SCREEN_ECHO_CHAR;
}

static enum screen_echo erase(struct screen *s)
{
	if (s->line_len == 0)
		return SCREEN_ECHO_NONE;
	s->line[--s->line_len] = 0;
	return SCREEN_ECHO_ERASE;
}

enum screen_request_kind screen_press(struct screen *s, struct screen_key key, enum screen_echo *echo)
{
	*echo = SCREEN_ECHO_NONE;
	/* what is typed meanwhile must not answer a question nobody has read */
	if (s->page == SCREEN_WAIT)
		return SCREEN_REQUEST_NONE;
	switch (key.kind) {
	case SCREEN_KEY_CHAR: *echo = type(s, key.c); break;
	case SCREEN_KEY_ERASE: *echo = erase(s); break;
	case SCREEN_KEY_KILL: line_clear(s); s->shown++; *echo = SCREEN_ECHO_LINE; break;
	case SCREEN_KEY_ENTER: *echo = SCREEN_ECHO_LINE; return enter(s);
	case SCREEN_KEY_CANCEL: *echo = SCREEN_ECHO_LINE; cancel(s); break;
	case SCREEN_KEY_UP: move(s, -1); break;
	case SCREEN_KEY_DOWN: move(s, 1); break;
	case SCREEN_KEY_REDRAW: *echo = SCREEN_ECHO_LINE; s->shown++; break;
	default: break;
	}
	return SCREEN_REQUEST_NONE;
}

static const char *done_text(enum screen_request_kind kind)
{
	switch (kind) {
	case SCREEN_REQUEST_DHCP:
	case SCREEN_REQUEST_STATIC: return "The network settings are in use.";
	case SCREEN_REQUEST_REBOOT: return "The appliance restarts.";
	case SCREEN_REQUEST_POWEROFF: return "The appliance powers off.";
	case SCREEN_REQUEST_RESET: return "The appliance restarts and erases itself.";
	default: return "Done.";
	}
}

void screen_done(struct screen *s, bool ok, const char *message)
{
	enum screen_page after = s->after;
	char text[SCREEN_TEXT_MAX];

	if (s->page != SCREEN_WAIT)
		return;
	if (ok)
		snprintf(text, sizeof text, "%s", done_text(s->asking));
	else
		snprintf(text, sizeof text, "Not done: %.100s", message ? message : "no reason given");
	go(s, SCREEN_MESSAGE);
	screen_clean(s->message, sizeof s->message, text);
	s->after = ok ? SCREEN_HOME : after;
	s->asking = SCREEN_REQUEST_NONE;
}

/* screen: pages as text. */
#include <stdio.h>
#include <string.h>

#include "screen/screen_int.h"

#define HOME_CLEAR "\033[H"
#define LINE_END "\033[K\r\n"
#define REST_CLEAR "\033[J"
#define BAR_ON "\033[7m"
#define BAR_OFF "\033[0m"

static void item_text(const struct screen *s, const struct screen_item *item, char text[SCREEN_TEXT_MAX * 2])
{
	char value[SCREEN_TEXT_MAX];

	strcpy(text, item->label);
	if (item->field < 0)
		return;
	screen_field_value(&s->form, (unsigned)item->field, value);
	strcat(text, ": ");
	strcat(text, value[0] ? value : "-");
}

void screen_plain(const struct screen *s, struct screen_text *t)
{
	const struct screen_item *items;
	unsigned count = screen_page_items(s->page, &items);
	const char *title = screen_page_title(s);
	char text[SCREEN_TEXT_MAX * 2];

	screen_text_add(t, "\n");
	if (title[0])
		screen_text_add(t, "%s\n", title);
	for (unsigned i = 0; i < count; i++) {
		item_text(s, &items[i], text);
		screen_text_add(t, "  %u  %s\n", i + 1, text);
	}
	if (s->message[0])
		screen_text_add(t, "%s\n", s->message);
	screen_page_prompt(s, text);
	screen_text_add(t, "%s%s", text, s->line);
}

/* Lines on a display: counted and cut at its edges. */
struct canvas {
	struct screen_text *t;
	unsigned left, columns;
};

static void draw_line(struct canvas *c, const char *on, const char *text, size_t len)
{
	if (c->left == 0)
		return;
	c->left--;
	if (len > c->columns)
		len = c->columns;
	screen_text_add(c->t, "%s%.*s%s" LINE_END, on, (int)len, text, on[0] ? BAR_OFF : "");
}

/* How much of a line goes on one row: to its end, else to behind the last space or colon. */
static size_t row_length(const char *text, size_t columns)
{
	size_t n = strcspn(text, "\n"), cut;

	if (n <= columns)
		return n;
	for (cut = columns; cut > columns / 2; cut--)
		if (text[cut - 1] == ' ' || text[cut - 1] == ':')
			return cut;
	return columns;
}

static void draw_text(struct canvas *c, const char *text)
{
	size_t n;

	do {
		n = row_length(text, c->columns);
		draw_line(c, "", text, n);
		text += n;
		if (*text == '\n')
			text++;
	} while (*text);
}

static void draw_items(struct canvas *c, const struct screen *s)
{
	const struct screen_item *items;
	unsigned count = screen_page_items(s->page, &items);
	char item[SCREEN_TEXT_MAX * 2], text[SCREEN_TEXT_MAX * 2 + 16];

	for (unsigned i = 0; i < count; i++) {
		item_text(s, &items[i], item);
		snprintf(text, sizeof text, " %u  %s ", i + 1, item);
		draw_line(c, i == s->selected ? BAR_ON : "", text, strlen(text));
	}
}

void screen_ansi(const struct screen *s, struct screen_text *t, unsigned rows, unsigned columns)
{
	struct canvas c = { .t = t, .left = rows > 2 ? rows - 1 : 1, .columns = columns ? columns : 80 };
	struct screen_text status = { .len = 0 };
	const char *title = screen_page_title(s);
	char prompt[SCREEN_TEXT_MAX];

	screen_text_add(t, HOME_CLEAR);
	draw_line(&c, "", "", 0);
	screen_status(s->model, &status);
	screen_services(s->model, &status);
	draw_text(&c, status.bytes);
	draw_line(&c, "", "", 0);
	if (title[0])
		draw_line(&c, "", title, strlen(title));
	draw_items(&c, s);
	if (s->message[0])
		draw_line(&c, "", s->message, strlen(s->message));
	screen_page_prompt(s, prompt);
	screen_text_add(t, "%.*s%s\033[K" REST_CLEAR, (int)c.columns - 1, prompt, s->line);
}

/* screen: what the menu and the drawing share; private. */
#ifndef CAM_SCREEN_INT_H
#define CAM_SCREEN_INT_H

#include "screen/screen.h"

enum screen_field {
	FIELD_CARD = 0, FIELD_ADDRESS, FIELD_NETMASK, FIELD_ROUTER, FIELD_DNS1, FIELD_DNS2, FIELD_COUNT
};

struct screen_item {
	const char *label;
	int field;			/* of the form, whose value is shown beside; -1 = none */
};

/* The items of the page; 0 when it has none. */
unsigned screen_page_items(enum screen_page page, const struct screen_item **items);
const char *screen_page_title(const struct screen *s);
/* What is asked at the prompt. */
void screen_page_prompt(const struct screen *s, char prompt[SCREEN_TEXT_MAX]);
const char *screen_field_label(unsigned field);
void screen_field_value(const struct screen_form *f, unsigned field, char value[SCREEN_TEXT_MAX]);
/* Takes what was typed into the form; "-" empties what may be empty.  0, or -1 with a remark. */
int screen_field_set(struct screen_form *f, const struct screen_model *m, unsigned field,
	const char *text, const char **remark);
/* Is the form whole? 0, or -1 with a remark. */
int screen_form_check(const struct screen_form *f, const char **remark);

#endif

/* screen: bytes of a terminal into keys. */
#include "screen/screen.h"

#define ESC 0x1b

/* A sequence longer than this is noise, and ends here, so that it cannot swallow the keyboard for ever. */
#define SEQUENCE_MAX 32

enum { GROUND = 0, ESCAPE, CSI, SS3, STRING };

static struct screen_key key(enum screen_key_kind kind)
{
	return (struct screen_key){ .kind = kind };
}

static struct screen_key decode_ground(struct screen_decoder *d, unsigned char byte)
{
	bool was_return = d->was_return;

	d->was_return = byte == '\r';
	switch (byte) {
	case ESC:
		d->state = ESCAPE;
		d->length = 0;
		return key(SCREEN_KEY_NONE);
	case '\r':
		return key(SCREEN_KEY_ENTER);
	case '\n':
		/* the second half of CR LF is no second key */
		return key(was_return ? SCREEN_KEY_NONE : SCREEN_KEY_ENTER);
	case 0x7f:
	case '\b':
		return key(SCREEN_KEY_ERASE);
	case 0x15:
		return key(SCREEN_KEY_KILL);
	case 0x03:
	case 0x04:
		return key(SCREEN_KEY_CANCEL);
	case 0x0c:
		return key(SCREEN_KEY_REDRAW);
	}
	if (byte < ' ' || byte > '~')
		return key(SCREEN_KEY_NONE);
	return (struct screen_key){ .kind = SCREEN_KEY_CHAR, .c = (char)byte };
}

static struct screen_key arrow(unsigned char byte)
{
	return key(byte == 'A' ? SCREEN_KEY_UP : byte == 'B' ? SCREEN_KEY_DOWN : SCREEN_KEY_NONE);
}

static struct screen_key decode_escape(struct screen_decoder *d, unsigned char byte)
{
	switch (byte) {
	case ESC:
		return key(SCREEN_KEY_CANCEL);
	case '[':
		d->state = CSI;
		break;
	case 'O':
		d->state = SS3;
		break;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		d->state = STRING;
		break;
	default:
		/* ECMA-35 intermediate bytes go on, anything else ends the sequence */
		if (byte < ' ' || byte > '/')
			d->state = GROUND;
	}
	return key(SCREEN_KEY_NONE);
}

struct screen_key screen_decode(struct screen_decoder *d, unsigned char byte)
{
	if (d->state == GROUND)
		return decode_ground(d, byte);
	if (++d->length > SEQUENCE_MAX || byte == 0x18 || byte == 0x1a) {
		d->state = GROUND;
		return key(SCREEN_KEY_NONE);
	}
	if (d->state == ESCAPE)
		return decode_escape(d, byte);
	if (byte == ESC) {
		d->state = ESCAPE;
		return key(SCREEN_KEY_NONE);
	}
	if (d->state == STRING) {
		if (byte == 0x07)
			d->state = GROUND;
		return key(SCREEN_KEY_NONE);
	}
	if (d->state == SS3) {
		d->state = GROUND;
		return arrow(byte);
	}
	if (byte < 0x40 || byte > 0x7e)
		return key(SCREEN_KEY_NONE);
	d->state = GROUND;
	/* parameters (a shifted arrow) do not matter */
	return arrow(byte);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

static struct event *ring[RING_EVENTS];
static size_t first, count, bytes;
static uint64_t head;		/* sequence of the newest ever seen */

static void drop_first(void)
{
	bytes -= ring[first]->bytes;
	free(ring[first]);
	ring[first] = NULL;
	first = (first + 1) % RING_EVENTS;
	count--;
}

void ring_clear(uint64_t sequence)
{
	while (count)
		drop_first();
	head = sequence;
}

uint64_t ring_head(void)
{
	return head;
}

uint64_t ring_tail(void)
{
	return count ? ring[first]->sequence : 0;
}

static const char *text_of(yyjson_val *object, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(object, name));

	return s ? s : "";
}

/* {"type":"event","sequence":..,"time":..,"kind":..,"object":..,"data":..} */
static char *message(yyjson_val *event, size_t *len)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root;
	yyjson_obj_iter it = yyjson_obj_iter_with(event);
	yyjson_val *key;
	char *text;

	if (!doc)
		return NULL;
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "type", "event");
	while ((key = yyjson_obj_iter_next(&it)))
		yyjson_mut_obj_add(root, yyjson_val_mut_copy(doc, key), yyjson_val_mut_copy(doc, yyjson_obj_iter_get_val(key)));
	text = yyjson_mut_write(doc, 0, len);
	yyjson_mut_doc_free(doc);
	return text;
}

static const char *keep(char **at, const char *s, size_t len)
{
	char *copy = *at;

	memcpy(copy, s, len);
	copy[len] = '\0';
	*at += len + 1;
	return copy;
}

/* Everything in one piece of memory. */
static struct event *event_new(yyjson_val *event)
{
	yyjson_val *data = yyjson_obj_get(event, "data"), *members = yyjson_obj_get(data, "members"), *m;
	const char *kind = text_of(event, "kind"), *owner = text_of(data, "owner");
	const char *organization = text_of(data, "organization"), *visibility = text_of(data, "visibility");
	size_t n = yyjson_arr_size(members), i, max, len, size;
	const char **list;
	struct event *e;
	char *text = message(event, &len), *at;

	if (!text)
		return NULL;
	size = sizeof *e + n * sizeof *list + strlen(kind) + strlen(owner) + strlen(organization) + strlen(visibility) + RING_HEADROOM + len + 5;
	yyjson_arr_foreach(members, i, max, m)
		size += yyjson_get_len(m) + 1;
	e = len <= RING_EVENT_BYTES ? malloc(size) : NULL;
	if (e) {
		list = (const char **)(e + 1);
		at = (char *)(list + n);
		*e = (struct event){ .sequence = yyjson_get_uint(yyjson_obj_get(event, "sequence")), .members = list,
			.member_count = n, .len = len, .bytes = size };
		e->kind = keep(&at, kind, strlen(kind));
		e->owner = keep(&at, owner, strlen(owner));
		e->organization = keep(&at, organization, strlen(organization));
		e->visibility = keep(&at, visibility, strlen(visibility));
		yyjson_arr_foreach(members, i, max, m)
			list[i] = keep(&at, yyjson_is_str(m) ? yyjson_get_str(m) : "", yyjson_get_len(m));
		e->text = at + RING_HEADROOM;
		memcpy(e->text, text, len + 1);
	}
	free(text);
	return e;
}

const struct event *ring_add(yyjson_val *event)
{
	struct event *e;

	if (yyjson_get_uint(yyjson_obj_get(event, "sequence")) <= head)
		return NULL;
	e = event_new(event);
	if (!e)
		return NULL;
	if (count == RING_EVENTS)
		drop_first();
	ring[(first + count++) % RING_EVENTS] = e;
	bytes += e->bytes;
	head = e->sequence;
	while (bytes > RING_BYTES && count > 1)
		drop_first();
	return e;
}

const struct event *ring_after(uint64_t sequence)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (ring[(first + middle) % RING_EVENTS]->sequence > sequence)
			high = middle;
		else
			low = middle + 1;
	}
	return low < count ? ring[(first + low) % RING_EVENTS] : NULL;
}

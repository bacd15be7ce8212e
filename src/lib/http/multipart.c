#include <string.h>

#include "http/multipart.h"

enum state {
	FIRST,		/* the delimiter that opens the body */
	AFTER,		/* behind a delimiter: the end of its line, or "--" */
	BLANKS,		/* padding between a delimiter and its end of line */
	LINE,		/* LF of that line */
	HEAD,		/* headers of a part */
	DATA,
	CLOSE,		/* the second dash */
	END,		/* behind the closing delimiter: CR LF at most */
	END_LF,
	OVER
};

/* RFC 2046 §5.1.1: bchars; a blank may not be the last. */
static bool boundary_valid(const char *b)
{
	size_t n = strlen(b);

	return n && n <= HTTP_BOUNDARY_MAX && b[n - 1] != ' ' &&
		!b[strspn(b, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ")];
}

bool http_multipart_boundary(struct http_slice type, char boundary[HTTP_BOUNDARY_MAX + 1])
{
	static const char want[] = "multipart/form-data";
	struct http_slice essence = type;
	unsigned seen;
	size_t i;

	for (i = 0; i < type.len && type.at[i] != ';'; i++)
		;
	essence.len = i;
	if (!http_slice_is_fold(http_slice_trim(essence), want))
		return false;
	return http_parameter(type, "boundary", boundary, HTTP_BOUNDARY_MAX + 1, &seen) && seen == 1 &&
		boundary_valid(boundary);
}

void http_multipart_open(struct http_multipart *m, const char *boundary, const struct http_multipart_ops *ops, void *arg)
{
	memset(m, 0, sizeof *m);
	m->ops = ops;
	m->arg = arg;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, strlen(boundary) + 1);
	m->delimiter_len = strlen(m->delimiter);
	/* The first one needs no line before it. */
	m->matched = 2;
	m->state = FIRST;
}

static bool refuse(struct http_multipart *m, const char *why)
{
	m->why = why;
	return false;
}

bool http_multipart_done(const struct http_multipart *m)
{
	return m->state == END || m->state == OVER;
}

/* ---- headers of a part ---- */

static bool take_disposition(struct http_multipart *m, struct http_slice value)
{
	struct http_slice kind = value;
	unsigned seen;
	size_t i;

	for (i = 0; i < value.len && value.at[i] != ';'; i++)
		;
	kind.len = i;
	if (m->part.name[0] || !http_slice_is_fold(http_slice_trim(kind), "form-data"))
		return refuse(m, "a part has no Content-Disposition of form-data, or two");
	if (!http_parameter(value, "name", m->part.name, sizeof m->part.name, &seen) || seen != 1 || !m->part.name[0])
		return refuse(m, "a part has no name");
	if (!http_parameter(value, "filename", m->part.filename, sizeof m->part.filename, &seen) && seen)
		return refuse(m, "the name of a file is malformed");
	if (seen > 1)
		return refuse(m, "a part has two names of files");
	return true;
}

static bool take_header(struct http_multipart *m, struct http_slice name, struct http_slice value)
{
	if (http_slice_is_fold(name, "content-disposition"))
		return take_disposition(m, value);
	if (http_slice_is_fold(name, "content-type")) {
		if (m->part.type[0] || !value.len || value.len >= sizeof m->part.type)
			return refuse(m, "the type of a part is malformed");
		memcpy(m->part.type, value.at, value.len);
		m->part.type[value.len] = '\0';
		return true;
	}
	/* RFC 7578 §4.7: deprecated; these change nothing. */
	if (http_slice_is_fold(name, "content-transfer-encoding") && !http_slice_is_fold(value, "binary") &&
	    !http_slice_is_fold(value, "8bit") && !http_slice_is_fold(value, "7bit"))
		return refuse(m, "a part has a transfer encoding");
	return true;
}

static bool line_clean(struct http_slice line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
			return false;
	return http_utf8_valid(line);
}

static bool take_line(struct http_multipart *m, struct http_slice line)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct http_slice name, value;

	if (!colon || !line_clean(line))
		return refuse(m, "a header of a part is malformed");
	name = (struct http_slice){ line.at, (size_t)(colon - line.at) };
	value = http_slice_trim((struct http_slice){ colon + 1, line.len - name.len - 1 });
	if (!http_token_valid(name))
		return refuse(m, "a header of a part is malformed");
	return take_header(m, name, value);
}

/* The whole head of a part is in m->head, its empty line included. */
static bool take_head(struct http_multipart *m)
{
	const char *at = m->head, *end;

	memset(&m->part, 0, sizeof m->part);
	for (; (end = strstr(at, "\r\n")) && end > at; at = end + 2)
		if (!take_line(m, (struct http_slice){ at, (size_t)(end - at) }))
			return false;
	if (!m->part.name[0])
		return refuse(m, "a part has no Content-Disposition of form-data, or two");
	if (++m->parts > HTTP_PARTS_MAX)
		return refuse(m, "there are too many parts");
	m->state = DATA;
	m->matched = 0;
	return m->ops->begin(m->arg, &m->part);
}

static bool head_byte(struct http_multipart *m, char c)
{
	if (m->head_len + 1 >= sizeof m->head)
		return refuse(m, "the headers of a part are too long");
	if (!c)
		return refuse(m, "a header of a part is malformed");
	m->head[m->head_len++] = c;
	m->head[m->head_len] = '\0';
	if (c != '\n')
		return true;
	if (m->head_len < 2 || m->head[m->head_len - 2] != '\r')
		return refuse(m, "a line of a part ends without CR");
	if (m->head_len == 2 || (m->head_len >= 4 && !memcmp(m->head + m->head_len - 4, "\r\n", 2)))
		return take_head(m);
	return true;
}

/* ---- between the parts ---- */

static bool between(struct http_multipart *m, char c)
{
	switch (m->state) {
	case FIRST:
		if (c != m->delimiter[m->matched])
			return refuse(m, "it does not begin with its boundary");
		if (++m->matched == m->delimiter_len)
			m->state = AFTER;
		return true;
	case AFTER:
	case BLANKS:
		if (c == '-' && m->state == AFTER)
			m->state = CLOSE;
		else if (c == '\r')
			m->state = LINE;
		else if (c == ' ' || c == '\t')
			m->state = BLANKS;
		else
			return refuse(m, "a boundary has something behind it");
		return true;
	case LINE:
		m->state = HEAD;
		m->head_len = 0;
		return c == '\n' ? true : refuse(m, "a line of a part ends without LF");
	case CLOSE:
		m->state = END;
		return c == '-' ? true : refuse(m, "a boundary has something behind it");
	case END:
		m->state = END_LF;
		return c == '\r' ? true : refuse(m, "something follows its end");
	case END_LF:
		m->state = OVER;
		return c == '\n' ? true : refuse(m, "something follows its end");
	default:
		return refuse(m, "something follows its end");
	}
}

/* ---- content ---- */

/* Takes content up to the delimiter; *used = bytes taken.  CR is only at the delimiter's
 * beginning: what matched so far and does not go on is content, and nothing in it needs
 * a second look. */
static bool take_data(struct http_multipart *m, const char *in, size_t len, size_t *used)
{
	size_t i = 0, from = 0;

	while (i < len) {
		if (!m->matched) {
			const char *cr = memchr(in + i, '\r', len - i);

			i = cr ? (size_t)(cr - in) : len;
			if (i > from && !m->ops->data(m->arg, in + from, i - from))
				return false;
			if (!cr)
				break;
			m->matched = 1;
			from = ++i;
			continue;
		}
		if (in[i] != m->delimiter[m->matched]) {
			if (!m->ops->data(m->arg, m->delimiter, m->matched))
				return false;
			m->matched = 0;
			from = i;
			continue;
		}
		from = ++i;
		if (++m->matched < m->delimiter_len)
			continue;
		m->state = AFTER;
		*used = i;
		return m->ops->end(m->arg);
	}
	*used = len;
	return true;
}

bool http_multipart_feed(struct http_multipart *m, const char *in, size_t len)
{
	size_t used;

	while (len) {
		used = 1;
		if (m->state == DATA ? !take_data(m, in, len, &used) :
		    m->state == HEAD ? !head_byte(m, *in) : !between(m, *in))
			return false;
		in += used;
		len -= used;
	}
	return true;
}

/* ---- names of files ---- */

void http_file_name(const char *from, char out[HTTP_PART_TEXT])
{
	const char *p, *base = from;
	size_t n;

	for (p = from; *p; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	n = strlen(base);
	if (n >= HTTP_PART_TEXT || !n || !strcmp(base, ".") || !strcmp(base, "..") ||
	    !line_clean((struct http_slice){ base, n }) || strchr(base, '\t'))
		base = "blob";
	memcpy(out, base, strlen(base) + 1);
}

#include "demo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"

#define DIRECTORY "/data/demo"
#define SUFFIX ".json"
#define PATH_SIZE 80
#define FILE_MAX (256 << 10)

struct machine machines[DEMO_MACHINES];

struct machine *list_find(const char *name)
{
	for (unsigned i = 0; i < DEMO_MACHINES; i++)
		if (machines[i].used && !strcmp(machines[i].name, name))
			return &machines[i];
	return NULL;
}

struct machine *list_find_key(const char *key)
{
	for (unsigned i = 0; i < DEMO_MACHINES; i++)
		if (machines[i].used && !strcmp(machines[i].key, key))
			return &machines[i];
	return NULL;
}

struct machine *list_free(void)
{
	for (unsigned i = 0; i < DEMO_MACHINES; i++)
		if (!machines[i].used)
			return &machines[i];
	return NULL;
}

unsigned list_slot(const struct machine *m)
{
	return (unsigned)(m - machines);
}

/* ---- files ---- */

static void path_of(const struct machine *m, const char *suffix, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, DIRECTORY "/%s%s", m->name, suffix);
}

static int sync_directory(void)
{
	int fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = fd == -1 ? -1 : fsync(fd);

	if (fd != -1)
		close(fd);
	return rc;
}

static char *to_text(const struct machine *m, size_t *len)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char *text;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "machine", m->name);
	yyjson_mut_obj_add_uint(doc, root, "slot", list_slot(m));
	yyjson_mut_obj_add_str(doc, root, "key", m->key);
	yyjson_mut_obj_add_str(doc, root, "provider", m->provider);
	yyjson_mut_obj_add_str(doc, root, "host", m->host);
	yyjson_mut_obj_add_uint(doc, root, "memory", m->memory);
	yyjson_mut_obj_add_bool(doc, root, "running", m->running);
	yyjson_mut_obj_add_bool(doc, root, "ending", m->ending);
	yyjson_mut_obj_add_sint(doc, root, "created", m->created);
	yyjson_mut_obj_add_str(doc, root, "conf", m->conf);
	yyjson_mut_obj_add_str(doc, root, "ca", m->ca);
	text = yyjson_mut_write(doc, 0, len);
	yyjson_mut_doc_free(doc);
	if (!text)
		log_fatal("list");
	return text;
}

/* A power cut leaves the old or the new one. */
int list_save(const struct machine *m)
{
	char path[PATH_SIZE], fresh[PATH_SIZE], *text;
	int fd, rc = -1, saved;
	size_t len;

	path_of(m, SUFFIX, path);
	path_of(m, ".new", fresh);
	text = to_text(m, &len);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd != -1 && write(fd, text, len) == (ssize_t)len)
		rc = fsync(fd);
	saved = errno;
	if (fd != -1)
		close(fd);
	free(text);
	if (rc == 0 && rename(fresh, path) == 0)
		return sync_directory();
	(void)unlink(fresh);
	errno = saved;
	return -1;
}

int list_drop(struct machine *m)
{
	char path[PATH_SIZE];

	path_of(m, SUFFIX, path);
	if ((unlink(path) == -1 && errno != ENOENT) || sync_directory() == -1)
		return -1;
	free(m->conf);
	free(m->ca);
	m->used = false;
	m->conf = m->ca = NULL;
	return 0;
}

/* ---- at the start ---- */

static bool copy(yyjson_val *root, const char *name, char *out, size_t size)
{
	const char *s = yyjson_get_str(yyjson_obj_get(root, name));

	if (!s || strlen(s) >= size)
		return false;
	strcpy(out, s);
	return true;
}

static bool take(yyjson_val *root)
{
	yyjson_val *slot = yyjson_obj_get(root, "slot");
	const char *conf = yyjson_get_str(yyjson_obj_get(root, "conf")), *ca = yyjson_get_str(yyjson_obj_get(root, "ca"));
	struct machine *m;

	if (!yyjson_is_uint(slot) || yyjson_get_uint(slot) >= DEMO_MACHINES || !conf || !ca)
		return false;
	m = &machines[yyjson_get_uint(slot)];
	if (m->used || !copy(root, "machine", m->name, sizeof m->name) || !copy(root, "key", m->key, sizeof m->key) ||
			!copy(root, "provider", m->provider, sizeof m->provider) || !copy(root, "host", m->host, sizeof m->host))
		return false;
	m->memory = (unsigned)yyjson_get_uint(yyjson_obj_get(root, "memory"));
	m->running = yyjson_get_bool(yyjson_obj_get(root, "running"));
	m->ending = yyjson_get_bool(yyjson_obj_get(root, "ending"));
	m->created = yyjson_get_sint(yyjson_obj_get(root, "created"));
	m->conf = strdup(conf);
	m->ca = strdup(ca);
	m->used = m->conf && m->ca;
	return m->used;
}

static void load(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text = malloc(FILE_MAX);
	ssize_t n = fd != -1 && text ? read(fd, text, FILE_MAX) : -1;
	yyjson_doc *doc = n > 0 ? yyjson_read(text, (size_t)n, 0) : NULL;

	if (!take(yyjson_doc_get_root(doc)))
		log_warn("%s: is no machine", name);
	yyjson_doc_free(doc);
	free(text);
	if (fd != -1)
		close(fd);
}

void list_open(void)
{
	DIR *d = opendir(DIRECTORY);
	struct dirent *e;
	const char *dot;

	if (!d)
		log_fatal("%s", DIRECTORY);
	while ((e = readdir(d))) {
		dot = strrchr(e->d_name, '.');
		if (dot && dot != e->d_name && !strcmp(dot, SUFFIX))
			load(dirfd(d), e->d_name);
	}
	closedir(d);
}

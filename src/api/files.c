#include <bearssl.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "http/coding.h"
#include "http/etag.h"
#include "http/type.h"
#include "limits.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"

/* Longest path of a page. */
#define PATH_SIZE 192

/* The pages may load scripts, styles and pictures of their own, and speak to us; nothing else. */
#define POLICY "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " \
	"font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'none'; " \
	"base-uri 'none'; frame-ancestors 'none'"

static struct file {
	char path[PATH_SIZE];	/* as requested: "/app.js" */
	const char *type;
	const char *bytes;	/* mapped: read from the image when somebody asks for it */
	size_t len;
	char etag[40];		/* "" = nobody has asked yet */
	bool immutable;
	struct file *gzip;	/* the same compressed, "/app.js.gz", or NULL */
} files[LIMIT_FILES];

static size_t file_count, bytes_loaded;

static const char *etag_of(struct file *f)
{
	uint8_t hash[br_sha256_SIZE];
	br_sha256_context x;
	size_t i;

	if (f->etag[0])
		return f->etag;
	br_sha256_init(&x);
	br_sha256_update(&x, f->bytes, f->len);
	br_sha256_out(&x, hash);
	f->etag[0] = '"';
	for (i = 0; i < 16; i++)
		snprintf(f->etag + 1 + 2 * i, 3, "%02x", hash[i]);
	f->etag[33] = '"';
	f->etag[34] = '\0';
	return f->etag;
}

/* A compressed form beside its file; it has no type and is never served under its own name. */
static bool is_gzip(const char *path)
{
	size_t n = strlen(path);

	return n > 3 && !strcmp(path + n - 3, ".gz");
}

static void load_file(const char *directory, const char *path)
{
	struct file *f = &files[file_count];
	char name[2 * PATH_SIZE];
	struct stat st;
	int fd;

	f->type = http_type_of(path);
	if (!f->type && !is_gzip(path))
		return;
	snprintf(name, sizeof name, "%s%s", directory, path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		log_fatal("%s: open", name);
	f->len = (size_t)st.st_size;
	bytes_loaded += f->len;
	if (file_count == LIMIT_FILES - 1 || bytes_loaded > LIMIT_FILES_BYTES)
		log_usage("%s: pages: more than %d files or %u bytes", directory, LIMIT_FILES,
			LIMIT_FILES_BYTES);
	f->bytes = f->len ? mmap(NULL, f->len, PROT_READ, MAP_PRIVATE, fd, 0) : "";
	if (f->bytes == MAP_FAILED)
		log_fatal("%s: map", name);
	close(fd);
	snprintf(f->path, sizeof f->path, "%s", path);
	f->immutable = http_type_is_hashed(path);
	file_count++;
}

/* below is "" or "/assets"; the depth is bounded by PATH_SIZE. */
static void load_directory(const char *directory, const char *below)
{
	char name[2 * PATH_SIZE], path[PATH_SIZE];
	struct dirent *e;
	struct stat st;
	DIR *d;

	snprintf(name, sizeof name, "%s%s", directory, below);
	d = opendir(name);
	if (!d)
		log_fatal("%s: open", name);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(path, sizeof path, "%s/%s", below, e->d_name) >= sizeof path)
			log_usage("%s/%s: name: too long", name, e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			log_fatal("%s%s: stat", directory, path);
		if (S_ISDIR(st.st_mode))
			load_directory(directory, path);
		else if (S_ISREG(st.st_mode))
			load_file(directory, path);
	}
	closedir(d);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static struct file *find(const char *path)
{
	size_t low = 0, high = file_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(path, files[middle].path);

		if (!order)
			return &files[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void find_compressed(void)
{
	char path[PATH_SIZE + 3];
	size_t i;

	for (i = 0; i < file_count; i++) {
		snprintf(path, sizeof path, "%.*s.gz", PATH_SIZE - 1, files[i].path);
		files[i].gzip = find(path);
	}
}

void files_load(const char *directory)
{
	load_directory(directory, "");
	qsort(files, file_count, sizeof *files, by_path);
	find_compressed();
	if (!find("/index.html"))
		log_usage("%s/index.html: missing", directory);
	log_info("%s: %zu pages, %zu bytes", directory, file_count, bytes_loaded);
}

/* Who sends the header twice gets the plain form: that is always right. */
static bool takes_gzip(const struct request *r)
{
	struct http_slice value;
	bool many = false;

	return http_head_find(&r->head, "accept-encoding", &value, &many) && !many && http_coding_gzip(value);
}

void files_serve(struct request *r)
{
	struct file *f = find(strcmp(r->path, "/") ? r->path : "/index.html");
	struct reply reply = REPLY_ZERO;
	struct http_slice tags;

	if (!f || !f->type) {
		request_refuse(r, 404, "There is nothing at this address.");
		return;
	}
	/* Names with a hash never change their content; others are asked for again. */
	reply.cache = f->immutable ? "public, max-age=31536000, immutable" : "no-cache";
	reply.policy = POLICY;
	reply.type = f->type;
	if (f->gzip) {
		reply_header(&reply, "Vary: Accept-Encoding");
		if (takes_gzip(r)) {
			reply_header(&reply, "Content-Encoding: gzip");
			f = f->gzip;
		}
	}
	reply_header(&reply, "ETag: %s", etag_of(f));
	if (http_head_find(&r->head, "if-none-match", &tags, NULL) && http_etag_match(tags, f->etag)) {
		reply.status = 304;
		reply.type = NULL;
	} else {
		reply.status = 200;
		reply.borrowed = f->bytes;
		reply.len = f->len;
	}
	reply_send(r->conn, &reply);
}

/*
 * The process table in three forms.  Lists run through item(), which puts the
 * separator between its calls.
 */
#include "launch.h"

#include <stdio.h>
#include <sys/socket.h>

#include "room/calls.h"
#include "room/landlock.h"
#include "words.h"

#define MIB (1024ul * 1024)
#define FAMILIES 64
#define CAPABILITIES 64

struct list {
	const char *before, *between, *after, *none;
	unsigned n;
};

static void item(struct list *l)
{
	fputs(l->n++ == 0 ? l->before : l->between, stdout);
}

static void end(struct list *l)
{
	fputs(l->n == 0 ? l->none : l->after, stdout);
}

static const struct room *each(int *id)
{
	return ++*id < ROOM_COUNT ? room_by_id((enum room_id)*id) : NULL;
}

static void put_links(const struct room *row, struct list l, const char *quote)
{
	const struct room *to;

	for (int id = ROOM_NONE; (to = each(&id)) != NULL;) {
		if (!room_may_connect(row, to))
			continue;
		item(&l);
		printf("%s%s%s", quote, to->name, quote);
	}
	end(&l);
}

/* Whose files it may read. */
static void put_reads(const struct room *row, struct list l, const char *quote)
{
	const struct room *of;

	for (int id = ROOM_NONE; (of = each(&id)) != NULL;) {
		if (!(row->reads & ROOM_BIT(of->id)))
			continue;
		item(&l);
		printf("%s%s%s", quote, of->name, quote);
	}
	end(&l);
}

static void put_clients(const struct room *row, struct list l)
{
	const struct room *from;

	for (int id = ROOM_NONE; (from = each(&id)) != NULL;) {
		if (!room_may_connect(from, row))
			continue;
		item(&l);
		fputs(from->name, stdout);
	}
	end(&l);
}

static void put_capabilities(const struct room *row, struct list l, const char *quote)
{
	for (unsigned cap = 0; cap < CAPABILITIES; cap++) {
		if ((row->capabilities & ROOM_CAPABILITY(cap)) == 0)
			continue;
		item(&l);
		printf("%s%s%s", quote, word_capability(cap), quote);
	}
	end(&l);
}

static uint64_t families(const struct room *row)
{
	return row->families | ROOM_FAMILY(AF_UNIX) |
		(row->inet ? ROOM_FAMILY(AF_INET) | ROOM_FAMILY(AF_INET6) : 0);
}

static void put_families(const struct room *row, struct list l, const char *quote)
{
	for (unsigned af = 0; af < FAMILIES; af++) {
		if ((families(row) & ROOM_FAMILY(af)) == 0)
			continue;
		item(&l);
		printf("%s%s%s", quote, word_family(af), quote);
	}
	end(&l);
}

static void put_calls(const int *calls, struct list l, const char *quote)
{
	for (; calls != NULL && *calls != -1; calls++) {
		item(&l);
		printf("%s%s%s", quote, room_syscall_name(*calls), quote);
	}
	end(&l);
}

/* ---- for people ---- */

void show_list(void)
{
	const struct room *row;

	printf("%-5s  %4s  %-58s  %s\n", "room", "user", "job", "connects to");
	for (int id = ROOM_NONE; (row = each(&id)) != NULL;) {
		printf("%-5s  %4u  %-58s  ", row->name, (unsigned)row->uid, row->job);
		put_links(row, (struct list){ "", " ", "", "-", 0 }, "");
		putchar('\n');
	}
}

/* ---- docs/least-privilege.md ---- */

static const struct list words = { "", ", ", "", "none", 0 };
static const struct list code = { "`", "`, `", "`", "none", 0 };

static void markdown_overview(void)
{
	const struct room *row;

	puts("| room | user | job | connects to | capabilities | memory | descriptors | processes and threads |");
	puts("| --- | --- | --- | --- | --- | --- | --- | --- |");
	for (int id = ROOM_NONE; (row = each(&id)) != NULL;) {
		printf("| [%s](#%s) | %u | %s | ", row->name, row->name, (unsigned)row->uid, row->job);
		put_links(row, words, "");
		fputs(" | ", stdout);
		put_capabilities(row, words, "");
		printf(" | %lu MiB | %u | %u |\n", row->memory / MIB, row->nofile, row->nproc);
	}
}

static void markdown_opens(const struct room *row)
{
	int at = ROOM_FD_FIRST;

	fputs("- descriptors from the launcher: ", stdout);
	if (row->opens == NULL)
		fputs("none", stdout);
	for (const struct room_open *o = row->opens; o != NULL && o->kind != ROOM_OPEN_NONE; o++, at++) {
		printf("%s%d %s", at == ROOM_FD_FIRST ? "" : "; ", at, word_open(o->kind));
		if (o->kind == ROOM_OPEN_TCP)
			printf(" %lu", o->arg);
		else
			printf(" `%s%s`", o->kind == ROOM_OPEN_SHARED ? "/run/cam/" : "", o->path);
		if (o->kind == ROOM_OPEN_SHARED)
			printf(" of %lu KiB", o->arg / 1024);
	}
	putchar('\n');
}

static void markdown_paths(const struct room *row)
{
	fputs("- files: ", stdout);
	if (row->paths == NULL)
		fputs("none at all", stdout);
	for (const struct room_path *p = row->paths; p != NULL && p->path != NULL; p++)
		printf("%s`%s` (%s)", p == row->paths ? "" : "; ", p->path, word_rights(p->rights));
	putchar('\n');
}

static void markdown_reads(const struct room *row)
{
	fputs("- reads files of: ", stdout);
	put_reads(row, words, "");
	putchar('\n');
}

static void markdown_room(const struct room *row)
{
	printf("\n### %s\n\n%s. Program `%s`, user and group %u%s.\n\n", row->name, row->job, row->program,
		(unsigned)row->uid, row->foreign ? "; third-party, fenced by the launcher before it starts" : "");
	fputs("- connects to: ", stdout);
	put_links(row, words, "");
	fputs("\n- may be connected to by: ", stdout);
	put_clients(row, words);
	fputs("\n- capabilities: ", stdout);
	put_capabilities(row, words, "");
	fputs("\n- socket families: ", stdout);
	put_families(row, words, "");
	printf("; TCP connect and bind: %s\n", row->inet ? "yes" : "no");
	markdown_paths(row);
	if (row->reads)
		markdown_reads(row);
	if (row->mounts)
		puts("- makes mounts and namespaces (never of users), which landlock would forbid: its root directory holds these files "
			"and nothing else");
	markdown_opens(row);
	printf("- locked memory: %lu KiB; bytes under /data: %lu MiB; oom_score_adj: %d; nice: %d\n",
		row->memlock / 1024, row->data / MIB, row->oom, row->nice);
	fputs("- system calls besides the common ones: ", stdout);
	put_calls(row->syscalls, code, "");
	putchar('\n');
}

void show_markdown(void)
{
	const struct room *row;

	puts("# Least privilege: what each room may do\n");
	puts("Made from the process table, `src/lib/room/table.c`, by `launch --table markdown`; do not edit.");
	puts("What is not listed is forbidden: by its user id, by the launcher (`docs/launch.md`), by landlock");
	puts("and by seccomp. `tests/fences` tries it.\n");
	markdown_overview();
	puts("\n## System calls of every room\n");
	put_calls(room_calls_common, code, "");
	puts("\n\nWith checked arguments:\n");
	puts("- `socket`: the families of the room; `socketpair`: AF_UNIX only");
	puts("- `connect`: rooms that connect somewhere");
	puts("- `mmap`, `mprotect`: never executable (but for third-party programs, whose libraries are loaded later)");
	puts("- `clone`: threads; processes where the room has `vfork`; a namespace in `yard` alone. `clone3` answers ENOSYS");
	puts("- `prctl`: naming a thread, the parent's death signal, dumpable off, ambient capabilities off, unless the room has `prctl`");
	puts("- `ioctl`: FIONBIO, FIONREAD, TIOCGWINSZ, unless the room has `ioctl`");
	puts("- `prlimit64`: reading limits, unless the room has `prlimit64`");
	puts("\n## The rooms");
	for (int id = ROOM_NONE; (row = each(&id)) != NULL;)
		markdown_room(row);
}

/* ---- for the console ---- */

static const struct list array = { "[", ",", "]", "[]", 0 };

/* The table's texts hold neither quotes nor backslashes; a unit test says so. */
static void json_text(const char *key, const char *value)
{
	printf("\"%s\":\"%s\",", key, value);
}

static void json_paths(const struct room *row)
{
	struct list l = array;

	for (const struct room_path *p = row->paths; p != NULL && p->path != NULL; p++) {
		item(&l);
		printf("{\"path\":\"%s\",\"rights\":\"%s\"}", p->path, word_rights(p->rights));
	}
	end(&l);
}

static void json_opens(const struct room *row)
{
	struct list l = array;

	for (const struct room_open *o = row->opens; o != NULL && o->kind != ROOM_OPEN_NONE; o++) {
		item(&l);
		printf("{\"kind\":\"%s\",\"path\":\"%s\",\"argument\":%lu}", word_open(o->kind),
			o->path != NULL ? o->path : "", o->arg);
	}
	end(&l);
}

static void json_room(const struct room *row)
{
	putchar('{');
	json_text("name", row->name);
	json_text("job", row->job);
	json_text("program", row->program);
	printf("\"user\":%u,\"listens\":%s,\"foreign\":%s,\"inet\":%s,\"links\":", (unsigned)row->uid,
		row->listens ? "true" : "false", row->foreign ? "true" : "false",
		row->inet ? "true" : "false");
	put_links(row, array, "\"");
	fputs(",\"reads\":", stdout);
	put_reads(row, array, "\"");
	fputs(",\"capabilities\":", stdout);
	put_capabilities(row, array, "\"");
	fputs(",\"families\":", stdout);
	put_families(row, array, "\"");
	fputs(",\"paths\":", stdout);
	json_paths(row);
	fputs(",\"opens\":", stdout);
	json_opens(row);
	printf(",\"memory\":%lu,\"nofile\":%u,\"nproc\":%u,\"memlock\":%lu,\"oom\":%d,\"nice\":%d,\"data\":%lu,\"calls\":",
		row->memory, row->nofile, row->nproc, row->memlock, row->oom, row->nice, row->data);
	put_calls(row->syscalls, array, "\"");
	putchar('}');
}

void show_json(void)
{
	const struct room *row;
	struct list l = array;

	fputs("{\"common\":", stdout);
	put_calls(room_calls_common, array, "\"");
	fputs(",\"checked\":", stdout);
	put_calls(room_calls_checked, array, "\"");
	fputs(",\"rooms\":", stdout);
	for (int id = ROOM_NONE; (row = each(&id)) != NULL;) {
		item(&l);
		json_room(row);
	}
	end(&l);
	puts("}");
}

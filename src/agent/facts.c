/* Facts about this machine: from /proc, /sys and its release file. */
#include <bearssl.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/agent.h"

#define FILE_MAX (64u << 10)
#define ADDRESSES_MAX 64

/* The first line of a file, without its end; "" when there is none. */
static void first_line(const char *path, char *out, size_t room)
{
	size_t len = 0;
	char *text = file_read(AT_FDCWD, path, FILE_MAX, &len);

	out[0] = 0;
	if (!text)
		return;
	text[strcspn(text, "\r\n")] = 0;
	snprintf(out, room, "%s", text);
	free(text);
}

const char *facts_boot(void)
{
	static char boot[128];
	char id[64], stat[512], *after;
	unsigned long long start = 0;

	if (boot[0])
		return boot;
	first_line("/proc/sys/kernel/random/boot_id", id, sizeof id);
	/* In a container the kernel's is not enough: its first process began later. Field 22, counted behind the name. */
	first_line("/proc/1/stat", stat, sizeof stat);
	after = strrchr(stat, ')');
	if (after)
		sscanf(after + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &start);
	snprintf(boot, sizeof boot, "%s-%llu", id[0] ? id : "unknown", start);
	return boot;
}

/* The lowest-numbered Ethernet card; one with a device of its own before one that is made by software. */
static void first_mac(char out[32])
{
	DIR *d = opendir("/sys/class/net");
	struct dirent *e;
	char path[300], text[64], mac[32];
	long index, best = -1, score;

	out[0] = 0;
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/sys/class/net/%s/type", e->d_name);
		first_line(path, text, sizeof text);
		if (strcmp(text, "1"))
			continue;
		snprintf(path, sizeof path, "/sys/class/net/%s/address", e->d_name);
		first_line(path, mac, sizeof mac);
		snprintf(path, sizeof path, "/sys/class/net/%s/ifindex", e->d_name);
		first_line(path, text, sizeof text);
		index = atol(text);
		snprintf(path, sizeof path, "/sys/class/net/%s/device", e->d_name);
		score = index + (access(path, F_OK) == 0 ? 0 : 1000000);
		if (mac[0] && (best < 0 || score < best)) {
			best = score;
			strcpy(out, mac);
		}
	}
	if (d)
		closedir(d);
}

const char *facts_fingerprint(void)
{
	static char hex[65];
	char machine[128], uuid[128], mac[32], text[320];
	unsigned char sum[32];
	br_sha256_context c;

	first_line("/etc/machine-id", machine, sizeof machine);
	if (!machine[0])
		first_line("/var/lib/dbus/machine-id", machine, sizeof machine);
	first_line("/sys/class/dmi/id/product_uuid", uuid, sizeof uuid);
	first_mac(mac);
	snprintf(text, sizeof text, "%s\n%s\n%s\n", machine, uuid, mac);
	br_sha256_init(&c);
	br_sha256_update(&c, text, strlen(text));
	br_sha256_out(&c, sum);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}

/* A value of /etc/os-release, quotes taken off. */
static void release_value(const char *text, const char *name, char *out, size_t room)
{
	const char *at = text;
	size_t n = strlen(name), len;

	while (at && (strncmp(at, name, n) || at[n] != '=')) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return;
	at += n + 1;
	if (*at == '"' || *at == '\'') {
		len = strcspn(at + 1, "\"'\n");
		at++;
	} else {
		len = strcspn(at, "\n");
	}
	snprintf(out, room, "%.*s", (int)len, at);
}

static void os_name(char *name, char *version, size_t room)
{
	static const char *const older[] = { "/etc/redhat-release", "/etc/system-release", "/etc/SuSE-release", NULL };
	size_t len;
	char *text = file_read(AT_FDCWD, "/etc/os-release", FILE_MAX, &len);

	strcpy(name, "Linux");
	version[0] = 0;
	if (text) {
		release_value(text, "NAME", name, room);
		release_value(text, "VERSION_ID", version, room);
		free(text);
		return;
	}
	for (int i = 0; older[i]; i++) {
		first_line(older[i], name, room);
		if (name[0])
			return;
	}
	strcpy(name, "Linux");
}

/* Addresses that others can reach, as text, in the kernel's order. */
static size_t addresses(char out[ADDRESSES_MAX][64])
{
	struct ifaddrs *all = NULL, *a;
	size_t n = 0, len;

	if (getifaddrs(&all) < 0)
		return 0;
	for (a = all; a && n < ADDRESSES_MAX; a = a->ifa_next) {
		int family = a->ifa_addr ? a->ifa_addr->sa_family : 0;

		if ((family != AF_INET && family != AF_INET6) || (a->ifa_flags & IFF_LOOPBACK) || !(a->ifa_flags & IFF_UP))
			continue;
		len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		if (getnameinfo(a->ifa_addr, (socklen_t)len, out[n], 64, NULL, 0, NI_NUMERICHOST))
			continue;
		if (!strncmp(out[n], "fe80:", 5))
			continue;
		n++;
	}
	freeifaddrs(all);
	return n;
}

void facts_load(double load[3])
{
	char text[128];

	load[0] = load[1] = load[2] = 0;
	first_line("/proc/loadavg", text, sizeof text);
	sscanf(text, "%lf %lf %lf", &load[0], &load[1], &load[2]);
}

yyjson_mut_val *facts_object(yyjson_mut_doc *d)
{
	yyjson_mut_val *o = yyjson_mut_obj(d), *list;
	char list_of[ADDRESSES_MAX][64], name[128], version[128];
	struct utsname u;
	struct sysinfo info;
	double load[3];
	size_t n;

	uname(&u);
	os_name(name, version, sizeof name);
	yyjson_mut_obj_add_strcpy(d, o, "hostname", u.nodename);
	yyjson_mut_obj_add_strcpy(d, o, "os", name);
	yyjson_mut_obj_add_strcpy(d, o, "os_version", version);
	yyjson_mut_obj_add_strcpy(d, o, "kernel", u.release);
	yyjson_mut_obj_add_strcpy(d, o, "arch", u.machine);
	list = yyjson_mut_obj_add_arr(d, o, "addresses");
	n = addresses(list_of);
	for (size_t i = 0; i < n; i++)
		yyjson_mut_arr_add_strcpy(d, list, list_of[i]);
	yyjson_mut_obj_add_int(d, o, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
	if (sysinfo(&info) == 0)
		yyjson_mut_obj_add_uint(d, o, "memory", (uint64_t)info.totalram * info.mem_unit);
	facts_load(load);
	list = yyjson_mut_obj_add_arr(d, o, "load");
	for (int i = 0; i < 3; i++)
		yyjson_mut_arr_add_real(d, list, load[i]);
	return o;
}

bool facts_changed(void)
{
	static unsigned char before[32];
	unsigned char now[32];
	char list_of[ADDRESSES_MAX][64];
	br_sha256_context c;
	struct utsname u;
	size_t n = addresses(list_of);
	bool changed;

	uname(&u);
	br_sha256_init(&c);
	br_sha256_update(&c, u.nodename, sizeof u.nodename);
	for (size_t i = 0; i < n; i++)
		br_sha256_update(&c, list_of[i], strlen(list_of[i]) + 1);
	br_sha256_out(&c, now);
	changed = memcmp(now, before, sizeof now);
	memcpy(before, now, sizeof now);
	return changed;
}

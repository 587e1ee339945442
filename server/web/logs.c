/* server/web/logs.c: the logs that devices send [update-service 3.4, 4.5].
 *
 * POST ...?op=log&type=CELog&name=<file>[&mac=<MAC>], the log as it is in the body.
 * UNKNOWN: the product's form of it.  "Enforce size, count per MAC and extension lists": anybody inside may send.
 */
#include "server/web/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "server/vault/device_id.h"

#define FOLDER_MAX 20000 /* files of all devices together, a folder */

/* Where the files of the known types go; another type of ValidLogFileTypes has a folder of its own name. */
static const struct {
	const char *type, *folder;
} types[] = {{"CELog", "CE Log"}};

/* The entry of a list with commas that fits; p NULL: none does. */
static struct sv listed(const char *list, struct sv word, bool (*fits)(struct sv word, struct sv entry))
{
	struct sv rest = sv_of(list);

	while (rest.p) {
		struct sv entry = sv_trim(sv_cut(&rest, ','));

		if (entry.n && fits(word, entry))
			return entry;
	}
	return (struct sv){0};
}

static const char *logs_folder_of(const struct site *s, struct sv type, char ret[96])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	char name[64];

	type = listed(s->ValidLogFileTypes, type, sv_ieq);
	if (type.p == NULL || !sv_copy(name, sizeof name, type) || strspn(name, plain) != type.n)
		return NULL;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (sv_ieq(type, sv_of(types[i].type)))
			snprintf(name, sizeof name, "%s", types[i].folder);
	snprintf(ret, 96, "Client/%s", name);
	return ret;
}

/* "Sanitise names to [A-Za-z0-9._-]", and no leading dot. */
static bool name_of(const struct site *s, struct sv asked, char out[128])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	bool known = listed(s->ValidLogFileExtensions, asked, sv_iends).p != NULL;

	if (asked.n == 0 || asked.n > 100)
		return false;
	for (size_t i = 0; i < asked.n; i++)
		out[i] = (char)(asked.p[i] && strchr(plain, asked.p[i]) ? asked.p[i] : '_');
	out[asked.n] = '\0';
	if (out[0] == '.')
		out[0] = '_';
	return known;
}

/* The sender: the MAC where one is given, else the address. */
static void device_of(const struct web_call *k, char out[64])
{
	struct sv mac = web_query(k, "mac");
	char text[64];
	size_t n;

	if (mac.p && sv_copy(text, sizeof text, mac) && update_id_mac(text, out))
		return;
	snprintf(out, 64, "%s", k->q->peer);
	for (n = 0; out[n]; n++)
		if (out[n] == '/' || out[n] == ':')
			out[n] = '-';
}

/* A device's logs roll over: its oldest ones make room for the new one.  false: the folder is full of others'. */
static bool room(const char *path, const char *device, unsigned most)
{
	char oldest[256] = "";
	unsigned of_device = 0, all = 0;
	struct folder_names folder;
	const char *entry;

	if (!folder_names_open(&folder, AT_FDCWD, path))
		return false;
	while ((entry = folder_names_next(&folder)) != NULL) {
		all++;
		if (strncmp(entry, device, strlen(device)) != 0 || entry[strlen(device)] != '_')
			continue;
		of_device++;
		if (oldest[0] == '\0' || strcmp(entry, oldest) < 0) /* behind the device stands the time, which sorts */
			snprintf(oldest, sizeof oldest, "%s", entry);
	}
	if (of_device >= most && unlinkat(folder.fd, oldest, 0) == 0)
		all--;
	folder_names_close(&folder);
	return all < FOLDER_MAX;
}

/* "MaxLogFileSize: then a new file is begun". */
static bool logs_write(const struct site *s, const char *path, const char *device, const char *name, const struct web_request *q)
{
	size_t part = s->MaxLogFileSize, at = 0;
	char file[4608], part_of[16] = "";

	for (unsigned n = 0; at < q->body.n || n == 0; n++) {
		size_t take = q->body.n - at < part ? q->body.n - at : part;

		if (!room(path, device, s->max_logs_per_device))
			return false;
		if (n)
			snprintf(part_of, sizeof part_of, "%u_", n);
		snprintf(file, sizeof file, "%s/%s_%lld_%s%s", path, device, (long long)q->unix_s, part_of, name);
		if (file_write(NULL, file, q->body.p ? q->body.p + at : "", take, 0660) != 0)
			return false;
		at += take;
	}
	return true;
}

void update_log(struct web_call *k)
{
	const struct site *s = k->w->conf.site;
	char name[128], device[64], path[4096], folder[96];
	bool known = logs_folder_of(s, web_query(k, "type"), folder) && name_of(s, web_query(k, "name"), name);

	if (k->w->conf.logs == NULL) {
		web_plain(k, 403, "Device logs are not kept here.");
	} else if (!known) {
		web_plain(k, 415, "Logs of that type or name are refused.");
	} else if (k->q->body.n > s->max_log_size) {
		web_plain(k, 413, "The log is too long.");
	} else if (!update_folder(k->w->conf.logs, folder, path, sizeof path)) {
		web_plain(k, 503, "The log store cannot be reached.");
	} else if (!web_rate_may(k->w, WEB_RATE_LOG, k->q->peer, k->q->body.n, k->q->unix_s)) {
		web_plain(k, 503, "This address has sent too much for now.");
		web_retry_after(k);
	} else if (!web_logs_may_grow(k->w, k->q->body.n, false, k->q->unix_s)) {
		web_plain(k, 503, "The log store is full.");
	} else {
		device_of(k, device);
		if (!logs_write(s, path, device, name, k->q)) {
			web_plain(k, 503, "The log store cannot be written.");
		} else {
			log_line(LOG_INFO, "update", "%s sent a log: %s/%s_%lld_%s", k->q->peer, path, device, (long long)k->q->unix_s, name);
			web_reply(k, 200, "");
		}
	}
}

bool update_folder(const char *logs, const char *below, char *path, size_t cap)
{
	size_t base = strlen(logs);

	if ((size_t)snprintf(path, cap, "%s/%s", logs, below) >= cap)
		return false;
	for (char *slash = path + base + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		if (mkdir(path, 0770) != 0 && errno != EEXIST)
			return false;
	}
	return mkdir(path, 0770) == 0 || errno == EEXIST;
}

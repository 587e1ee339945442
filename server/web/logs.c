/* server/web/logs.c: the logs that devices send [update-service 3.4, 4.5].
 *
 * POST ...?op=log&type=CELog&name=<file>[&mac=<MAC>], the log as it is in the body.
 * UNKNOWN: the product's form of it.  "Enforce size, count per MAC and extension lists": anybody inside may send.
 */
#include "server/web/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "server/vault/device_id.h"

#define FOLDER_MAX 20000 /* files of all devices together, a folder */

/* ValidLogFileTypes, and where their files go */
static const struct {
	const char *type, *folder;
} types[] = {{"CELog", "Client/CE Log"}, {"Config", "Client/Config"}, {"Watson", "Client/Watson"}, {"Diaglog", "Client/Diaglog"}};

/* ValidLogFileExtensions */
static const char *const extensions[] = {".dmp", ".clg", ".clg1", ".clg2", ".bak", ".kdmp",
					 ".dat", ".bin", ".cat",  ".xml",  ".txt", ".hex"};

static const char *logs_folder_of(struct sv type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (sv_ieq(type, sv_of(types[i].type)))
			return types[i].folder;
	return NULL;
}

/* "Sanitise names to [A-Za-z0-9._-]", and no leading dot. */
static bool name_of(struct sv asked, char out[128])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	bool known = false;

	if (asked.n == 0 || asked.n > 100)
		return false;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		known |= sv_iends(asked, sv_of(extensions[i]));
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

static bool room(const char *path, const char *device, unsigned most)
{
	DIR *d = opendir(path);
	unsigned of_device = 0, all = 0;
	struct dirent *e;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		all++;
		of_device += strncmp(e->d_name, device, strlen(device)) == 0 && e->d_name[strlen(device)] == '_';
	}
	closedir(d);
	return of_device < most && all < FOLDER_MAX;
}

void update_log(struct web_call *k)
{
	const struct site *s = k->w->conf.site;
	const char *folder = logs_folder_of(web_query(k, "type"));
	char name[128], device[64], path[4096], file[4608];

	if (k->w->conf.logs == NULL) {
		web_plain(k, 403, "Device logs are not kept here.");
	} else if (folder == NULL || !name_of(web_query(k, "name"), name)) {
		web_plain(k, 415, "Logs of that type or name are refused.");
	} else if (k->q->body.n > s->max_log_size) {
		web_plain(k, 413, "The log is too long.");
	} else if (!update_folder(k->w->conf.logs, folder, path, sizeof path)) {
		web_plain(k, 503, "The log store cannot be reached.");
	} else {
		device_of(k, device);
		snprintf(file, sizeof file, "%s/%s_%lld_%s", path, device, (long long)k->q->unix_s, name);
		if (!room(path, device, s->max_logs_per_device)) {
			web_plain(k, 403, "This device has sent too many logs.");
		} else if (!web_rate_may(k->w, WEB_RATE_LOG, k->q->peer, k->q->body.n, k->q->unix_s)) {
			web_plain(k, 503, "This address has sent too much for now.");
			web_header(k, "Retry-After", WEB_RETRY_AFTER);
		} else if (!web_logs_may_grow(k->w, k->q->body.n, false, k->q->unix_s)) {
			web_plain(k, 503, "The log store is full.");
		} else if (file_write(NULL, file, k->q->body.p ? k->q->body.p : "", k->q->body.n, 0660) != 0) {
			web_plain(k, 503, "The log store cannot be written.");
		} else {
			log_line(LOG_INFO, "update", "%s sent a log: %s", k->q->peer, file);
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

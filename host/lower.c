/* host/lower.c: a phone keeps two capabilities of root's rights, which count in the network namespace that it is in, and a list of
 * system calls and files.  It reads what a network sends, and that may be hostile.
 *
 *     host_lower()    after the namespace, the log of keys and port 68, before the folder's first file is read: the user
 *     host_confine()  before the first frame is read: files and system calls
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine/capabilities.h"
#include "confine/sandbox.h"
#include "host/internal.h"

/* Raw frames, and sockets that are bound to an interface; links, addresses and routes of the namespace. */
#define PHONE_CAPABILITIES (CAPABILITY(CAP_NET_RAW) | CAPABILITY(CAP_NET_ADMIN))

int host_lower(struct host *h, const struct host_conf *c, struct why *why)
{
	struct broker_conf b = {.serial_line = c->serial_line, .files = c->files};
	int e = broker_start(&b, &h->broker, why);

	if (e == 0 && !become_user(h->folder.uid, h->folder.gid, PHONE_CAPABILITIES, why))
		e = -EPERM;
	return e;
}

/* Besides its folder: what c-ares reads, the roots of the system for servers outside, the time of day for people. */
int host_confine(struct host *h, struct why *why)
{
	char folder[64];
	const struct sandbox_place places[] = {
	    {folder, true},
	    {"/etc/resolv.conf", false},
	    {"/etc/hosts", false},
	    {"/etc/nsswitch.conf", false},
	    {"/etc/host.conf", false},
	    {"/etc/ssl", false},
	    {"/etc/pki", false},
	    {"/usr/share/ca-certificates", false},
	    {"/usr/local/share/ca-certificates", false},
	    {"/etc/localtime", false},
	    {"/usr/share/zoneinfo", false},
	    {"/proc/sys/net/ipv6/conf", true}, /* a VLAN's interface has no IPv6 */
	    {NULL, false},
	};
	const struct sandbox s = {
	    .dir = "",
	    .may = SANDBOX_READ | SANDBOX_WRITE | SANDBOX_THREADS | SANDBOX_ASK | SANDBOX_NETWORK | SANDBOX_PHONE,
	    .places = places,
	    .file_max = UINT64_MAX,
	};

	snprintf(folder, sizeof folder, "/proc/self/fd/%d", h->folder.fd);
	return sandbox_enter(&s, why) ? 0 : -EPERM;
}

struct broker *host_broker(const struct host *h)
{
	return h ? h->broker : NULL;
}

int host_lower_reader(const char *const *files, struct broker **ret, struct why *why)
{
	const struct sandbox_place places[] = {{"/etc/localtime", false}, {"/usr/share/zoneinfo", false}, {NULL, false}};
	const struct sandbox s = {.dir = "", .may = SANDBOX_READ | SANDBOX_WRITE | SANDBOX_PHONE, .places = places, .file_max = UINT64_MAX};
	struct broker_conf b = {.files = files};
	struct folder user;
	int e = folder_user(&user, why);

	if (e == 0)
		e = broker_start(&b, ret, why);
	if (e == 0 && !(become_user(user.uid, user.gid, 0, why) && sandbox_enter(&s, why)))
		e = -EPERM;
	return e;
}

/* cmd/console/console.c: dialtone console: the verb. */
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/sv.h"
#include "cmd/console/console.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "net/listen.h"
#include "pki/key.h"
#include "server/site/conf.h"

#define CONNECTIONS 64

struct console_options {
	unsigned port;
	bool open;
};

static const char *port_read(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 65535, &n))
		return "a port is needed, 1 to 65535, or 0: any that is free";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

struct door {
	struct console console;
	struct loop_fd watch;
	struct loop_signal stop[2];
	int fd;
};

static void knocked(void *arg, unsigned what)
{
	static const struct conn_kind plain;
	struct door *d = arg;
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	int fd = accept4(d->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd >= 0 && d->console.server.n < CONNECTIONS)
		http_server_take(&d->console.server, fd, &from, &plain, NULL);
	else if (fd >= 0)
		net_reset(fd);
}

static void stopped(void *arg, int signo)
{
	struct door *d = arg;

	(void)signo;
	loop_stop(d->console.loop);
}

static bool begin(struct door *d, unsigned port, struct why *why)
{
	struct sockaddr_in at = {0};
	socklen_t n = sizeof at;
	uint8_t random[CONSOLE_TOKEN / 2];

	if (!pki_random(random, sizeof random))
		return why_not(why, "no random octets can be had");
	hex_write(d->console.token, random, sizeof random, false);
	if (port && !listen_free("127.0.0.1", (uint16_t)port, why))
		return false;
	d->fd = listen_tcp("127.0.0.1", (uint16_t)port, why);
	if (d->fd < 0)
		return false;
	if (getsockname(d->fd, (struct sockaddr *)&at, &n) < 0)
		return why_not(why, "the port: %s", strerror(errno));
	d->console.port = ntohs(at.sin_port);
	d->console.loop = loop_new();
	if (d->console.loop == NULL)
		return why_not(why, "out of memory");
	http_server_init(&d->console.server, &(struct http_server_conf){.loop = d->console.loop, .service = &console_service, .arg = &d->console});
	loop_fd_init(&d->watch, d->console.loop, d->fd, knocked, d);
	return (loop_fd_want(&d->watch, LOOP_READ) && loop_signal_init(&d->stop[0], d->console.loop, SIGINT, stopped, d) &&
		loop_signal_init(&d->stop[1], d->console.loop, SIGTERM, stopped, d)) ||
	       why_not(why, "out of memory");
}

/* Connections end before the loop does: each may have a verb under way. */
static void end(struct door *d)
{
	loop_fd_stop(&d->watch);
	for (unsigned i = 0; i < 2; i++)
		loop_signal_stop(&d->stop[i]);
	if (d->console.loop && d->console.server.n) {
		http_server_reset(&d->console.server);
		for (unsigned i = 0; i < 100 && d->console.server.n; i++)
			loop_once(d->console.loop);
	}
	if (d->fd >= 0)
		close(d->fd);
	if (d->console.loop)
		loop_free(d->console.loop);
	explicit_bzero(d->console.token, sizeof d->console.token);
}

/* As the user who typed sudo: a browser is nothing for root.  It goes on by itself. */
static void open_browser(const char *url)
{
	const char *uid = getenv("SUDO_UID");
	const struct passwd *p = uid && geteuid() == 0 ? getpwuid((uid_t)strtoul(uid, NULL, 10)) : NULL;
	pid_t pid;

	if (geteuid() == 0 && p == NULL) {
		text_print(stderr, "--open: root starts no browser: open the address yourself");
		return;
	}
	pid = fork();
	if (pid > 0)
		waitpid(pid, NULL, 0); /* of the child, whose own child becomes the browser */
	if (pid != 0)
		return;
	if (fork() != 0)
		_exit(0);
	if (p && (initgroups(p->pw_name, p->pw_gid) < 0 || setgid(p->pw_gid) < 0 || setuid(p->pw_uid) < 0))
		_exit(1);
	execlp("xdg-open", "xdg-open", url, (char *)NULL);
	text_print(stderr, "--open: xdg-open: %s: open the address yourself", strerror(errno));
	_exit(1);
}

static int run(struct command *c)
{
	const struct console_options *o = c->o;
	struct door d = {.console = {.conf = c->conf}, .fd = -1};
	struct site *site = malloc(sizeof *site);
	struct why why = {0};
	char url[96];
	int rc = 0;

	if (site == NULL || !conf_read(c->conf, site, &why)) {
		free(site);
		return command_fail(c, EX_CONFIG, "%s", why_or(&why, "out of memory"));
	}
	free(site);
	signal(SIGPIPE, SIG_IGN);
	if (!begin(&d, o->port, &why)) {
		rc = command_fail(c, EX_UNAVAILABLE, "%s", why.text);
	} else {
		snprintf(url, sizeof url, "http://127.0.0.1:%u/%s/", d.console.port, d.console.token);
		printf("%s\n", url);
		fflush(stdout);
		text_print(stderr, "whoever has this address may do what you may; Control-C ends it");
		if (o->open)
			open_browser(url);
		loop_run(d.console.loop);
	}
	end(&d);
	return rc;
}

static const struct option_row options[] = {
    {"--port", "P", "of 127.0.0.1 (any that is free)", offsetof(struct console_options, port), .read = port_read},
    {"--open", NULL, "open it in the browser", offsetof(struct console_options, open)},
    {0}};

const struct verb verb_console = {
    .name = "console",
    .arguments = "",
    .what = "pages about the site, for a browser on this machine",
    .flags = VERB_SITE,
    .options = options,
    .size = sizeof(struct console_options),
    .run = run,
    .text = "Serves pages on 127.0.0.1 until it is interrupted, with the rights of who typed it: phones and where they stand still, the way of "
	    "one phone, users and PINs, certificates near their end, updates to approve or restore, front ends. Prints their address, which "
	    "holds a token: nobody who does not know it gets an answer.",
    .example = "  dialtone console --open\n",
    .status = "exit status: 0 it was interrupted, 64 usage, 69 the port cannot be had, 78 the configuration cannot be used",
};

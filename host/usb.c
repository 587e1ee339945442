#include "host/usb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/broker.h"
#include "host/internal.h"

#define SILENT_MS 6000
#define CODE_FILE "usb-code"
#define PEERS_MOST 3 /* greetings in a second: each costs this end a key derivation */

struct usb {
	struct usb_conf conf;
	struct host *host;
	char path[256], code[TETHER_CODE_MAX], name[64];
	int fd;
	bool open;
	struct event read_ev, tick_ev;
	struct tether t;
	struct buf out;
	uint64_t last_ms; /* the last message that was opened */
	unsigned greeted; /* in this second */
};

static void usb_on_read(evutil_socket_t fd, short what, void *arg);

static void usb_line_close(struct usb *u)
{
	bool was = u->t.proved;

	if (u->open) {
		event_del(&u->read_ev);
		close(u->fd);
	}
	u->open = false;
	tether_clear(&u->t);
	buf_wipe(&u->out);
	if (was)
		u->conf.gone(u->conf.arg);
}

static void usb_line_open(struct usb *u)
{
	u->fd = broker_serial_line(u->host->broker, u->path);
	if (u->fd < 0)
		return; /* no cable: looked for again in a second */
	if (event_assign(&u->read_ev, u->host->base, u->fd, EV_READ | EV_PERSIST, usb_on_read, u) < 0 || event_add(&u->read_ev, NULL) < 0 ||
	    !tether_begin(&u->t, true, u->code, u->name)) {
		close(u->fd);
		return;
	}
	u->open = true;
}

/* A line that does not take it loses it: the other end is silent then, and has gone. */
static void usb_flush(struct usb *u)
{
	ssize_t n = u->out.n ? write(u->fd, u->out.p, u->out.n) : 0;

	if (n > 0)
		buf_drop(&u->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		usb_line_close(u);
	if (u->out.n > 8192)
		buf_wipe(&u->out);
}

static void usb_report(struct usb *u, struct tether_message *m)
{
	if (m->kind)
		tether_send(&u->t, m, &u->out);
	explicit_bzero(m, sizeof *m);
}

static void usb_report_state(struct usb *u)
{
	struct tether_message m = {.kind = TETHER_STATE};

	u->conf.state(u->conf.arg, &m);
	usb_report(u, &m);
}

/* false: the line is closed. */
static bool usb_event(struct usb *u, enum tether_event e, struct tether_message *m, const struct why *why)
{
	struct tether_message answer = {0};

	switch (e) {
	case TETHER_PEER:
		if (++u->greeted > PEERS_MOST) {
			usb_line_close(u);
			return false;
		}
		usb_report_state(u); /* which proves the code to the PC, before it gives a password away */
		return true;
	case TETHER_MESSAGE:
		u->last_ms = clock_mono_ms();
		if (m->kind == TETHER_PING) {
			usb_report_state(u);
			return true;
		}
		u->conf.message(u->conf.arg, m, &answer);
		usb_report(u, &answer);
		return true;
	default:
		log_line(LOG_WARN, "usb", "%s: %s", u->path, why->text);
		usb_line_close(u);
		return false;
	}
}

static void usb_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct usb *u = arg;
	struct tether_message m = {0};
	struct why why = {0};
	enum tether_event e;
	uint8_t part[1024];
	ssize_t n = read(fd, part, sizeof part);

	(void)what;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		usb_line_close(u);
		return;
	}
	if (n > 0)
		tether_feed(&u->t, part, (size_t)n);
	explicit_bzero(part, sizeof part);
	while ((e = tether_next(&u->t, &m, &u->out, &why)) != TETHER_NOTHING && usb_event(u, e, &m, &why))
		explicit_bzero(&m, sizeof m);
	explicit_bzero(&m, sizeof m);
	if (u->open)
		usb_flush(u);
}

static void usb_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct usb *u = arg;

	(void)fd;
	(void)what;
	u->greeted = 0;
	if (!u->open)
		usb_line_open(u);
	else if (u->t.proved && clock_mono_ms() - u->last_ms > SILENT_MS)
		usb_line_close(u);
	if (!u->open)
		return;
	if (!u->t.proved) { /* also to a PC that has another code, or whose answer was lost */
		u->t.keyed = false;
		tether_hello(&u->t, &u->out);
	}
	usb_flush(u);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static int usb_take_code(struct usb *u)
{
	char kept[64] = "";
	long n = state_load(u->host->state, CODE_FILE, kept, sizeof kept - 1);
	int e = 0;

	if (n <= 0 || n >= (long)sizeof kept || !tether_code_read((struct sv){kept, (size_t)n}, u->code))
		e = tether_code_make(u->code) ? state_save(u->host->state, CODE_FILE, u->code, strlen(u->code)) : -EIO;
	explicit_bzero(kept, sizeof kept);
	return e;
}

int usb_open(struct host *h, const struct usb_conf *c, struct usb **ret, struct why *why)
{
	struct timeval second = {1, 0};
	struct usb *u = calloc(1, sizeof *u);
	int e;

	if (u == NULL)
		return -ENOMEM;
	u->host = h;
	u->conf = *c;
	memcpy(u->path, c->path, strnlen(c->path, sizeof u->path - 1));
	memcpy(u->name, c->name, strnlen(c->name, sizeof u->name - 1));
	e = usb_take_code(u);
	if (e == 0 && (event_assign(&u->tick_ev, h->base, -1, EV_PERSIST, usb_on_tick, u) < 0 || event_add(&u->tick_ev, &second) < 0))
		e = -ENOMEM;
	if (e < 0) {
		why_set(why, "the USB port's code cannot be kept: %s", strerror(-e));
		free(u);
		return e;
	}
	*ret = u;
	return 0;
}

void usb_close(struct usb *u)
{
	if (u == NULL)
		return;
	u->t.proved = false;
	usb_line_close(u);
	event_del(&u->tick_ev);
	explicit_bzero(u, sizeof *u);
	free(u);
}

const char *usb_code(const struct usb *u)
{
	return u ? u->code : "";
}

/* cmd/phone/tether.c: dialtone tether: the PC's end of the USB cable: it signs its user in at the phone, locks and unlocks it with
 * itself, and takes the user away when it leaves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/tether.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sv.h"
#include "cmd/json_line.h"
#include "cmd/secret.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "host/tty.h"

#define GREET_MS 15000
#define SILENT_MS 6000
#define PING_MS 1500

struct tether_options {
	const char *device, *user, *sip, *password_file, *code_file;
};

struct pc {
	struct command *command;
	const struct tether_options *o;
	struct buf password, out, typed;
	char code[TETHER_CODE_MAX];
	struct tether t;
	int fd;
	uint64_t began, observed, pinged;
	bool asked, leaving, ended;
	int status;
	char shown[4][256]; /* the state that was printed last */
};

static volatile sig_atomic_t pc_signal;

static void pc_on_signal(int sig)
{
	pc_signal = sig;
}

static void pc_end(struct pc *pc, int status)
{
	if (!pc->ended)
		pc->status = status;
	pc->ended = true;
}

/* ---- what passes ------------------------------------------------------------------------------------------------ */

static void pc_send(struct pc *pc, enum tether_kind kind)
{
	struct tether_message m = {.kind = kind};

	if (kind == TETHER_SIGN_IN) {
		snprintf(m.field[0], sizeof m.field[0], "%s", pc->o->user);
		snprintf(m.field[1], sizeof m.field[1], "%s", buf_cstr(&pc->password));
		snprintf(m.field[2], sizeof m.field[2], "%s", pc->o->sip);
	}
	tether_send(&pc->t, &m, &pc->out);
	explicit_bzero(&m, sizeof m);
}

static void pc_show(struct pc *pc, const struct tether_message *m)
{
	if (memcmp(pc->shown, m->field, sizeof pc->shown) == 0)
		return;
	memcpy(pc->shown, m->field, sizeof pc->shown);
	if (pc->command->json) {
		json_line(stdout, json_pack("{so so sb so}", "state", json_text(m->field[0]), "user", json_text(m->field[1]), "locked",
					    m->field[2][0] != '\0', "error", json_text(m->field[3])));
		return;
	}
	text_print(stdout, "%s%s%s%s%s%s", m->field[0], m->field[1][0] ? ": " : "", m->field[1], m->field[2][0] ? ", locked" : "",
		 m->field[3][0] ? "; the last sign-in failed: " : "", m->field[3]);
	fflush(stdout);
}

static void pc_message(struct pc *pc, const struct tether_message *m)
{
	pc->observed = clock_mono_ms();
	if (m->kind == TETHER_STATE) {
		pc_show(pc, m);
		if (!pc->asked)
			pc_send(pc, TETHER_SIGN_IN); /* the phone has proved the code: it may have the password */
		pc->asked = true;
	} else if (m->kind == TETHER_ANSWER && strcmp(m->field[0], "ok") != 0) {
		command_fail(pc->command, 0, "the phone refuses: %s", m->field[1]);
		if (strcmp(m->field[0], "untethered") != 0)
			pc_end(pc, 1);
	} else if (m->kind == TETHER_ANSWER && pc->leaving) {
		pc_end(pc, 0);
	}
}

static void pc_events(struct pc *pc)
{
	struct tether_message m = {0};
	struct why why = {0};
	enum tether_event e;

	while (!pc->ended && (e = tether_next(&pc->t, &m, &pc->out, &why)) != TETHER_NOTHING) {
		if (e == TETHER_MESSAGE) {
			pc_message(pc, &m);
		} else if (e == TETHER_PEER) {
			pc->asked = false;
			pc->began = clock_mono_ms();
		} else {
			pc_end(pc, command_fail(pc->command, EX_PROTOCOL, "%s: type the code that `dialtone handset status` shows", why.text));
		}
		explicit_bzero(&m, sizeof m);
	}
}

/* ---- the line, and what is typed ------------------------------------------------------------------------------------ */

static void pc_read(struct pc *pc)
{
	uint8_t part[1024];
	ssize_t n = read(pc->fd, part, sizeof part);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		pc_end(pc, pc->leaving ? 0 : command_fail(pc->command, EX_UNAVAILABLE, "%s: the cable is out", pc->o->device));
	else if (n > 0)
		tether_feed(&pc->t, part, (size_t)n);
	explicit_bzero(part, sizeof part);
	pc_events(pc);
}

static void pc_write(struct pc *pc)
{
	ssize_t n = pc->out.n ? write(pc->fd, pc->out.p, pc->out.n) : 0;

	if (n > 0)
		buf_drop(&pc->out, (size_t)n);
}

static void pc_leave(struct pc *pc)
{
	if (pc->leaving)
		return;
	pc->leaving = true;
	pc->pinged = clock_mono_ms();
	pc_send(pc, TETHER_LEAVE);
	if (!pc->t.proved)
		pc_end(pc, 0);
}

/* "lock", "unlock", "leave": a line each, from whatever watches the PC's own lock. */
static void pc_type(struct pc *pc, bool *typing)
{
	char part[256];
	ssize_t n = read(STDIN_FILENO, part, sizeof part);
	ptrdiff_t end;

	*typing = n > 0;
	if (n > 0)
		buf_add(&pc->typed, part, (size_t)n);
	while ((end = sv_find(buf_view(&pc->typed), '\n')) >= 0) {
		struct sv line = sv_trim((struct sv){(const char *)pc->typed.p, (size_t)end});

		if (sv_eq(line, SV("lock")))
			pc_send(pc, TETHER_LOCK);
		else if (sv_eq(line, SV("unlock")))
			pc_send(pc, TETHER_UNLOCK);
		else if (sv_eq(line, SV("leave")))
			pc_leave(pc);
		else if (line.n)
			command_fail(pc->command, 0, "type lock, unlock or leave");
		buf_drop(&pc->typed, (size_t)end + 1);
	}
	if (pc->typed.n > sizeof part)
		buf_clear(&pc->typed);
}

static void pc_deadlines(struct pc *pc)
{
	uint64_t now = clock_mono_ms();

	if (pc_signal)
		pc_leave(pc);
	if (pc->leaving && now - pc->pinged > 3000)
		pc_end(pc, 0);
	else if (!pc->t.proved && now - pc->began > GREET_MS)
		pc_end(pc, command_fail(pc->command, EX_UNAVAILABLE, "no phone answers on %s", pc->o->device));
	else if (pc->t.proved && now - pc->observed > SILENT_MS)
		pc_end(pc, command_fail(pc->command, EX_UNAVAILABLE, "the phone on %s says nothing any more", pc->o->device));
	if (pc->ended || !pc->t.proved || pc->leaving || now - pc->pinged <= PING_MS)
		return;
	pc->pinged = now;
	pc_send(pc, TETHER_PING);
}

static int pc_run(struct pc *pc)
{
	bool typing = true;

	if (!tether_begin(&pc->t, false, pc->code, "PC"))
		return command_fail(pc->command, EX_SOFTWARE, "no random numbers");
	pc->began = pc->observed = clock_mono_ms();
	tether_hello(&pc->t, &pc->out);
	while (!pc->ended) {
		struct pollfd p[2] = {{pc->fd, POLLIN, 0}, {typing ? STDIN_FILENO : -1, POLLIN, 0}};

		pc_write(pc);
		if (poll(p, 2, 200) > 0) {
			if (p[0].revents)
				pc_read(pc);
			if (p[1].revents && !pc->ended)
				pc_type(pc, &typing);
		}
		pc_deadlines(pc);
	}
	pc_write(pc);
	return pc->status;
}

/* ---- the verb ----------------------------------------------------------------------------------------------------------- */

static int pc_secret(struct pc *pc, const char *file, const char *environment, const char *prompt, struct buf *ret)
{
	struct why why = {0};

	switch (secret_read(file, environment, prompt, ret, &why)) {
	case SECRET_READ:
		return 0;
	case SECRET_FAILED:
		return command_fail(pc->command, EX_CONFIG, "%s", why.text);
	default:
		return command_fail(pc->command, EX_USAGE, "no secret: give a file, or set %s, or run it on a terminal", environment);
	}
}

static int pc_prepare(struct pc *pc)
{
	struct buf code = {0};
	char prompt[300];
	int rc;

	if (!pc->o->device || !pc->o->user || !pc->o->sip)
		return command_fail(pc->command, EX_USAGE, "type --device TTY --user 'DOMAIN\\USER' --sip USER@DOMAIN");
	rc = pc_secret(pc, pc->o->code_file, "DIALTONE_USB_CODE", "Code on the phone's display: ", &code);
	if (rc == 0 && !tether_code_read(buf_view(&code), pc->code))
		rc = command_fail(pc->command, EX_USAGE, "that is no code: twelve letters and digits, like ABCD-EFGH-JKLM");
	buf_wipe(&code);
	snprintf(prompt, sizeof prompt, "Password of %s: ", pc->o->user);
	if (rc == 0)
		rc = pc_secret(pc, pc->o->password_file, "DIALTONE_PASSWORD", prompt, &pc->password);
	if (rc == 0 && (pc->password.n > 255 || strlen(pc->o->user) > 255 || strlen(pc->o->sip) > 255))
		rc = command_fail(pc->command, EX_USAGE, "user, address and password have 255 octets each at most");
	if (rc == 0 && (pc->fd = tty_open(pc->o->device)) < 0)
		rc = command_fail(pc->command, EX_UNAVAILABLE, "%s: %s", pc->o->device, strerror(-pc->fd));
	return rc;
}

static int tether_run(struct command *command)
{
	struct sigaction on = {.sa_handler = pc_on_signal};
	struct pc pc = {.command = command, .o = command->o, .fd = -1};
	int rc;

	sigaction(SIGINT, &on, NULL);
	sigaction(SIGTERM, &on, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = pc_prepare(&pc);
	if (rc == 0)
		rc = pc_run(&pc);
	if (pc.fd >= 0)
		close(pc.fd);
	tether_clear(&pc.t);
	buf_wipe(&pc.password);
	buf_wipe(&pc.out);
	buf_free(&pc.typed);
	explicit_bzero(&pc, sizeof pc);
	return rc;
}

#define AT(field) offsetof(struct tether_options, field)

/* clang-format off */
static const struct option_row tether_options[] = {
	{"--device",        "TTY",       "the serial line of the USB cable, like /dev/ttyACM0", AT(device)},
	{"--user",          "DOM\\USER", "the user who is signed in at this PC", AT(user)},
	{"--sip",           "USER@DOM",  "the sign-in address", AT(sip)},
	{"--password-file", "FILE",      "the password (or the variable DIALTONE_PASSWORD, or it is asked for)", AT(password_file)},
	{"--code-file",     "FILE",      "the phone's code (or the variable DIALTONE_USB_CODE, or it is asked for)", AT(code_file)},
	{0},
};
/* clang-format on */

const struct verb verb_tether = {
    .name = "tether",
    .what = "be the PC on a phone's USB port",
    .flags = VERB_JSON,
    .options = tether_options,
    .size = sizeof(struct tether_options),
    .run = tether_run,
    .usage = "usage: dialtone tether --device TTY --user 'DOMAIN\\USER' --sip USER@DOMAIN\n",
    .text = "Signs the PC's user in at the phone on its USB port. Lines on standard input lock and unlock the phone; when this ends, or the "
	    "cable is pulled, the phone loses the user.",
    .example = "  dialtone tether --device /dev/ttyACM0 --user 'CONTOSO\\alice' \\\n      --sip alice@contoso.test\n",
    .status = "exit status: 0 left, 1 the phone refuses, 64 usage, 69 no phone or no cable, 76 another code",
};

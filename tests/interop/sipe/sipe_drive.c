/* tests/interop/sipe/sipe_drive.c: Pidgin-SIPE without a screen: signs one account in, stays, signs off.
 *
 *     sipe_drive --user alice@contoso.test --login 'CONTOSO\alice' --password-file F --server fe01.contoso.test:5061
 *                --transport tls|tcp --auth ntlm|tls-dsk|automatic [--ca ca.pem] [--stay 60] [--limit 30] [--trace F]
 *
 * One line an event on standard output:  connecting TEXT | signed-in SIGNATURES | notice TEXT | error REASON: TEXT |
 * lost REASON: TEXT | stayed SECONDS | signed-off SIGNATURES.  SIGNATURES counts the server's messages whose signature
 * SIPE has checked and found good.
 *
 * Exit status: 0 signed in and stayed as long as asked; 1 refused; 2 usage, or no SIPE here; 3 no outcome in time;
 * 4 the connection was lost after signing in; 5 signed in, but nothing the server said was signed.
 */
#include <dlfcn.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <libxml/parser.h>
#include <purple.h>

enum outcome { STAYED, REFUSED, USAGE, SILENT, LOST, UNSIGNED };

static struct drive {
	const char *user, *login, *password_file, *server, *transport, *auth, *ca, *trace;
	int stay, limit;
	FILE *log;
	GMainLoop *loop;
	PurpleAccount *account;
	unsigned signatures;
	gboolean in, over;
	enum outcome outcome;
} drive = {.transport = "tls", .auth = "automatic", .limit = 30, .outcome = SILENT};

static void say(const char *event, const char *text)
{
	printf("%s %s\n", event, text ? text : "");
	fflush(stdout);
}

static void end(enum outcome o)
{
	if (drive.over)
		return;
	drive.over = TRUE;
	drive.outcome = o;
	g_main_loop_quit(drive.loop);
}

/* ---- two faults of Debian 12 that stand between SIPE and any server ------------------------------------------ */

/* libxml2 2.9.14 with Debian's security patches calls no SAX1 handler that is marked XML_SAX2_MAGIC: SIPE would read
 * every document as empty.  Found before the library's own, this one takes the mark off. */
int xmlSAXUserParseMemory(xmlSAXHandlerPtr sax, void *data, const char *text, int size)
{
	int (*theirs)(xmlSAXHandlerPtr, void *, const char *, int);
	xmlSAXHandler unmarked;

	*(void **)&theirs = dlsym(RTLD_NEXT, "xmlSAXUserParseMemory");
	if (sax && sax->initialized == XML_SAX2_MAGIC && sax->startElementNs == NULL && sax->endElementNs == NULL) {
		unmarked = *sax;
		unmarked.initialized = 1;
		unmarked.serror = NULL;
		sax = &unmarked;
	}
	return theirs(sax, data, text, size);
}

/* libpurple 2.14's ring buffer loses its place when it grows right after it was filled to the last octet (a message of
 * a multiple of 256).  A megabyte to begin with never grows. */
PurpleCircBuffer *purple_circ_buffer_new(gsize step)
{
	PurpleCircBuffer *(*theirs)(gsize);

	*(void **)&theirs = dlsym(RTLD_NEXT, "purple_circ_buffer_new");
	return theirs(step > 1u << 20 ? step : 1u << 20);
}

/* ---- libpurple's event loop on GLib's ------------------------------------------------------------------------ */

struct input {
	PurpleInputFunction fn;
	gpointer arg;
};

static gboolean input_ready(GIOChannel *ch, GIOCondition seen, gpointer arg)
{
	struct input *in = arg;
	int what = (seen & ~G_IO_OUT ? PURPLE_INPUT_READ : 0) | (seen & ~G_IO_IN ? PURPLE_INPUT_WRITE : 0);

	in->fn(in->arg, g_io_channel_unix_get_fd(ch), (PurpleInputCondition)what);
	return TRUE;
}

static guint input_add(int fd, PurpleInputCondition what, PurpleInputFunction fn, gpointer arg)
{
	struct input *in = g_new(struct input, 1);
	GIOChannel *ch = g_io_channel_unix_new(fd);
	int want = G_IO_HUP | G_IO_ERR;
	guint id;

	*in = (struct input){fn, arg};
	want |= (what & PURPLE_INPUT_READ ? G_IO_IN : 0) | (what & PURPLE_INPUT_WRITE ? G_IO_OUT | G_IO_NVAL : 0);
	id = g_io_add_watch_full(ch, G_PRIORITY_DEFAULT, (GIOCondition)want, input_ready, in, g_free);
	g_io_channel_unref(ch);
	return id;
}

static PurpleEventLoopUiOps loop_ops = {.timeout_add = g_timeout_add,
					.timeout_remove = g_source_remove,
					.input_add = input_add,
					.input_remove = g_source_remove,
					.timeout_add_seconds = g_timeout_add_seconds};

/* ---- what SIPE tells ------------------------------------------------------------------------------------------ */

static void debug_line(PurpleDebugLevel level, const char *category, const char *text)
{
	(void)level;
	if (drive.log)
		fprintf(drive.log, "%s: %s", category ? category : "", text);
	if (strstr(text, "signature of incoming message validated"))
		drive.signatures++;
}

static gboolean debug_wanted(PurpleDebugLevel level, const char *category)
{
	(void)level, (void)category;
	return TRUE; /* the signatures are counted from these lines */
}

static PurpleDebugUiOps debug_ops = {.print = debug_line, .is_enabled = debug_wanted};

static void connecting(PurpleConnection *gc, const char *text, size_t step, size_t of)
{
	(void)gc, (void)step, (void)of;
	say("connecting", text);
}

static void broken(PurpleConnection *gc, PurpleConnectionError reason, const char *text)
{
	static const char *const reasons[] = {
		[PURPLE_CONNECTION_ERROR_NETWORK_ERROR] = "network",
		[PURPLE_CONNECTION_ERROR_INVALID_USERNAME] = "user",
		[PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED] = "authentication",
		[PURPLE_CONNECTION_ERROR_AUTHENTICATION_IMPOSSIBLE] = "scheme",
		[PURPLE_CONNECTION_ERROR_ENCRYPTION_ERROR] = "encryption",
		[PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED] = "untrusted",
		[PURPLE_CONNECTION_ERROR_CERT_HOSTNAME_MISMATCH] = "name",
		[PURPLE_CONNECTION_ERROR_INVALID_SETTINGS] = "settings",
	};
	const char *name = reason < G_N_ELEMENTS(reasons) && reasons[reason] ? reasons[reason] : "other";
	char *line = g_strdup_printf("%s: %s", name, text ? text : "");

	(void)gc;
	say(drive.in ? "lost" : "error", g_strdelimit(line, "\r\n", ' '));
	g_free(line);
	end(drive.in ? LOST : REFUSED);
}

static PurpleConnectionUiOps connection_ops = {.connect_progress = connecting, .report_disconnect_reason = broken};

static gboolean stayed(gpointer arg)
{
	char seconds[16];

	(void)arg;
	snprintf(seconds, sizeof seconds, "%d", drive.stay);
	say("stayed", seconds);
	end(STAYED);
	return FALSE;
}

static void signed_in(PurpleConnection *gc, gpointer arg)
{
	char n[16];

	(void)gc, (void)arg;
	snprintf(n, sizeof n, "%u", drive.signatures);
	say("signed-in", n);
	drive.in = TRUE;
	if (drive.signatures == 0)
		end(UNSIGNED); /* SIPE itself lets an unsigned answer to REGISTER pass */
	else
		g_timeout_add_seconds((guint)(drive.stay > 0 ? drive.stay : 0), stayed, NULL);
}

static void *notice(PurpleNotifyMsgType type, const char *title, const char *primary, const char *secondary)
{
	char *line = g_strjoin(" / ", title ? title : "", primary ? primary : "", secondary ? secondary : "", NULL);

	(void)type;
	say("notice", g_strdelimit(line, "\r\n", ' '));
	g_free(line);
	return NULL;
}

static PurpleNotifyUiOps notify_ops = {.notify_message = notice};

/* A question (an unknown certificate) is answered with the one that refuses. */
static void *question(const char *title, const char *primary, const char *secondary, int preset, PurpleAccount *account,
		      const char *who, PurpleConversation *conv, void *data, size_t n, va_list choices)
{
	PurpleRequestActionCb refuse = NULL;
	int at = 0;

	(void)primary, (void)preset, (void)account, (void)who, (void)conv;
	for (size_t i = 0; i < n; i++) {
		const char *text = va_arg(choices, const char *);
		GCallback fn = va_arg(choices, GCallback);

		if (strstr(text, "eject") || strstr(text, "ancel")) {
			refuse = (PurpleRequestActionCb)fn;
			at = (int)i;
		}
	}
	notice(PURPLE_NOTIFY_MSG_INFO, "question", title, secondary);
	if (refuse)
		refuse(data, at);
	return NULL;
}

static PurpleRequestUiOps request_ops = {.request_action = question};

static gboolean too_late(gpointer arg)
{
	(void)arg;
	if (!drive.in)
		end(SILENT);
	return FALSE;
}

/* ---- setting up ------------------------------------------------------------------------------------------------ */

static unsigned trust(const char *file)
{
	PurpleCertificateScheme *x509 = purple_certificate_find_scheme("x509");
	PurpleCertificatePool *pool = purple_certificate_find_pool("x509", "ca");
	unsigned n = 0;

	for (GSList *c = x509 && pool ? purple_certificates_import(x509, file) : NULL; c; c = c->next) {
		char *id = purple_certificate_get_unique_id(c->data);

		n += purple_certificate_pool_store(pool, id, c->data);
		g_free(id);
	}
	return n;
}

static gboolean options(int argc, char **argv)
{
	static const struct option names[] = {
		{"user", required_argument, NULL, 'u'},	     {"login", required_argument, NULL, 'l'},
		{"password-file", required_argument, NULL, 'p'}, {"server", required_argument, NULL, 's'},
		{"transport", required_argument, NULL, 't'}, {"auth", required_argument, NULL, 'a'},
		{"ca", required_argument, NULL, 'c'},	     {"stay", required_argument, NULL, 'S'},
		{"limit", required_argument, NULL, 'L'},     {"trace", required_argument, NULL, 'T'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (c) {
		case 'u': drive.user = optarg; break;
		case 'l': drive.login = optarg; break;
		case 'p': drive.password_file = optarg; break;
		case 's': drive.server = optarg; break;
		case 't': drive.transport = optarg; break;
		case 'a': drive.auth = optarg; break;
		case 'c': drive.ca = optarg; break;
		case 'S': drive.stay = atoi(optarg); break;
		case 'L': drive.limit = atoi(optarg); break;
		case 'T': drive.trace = optarg; break;
		default: return FALSE;
		}
	return drive.user && drive.password_file && drive.server && optind == argc;
}

static gboolean start(const char *home)
{
	char *name = g_strdup_printf("%s,%s", drive.user, drive.login ? drive.login : ""), *password = NULL;

	purple_util_set_user_dir(home);
	purple_debug_set_unsafe(TRUE); /* SIPE shows messages in the trace only then */
	purple_debug_set_ui_ops(&debug_ops);
	purple_eventloop_set_ui_ops(&loop_ops);
	purple_plugins_add_search_path(getenv("SIPE_PLUGINS") ? getenv("SIPE_PLUGINS") : "/usr/lib/purple-2");
	if (!purple_core_init("sipe_drive") || !purple_find_prpl("prpl-sipe")) {
		say("error", "plugin: SIPE is not installed");
		return FALSE;
	}
	purple_connections_set_ui_ops(&connection_ops);
	purple_notify_set_ui_ops(&notify_ops);
	purple_request_set_ui_ops(&request_ops);
	purple_set_blist(purple_blist_new());
	if (drive.ca && trust(drive.ca) == 0) {
		say("error", "ca: no certificate in the file");
		return FALSE;
	}
	if (!g_file_get_contents(drive.password_file, &password, NULL, NULL)) {
		say("error", "password: the file cannot be read");
		return FALSE;
	}
	drive.account = purple_account_new(name, "prpl-sipe");
	purple_account_set_password(drive.account, g_strchomp(password));
	purple_account_set_string(drive.account, "server", drive.server);
	purple_account_set_string(drive.account, "transport", drive.transport);
	purple_account_set_string(drive.account, "authentication", strcmp(drive.auth, "automatic") == 0 ? "auto" : drive.auth);
	purple_account_set_bool(drive.account, "dont-publish", TRUE); /* no Exchange server here to be looked for */
	purple_accounts_add(drive.account);
	purple_signal_connect(purple_connections_get_handle(), "signed-on", &drive, PURPLE_CALLBACK(signed_in), NULL);
	purple_savedstatus_activate(purple_savedstatus_get_startup());
	purple_account_set_enabled(drive.account, "sipe_drive", TRUE);
	g_free(name);
	g_free(password);
	return TRUE;
}

static void remove_tree(const char *path)
{
	const char *name;
	GDir *d = g_dir_open(path, 0, NULL);

	while (d && (name = g_dir_read_name(d)) != NULL) {
		char *below = g_build_filename(path, name, NULL);

		remove_tree(below);
		g_free(below);
	}
	if (d)
		g_dir_close(d);
	remove(path);
}

int main(int argc, char **argv)
{
	char *home, n[16];

	if (!options(argc, argv)) {
		fprintf(stderr, "usage: sipe_drive --user U --login L --password-file F --server HOST:PORT --transport tls|tcp\n"
				"  --auth ntlm|tls-dsk|automatic [--ca FILE] [--stay SECONDS] [--limit SECONDS] [--trace FILE]\n");
		return USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	drive.log = drive.trace ? fopen(drive.trace, "w") : NULL;
	drive.loop = g_main_loop_new(NULL, FALSE);
	home = g_dir_make_tmp("sipe_drive-XXXXXX", NULL);
	if (home == NULL || !start(home)) {
		if (home)
			remove_tree(home);
		return USAGE;
	}
	g_timeout_add_seconds((guint)drive.limit, too_late, NULL);
	g_main_loop_run(drive.loop);
	if (drive.outcome == STAYED)
		purple_account_disconnect(drive.account); /* sends REGISTER with Expires: 0 */
	snprintf(n, sizeof n, "%u", drive.signatures);
	say("signed-off", n);
	purple_core_quit();
	if (drive.log)
		fclose(drive.log);
	remove_tree(home);
	return drive.outcome;
}

#include "base/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sv.h"

static bool datagram(const char *path, const void *p, size_t n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	bool sent;
	int fd;

	if (len == 0 || len >= sizeof to.sun_path)
		return false;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* an abstract socket */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == (ssize_t)n;
	close(fd);
	return sent;
}

/* ---- the journal ------------------------------------------------------------------------------------------------------ */

/* "JOURNAL_STREAM ... device and inode": standard error may have been sent elsewhere since. */
bool journal_here(void)
{
	const char *said = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (said == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(own, said) == 0;
}

static const struct {
	const char *word;
	int priority; /* syslog(3) */
} levels[] = {{"error", 3}, {"warning", 4}, {"info", 6}, {"debug", 7}};

static int priority_of(struct sv *line)
{
	struct sv rest = *line, word = sv_cut(&rest, ':');

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (rest.p && sv_eq(word, sv_of(levels[i].word))) {
			*line = sv_trim(rest);
			return levels[i].priority;
		}
	return 6;
}

static void journal_field(struct buf *to, struct sv key, struct sv value)
{
	buf_str(to, "DIALTONE_");
	for (size_t i = 0; i < key.n; i++) {
		char c = ascii_upper(key.p[i]);

		buf_add(to, (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? &c : "_", 1);
	}
	buf_str(to, "=");
	buf_sv(to, value);
	buf_str(to, "\n");
}

/* key=value key="two words": the writer has seen to it that no quote stands within. */
static void journal_pairs(struct buf *to, struct sv text)
{
	while (text.n) {
		struct sv key = sv_cut(&text, '='), value;

		if (text.p == NULL)
			return;
		if (sv_starts(text, SV("\""))) {
			text = sv_from(text, 1);
			value = sv_cut(&text, '"');
			text = sv_from(text, 1);
		} else {
			value = sv_cut(&text, ' ');
		}
		journal_field(to, key, value);
	}
}

void journal_entry(struct buf *to, const char *process, const char *line)
{
	struct sv rest = sv_of(line), place;
	int priority = priority_of(&rest);

	buf_printf(to, "PRIORITY=%d\nSYSLOG_IDENTIFIER=dialtoned\nDIALTONE_PROCESS=%s\nMESSAGE=%s: ", priority, process, process);
	buf_sv(to, rest);
	buf_str(to, "\n");
	place = sv_cut(&rest, ':');
	rest = sv_trim(rest);
	if (sv_eq(place, SV("phone")) && sv_starts(rest, SV("event=")))
		journal_pairs(to, rest);
}

bool journal_send(const char *process, const char *line)
{
	struct buf b = {0};
	bool sent;

	journal_entry(&b, process, line);
	sent = !b.oom && datagram("/run/systemd/journal/socket", b.p, b.n);
	buf_free(&b);
	return sent;
}

/* ---- its state ---------------------------------------------------------------------------------------------------------- */

void systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path)
		(void)datagram(path, state, strlen(state));
}

uint64_t systemd_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t n = 0, whose = 0;

	if (usec == NULL || !sv_u64(sv_of(usec), UINT64_MAX / 2, &n))
		return 0;
	if (pid && (!sv_u64(sv_of(pid), INT32_MAX, &whose) || (pid_t)whose != getpid()))
		return 0;
	return n / 2000 ? n / 2000 : 1;
}

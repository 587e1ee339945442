/* captive: dialtoned whose processes are captured as soon as they run: the supervisor, the users, the filters and the
 * descriptors are dialtoned's own, but in place of its work each process tries what its role may not do.
 *
 * The linker puts these functions in place of the roles' own (--wrap), so that nothing in dialtoned knows of it.  Each process
 * writes one line into the log for each attempt, "captive ROW: yes" or "captive ROW: no", and then waits.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/daemon/dhcp_responder.h"
#include "server/daemon/dns_publish.h"
#include "server/daemon/pool_watch.h"
#include "server/location/process.h"
#include "server/vault/process.h"
#include "server/worker/worker.h"

struct captive {
	const char *dir; /* of the site */
	int listener;	 /* -1: it has none */
	unsigned others; /* processes to look for after the supervisor's number */
};

/* Whether the file can be opened so; one that is not there is no answer. */
static bool opens(const struct captive *c, const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : c->dir, name[0] == '/' ? "" : "/", name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == ENOENT || errno == EEXIST;
	close(fd);
	return true;
}

static bool read_vault(const struct captive *c)
{
	return opens(c, "vault/secret", O_RDONLY) || opens(c, "vault/ca.pem", O_RDONLY) || opens(c, "vault/ticket.pem", O_RDONLY) ||
	       opens(c, "vault/store.db", O_RDONLY) || opens(c, "vault", O_RDONLY | O_DIRECTORY);
}

static bool write_vault(const struct captive *c)
{
	return opens(c, "vault/secret", O_WRONLY) || opens(c, "vault/store.db", O_RDWR) || opens(c, "vault/new", O_CREAT | O_WRONLY);
}

static bool read_tls_key(const struct captive *c)
{
	return opens(c, "server.pem", O_RDONLY);
}

static bool read_images(const struct captive *c)
{
	return opens(c, "files", O_RDONLY | O_DIRECTORY);
}

static bool write_logs(const struct captive *c)
{
	char name[64];

	snprintf(name, sizeof name, "logs/captive.%d", (int)getpid());
	return opens(c, name, O_CREAT | O_EXCL | O_WRONLY);
}

static bool read_roots(const struct captive *c)
{
	return opens(c, "root.pem", O_RDONLY) || opens(c, "update.key", O_RDONLY) || opens(c, "run/lock", O_RDONLY);
}

static bool write_site(const struct captive *c)
{
	return opens(c, "server.pem", O_WRONLY) || opens(c, "dialtone.conf", O_WRONLY) || opens(c, "files/new", O_CREAT | O_WRONLY) ||
	       opens(c, "new", O_CREAT | O_WRONLY);
}

static bool read_machine(const struct captive *c)
{
	return opens(c, "/etc/passwd", O_RDONLY) || opens(c, "/", O_RDONLY | O_DIRECTORY) || opens(c, "/bin/sh", O_RDONLY) ||
	       opens(c, "/proc/1/status", O_RDONLY);
}

static bool write_machine(const struct captive *c)
{
	return opens(c, "/tmp/captive", O_CREAT | O_WRONLY) || opens(c, "/dev/shm/captive", O_CREAT | O_WRONLY);
}

/* A program is executed in place of this process only when it may be: then no line comes any more. */
static bool executes(const struct captive *c)
{
	char *argv[] = {(char[]){"true"}, NULL}, *none[] = {NULL};
	int fd = (int)syscall(SYS_memfd_create, "program", 0u);

	(void)c;
	execve("/bin/true", argv, none);
	if (fd >= 0)
		syscall(SYS_execveat, fd, "", argv, none, 0x1000 /* AT_EMPTY_PATH */);
	return fd >= 0;
}

static bool new_process(const struct captive *c)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)c;
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool new_thread(const struct captive *c)
{
	pthread_t t;

	(void)c;
	return pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0;
}

static bool signals(pid_t pid)
{
	long fd;

	if (kill(pid, 0) == 0 || syscall(SYS_tgkill, pid, pid, 0) == 0 || syscall(SYS_tkill, pid, 0) == 0 ||
	    sigqueue(pid, 0, (union sigval){0}) == 0)
		return true;
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static bool signal_supervisor(const struct captive *c)
{
	(void)c;
	return signals(getppid());
}

static bool signal_others(const struct captive *c)
{
	for (unsigned i = 1; i < c->others; i++)
		if (getppid() + (pid_t)i != getpid() && signals(getppid() + (pid_t)i))
			return true;
	return kill(-1, 0) == 0;
}

static bool read_memory(const struct captive *c)
{
	for (unsigned i = 0; i < c->others; i++) {
		pid_t pid = getppid() + (pid_t)i;
		struct iovec mine = {&(char){0}, 1}, its = {(void *)0x400000, 1};

		if (pid != getpid() && (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 || process_vm_readv(pid, &mine, 1, &its, 1, 0) >= 0))
			return true;
	}
	return false;
}

static bool accepts(const struct captive *c)
{
	int fd = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd >= 0 || errno == EAGAIN;
}

static bool makes(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool socket_ip(const struct captive *c)
{
	(void)c;
	return makes(AF_INET, SOCK_STREAM) || makes(AF_INET6, SOCK_STREAM) || makes(AF_INET, SOCK_DGRAM);
}

static bool socket_other(const struct captive *c)
{
	int pair[2];

	(void)c;
	return makes(AF_UNIX, SOCK_STREAM) || makes(AF_NETLINK, SOCK_RAW) || makes(AF_PACKET, SOCK_RAW) || makes(AF_INET, SOCK_RAW) ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

/* EBADF: it was looked for the descriptor. */
static bool connects(const struct captive *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};

	(void)c;
	return connect(-1, (struct sockaddr *)&to, sizeof to) == 0 || errno == EBADF ||
	       sendto(-1, "", 0, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) >= 0 || errno == EBADF;
}

static bool privileges(const struct captive *c)
{
	(void)c;
	return setuid(0) == 0 || unshare(CLONE_NEWUSER) == 0 || chroot("/") == 0 || mount("none", "/tmp", "tmpfs", 0, NULL) == 0;
}

/* Parts of the kernel that have been ways into it. */
static bool kernel_parts(const struct captive *c)
{
	struct io_uring_params ring = {0};
	struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event};
	union bpf_attr bpf = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)c;
	return syscall(SYS_io_uring_setup, 1, &ring) >= 0 || syscall(SYS_perf_event_open, &event, 0, -1, -1, 0) >= 0 ||
	       syscall(SYS_bpf, BPF_MAP_CREATE, &bpf, sizeof bpf) >= 0 || syscall(SYS_userfaultfd, 1 /* USER_MODE_ONLY */) >= 0 ||
	       syscall(SYS_add_key, "user", "captive", "x", 1, -2) >= 0;
}

/* clang-format off */
static const struct {
	const char *what;
	bool (*can)(const struct captive *c);
} rows[] = {
	{"read a file of `vault/`",                                 read_vault},
	{"write or make one",                                       write_vault},
	{"read the TLS keys, `server.pem`",                                      read_tls_key},
	{"read `files/`",                                           read_images},
	{"write into `logs/`",                                      write_logs},
	{"read what is root's: `root.pem`, `update.key`, `run/`",   read_roots},
	{"write anything else in the site's folder",                write_site},
	{"read other files of the machine",                         read_machine},
	{"write there",                                             write_machine},
	{"start a program",                                         executes},
	{"start a process",                                         new_process},
	{"start a thread",                                          new_thread},
	{"signal the supervisor",                                   signal_supervisor},
	{"signal another process of dialtoned",                     signal_others},
	{"read another's memory",                                   read_memory},
	{"accept a connection",                                     accepts},
	{"make an IP socket",                                       socket_ip},
	{"make another socket: Unix, packet, raw, netlink",         socket_other},
	{"connect a socket",                                        connects},
	{"become root, or make a namespace",                        privileges},
	{"use bpf, io_uring, perf, userfaultfd, keys",              kernel_parts},
};
/* clang-format on */

static int captured(const struct captive *c, int ready_fd)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		dprintf(2, "captive %s: %s\n", rows[i].what, rows[i].can(c) ? "yes" : "no");
	if (ready_fd >= 0 && write(ready_fd, "+", 1) != 1)
		return 1;
	for (;;)
		poll(NULL, 0, -1);
}

__typeof__(vault_process_main) __wrap_vault_process_main; /* each is as the one that it replaces */
__typeof__(location_process_main) __wrap_location_process_main;
__typeof__(worker_main) __wrap_worker_main;
__typeof__(dhcp_responder_main) __wrap_dhcp_responder_main;
__typeof__(dns_publish_main) __wrap_dns_publish_main;
__typeof__(pool_watch_main) __wrap_pool_watch_main;

int __wrap_vault_process_main(const struct vault_process *p)
{
	return captured(&(struct captive){p->site->dir, -1, 32}, p->ready_fd);
}

int __wrap_location_process_main(const struct location_process *p)
{
	return captured(&(struct captive){p->site->dir, p->control_fd, 32}, p->ready_fd);
}

int __wrap_worker_main(const struct worker_conf *c)
{
	return captured(&(struct captive){c->site->dir, c->legacy ? -1 : c->listener[0].fd, 32}, c->ready_fd);
}

int __wrap_dhcp_responder_main(const struct site *s, int fd, int seen_fd, int ready_fd)
{
	(void)seen_fd;
	return captured(&(struct captive){s->dir, fd, 32}, ready_fd);
}

int __wrap_dns_publish_main(const struct site *s, const char *key, int ready_fd)
{
	(void)key;
	return captured(&(struct captive){s->dir, -1, 32}, ready_fd);
}

int __wrap_pool_watch_main(const struct site *s, struct health *h, int ready_fd)
{
	(void)h;
	return captured(&(struct captive){s->dir, -1, 32}, ready_fd);
}

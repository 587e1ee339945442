/* examples/first_phone.c: the least that a maker writes to run the phone: a body, a loop, a first run.
 *
 *     cc first_phone.c $(pkg-config --cflags --libs dialtone) -o first_phone
 *
 * or, for a firmware that is one file, with libdialtone.a (it shows dt_... and no other name):
 *
 *     cc first_phone.c $(pkg-config --cflags dialtone) -Wl,-Bstatic -ldialtone -Wl,-Bdynamic \
 *         $(pkg-config --static --libs dialtone) -o first_phone
 *
 * This body has a clock of its own and a cable at whose other end nobody answers.  What the phone says on it is printed,
 * and so is its record, until it gives up: no address, stage 2.  Every function below says what stands here on a device.
 *
 * Whole bodies: host/host.c and what stands beside it for Linux (raw frames, VLAN, resolver, TLS, files, image slots);
 * tests/meet/body.c with network.c and servers.c in memory, with servers that answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dialtone/phone.h>

#define DAY_MS 86400000u

struct device {
	uint64_t now, timer; /* ms */
	FILE *entropy;
	bool over;
	struct dt_record result; /* its texts are gone: only the numbers are kept */
};

/* ---- time and random numbers --------------------------------------------------------------------------------------------------- */

static uint64_t mono_ms(void *arg)
{
	struct device *d = arg;

	return d->now; /* clock_gettime(CLOCK_MONOTONIC) */
}

static int64_t unix_ms(void *arg)
{
	struct device *d = arg;

	return (int64_t)d->now; /* a clock without a battery begins in 1970: the phone asks for the time (stage 2) */
}

static void random_octets(void *arg, void *p, size_t n)
{
	struct device *d = arg;

	if (fread(p, 1, n, d->entropy) != n) /* getrandom(), or the chip's own: never rand() */
		abort();
}

static void timer(void *arg, uint64_t at)
{
	struct device *d = arg;

	d->timer = at; /* arm the one timer there is */
}

/* ---- the network ----------------------------------------------------------------------------------------------------- */

static int frame(void *arg, const uint8_t *p, size_t n, int tci)
{
	struct device *d = arg;

	printf("%8.3f s  %zu octets to %02x:%02x:%02x:%02x:%02x:%02x, type %02x%02x, ", (double)d->now / 1000, n, p[0], p[1], p[2],
	       p[3], p[4], p[5], p[12], p[13]);
	if (tci < 0)
		puts("untagged");
	else
		printf("VLAN %d\n", tci & 0xfff);
	return 0; /* the driver's transmit; frames that arrive go to dt_phone_frame() */
}

static int vlan(void *arg, unsigned number, unsigned priority, unsigned dscp)
{
	(void)arg, (void)number, (void)priority, (void)dscp;
	return 0; /* the IP stack's interface: tagged with that number from now on */
}

static int address(void *arg, const struct dt_lease *lease)
{
	(void)arg, (void)lease;
	return 0; /* address, mask, route and resolver of that interface; NULL: none */
}

static int udp(void *arg, uint32_t to, uint16_t port, const void *p, size_t n)
{
	(void)arg, (void)to, (void)port, (void)p, (void)n;
	return 0; /* sendto(); datagrams that arrive go to dt_phone_udp() */
}

static int dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	(void)arg, (void)id, (void)name, (void)type;
	return 0; /* ask the resolver of the lease; later dt_phone_dns(id) */
}

static int stream(void *arg, unsigned id, const struct dt_stream_conf *conf)
{
	(void)arg, (void)id, (void)conf;
	return -ENETUNREACH; /* connect, TLS and the judgement of the chain; later dt_phone_stream_opened(id) */
}

static int stream_send(void *arg, unsigned id, const void *p, size_t n)
{
	(void)arg, (void)id, (void)p, (void)n;
	return -ENOTCONN; /* queue all of it */
}

static void stream_close(void *arg, unsigned id)
{
	(void)arg, (void)id;
}

static int make_key(void *arg, unsigned id)
{
	(void)arg, (void)id;
	return -ENOSYS; /* RSA-2048 in a thread of its own; later dt_phone_key(id) */
}

/* ---- what lasts: nothing here; on a device, flash ---------------------------------------------------------------------- */

static long load(void *arg, const char *name, void *p, size_t cap)
{
	(void)arg, (void)name, (void)p, (void)cap;
	return -ENOENT;
}

static int save(void *arg, const char *name, const void *p, size_t n)
{
	(void)arg, (void)name, (void)p, (void)n;
	return -ENOSPC; /* whole or not at all, also when the power goes in between */
}

static int forget(void *arg, const char *name)
{
	(void)arg, (void)name;
	return 0;
}

static int64_t slot_size(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 0;
}

static long slot_read(void *arg, unsigned slot, uint64_t at, void *p, size_t n)
{
	(void)arg, (void)slot, (void)at, (void)p, (void)n;
	return 0;
}

static int slot_write(void *arg, uint64_t at, const void *p, size_t n)
{
	(void)arg, (void)at, (void)p, (void)n;
	return -ENOSPC;
}

static int slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	(void)arg, (void)slot, (void)p, (void)cap;
	return -ENOENT;
}

static int install(void *arg, const void *catalog, size_t n)
{
	(void)arg, (void)catalog, (void)n;
	return -ENOSPC;
}

static void restart(void *arg)
{
	(void)arg; /* note it; when this call is over, reset: then dt_phone_restart() and dt_phone_link() */
}

/* ---- the record -------------------------------------------------------------------------------------------------------- */

static void record(void *arg, const struct dt_record *r)
{
	static const char *const kinds[] = {[DT_REC_BEGIN] = "begins", [DT_REC_ATTEMPT] = "tried", [DT_REC_STAGE] = "ended",
					    [DT_REC_RESTART] = "restarts", [DT_REC_RESULT] = "result"};
	const struct dt_failure_row *f = &dt_failures[r->failure];
	struct device *d = arg;

	printf("%8.3f s  stage %d (%s) %s: %s%s%s", (double)d->now / 1000, (int)r->stage, dt_stage_titles[r->stage], kinds[r->kind],
	       r->what ? r->what : "", r->found ? " " : "", r->found ? r->found : "");
	if (r->failure != DT_F_OK)
		printf(" %s: %s (look at the %s: %s)", f->code, r->why ? r->why : f->what, dt_fault_names[f->fault], f->fix);
	putchar('\n');
	if (r->kind == DT_REC_RESULT) {
		d->over = true;
		d->result = *r;
	}
}

static const struct dt_body body = {
    .mono_ms = mono_ms, .unix_ms = unix_ms, .random = random_octets, .timer = timer, .frame = frame, .vlan = vlan, .address = address,
    .udp = udp, .dns = dns, .stream = stream, .stream_send = stream_send, .stream_close = stream_close, .make_key = make_key,
    .load = load, .save = save, .forget = forget, .slot_size = slot_size, .slot_read = slot_read, .slot_write = slot_write,
    .slot_catalog = slot_catalog, .install = install, .restart = restart, .record = record,
};

int main(void)
{
	struct device d = {.timer = UINT64_MAX, .entropy = fopen("/dev/urandom", "rb")};
	struct dt_phone_conf conf = {.body = &body, .arg = &d, .model = dt_model_find("cx600"), .serial = "7E5C0012",
				     .mac = {0x00, 0x04, 0xf2, 0x12, 0x34, 0x56}, .number = "4411", .pin = "80642"};
	struct dt_phone *phone = d.entropy && conf.model ? dt_phone_new(&conf) : NULL;

	if (phone == NULL) {
		fprintf(stderr, "first_phone: %s\n", strerror(errno));
		if (d.entropy)
			fclose(d.entropy);
		return EXIT_FAILURE;
	}
	dt_phone_start(phone);
	dt_phone_link(phone, true); /* the cable is in */
	printf("runs %s\n", dt_phone_version(phone));
	while (!d.over && d.timer < DAY_MS) { /* poll(): the timer, frames, datagrams, streams */
		d.now = d.timer;
		dt_phone_timer(phone);
	}
	printf("%s\n", dt_phone_registered(phone) ? "dial tone" : "no dial tone");
	dt_phone_free(phone);
	fclose(d.entropy);
	return d.over && d.result.stage == DT_STAGE_ADDRESS && d.result.failure == DT_F_DHCP_SILENT ? EXIT_SUCCESS : EXIT_FAILURE;
}

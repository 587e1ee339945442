/* cmd/decode.c: dialtone decode KIND FILE|-: one message's raw octets in, JSON out.
 *
 * Status 0: read.  1: refused; why, and at which octet, on standard error.  64: usage.  Never anything else, whatever the
 * octets are.
 */
#include "cmd/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/phone_options.h"
#include "cmd/verbs.h"

#define MESSAGE_MAX (1 << 20)

struct kind {
	const char *name, *what;
	json_t *(*decode)(const void *p, size_t n, char *why, size_t cap);
};

/* clang-format off */
static const struct kind kinds[] = {
	{"lldp",         "an Ethernet frame with an LLDPDU",                  decode_lldp},
	{"dhcp",         "the UDP payload of a DHCP message",                 decode_dhcp},
	{"sip",          "a SIP request or response",                         decode_sip},
	{"http",         "an HTTP request or response",                       decode_http},
	{"soap",         "a SOAP envelope of the Web Services",               decode_soap},
	{"ntlm",         "an NTLM message: negotiate, challenge, authenticate", decode_ntlm},
	{"update",       "the question or the answer of the update service",  decode_update},
	{"provisioning", "an in-band provisioning document",                  decode_provisioning},
};
/* clang-format on */

#define KINDS (sizeof kinds / sizeof *kinds)

static void usage(FILE *to)
{
	fprintf(to, "usage: dialtone decode KIND FILE|-\n\n");
	for (size_t i = 0; i < KINDS; i++)
		fprintf(to, "  %-13s %s\n", kinds[i].name, kinds[i].what);
	fprintf(to, "\nexample: dialtone decode sip register.bin\n"
		    "exit status: 0 read, 1 refused (why, and at which octet, is on standard error), 64 usage\n");
}

/* 0 or -errno */
static int read_stream(FILE *f, struct buf *to)
{
	uint8_t part[16384];
	size_t n;

	while ((n = fread(part, 1, sizeof part, f)) > 0) {
		if (to->n + n > MESSAGE_MAX)
			return -EFBIG;
		buf_add(to, part, n);
	}
	return ferror(f) ? -EIO : to->oom ? -ENOMEM : 0;
}

static int read_input(const char *path, struct buf *to)
{
	FILE *f;
	int e;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, to);
	f = fopen(path, "rbe");
	if (f == NULL)
		return -errno;
	errno = 0;
	e = read_stream(f, to);
	if (e == -EIO && errno)
		e = -errno;
	fclose(f);
	return e;
}

static int decode(const struct kind *k, const char *path)
{
	struct buf in = {0};
	char why[512] = "it cannot be read";
	json_t *j;
	int rc = 1, e = read_input(path, &in);

	if (e < 0) {
		fprintf(stderr, "dialtone decode: %s: %s\n", path, e == -EFBIG ? "longer than a mebibyte: one message is wanted"
									       : strerror(-e));
		buf_free(&in);
		return EX_USAGE;
	}
	j = k->decode(in.n ? in.p : (const void *)"", in.n, why, sizeof why);
	if (j == NULL)
		fprintf(stderr, "dialtone decode: %s: refused: %s\n", path, why);
	else if (json_dumpf(j, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF && fflush(stdout) == 0)
		rc = 0;
	json_decref(j);
	buf_free(&in);
	return rc;
}

int cmd_decode(int argc, char **argv)
{
	const char *near;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "dialtone decode: give a kind and a file\n");
		usage(stderr);
		return EX_USAGE;
	}
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			return decode(&kinds[i], argv[2]);
	near = nearest(argv[1], &kinds[0].name, KINDS, sizeof kinds[0]);
	if (near)
		fprintf(stderr, "dialtone decode: there is no kind \"%s\": did you mean %s?\n", argv[1], near);
	else
		fprintf(stderr, "dialtone decode: there is no kind \"%s\": dialtone decode --help lists them\n", argv[1]);
	return EX_USAGE;
}

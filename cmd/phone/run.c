#include "cmd/phone/run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/ip.h"
#include "cmd/phone/handset_serve.h"
#include "cmd/phone/usb_serve.h"
#include "cmd/secret.h"
#include "host/handset.h"
#include "host/usb.h"
#include "pki/cert.h"

#define ROOT_STATE "/var/lib/dialtone/phones"

static int complain(const struct phone_run *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int complain(const struct phone_run *r, int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "dialtone %s: ", r->verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

/* ---- reading values ------------------------------------------------------------------------------------------ */

static bool read_address(const char *s, struct dt_lease *ret)
{
	struct sv rest = sv_of(s), a = sv_cut(&rest, '/');
	uint64_t prefix;

	if (!ip_read(a, &ret->address))
		return false;
	if (rest.p == NULL || !sv_u64(rest, 32, &prefix) || prefix == 0)
		return false;
	ret->mask = UINT32_MAX << (32 - prefix);
	return true;
}

static bool read_mac(const char *s, uint8_t ret[6])
{
	static const uint8_t none[6];
	return mac_read(sv_of(s), ret) && !(ret[0] & 1) && memcmp(ret, none, 6) != 0;
}

static int read_network(struct phone_run *r)
{
	const struct phone_options *o = r->o;
	struct dt_lease *l = &r->conf.lease;

	if (o->address && !read_address(o->address, l))
		return complain(r, EX_USAGE, "'--address %s': type one like 10.66.0.50/24", o->address);
	if (o->router && !ip_read(sv_of(o->router), &l->router))
		return complain(r, EX_USAGE, "'--router %s': type an IPv4 address", o->router);
	for (unsigned i = 0; i < o->ndns; i++)
		if (!ip_read(sv_of(o->dns[i]), &l->dns[l->ndns++]))
			return complain(r, EX_USAGE, "'--dns %s': type an IPv4 address", o->dns[i]);
	return 0;
}

/* A phone would find out in stage 7; this reports it at once. */
static int check_auth_method(const struct phone_run *r)
{
	const struct phone_options *o = r->o;
	unsigned method = o->extension || o->number ? DT_AUTH_PIN : !o->user ? 0 : o->tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM;
	struct why why = {0};

	if ((r->conf.model->auth & method) == method)
		return 0;
	dt_model_refusal(r->conf.model, method, why.text, sizeof why.text);
	return complain(r, EX_USAGE, "'%s %s': %s", o->user ? "--user" : o->number ? "--number" : "--extension",
			o->user ? o->user : o->number ? o->number : o->extension, why.text);
}

static int read_words(struct phone_run *r)
{
	static const char *const strict[] = {[DT_STRICT] = "strict", [DT_EXACT] = "exact", [DT_STRICT_OFF] = "off"};
	const struct phone_options *o = r->o;
	const char *model = o->model ? o->model : "cx600";
	uint64_t seconds;
	int rc;

	r->conf.model = dt_model_find(model);
	if (r->conf.model == NULL) {
		fprintf(stderr, "dialtone %s: there is no model '%s'; type one of:", r->verb, model);
		for (size_t i = 0; i < dt_model_count; i++)
			fprintf(stderr, " %s", dt_models[i].key);
		fputc('\n', stderr);
		return EX_USAGE;
	}
	rc = check_auth_method(r);
	if (rc)
		return rc;
	r->conf.brief = strcmp(r->verb, "doctor") == 0;
	if (o->lldp_wait) {
		if (!sv_u64(sv_of(o->lldp_wait), 60, &seconds) || seconds == 0)
			return complain(r, EX_USAGE, "'--lldp-wait %s': type 1 to 60 seconds", o->lldp_wait);
		r->conf.lldp_wait_s = (unsigned)seconds;
	}
	if (o->tls && strcmp(o->tls, "phone") != 0 && strcmp(o->tls, "modern") != 0)
		return complain(r, EX_USAGE, "'--tls %s': type modern or phone", o->tls);
	for (int i = 0; o->strict; i++) {
		if (i == 3)
			return complain(r, EX_USAGE, "'--strict %s': type strict, exact or off", o->strict);
		if (strcmp(o->strict, strict[i]) == 0) {
			r->conf.strict = i;
			break;
		}
	}
	return 0;
}

static int read_pem(struct phone_run *r, const char *option, const char *path, struct buf *to, const char **ret)
{
	int e;

	if (path == NULL)
		return 0;
	e = file_read(path, PKI_PEM_MAX, to);
	if (e < 0)
		return complain(r, EX_CONFIG, "'%s %s': %s", option, path, strerror(-e));
	*ret = buf_cstr(to);
	if (strstr(*ret, "-----BEGIN CERTIFICATE-----") == NULL)
		return complain(r, EX_CONFIG, "'%s %s': there is no certificate in it (PEM is wanted)", option, path);
	return 0;
}

/* What file or environment hold. It is read before the network is touched; the question comes when it is known that the
 * phone remembers nothing. */
static int read_secret(struct phone_run *r)
{
	const struct phone_options *o = r->o;
	const char *number = o->extension ? o->extension : o->number;
	struct buf *to = number ? &r->pin : &r->password;
	struct why why = {0};

	if (number == NULL && o->user == NULL)
		return 0;
	if (secret_read(number ? o->pin_file : o->password_file, number ? "DIALTONE_PIN" : "DIALTONE_PASSWORD", NULL, to,
			&why) == SECRET_FAILED)
		return complain(r, EX_CONFIG, "%s", why.text);
	return 0;
}

/* A warm phone needs no PIN: it is not asked for one. */
static int ask_secret(struct phone_run *r)
{
	const struct phone_options *o = r->o;
	const char *number = o->extension ? o->extension : o->number;
	bool warm = !o->cold && host_body.load(r->host, DT_STATE_USER, NULL, 0) >= 0;
	struct buf *to = number ? &r->pin : &r->password;
	struct why why = {0};
	char prompt[300];

	if ((number == NULL && o->user == NULL) || to->n || warm)
		return 0;
	if (number)
		snprintf(prompt, sizeof prompt, "PIN of %s: ", number);
	else
		snprintf(prompt, sizeof prompt, "Password of %s: ", o->user);
	switch (secret_read(NULL, NULL, prompt, to, &why)) {
	case SECRET_READ:
		return 0;
	case SECRET_FAILED:
		return complain(r, EX_CONFIG, "%s", why.text);
	default:
		return complain(r, EX_USAGE, "no %s for '%s': give %s, or set %s, or run it on a terminal",
				number ? "PIN" : "password", number ? number : o->user,
				number ? "--pin-file FILE" : "--password-file FILE",
				number ? "DIALTONE_PIN" : "DIALTONE_PASSWORD");
	}
}

/* A PIN with something else in it is never right, and a wrong one costs an attempt. */
static int check_secret(struct phone_run *r)
{
	bool pin = r->o->extension || r->o->number;
	const char *text = buf_cstr(pin ? &r->pin : &r->password);

	if (text[0] == '\0')
		return 0;
	if (pin && text[strspn(text, "0123456789")])
		return complain(r, EX_CONFIG, "%s: the first line is no PIN: a PIN has digits only",
				r->o->pin_file ? r->o->pin_file : "DIALTONE_PIN, or what was typed");
	*(pin ? &r->conf.pin : &r->conf.password) = text;
	return 0;
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

static void run_take_result(struct run_result *to, const struct dt_record *rec, uint32_t ms)
{
	to->known = true;
	to->ok = rec->ok;
	to->dial_tone |= rec->ok;
	to->stage = rec->stage;
	to->failure = rec->failure;
	to->guess = rec->guess;
	why_set(&to->why, "%s", rec->why ? rec->why : "");
	to->ms = ms;
}

static void recorded(void *arg, const struct dt_record *rec)
{
	struct phone_run *r = arg;

	if (rec->kind == DT_REC_STAGE && rec->stage < DT_STAGE_COUNT && !r->result.known)
		r->result.times[rec->stage] = rec->ms;
	if (rec->kind != DT_REC_RESULT) {
		r->record(r->arg, rec);
		return;
	}
	if (r->appliance ? host_stopping(r->host) : r->result.known && (rec->ok || !r->result.ok))
		return; /* of the sign-off; or it is over already: releasing the address is no news */
	run_take_result(&r->result, rec, (uint32_t)(clock_mono_ms() - r->began));
	r->over(r->arg);
}

static void arrived(void *arg, const uint8_t *frame, size_t n)
{
	struct phone_run *r = arg;
	unsigned before = r->observed.frames;

	doctor_observe_frame(&r->observed, frame, n);
	if (before == 0 && r->observed.frames)
		r->observed.first_ms = (unsigned)(clock_mono_ms() - r->began);
}

static void answered(void *arg, char *line, struct buf *answer)
{
	struct phone_run *r = arg;

	handset_serve(r->phone, usb_code(r->usb), line, answer);
}

static void usb_message(void *arg, const struct tether_message *m, struct tether_message *answer)
{
	usb_serve(((struct phone_run *)arg)->phone, m, answer);
}

static void usb_state(void *arg, struct tether_message *m)
{
	usb_serve_state(((struct phone_run *)arg)->phone, m);
}

static void usb_gone(void *arg)
{
	dt_phone_tether_gone(((struct phone_run *)arg)->phone);
}

/* The socket of `dialtone handset`, and the USB port. */
static int open_ports(struct phone_run *r)
{
	struct usb_conf usb = {.path = r->o->usb, .message = usb_message, .state = usb_state, .gone = usb_gone, .arg = r};
	struct why why = {0};
	char name[64];

	if (handset_open(r->host, answered, r, &r->handset, &why) < 0)
		return complain(r, EX_CONFIG, "%s", why.text);
	if (r->o->usb == NULL)
		return 0;
	if (!(r->conf.model->auth & DT_AUTH_TETHER)) {
		dt_model_refusal(r->conf.model, DT_AUTH_TETHER, why.text, sizeof why.text);
		return complain(r, EX_USAGE, "'--usb %s': %s", r->o->usb, why.text);
	}
	snprintf(name, sizeof name, "%s, %s", r->conf.model->name, r->ids.mac);
	usb.name = name;
	if (usb_open(r->host, &usb, &r->usb, &why) < 0)
		return complain(r, EX_CONFIG, "%s", why.text);
	return 0;
}

static void ticked(void *arg)
{
	struct phone_run *r = arg;

	if (r->tick)
		r->tick(r->arg);
}

static void name_run(struct phone_run *r)
{
	const uint8_t *m = host_mac(r->host);
	uint8_t octets[8];

	host_body.random(r->host, octets, sizeof octets);
	hex_write(r->ids.run, octets, sizeof octets, false);
	memcpy(r->conf.mac, m, 6);
	mac_text(r->ids.mac, m);
	mac_text_upper(r->serial, m, '\0');
	r->ids.model = r->conf.model->key;
}

bool phone_state_base(char *out, size_t cap)
{
	const char *home = getenv("HOME");
	int n = geteuid() == 0 || home == NULL ? snprintf(out, cap, "%s", ROOT_STATE) : snprintf(out, cap, "%s/.local/state/dialtone", home);

	return n > 0 && (size_t)n < cap;
}

static int open_host(struct phone_run *r)
{
	const struct phone_options *o = r->o;
	uint8_t mac[6];
	struct why why = {0};
	char base[PATH_MAX];
	struct host_conf h = {.interface = o->interface, .take = o->take, .oui = r->conf.model->oui, .state = o->state,
			      .state_base = base, .keylog = o->keylog, .record = recorded, .tick = ticked, .tick_ms = r->tick_ms, .frame = arrived, .arg = r,
			      .has_address = o->no_dhcp && o->address == NULL,
			      
			      .serial_line = o->usb, .files = r->files,
			      .witness = r->witness, .phone_tls = o->tls && strcmp(o->tls, "phone") == 0};
	int e;

	if (o->mac && !read_mac(o->mac, mac))
		return complain(r, EX_USAGE, "'--mac %s': type a unicast address as 00:04:f2:12:34:56", o->mac);
	h.mac = o->mac ? mac : NULL;
	if (!phone_state_base(base, sizeof base))
		return complain(r, EX_CONFIG, "$HOME is too long: give a folder with --state");
	e = host_open(&h, &r->host, &why);
	if (e < 0)
		return complain(r, e == -ENOMEM ? EX_SOFTWARE : EX_CONFIG, "%s", why.text);
	if (h.has_address)
		host_address(r->host, &r->conf.lease);
	return 0;
}

int phone_run_open(struct phone_run *r)
{
	const struct phone_options *o = r->o;
	struct why why = {0};
	int rc;

	signal(SIGPIPE, SIG_IGN); /* whoever stops reading ends no phone: it has an address and a registration to give back */
	r->conf = (struct dt_phone_conf){.body = &host_body, .factory_version = o->firmware,
					 .number = o->extension ? o->extension : o->number, .login = o->user, .sip = o->sip,
					 .cold = o->cold, .outside = o->outside, .tethered = o->tethered, .appliance = r->appliance, .no_vlan = o->no_vlan,
					 .old_tls = o->tls && strcmp(o->tls, "phone") == 0,
					 .no_dhcp = o->no_dhcp, .domain = o->domain, .web_url = o->web_url,
					 .registrar = o->registrar};
	rc = read_words(r);
	if (rc == 0)
		rc = read_network(r);
	if (rc == 0)
		rc = read_pem(r, "--trust", o->trust, &r->trust, &r->conf.trust);
	if (rc == 0)
		rc = read_pem(r, "--update-key", o->update_key, &r->update_key, &r->conf.update_key);
	if (rc == 0)
		rc = read_secret(r);
	if (rc == 0)
		rc = check_secret(r);
	if (rc == 0)
		rc = open_host(r);
	if (rc == 0)
		rc = ask_secret(r);
	if (rc == 0)
		rc = check_secret(r);
	if (rc)
		return rc;
	name_run(r);
	r->conf.arg = r->host;
	r->conf.serial = o->serial ? o->serial : r->serial;
	r->phone = dt_phone_new(&r->conf);
	buf_wipe(&r->pin); /* the phone has its own copy, which it wipes */
	buf_wipe(&r->password);
	r->conf.pin = r->conf.password = NULL;
	if (r->phone == NULL)
		return complain(r, EX_SOFTWARE, "out of memory");
	host_attach(r->host, r->phone);
	rc = r->appliance ? open_ports(r) : 0;
	if (rc == 0 && host_confine(r->host, &why) < 0)
		rc = complain(r, EX_SOFTWARE, "%s", why.text);
	return rc;
}

int phone_run_go(struct phone_run *r)
{
	int sig;

	r->began = clock_mono_ms();
	sig = host_run(r->host);
	if (!r->result.known) { /* ended from outside before it came to anything */
		r->result = (struct run_result){.known = true, .stage = dt_phone_stage(r->phone), .failure = DT_F_STOPPED,
						.ms = (uint32_t)(clock_mono_ms() - r->began)};
	}
	return sig;
}

void phone_run_close(struct phone_run *r)
{
	usb_close(r->usb);
	handset_close(r->handset);
	if (r->host)
		host_attach(r->host, NULL);
	dt_phone_free(r->phone);
	host_free(r->host);
	buf_wipe(&r->pin);
	buf_wipe(&r->password);
	buf_free(&r->trust);
	buf_free(&r->update_key);
	r->phone = NULL;
	r->host = NULL;
}

int phone_run_status(const struct run_result *r)
{
	if (r->ok)
		return 0;
	if (dt_failures[r->failure].fault == DT_FAULT_US)
		return EX_SOFTWARE;
	return r->stage >= DT_STAGE_VLAN && r->stage <= DT_STAGE_LOGON ? (int)r->stage : EX_USAGE;
}

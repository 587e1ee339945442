/* tests/meet/servers.c: vault, location process and worker start and stop; orders go from one to the other. */
#include "auth/ntlm.h"
#include "tests/meet/meet.h"

/* ---- orders --------------------------------------------------------------------------------------------------- */

static void notice(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct meet *m = arg;

	(void)worker;
	if (m->orders.count < 8)
		m->orders.n[m->orders.count++] = *n;
}

void servers_orders(struct meet *m)
{
	while (m->orders.count) {
		struct location_notice n = m->orders.n[--m->orders.count];

		registrar_order(m->registrar, &n, m->mono, m->unix_ms / 1000);
	}
}

static int64_t unix_now(void *arg)
{
	return ((struct meet *)arg)->unix_ms / 1000;
}

static int64_t unix_now_ms(void *arg)
{
	return ((struct meet *)arg)->unix_ms;
}

/* ---- the servers ---------------------------------------------------------------------------------------------- */

static bool vault_start(struct meet *m)
{
	const struct meet_keys *k = meet_keys();
	struct vault_conf vc = {.site = &m->site, .ca = k->issuing, .ca_der = buf_view(&k->issuing_der), .ticket = k->ticket,
				.ticket_der = buf_view(&k->ticket_der), .secret = meet_secret, .unix_ms = unix_now_ms,
				.random = meet_random, .arg = m};
	struct why why = {0};

	m->store = store_sqlite(m->flash->store ? m->flash->store : ":memory:", &why);
	if (m->store == NULL) {
		fprintf(stderr, "store: %s\n", why.text);
		return false;
	}
	vc.store = m->store;
	m->vault = servers_people(m) ? vault_new(&vc) : NULL;
	if (m->vault == NULL)
		return false;
	vault_direct(m->vault, &m->vault_link);
	return true;
}

static bool location_start(struct meet *m)
{
	m->location = location_new(unix_now, notice, m);
	if (m->location == NULL)
		return false;
	location_direct(m->location, &m->location_link);
	return true;
}

static bool worker_start(struct meet *m)
{
	const struct meet_keys *k = meet_keys();
	static uint8_t binding[2][16]; /* one certificate, inside and outside */
	struct registrar_conf rc = {.site = &m->site, .vault = &m->vault_link, .location = &m->location_link, .dsk = m->dsk_ctx, .binding = binding,
				    .random = meet_random, .random_arg = m};
	struct web_conf wc = {.site = &m->site, .vault = &m->vault_link, .binding = binding, .chain_pem = buf_view(&k->chain_pem),
			      .files = m->files_dir, .logs = m->files_dir};

	if (!ntlm_channel_binding(k->server_der.p, k->server_der.n, binding[0]) || !ntlm_channel_binding(k->server_der.p, k->server_der.n, binding[1]))
		return false;
	m->registrar = registrar_new(&rc);
	m->web = web_new(&wc);
	return m->registrar && m->web;
}

void servers_stop(struct meet *m, unsigned which)
{
	if (which & MEET_WORKER) {
		servers_hang_up(m);
		web_free(m->web);
		registrar_free(m->registrar);
		m->web = NULL;
		m->registrar = NULL;
	}
	if (which & MEET_LOCATION) {
		location_free(m->location);
		m->location = NULL;
		m->orders.count = 0;
	}
	if (which & MEET_VAULT) {
		vault_free(m->vault);
		store_close(m->store);
		m->vault = NULL;
		m->store = NULL;
	}
}

bool servers_start(struct meet *m, unsigned which)
{
	return (!(which & MEET_VAULT) || vault_start(m)) && (!(which & MEET_LOCATION) || location_start(m)) &&
	       (!(which & MEET_WORKER) || worker_start(m));
}

bool servers_new(struct meet *m)
{
	const struct meet_keys *k = meet_keys();
	struct tls_server_conf https = {.profile = TLS_MODERN, .cert_pem = buf_view(&k->chain_pem), .key = k->server};
	struct tls_server_conf dsk = {.profile = TLS_DSK, .cert_pem = buf_view(&k->chain_pem), .key = k->server,
				      .client_ca_pem = buf_view(&k->issuing_pem)};
	struct tls_client_conf client = {.profile = TLS_MODERN};

	m->https_ctx = tls_ctx_server(&https);
	m->dsk_ctx = tls_ctx_server(&dsk);
	m->client_ctx = tls_ctx_client(&client);
	return m->https_ctx && m->dsk_ctx && m->client_ctx && servers_start(m, MEET_ALL);
}

void servers_free(struct meet *m)
{
	servers_close_all(m);
	servers_stop(m, MEET_ALL);
	tls_ctx_free(m->https_ctx);
	tls_ctx_free(m->dsk_ctx);
	tls_ctx_free(m->client_ctx);
	tls_ctx_free(m->other_ctx);
}

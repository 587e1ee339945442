/* phone/run/clients.c: clients come when they are needed, and go. */
#include "phone/run/clients.h"

#include "phone/internal.h"

struct http_client *ph_http(struct dt_phone *ph)
{
	if (ph->http == NULL)
		ph->http = http_new(ph, &ph->dns, &ph->cred.anchors, ph->conf.outside);
	return ph->http;
}

struct ticket_client *ph_ticket(struct dt_phone *ph)
{
	struct ticket_client *t = ph->ticket;
	struct http_client *http = ph_http(ph);

	if (t == NULL && http)
		t = ph->ticket = ticket_new(ph, http);
	if (t == NULL)
		return NULL;
	t->who = (struct ticket_who){.number = ph->conf.number, .pin = ph->conf.pin, .ntlm = {ph->conf.login, ph->conf.password},
				     .sip = ph->account.sip, .key = key_in_use(ph), .cert = cert_in_use(ph),
				     .outside = ph->conf.outside, .pin_used = &ph->run.pin_used};
	return t;
}

void ph_key_early(struct dt_phone *ph)
{
	if (cert_good(ph) && !ph->run.renewing)
		return;
	if (ph->key == NULL)
		ph->key = key_new(ph);
	if (ph->key)
		key_begin(ph->key); /* stage 8 asks again when it cannot be made now */
}

static void clients_web_free(struct dt_phone *ph)
{
	image_free(ph->image);
	ticket_free(ph->ticket);
	key_free(ph->key);
	http_free(ph->http);
	ph->image = NULL;
	ph->ticket = NULL;
	ph->key = NULL;
	ph->http = NULL;
}

void ph_clients_ended(struct dt_phone *ph)
{
	if (ph->dhcp && dhcp_ended(ph->dhcp)) {
		dhcp_free(ph->dhcp);
		ph->dhcp = NULL;
	}
	if (ph->arp && arp_ended(ph->arp)) {
		arp_free(ph->arp);
		ph->arp = NULL;
	}
	if (ph->sntp && sntp_ended(ph->sntp)) {
		sntp_free(ph->sntp);
		ph->sntp = NULL;
	}
	if (!ph->run.running)
		clients_web_free(ph);
	if (!ph->run.running && ph->sip && ph->sip->id == 0) {
		sip_free(ph->sip);
		ph->sip = NULL;
	}
}

void ph_clients_network_free(struct dt_phone *ph)
{
	dhcp_free(ph->dhcp);
	arp_free(ph->arp);
	sntp_free(ph->sntp);
	ph->dhcp = NULL;
	ph->arp = NULL;
	ph->sntp = NULL;
	dns_drop(&ph->dns, NULL);
}

void ph_clients_free(struct dt_phone *ph)
{
	clients_web_free(ph);
	ph_clients_network_free(ph);
	sip_free(ph->sip);
	ph->sip = NULL;
}

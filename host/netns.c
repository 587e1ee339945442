/* host/netns.c: the phone's network namespace: its interface, its VLAN, its address. */
#include "host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/ip.h"
#include "base/text.h"

#define LIFE_S 60	    /* of an address on a taken interface; renewed while the program lives */
#define TAKEN_METRIC 20000 /* our default route is never the host's first choice */
#define MACVLAN_NAME "phone0"
#define MAC_WAIT_MS 30000  /* for the MAC address of a run that was killed just now */
#define MAC_CLAIMED_MS 1000 /* the same, while a phone that lives has it */

static int sentence(struct why *why, int e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int sentence(struct why *why, int e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vset(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	return e;
}

static int rights(struct why *why, const char *what)
{
	return sentence(why, -EPERM, "%s needs root: run this with sudo", what);
}

/* The label of the addresses that we set on a taken interface. */
static void label_of(const struct host *h, char label[IFNAMSIZ])
{
	snprintf(label, IFNAMSIZ, "%.12s:dt", h->ip.name);
}

/* ---- entering ------------------------------------------------------------------------------------------------ */

static void own_mac(struct host *h, const struct host_conf *c, const struct rtnl_link *parent)
{
	if (c->mac) {
		memcpy(h->mac, c->mac, 6);
		return;
	}
	memcpy(h->mac, parent->mac, 6); /* the same every time: a phone keeps its address and its state */
	if (c->oui)
		memcpy(h->mac, c->oui, 3);
	if (memcmp(h->mac, parent->mac, 6) == 0)
		h->mac[3] ^= 0x80;
}

/* Our own interface: the sender completes its checksums, since what stands behind it may be a switch in user space. */
static void complete_checksums(const char *name)
{
	struct ethtool_value off = {.cmd = ETHTOOL_STXCSUM, .data = 0};
	struct ifreq r = {.ifr_data = (void *)&off};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &r) < 0)
		errno = 0; /* it cannot be switched off: then it is the card's own work */
	close(fd);
}

/* An abstract Unix socket in the namespace outside tells the next phone that this one lives: the name is free at the moment of its
 * death, long before the kernel gives the MAC address back.  Another user of the machine may take the name first: that costs the
 * phone no more than patience. */
static int claim_mac(const struct host *h, unsigned parent)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char mac[MAC_TEXT_MAX];
	int n = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "dialtone phone %s at %u", mac_text(mac, h->mac), parent);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A namespace of our own: it ends with the process, and the macvlan with it. */
static int enter_own(struct host *h, const struct host_conf *c, const struct rtnl_link *parent, struct rtnl *outside,
		     struct why *why)
{
	int e, here;

	own_mac(h, c, parent);
	h->claim = claim_mac(h, parent->index);
	if (unshare(CLONE_NEWNET) < 0)
		return errno == EPERM ? rights(why, "a network namespace")
				      : sentence(why, -errno, "no network namespace can be made: %s", strerror(errno));
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0)
		return sentence(why, -errno, "/proc/thread-self/ns/net: %s", strerror(errno));
	rtnl_no_ipv6("all");
	e = rtnl_macvlan(outside, parent->index, MACVLAN_NAME, h->mac, here);
	close(here);
	if (e == -EPERM)
		return rights(why, "a macvlan");
	if (e == -EBUSY)
		return sentence(why, e, "%s cannot carry a macvlan (is it part of a bridge?): give the bridge, or an interface "
			"of its own with --take", c->interface);
	if (e == -EINVAL || e == -EADDRNOTAVAIL)
		return sentence(why, e, "%s refuses the MAC address for a macvlan: give another with --mac", c->interface);
	if (e < 0)
		return sentence(why, e, "no macvlan on %s: %s", c->interface, strerror(-e));
	e = rtnl_open(&h->rtnl);
	if (e == 0)
		e = rtnl_link(h->rtnl, MACVLAN_NAME, &h->link);
	if (e == 0)
		complete_checksums(MACVLAN_NAME);
	return e < 0 ? sentence(why, e, "the macvlan on %s: %s", c->interface, strerror(-e)) : 0;
}

static int enter_taken(struct host *h, const struct host_conf *c, const struct rtnl_link *link, struct why *why)
{
	char label[IFNAMSIZ];
	uint32_t other = 0;
	unsigned prefix = 0;
	int e = rtnl_open(&h->rtnl);

	if (e < 0)
		return sentence(why, e, "netlink: %s", strerror(-e));
	h->take = true;
	h->link = h->ip = *link;
	label_of(h, label);
	e = rtnl_address_find(h->rtnl, link->index, label, &other, &prefix);
	if (e == 0 && c->has_address && other)
		h->kept = (struct dt_lease){.address = other, .mask = prefix ? UINT32_MAX << (32 - prefix) : 0};
	else if (e == 0 && c->has_address)
		return sentence(why, -EADDRNOTAVAIL, "%s has no address: give one with --address A/PREFIX", c->interface);
	else if (e == 0 && other)
		return sentence(why, -EADDRINUSE,
				"%s has the address " IP_FMT ", so the host itself uses it: run without --take, or remove the address",
				c->interface, IP_ARG(other));
	if (e == 0)
		e = rtnl_address_flush(h->rtnl, link->index, label); /* of a run that was killed within the last minute */
	memcpy(h->mac, link->mac, 6);
	memcpy(h->old_mac, link->mac, 6);
	if (e == 0 && c->mac && memcmp(c->mac, link->mac, 6) != 0) {
		memcpy(h->mac, c->mac, 6);
		e = rtnl_link_mac(h->rtnl, link->index, h->mac);
		if (e == -EBUSY) { /* a driver that wants it down for that */
			rtnl_link_up(h->rtnl, link->index, false);
			e = rtnl_link_mac(h->rtnl, link->index, h->mac);
		}
		h->mac_changed = e == 0;
	}
	if (e == -EPERM)
		return rights(why, "--take");
	return e < 0 ? sentence(why, e, "%s: %s", c->interface, strerror(-e)) : 0;
}

/* The kernel takes the namespace of a run that was killed down behind its back, one namespace of the machine after the other:
 * until then the MAC address is in use there. */
static int link_up(struct host *h)
{
	const struct timespec pause = {0, 50 * 1000000L};
	int e = rtnl_link_up(h->rtnl, h->link.index, true);

	for (int left = h->claim < 0 ? MAC_CLAIMED_MS : MAC_WAIT_MS; e == -EADDRINUSE && left > 0; left -= 50) {
		nanosleep(&pause, NULL);
		e = rtnl_link_up(h->rtnl, h->link.index, true);
	}
	return e;
}

int netns_enter(struct host *h, const struct host_conf *c, struct why *why)
{
	struct rtnl *outside;
	struct rtnl_link link = {0};
	char mac[MAC_TEXT_MAX];
	int e = rtnl_open(&outside);

	if (e < 0)
		return sentence(why, e, "netlink: %s", strerror(-e));
	e = rtnl_link(outside, c->interface, &link);
	if (e < 0)
		sentence(why, e, "there is no interface \"%s\" here: ip link shows what there is", c->interface);
	else if (!link.ethernet)
		e = sentence(why, -EINVAL, "\"%s\" is not an Ethernet interface", c->interface);
	else
		e = c->take ? enter_taken(h, c, &link, why) : enter_own(h, c, &link, outside, why);
	rtnl_close(outside);
	if (e < 0)
		return e;
	h->ip = h->link;
	e = rtnl_watch(&h->watch); /* before the link comes up: no change is missed */
	if (e == 0)
		e = link_up(h);
	if (e == -EPERM)
		return rights(why, "setting the interface up");
	if (e == -EADDRINUSE)
		return sentence(why, e, "a phone with the MAC address %s is on %s already: end it, "
				"or give this one another with --mac", mac_text(mac, h->mac), c->interface);
	if (e == -ENETDOWN) /* a macvlan on an interface that is down: the phone will report that there is no link */
		e = 0;
	return e < 0 ? sentence(why, e, "%s: %s", c->interface, strerror(-e)) : 0;
}

void netns_leave(struct host *h)
{
	if (h->rtnl) {
		netns_address(h, NULL);
		netns_vlan(h, 0, 0, 0);
		if (h->mac_changed)
			rtnl_link_mac(h->rtnl, h->link.index, h->old_mac);
		if (!h->take) /* it would end with the namespace, but seconds later, and keep its MAC address until then */
			rtnl_link_delete(h->rtnl, h->link.index);
	}
	if (h->claim >= 0)
		close(h->claim);
	h->claim = -1;
	rtnl_close(h->watch);
	rtnl_close(h->rtnl);
	h->watch = h->rtnl = NULL;
}

/* ---- VLAN ---------------------------------------------------------------------------------------------------- */

static void leave_vlan(struct host *h)
{
	if (h->kernel_vlan)
		rtnl_link_delete(h->rtnl, h->ip.index);
	tagger_close(h->tagger);
	h->tagger = NULL;
	h->kernel_vlan = false;
	h->ip = h->link;
	h->vlan = 0;
}

/* Netlink where the kernel has 802.1Q, else the tagger. On a taken interface always the tagger: it ends with the process. */
static int join_vlan(struct host *h, unsigned vlan, unsigned priority)
{
	char name[IFNAMSIZ];
	int e = -EOPNOTSUPP;

	if (!h->take) {
		snprintf(name, sizeof name, "phone0.%u", vlan);
		e = rtnl_vlan(h->rtnl, h->link.index, name, vlan, priority);
		if (e == 0)
			e = rtnl_link(h->rtnl, name, &h->ip);
		if (e == 0) {
			h->kernel_vlan = true;
			return rtnl_link_up(h->rtnl, h->ip.index, true);
		}
	}
	e = tagger_open(h->base, h->rtnl, broker_tun(h->broker), &h->link, h->mac, vlan, priority, &h->tagger);
	if (e == 0)
		h->ip = *tagger_link(h->tagger);
	return e;
}

/* DIFFERS: with a priority tag (TIA-1057: tagged, VLAN 0) the phone stays on the port's own VLAN; its IP traffic then goes
 * out without the tag, so only DSCP carries its priority. */
int netns_vlan(struct host *h, unsigned vlan, unsigned priority, unsigned dscp)
{
	int e = 0;

	h->dscp = dscp;
	if (vlan > 4094 || priority > 7)
		return -EINVAL;
	if (vlan == h->vlan)
		return 0;
	netns_address(h, NULL);
	leave_vlan(h);
	if (vlan)
		e = join_vlan(h, vlan, priority);
	if (e < 0)
		leave_vlan(h);
	else
		h->vlan = vlan;
	return e;
}

/* ---- address ------------------------------------------------------------------------------------------------- */

static unsigned prefix_of(uint32_t mask)
{
	unsigned n = 0;

	while (n < 32 && mask & 0x80000000u >> n)
		n++;
	return n;
}

static int set_address(struct host *h)
{
	char label[IFNAMSIZ];

	label_of(h, label);
	return rtnl_address(h->rtnl, h->ip.index, h->lease.address, prefix_of(h->lease.mask), h->take ? LIFE_S : 0, label);
}

static bool is_kept(const struct host *h, const struct dt_lease *l)
{
	return h->kept.address && l->address == h->kept.address;
}

void netns_renew(struct host *h)
{
	if (h->take && h->has_lease && !is_kept(h, &h->lease))
		set_address(h);
}

static bool same_address(const struct dt_lease *a, const struct dt_lease *b)
{
	return a->address == b->address && a->mask == b->mask;
}

int netns_address(struct host *h, const struct dt_lease *lease)
{
	int e = 0;

	if (h->has_lease && (lease == NULL || !same_address(lease, &h->lease))) {
		udp_close(h);
		if (!is_kept(h, &h->lease))
			rtnl_address_delete(h->rtnl, h->ip.index, h->lease.address, prefix_of(h->lease.mask));
	}
	h->has_lease = false;
	if (lease) {
		h->lease = *lease;
		if (!is_kept(h, lease))
			e = set_address(h);
		h->has_lease = e == 0;
		if (e == 0 && lease->router && !is_kept(h, lease))
			e = rtnl_default_route(h->rtnl, h->ip.index, lease->router, lease->address, h->take ? TAKEN_METRIC : 0);
	}
	if (h->names)
		names_drop(h);
	return e;
}

#include "host/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 1024
#define ANSWER_MAX 32768

struct rtnl {
	struct mnl_socket *s;
	unsigned seq;
	union {
		struct nlmsghdr align;
		uint8_t octets[REQUEST_MAX];
	} out;
	union {
		struct nlmsghdr align;
		uint8_t octets[ANSWER_MAX];
	} in;
};

static int open_groups(unsigned groups, int flags, struct rtnl **ret)
{
	struct rtnl *r = calloc(1, sizeof *r);

	if (r == NULL)
		return -ENOMEM;
	r->s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (r->s == NULL || mnl_socket_bind(r->s, groups, MNL_SOCKET_AUTOPID) < 0) {
		int e = -errno;

		rtnl_close(r);
		return e;
	}
	*ret = r;
	return 0;
}

int rtnl_open(struct rtnl **ret)
{
	return open_groups(0, 0, ret);
}

int rtnl_watch(struct rtnl **ret)
{
	return open_groups(RTMGRP_LINK, SOCK_NONBLOCK, ret);
}

int rtnl_fd(const struct rtnl *r)
{
	return mnl_socket_get_fd(r->s);
}

void rtnl_close(struct rtnl *r)
{
	if (r && r->s)
		mnl_socket_close(r->s);
	free(r);
}

static struct nlmsghdr *rtnl_request(struct rtnl *r, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	memset(r->out.octets, 0, sizeof r->out.octets);
	h = mnl_nlmsg_put_header(r->out.octets);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = ++r->seq;
	return h;
}

/* Sends, then hands every answer to `each` until the acknowledgement or the end of the dump. */
static int talk(struct rtnl *r, struct nlmsghdr *h, mnl_cb_t each, void *arg)
{
	unsigned port = mnl_socket_get_portid(r->s);
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(r->s, h, h->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(r->s, r->in.octets, sizeof r->in.octets);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		more = mnl_cb_run(r->in.octets, (size_t)n, r->seq, port, each, arg);
		if (more < 0)
			return -errno;
	}
	return 0;
}

static int rtnl_order(struct rtnl *r, struct nlmsghdr *h)
{
	h->nlmsg_flags |= NLM_F_ACK;
	return talk(r, h, NULL, NULL);
}

static struct ifinfomsg *link_part(struct nlmsghdr *h, unsigned index)
{
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = (int)index;
	return i;
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static int link_read(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct rtnl_link *to = arg;
	const struct nlattr *a;

	*to = (struct rtnl_link){.index = (unsigned)i->ifi_index,
				 .ethernet = i->ifi_type == ARPHRD_ETHER,
				 .up = i->ifi_flags & IFF_UP,
				 .running = (i->ifi_flags & IFF_UP) && (i->ifi_flags & IFF_RUNNING)};
	mnl_attr_for_each(a, h, sizeof *i) {
		switch (mnl_attr_get_type(a)) {
		case IFLA_IFNAME:
			strncpy(to->name, mnl_attr_get_str(a), sizeof to->name - 1);
			break;
		case IFLA_MTU:
			to->mtu = mnl_attr_get_u32(a);
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(a) == 6)
				memcpy(to->mac, mnl_attr_get_payload(a), 6);
			break;
		default:
			break;
		}
	}
	return MNL_CB_OK;
}

int rtnl_link(struct rtnl *r, const char *name, struct rtnl_link *ret)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_GETLINK, NLM_F_ACK);
	struct rtnl_link l = {0};
	int e;

	if (strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	link_part(h, 0);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_EXT_MASK, 0);
	e = talk(r, h, link_read, &l);
	if (e == 0 && l.index == 0)
		e = -ENODEV;
	if (e == 0)
		*ret = l;
	return e;
}

int rtnl_link_up(struct rtnl *r, unsigned index, bool up)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_NEWLINK, 0);
	struct ifinfomsg *i = link_part(h, index);

	i->ifi_change = IFF_UP;
	i->ifi_flags = up ? IFF_UP : 0;
	return rtnl_order(r, h);
}

int rtnl_link_mac(struct rtnl *r, unsigned index, const uint8_t mac[6])
{
	struct nlmsghdr *h = rtnl_request(r, RTM_NEWLINK, 0);

	link_part(h, index);
	mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
	return rtnl_order(r, h);
}

int rtnl_link_delete(struct rtnl *r, unsigned index)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_DELLINK, 0);

	link_part(h, index);
	return rtnl_order(r, h);
}

int rtnl_macvlan(struct rtnl *r, unsigned parent, const char *name, const uint8_t mac[6], int netns)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data;

	link_part(h, 0);
	mnl_attr_put_u32(h, IFLA_LINK, parent);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "macvlan");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return rtnl_order(r, h);
}

int rtnl_vlan(struct rtnl *r, unsigned parent, const char *name, unsigned vlan, unsigned priority)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *map;

	link_part(h, 0);
	mnl_attr_put_u32(h, IFLA_LINK, parent);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u16(h, IFLA_VLAN_ID, (uint16_t)vlan);
	map = mnl_attr_nest_start(h, IFLA_VLAN_EGRESS_QOS);
	for (uint32_t from = 0; from < 8; from++) {
		struct ifla_vlan_qos_mapping m = {from, priority};

		mnl_attr_put(h, IFLA_VLAN_QOS_MAPPING, sizeof m, &m);
	}
	mnl_attr_nest_end(h, map);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return rtnl_order(r, h);
}

/* ---- addresses ----------------------------------------------------------------------------------------------- */

static struct nlmsghdr *address_part(struct rtnl *r, uint16_t type, uint16_t flags, unsigned index, uint32_t address,
				     unsigned prefix)
{
	struct nlmsghdr *h = rtnl_request(r, type, flags);
	struct ifaddrmsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);

	i->ifa_family = AF_INET;
	i->ifa_prefixlen = (uint8_t)prefix;
	i->ifa_index = index;
	mnl_attr_put_u32(h, IFA_LOCAL, htonl(address));
	mnl_attr_put_u32(h, IFA_ADDRESS, htonl(address));
	return h;
}

int rtnl_address(struct rtnl *r, unsigned index, uint32_t address, unsigned prefix, unsigned life_s, const char *label)
{
	struct nlmsghdr *h = address_part(r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address, prefix);
	uint32_t host = prefix >= 32 ? 0 : UINT32_MAX >> prefix;
	struct ifa_cacheinfo life = {.ifa_prefered = life_s, .ifa_valid = life_s};

	if (prefix < 31)
		mnl_attr_put_u32(h, IFA_BROADCAST, htonl(address | host));
	if (label)
		mnl_attr_put_strz(h, IFA_LABEL, label);
	if (life_s)
		mnl_attr_put(h, IFA_CACHEINFO, sizeof life, &life);
	return rtnl_order(r, h);
}

int rtnl_address_delete(struct rtnl *r, unsigned index, uint32_t address, unsigned prefix)
{
	return rtnl_order(r, address_part(r, RTM_DELADDR, 0, index, address, prefix));
}

struct address_list {
	unsigned index, n;
	const char *ours;
	struct {
		uint32_t address;
		unsigned prefix;
		bool ours;
	} at[32];
};

static int rtnl_address_read(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *i = mnl_nlmsg_get_payload(h);
	struct address_list *l = arg;
	const struct nlattr *a;
	uint32_t address = 0;
	bool ours = false;

	if (i->ifa_index != l->index || i->ifa_family != AF_INET || l->n == 32)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof *i) {
		if (mnl_attr_get_type(a) == IFA_LOCAL && mnl_attr_get_payload_len(a) == 4)
			address = ntohl(mnl_attr_get_u32(a));
		if (mnl_attr_get_type(a) == IFA_LABEL && l->ours)
			ours = strcmp(mnl_attr_get_str(a), l->ours) == 0;
	}
	l->at[l->n].address = address;
	l->at[l->n].prefix = i->ifa_prefixlen;
	l->at[l->n++].ours = ours;
	return MNL_CB_OK;
}

static int address_dump(struct rtnl *r, struct address_list *l)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);

	i->ifa_family = AF_INET;
	return talk(r, h, rtnl_address_read, l);
}

int rtnl_address_find(struct rtnl *r, unsigned index, const char *ours, uint32_t *ret, unsigned *prefix)
{
	struct address_list l = {.index = index, .ours = ours};
	int e = address_dump(r, &l);

	if (e < 0)
		return e;
	*ret = 0;
	for (unsigned i = 0; i < l.n; i++)
		if (!l.at[i].ours && *ret == 0) {
			*ret = l.at[i].address;
			*prefix = l.at[i].prefix;
		}
	return 0;
}

int rtnl_address_flush(struct rtnl *r, unsigned index, const char *ours)
{
	struct address_list l = {.index = index, .ours = ours};
	int e = address_dump(r, &l);

	for (unsigned i = 0; e == 0 && i < l.n; i++)
		if (l.at[i].ours)
			e = rtnl_address_delete(r, index, l.at[i].address, l.at[i].prefix);
	return e;
}

/* The source address ties the route to the address: when that one expires, the kernel takes the route away too. */
int rtnl_default_route(struct rtnl *r, unsigned index, uint32_t router, uint32_t source, unsigned metric)
{
	struct nlmsghdr *h = rtnl_request(r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->rtm_family = AF_INET;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	m->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put_u32(h, RTA_GATEWAY, htonl(router));
	mnl_attr_put_u32(h, RTA_OIF, index);
	mnl_attr_put_u32(h, RTA_PREFSRC, htonl(source));
	if (metric)
		mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	return rtnl_order(r, h);
}

/* ---- watching ------------------------------------------------------------------------------------------------ */

struct watched {
	unsigned index;
	int state;
};

static int watched(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct watched *w = arg;

	if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
		return MNL_CB_OK;
	if ((unsigned)i->ifi_index != w->index)
		return MNL_CB_OK;
	w->state = h->nlmsg_type == RTM_NEWLINK && (i->ifi_flags & IFF_UP) && (i->ifi_flags & IFF_RUNNING);
	return MNL_CB_OK;
}

int rtnl_watch_read(struct rtnl *r, unsigned index)
{
	struct watched w = {index, -EAGAIN};

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(r->s, r->in.octets, sizeof r->in.octets);

		if (n <= 0)
			return w.state; /* the next tick asks again for messages that were lost (ENOBUFS) */
		mnl_cb_run(r->in.octets, (size_t)n, 0, 0, watched, &w);
	}
}

void rtnl_no_ipv6(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		errno = 0;
	close(fd);
}

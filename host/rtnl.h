/* host/rtnl.h: links, addresses and routes by netlink (rtnetlink(7)).
 *
 * Every function sends one request and waits for the kernel's answer, which comes at once: 0 or -errno.
 * Addresses are in host byte order.
 */
#ifndef DIALTONE_HOST_RTNL_H
#define DIALTONE_HOST_RTNL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtnl;

int rtnl_open(struct rtnl **ret); /* in the namespace the thread is in now, wherever it goes later */
void rtnl_close(struct rtnl *r);

struct rtnl_link {
	unsigned index, mtu;
	char name[IFNAMSIZ];
	uint8_t mac[6];
	bool ethernet, up, running;
};
int rtnl_link(struct rtnl *r, const char *name, struct rtnl_link *ret);
int rtnl_link_up(struct rtnl *r, unsigned index, bool up);
/* No IPv6 on that interface ("all") of the process's namespace: a phone has none. Where the kernel has none, neither. */
void rtnl_no_ipv6(const char *name);
int rtnl_link_mac(struct rtnl *r, unsigned index, const uint8_t mac[6]);
int rtnl_link_delete(struct rtnl *r, unsigned index);
/* A macvlan (bridge mode) on `parent`, born in the namespace of `netns`. */
int rtnl_macvlan(struct rtnl *r, unsigned parent, const char *name, const uint8_t mac[6], int netns);
/* An 802.1Q interface on `parent` whose frames all carry `priority`. -EOPNOTSUPP: the kernel has no 8021q. */
int rtnl_vlan(struct rtnl *r, unsigned parent, const char *name, unsigned vlan, unsigned priority);

/* Adds, or renews when it is there. life_s 0: for ever. */
int rtnl_address(struct rtnl *r, unsigned index, uint32_t address, unsigned prefix, unsigned life_s, const char *label);
int rtnl_address_delete(struct rtnl *r, unsigned index, uint32_t address, unsigned prefix);
/* The first IPv4 address of the interface whose label is not `ours`; 0: none. */
int rtnl_address_find(struct rtnl *r, unsigned index, const char *ours, uint32_t *ret, unsigned *prefix);
/* Removes the addresses whose label is `ours`. */
int rtnl_address_flush(struct rtnl *r, unsigned index, const char *ours);
int rtnl_default_route(struct rtnl *r, unsigned index, uint32_t router, uint32_t source, unsigned metric);

/* A socket that tells of changes of links. rtnl_watch_read(): +1 the link carries, 0 it does not, -EAGAIN nothing about it. */
int rtnl_watch(struct rtnl **ret);
int rtnl_fd(const struct rtnl *r);
int rtnl_watch_read(struct rtnl *r, unsigned index);

#endif

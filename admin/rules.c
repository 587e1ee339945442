#include "admin/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "pki/key.h"

bool rule_approve(struct store_rule *r)
{
	if (r->pending[0] == '\0')
		return false;
	if (strcmp(r->approved, r->pending) != 0)
		memcpy(r->restore, r->approved, sizeof r->restore);
	memcpy(r->approved, r->pending, sizeof r->approved);
	r->pending[0] = '\0';
	return true;
}

bool rule_reject(struct store_rule *r)
{
	if (r->pending[0] == '\0')
		return false;
	r->pending[0] = '\0';
	return true;
}

bool rule_restore(struct store_rule *r)
{
	if (r->approved[0] == '\0')
		return false;
	memcpy(r->approved, r->restore, sizeof r->approved);
	r->restore[0] = '\0';
	return true;
}

/* A version that becomes the approved one is given to all phones: it may lead older ones to what comes later. */
static enum store_result image_release(struct store *s, const struct store_rule *r, const char *was_approved)
{
	struct store_image im;
	enum store_result ret;

	if (r->approved[0] == '\0' || strcmp(r->approved, was_approved) == 0)
		return STORE_OK;
	ret = s->ops->image_get(s, r->id, r->approved, &im);
	if (ret != STORE_OK || im.released)
		return ret;
	im.released = true;
	return s->ops->image_put(s, &im);
}

enum store_result rule_change(struct store *s, struct store_rule *r, rule_transition *transition, bool *done)
{
	enum store_result ret = s->ops->begin(s);
	char was[sizeof r->approved];

	*done = false;
	if (ret != STORE_OK)
		return ret;
	ret = s->ops->rule_find(s, r, r);
	memcpy(was, r->approved, sizeof was);
	if (ret == STORE_OK && transition(r)) {
		*done = true;
		ret = image_release(s, r, was);
		if (ret == STORE_OK)
			ret = s->ops->rule_put(s, r);
	}
	return s->ops->end(s, ret);
}

static void guid(char out[40])
{
	uint8_t u[16] = {0};
	char hex[33];

	pki_random(u, sizeof u);
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	hex_write(hex, u, sizeof u, false);
	snprintf(out, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The rule itself, made when it is not there. */
static enum store_result rule_get(struct store *s, struct store_rule *r)
{
	enum store_result ret = s->ops->rule_find(s, r, r);

	if (ret != STORE_NONE)
		return ret;
	r->id = 0;
	guid(r->guid);
	return s->ops->rule_put(s, r);
}

/* Its image: one that was given to all phones before keeps that. */
static enum store_result image_add(struct store *s, const struct store_rule *r, struct store_image *im)
{
	struct store_image before;
	enum store_result ret;

	im->rule = r->id;
	ret = s->ops->image_get(s, r->id, im->version, &before);
	if (ret != STORE_OK && ret != STORE_NONE)
		return ret;
	im->released = ret == STORE_OK && before.released;
	return s->ops->image_put(s, im);
}

enum store_result rule_import(struct store *s, struct store_rule *r, struct store_image *im, bool approve)
{
	enum store_result ret = s->ops->begin(s);
	char was[sizeof r->approved];

	if (ret != STORE_OK)
		return ret;
	ret = rule_get(s, r);
	memcpy(was, r->approved, sizeof was);
	if (ret == STORE_OK)
		ret = image_add(s, r, im);
	if (ret == STORE_OK) {
		snprintf(r->pending, sizeof r->pending, "%s", im->version);
		if (approve)
			rule_approve(r);
		ret = image_release(s, r, was);
	}
	if (ret == STORE_OK)
		ret = s->ops->rule_put(s, r);
	return s->ops->end(s, ret);
}

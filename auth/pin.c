#include "auth/pin.h"

#include <limits.h>

/* clang-format off */
/* "PIN length | local limit | global limit" (14.2).  The product page leaves six digits open; they go with the longer. */
static const struct {
	unsigned up_to; /* digits */
	struct pin_limits limits;
} by_length[] = {
	{4,        {10,  100, 0}},
	{5,        {25, 1000, 0}},
	{UINT_MAX, {25, 5000, 0}},
};
/* clang-format on */

struct pin_limits pin_limits(unsigned length, unsigned maximum)
{
	struct pin_limits l = by_length[0].limits;

	for (unsigned i = 0; i < sizeof by_length / sizeof *by_length; i++)
		if (length <= by_length[i].up_to) {
			l = by_length[i].limits;
			break;
		}
	if (maximum)
		l.local = maximum;
	return l;
}

struct pin_limits password_limits(void)
{
	struct pin_limits l = by_length[sizeof by_length / sizeof *by_length - 1].limits;

	l.free = 5;
	return l;
}

/* ---- policy -------------------------------------------------------------------------------------------- */

#define RUN 4

struct pin_case {
	struct sv pin, number, extension;
	unsigned min_length;
};

/* Steps of `by` from one digit to the next, four digits long: 0 "7777", 1 "3456", -1 "9876". */
static bool has_run(struct sv pin, int by)
{
	unsigned run = 1;

	for (size_t i = 1; i < pin.n; i++) {
		run = pin.p[i] - pin.p[i - 1] == by ? run + 1 : 1;
		if (run >= RUN)
			return true;
	}
	return false;
}

static bool not_digits(const struct pin_case *c)
{
	for (size_t i = 0; i < c->pin.n; i++)
		if (c->pin.p[i] < '0' || c->pin.p[i] > '9')
			return true;
	return false;
}

static bool too_short(const struct pin_case *c)
{
	return c->pin.n < c->min_length || c->pin.n < PIN_DIGITS_MIN;
}

static bool pin_too_long(const struct pin_case *c)
{
	return c->pin.n > PIN_DIGITS_MAX;
}

/* Four equal digits in a row, or each digit at least twice in a row: "repeating digits (225577)". */
static bool repeated(const struct pin_case *c)
{
	size_t run = 1;

	for (size_t i = 1; i <= c->pin.n; i++)
		if (i < c->pin.n && c->pin.p[i] == c->pin.p[i - 1])
			run++;
		else if (run == 1)
			return has_run(c->pin, 0);
		else
			run = 1;
	return c->pin.n > 0;
}

/* A shorter sequence again and again: 121212, 123123, 12121. */
static bool periodic(const struct pin_case *c)
{
	for (size_t period = 1; period <= c->pin.n / 2; period++) {
		size_t i = period;

		while (i < c->pin.n && c->pin.p[i] == c->pin.p[i - period])
			i++;
		if (i == c->pin.n)
			return true;
	}
	return false;
}

static bool consecutive(const struct pin_case *c)
{
	return has_run(c->pin, 1) || has_run(c->pin, -1);
}

static bool is_extension(const struct pin_case *c)
{
	return sv_eq(c->pin, c->extension);
}

static bool pin_is_number(const struct pin_case *c)
{
	return sv_ends(c->number, c->pin);
}

/* "AllowCommonPatterns = false refuses: repeating digits (225577); 4 or more consecutive digits (991234); the user's phone number
 * or extension".  UNKNOWN: where repeating begins beside that example; here also four equal digits among others, and a sequence
 * that is repeated as a whole.  Of the number its end counts as well. */
/* clang-format off */
static const struct {
	bool (*refuses)(const struct pin_case *c);
	bool always; /* else only where common patterns are not allowed */
	const char *why;
} rules[] = {
	{not_digits,   true,  "a PIN has digits only"},
	{too_short,    true,  "it is shorter than the policy's MinPasswordLength"},
	{pin_too_long,     true,  "it is longer than 24 digits"},
	{repeated,     false, "it repeats its digits"},
	{periodic,     false, "it repeats a shorter sequence"},
	{consecutive,  false, "it has four consecutive digits"},
	{is_extension, false, "it is the user's extension"},
	{pin_is_number,    false, "it is the user's phone number, or its end"},
};
/* clang-format on */

const char *pin_check_policy(struct sv pin, const struct pin_policy *p, struct sv number, struct sv extension)
{
	struct pin_case c = {pin, number, extension, p->min_length};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if ((rules[i].always || !p->allow_common) && rules[i].refuses(&c))
			return rules[i].why;
	return NULL;
}

/* ---- lockout ------------------------------------------------------------------------------------------- */

enum pin_gate pin_gate(const struct pin_counters *c, struct pin_limits l, int64_t now)
{
	if (c->global >= l.global)
		return PIN_LOCKED_GLOBAL;
	if (c->locked_until <= now)
		return PIN_OPEN;
	return l.free && c->local < l.local ? PIN_PAUSED : PIN_LOCKED;
}

static int64_t pause_after(unsigned failures)
{
	return failures < 6 ? (int64_t)1 << failures : PIN_PAUSE_MAX;
}

/* UNKNOWN: whether attempts on a locked PIN count.  Here they do not: they are not checked, so they reveal nothing,
 * and counting them would let any client lock out a user for good within minutes. */
enum pin_gate pin_attempt(struct pin_counters *c, struct pin_limits l, int64_t now)
{
	enum pin_gate gate;

	if (c->locked_until > now + PIN_LOCK)
		c->locked_until = now + PIN_LOCK; /* the clock was set back */
	if (c->locked_until && c->locked_until <= now && (l.free == 0 || c->local >= l.local)) /* "then the local counter restarts at 0" */
		c->locked_until = c->local_since = 0, c->local = 0;
	gate = pin_gate(c, l, now);
	if (gate != PIN_OPEN)
		return gate;
	if (c->local_since == 0 || now - c->local_since >= PIN_WINDOW)
		c->local_since = now, c->local = 0;
	c->local++;
	c->global++;
	if (c->local >= l.local)
		c->locked_until = now + PIN_LOCK;
	else if (l.free && c->local >= l.free)
		c->locked_until = now + pause_after(c->local - l.free);
	return PIN_OPEN;
}

void pin_success(struct pin_counters *c)
{
	c->local = 0;
	c->local_since = c->locked_until = 0;
	if (c->global)
		c->global--;
}

void pin_retract(struct pin_counters *c, struct pin_limits l)
{
	if (c->local)
		c->local--;
	if (c->local == 0)
		c->local_since = 0;
	if (c->local < l.local)
		c->locked_until = 0;
	if (c->global)
		c->global--;
}

void pin_unlock(struct pin_counters *c)
{
	*c = (struct pin_counters){0};
}

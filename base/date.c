#include "base/date.h"

#include <stdio.h>
#include <string.h>

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back: no time zone, no locale. */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
	int64_t era;
	unsigned yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

static void date_of(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (int64_t)yoe + era * 400 + (*m <= 2);
}

struct parts {
	int64_t y;
	unsigned mo, d, h, mi, s, wday;
};

static struct parts split(int64_t t)
{
	int64_t days = t / 86400, rest = t % 86400;
	struct parts p;

	if (rest < 0)
		rest += 86400, days--;
	date_of(days, &p.y, &p.mo, &p.d);
	p.h = (unsigned)(rest / 3600);
	p.mi = (unsigned)(rest / 60 % 60);
	p.s = (unsigned)(rest % 60);
	p.wday = (unsigned)(((days + 4) % 7 + 7) % 7);
	if (p.y < 0 || p.y > 9999)
		p = (struct parts){9999, 12, 31, 23, 59, 59, 5};
	return p;
}

char *iso_time(char out[ISO_TIME_MAX], int64_t t)
{
	struct parts p = split(t);

	snprintf(out, ISO_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)p.y, p.mo, p.d, p.h, p.mi, p.s);
	return out;
}

char *iso_time_ms(char out[ISO_TIME_MAX], int64_t ms)
{
	int64_t t = ms / 1000, rest = ms % 1000;
	struct parts p;

	if (rest < 0)
		rest += 1000, t--;
	p = split(t);
	snprintf(out, ISO_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)p.y, p.mo, p.d, p.h, p.mi, p.s,
		 (unsigned)rest);
	return out;
}

/* The n digits that begin at octet `at`. */
static bool date_digits(struct sv s, size_t at, size_t n, unsigned *ret)
{
	uint64_t v;

	if (s.n < at + n || !sv_u64((struct sv){s.p + at, n}, 9999, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool date_join(unsigned y, unsigned mo, unsigned d, unsigned h, unsigned mi, unsigned s, int64_t *ret)
{
	int64_t days, back_y;
	unsigned back_mo, back_d;

	if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 60)
		return false;
	days = days_of(y, mo, d);
	date_of(days, &back_y, &back_mo, &back_d);
	if (back_d != d) /* 30 February */
		return false;
	*ret = days * 86400 + (int64_t)h * 3600 + (int64_t)mi * 60 + s;
	return true;
}

bool iso_time_read(struct sv s, int64_t *ret)
{
	unsigned y, mo, d, h, mi, sec, zh = 0, zm = 0;
	int sign = 0;
	int64_t t;

	s = sv_trim(s);
	if (!date_digits(s, 0, 4, &y) || !date_digits(s, 5, 2, &mo) || !date_digits(s, 8, 2, &d) || !date_digits(s, 11, 2, &h) ||
	    !date_digits(s, 14, 2, &mi) || !date_digits(s, 17, 2, &sec) || s.p[4] != '-' || s.p[7] != '-' ||
	    (s.p[10] != 'T' && s.p[10] != 't') || s.p[13] != ':' || s.p[16] != ':')
		return false;
	s = sv_from(s, 19);
	if (s.n && s.p[0] == '.') {
		size_t n = 1;

		while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			n++;
		if (n == 1)
			return false;
		s = sv_from(s, n);
	}
	if (s.n == 6 && (s.p[0] == '+' || s.p[0] == '-') && s.p[3] == ':') {
		sign = s.p[0] == '+' ? 1 : -1;
		if (!date_digits(s, 1, 2, &zh) || !date_digits(s, 4, 2, &zm) || zh > 23 || zm > 59)
			return false;
	} else if (s.n != 0 && !sv_ieq(s, SV("Z"))) {
		return false;
	}
	if (!date_join(y, mo, d, h, mi, sec, &t))
		return false;
	*ret = t - sign * (int64_t)(zh * 3600 + zm * 60);
	return true;
}

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *http_date(char out[ISO_TIME_MAX], int64_t t)
{
	struct parts p = split(t);

	snprintf(out, ISO_TIME_MAX, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[p.wday], p.d, months[p.mo - 1],
		 (unsigned)p.y, p.h, p.mi, p.s);
	return out;
}

bool http_date_read(struct sv s, int64_t *ret)
{
	unsigned y, mo, d, h, mi, sec;

	s = sv_trim(s);
	if (s.n != 29 || !date_digits(s, 5, 2, &d) || !date_digits(s, 12, 4, &y) || !date_digits(s, 17, 2, &h) ||
	    !date_digits(s, 20, 2, &mi) || !date_digits(s, 23, 2, &sec) || s.p[3] != ',' || s.p[19] != ':' || s.p[22] != ':' ||
	    !sv_ieq(sv_from(s, 26), SV("GMT")))
		return false;
	for (mo = 0; mo < 12; mo++)
		if (sv_ieq((struct sv){s.p + 8, 3}, sv_of(months[mo])))
			break;
	return date_join(y, mo + 1, d, h, mi, sec, ret);
}

#include "cmd/doctor/explain.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "cmd/text.h"
#include "doctor/fill.h"

/* The first letter of an id. */
static const struct {
	char letter;
	const char *about;
} groups[] = {
	{'V', "the VLAN"},
	{'I', "the address and the time"},
	{'D', "names"},
	{'U', "updates"},
	{'R', "finding Registrar and web service"},
	{'C', "certificates and TLS"},
	{'A', "authentication"},
	{'P', "the user's certificate"},
	{'L', "log on"},
	{'E', "outside the company network"},
};

/* A sentence of the table where no run is known: its places hold words. */
static const char *words(const char *text, char out[DOCTOR_TEXT_MAX])
{
	static const struct doctor_run none;
	const struct doctor_finding f = {.run = &none};

	return doctor_fill(&f, text, out);
}

/* An id that several rows have is explained where its first row stands. */
static bool is_first(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(doctor_causes[k].id, doctor_causes[i].id) == 0)
			return false;
	return true;
}

/* Rows that differ only in how they are recognized say the same. */
static bool is_printed(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(doctor_causes[k].id, doctor_causes[i].id) == 0 && strcmp(doctor_causes[k].cause, doctor_causes[i].cause) == 0 &&
		    strcmp(doctor_causes[k].remedy, doctor_causes[i].remedy) == 0)
			return true;
	return false;
}

/* How the doctor meets it: the failure, or what was odd though it worked; and the sign. */
static void met_as(const struct doctor_cause *c, char *out, size_t cap)
{
	const char *sign = c->sees == SEES_SIGN || c->sees == SEES_RUN_SIGN || c->sees == SEES_ANSWER || c->sees == SEES_HOST_ANSWER
			   ? dt_signs[c->value].what : "";
	const char *stage = c->stage ? dt_stage_titles[c->stage] : "any stage";

	if (c->failure == DT_F_OK)
		snprintf(out, cap, "%s%d%s%s: %s", c->stage ? "stage " : "", (int)c->stage, c->stage ? ", " : "", stage,
			 sign[0] ? sign : "it worked, but oddly");
	else
		snprintf(out, cap, "%s%.0d%s%s: %s%s%s", c->stage ? "stage " : "", (int)c->stage, c->stage ? ", " : "", stage,
			 dt_failures[c->failure].what, sign[0] ? "; " : "", sign);
}

/* ---- for people ---------------------------------------------------------------------------------------------------- */

static void labelled(FILE *to, const char *label, const char *text)
{
	fprintf(to, "  %-6s ", label);
	text_fold(to, 9, 9, text);
}

static void one(FILE *to, const char *id)
{
	char met[700], text[DOCTOR_TEXT_MAX];

	fprintf(to, "%s\n", id);
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const struct doctor_cause *c = &doctor_causes[i];

		if (strcmp(c->id, id) != 0 || is_printed(i))
			continue;
		met_as(c, met, sizeof met);
		fputc('\n', to);
		labelled(to, "cause", words(c->cause, text));
		labelled(to, "do", words(c->remedy, text));
		labelled(to, "met as", met);
	}
}

/* ---- mdoc ------------------------------------------------------------------------------------------------------------ */

/* A word that mdoc would take for a macro stands behind \&; a backslash is doubled. */
static void mdoc(FILE *to, const char *s)
{
	for (bool begins = true; *s; s++) {
		if (begins && (*s == '.' || *s == '\''))
			fputs("\\&", to);
		if (*s == '\\')
			fputs("\\e", to);
		else
			fputc(*s, to);
		begins = false;
		if (s[0] == ':' && s[1] == ' ' && s[2]) { /* a clause a line */
			fputc('\n', to);
			s++;
			begins = true;
		}
	}
	fputc('\n', to);
}

static void mdoc_group(FILE *to, char letter)
{
	char text[DOCTOR_TEXT_MAX];

	for (size_t i = 0; i < doctor_cause_count; i++) {
		if (doctor_causes[i].id[0] != letter || !is_first(i))
			continue;
		fprintf(to, ".It Sy %s\n", doctor_causes[i].id);
		for (size_t k = i; k < doctor_cause_count; k++) {
			if (strcmp(doctor_causes[k].id, doctor_causes[i].id) != 0 || is_printed(k))
				continue;
			if (k != i)
				fputs(".Pp\n", to);
			mdoc(to, words(doctor_causes[k].cause, text));
			fputs(".br\n.Em do :\n", to);
			mdoc(to, words(doctor_causes[k].remedy, text));
		}
	}
}

static void page(FILE *to)
{
	fputs(".\\\" made by dialtone doctor --explain mdoc\n.Dd November 30, 2026\n.Dt DIALTONE-CAUSES 7\n.Os\n.Sh NAME\n.Nm dialtone-causes\n"
	      ".Nd why phones do not sign in, and what to do\n.Sh DESCRIPTION\nThese are the causes that\n.Xr dialtone-doctor 1\n"
	      "names, by their ids.\nWords in capitals stand for a name, an address or a number of your site.\n", to);
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		fprintf(to, ".Ss %c, %s\n.Bl -tag -width V-12x\n", groups[g].letter, groups[g].about);
		mdoc_group(to, groups[g].letter);
		fputs(".El\n", to);
	}
	fputs(".Sh SEE ALSO\n.Xr dialtone-doctor 1 ,\n.Xr dialtone-record 5\n", to);
}

/* ---- the verb's part -------------------------------------------------------------------------------------------------- */

static int unknown(const char *id)
{
	fprintf(stderr, "dialtone doctor: '--explain %s': there is no such cause; type one like C-13:", id);
	for (size_t i = 0; i < doctor_cause_count; i++)
		if (is_first(i) && (doctor_causes[i].id[0] | 32) == (id[0] | 32))
			fprintf(stderr, " %s", doctor_causes[i].id);
	fputs(" all\n", stderr);
	return EX_USAGE;
}

int explain(FILE *to, const char *id)
{
	bool all = strcmp(id, "all") == 0, any = false;

	if (strcmp(id, "mdoc") == 0) {
		page(to);
		return 0;
	}
	for (size_t i = 0; i < doctor_cause_count; i++)
		if (is_first(i) && (all || strcasecmp(doctor_causes[i].id, id) == 0)) {
			if (any)
				fputc('\n', to);
			one(to, doctor_causes[i].id);
			any = true;
		}
	return any ? 0 : unknown(id);
}

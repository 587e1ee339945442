/* cmd/options.h: the command lines of both programs as tables.
 *
 * A program is a tree of verbs; a verb has arguments, options and a function that runs it.  From the tree come: reading
 * what was typed, --help, the completion of shells, and what script/manuals holds the manual pages against.
 *
 *     dialtone [-c FILE] VERB [VERB] ARGUMENT... --option VALUE --option=VALUE --flag
 *
 * Options and arguments may come in any order behind their verb; "--" ends the options.
 */
#ifndef DIALTONE_CMD_OPTIONS_H
#define DIALTONE_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>

#define OPTIONS_DEPTH 4	   /* dialtone update testdevice add */
#define OPTIONS_ARGUMENTS 4
#define OPTIONS_GIVEN 64   /* options on one command line */
#define OPTIONS_CONF "/etc/dialtone/dialtone.conf" /* without -c and without $DIALTONE_CONF */

struct command;

struct option_row {
	const char *name;  /* "--login", "-t" */
	const char *value; /* its name in the help; NULL: a flag. Completion: FILE... files, DIR folders, IF interfaces */
	const char *what;
	size_t at; /* in the verb's struct: a const char * for the value, a bool for a flag */
	/* NULL when the value can be; else what to type instead ("type digits, like 4411").  A row with a check holds texts. */
	const char *(*check)(const char *value);
	/* Instead of keeping the text: reads it into the member at `at`.  The value as check(). */
	const char *(*read)(void *at, const char *value);
	const char *(*word)(unsigned i); /* completion and help: the i-th thing that the value can be; NULL: no more */
	bool repeats;			 /* may be given more than once: read() sees each */
};

enum verb_flags {
	VERB_SITE = 1, /* works on a site: takes -c FILE */
	VERB_JSON = 2, /* takes --json */
	VERB_VERSION = 4, /* takes --version */
	VERB_FORM = 8,	  /* takes -f FORM: text, json, csv */
};

struct verb {
	const char *name;
	const char *arguments; /* "ADDRESS", "[ADDRESS]", "NAME FILE", or "" */
	const char *what;      /* one line */
	unsigned flags;	       /* of the verbs below as well */
	const struct option_row *options, *shared; /* the last: {0}; NULL: none. Those of a verb are also of the verbs below */
	const struct verb *const *verbs;	   /* the last: NULL. A verb that has some has no arguments of its own */
	const struct verb *usual;   /* one of them: it is meant when none is typed; NULL: one must be */
	size_t size;		    /* of the struct that `at` counts in; 0: that of the verb above */
	void (*begin)(void *o);	    /* fills the struct before the options do; NULL: zeros */
	int (*run)(struct command *c);
	const char *ask;     /* when no verb below was typed: "what to do" (default), "for which server" */
	const char *usage;   /* help: lines instead of the one that is made */
	const char *text;    /* help: instead of `what` */
	const char *example; /* help: lines, each ended by a newline */
	const char *status;  /* help: what the exit statuses mean */
	const char *no_site; /* when -c is given to a verb that works on no site: what to type instead */
};

struct command {
	const struct verb *path[OPTIONS_DEPTH], *verb; /* from the program down; verb: the last one */
	unsigned depth;
	const char *conf; /* -c, else $DIALTONE_CONF, else OPTIONS_CONF */
	bool json; /* --json, -f json */
	bool csv;  /* -f csv */
	const char *argument[OPTIONS_ARGUMENTS];
	unsigned arguments;
	const struct option_row *given[OPTIONS_GIVEN]; /* in the order in which they were typed */
	unsigned givens;
	void *o; /* the verb's struct, read */
	int argc; /* as the program was called */
	char **argv;
	/* while it is read */
	bool help, version, site_given;
};

/* The whole program: reads, helps, or runs the verb.  The value is the exit status; 64 after one line on standard error
 * that quotes what was wrong and says what to type. */
int options_main(const struct verb *program, int argc, char **argv);

bool option_given(const struct command *c, const char *name);
/* "dialtone user add: <sentence>" on standard error; returns status. */
int command_fail(const struct command *c, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "dialtone user add" */
const char *command_name(const struct command *c, char ret[128]);

/* ---- what reading, help and completion share -------------------------------------------------------------------- */

extern const struct option_row option_site, option_form, option_json, option_version, option_help; /* of many verbs */

/* Every row that the verb at this end of the path takes, its own first, those that all verbs share last (-c, --json,
 * --help).  i counts up; NULL: no more. */
const struct option_row *options_each(const struct verb *const *path, unsigned depth, unsigned i);
const struct verb *verb_find(const struct verb *above, const char *name);
unsigned verb_flags_of(const struct verb *const *path, unsigned depth);

void options_help(FILE *to, const struct command *c);
/* Alternatives for the last of these words: "word TAB what" a line, or ":file", ":folder".  The words are those
 * behind the program's name. */
void options_complete(FILE *to, const struct verb *program, unsigned n, char **words);
/* The script that a shell reads: bash, zsh or fish. false: it is none of them. */
bool options_completion(FILE *to, const struct verb *program, const char *shell);

#endif

/* tests/unit/cmd/test_options.c: a command line is read, explained and completed out of one tree of verbs. */
#include "tests/unit/cmd/typed.h"

struct got {
	const char *name, *list[3];
	unsigned n, begun;
	bool flag;
};

static struct got got;
static struct command ran;

static int take(struct command *c)
{
	if (c->o)
		got = *(struct got *)c->o;
	ran = *c;
	return 7;
}

static void begin(void *o)
{
	((struct got *)o)->begun = 42;
}

static const char *no_digits(const char *value)
{
	return value[strcspn(value, "0123456789")] ? "type a name without digits" : NULL;
}

static const char *list_add(void *o, const char *value)
{
	struct got *g = o;

	if (g->n == 3)
		return "three are enough";
	g->list[g->n++] = value;
	return NULL;
}

static const char *colour(unsigned i)
{
	return i < 3 ? (const char *[]){"red", "green", "grey"}[i] : NULL;
}

static const struct option_row shared[] = {{"--name", "NAME", "a name", offsetof(struct got, name), no_digits}, {0}};
static const struct option_row own[] = {{"--list", "COLOUR", "colours", .read = list_add, .word = colour, .repeats = true},
					{"-f", NULL, "a flag", offsetof(struct got, flag)},
					{"--pin-file", "FILE", "a secret", offsetof(struct got, name)},
					{0}};
static const struct verb *const inner[] = {
    &(const struct verb){.name = "add", .arguments = "NAME [FILE]", .what = "adds", .options = own, .run = take},
    &(const struct verb){.name = "drop", .arguments = "", .what = "drops", .run = take, .size = sizeof(struct got)}, NULL};
static const struct verb *const verbs[] = {
    &(const struct verb){.name = "thing", .what = "things", .flags = VERB_SITE | VERB_JSON, .shared = shared, .verbs = inner,
			 .size = sizeof(struct got), .begin = begin},
    &(const struct verb){.name = "plain", .arguments = "DIR", .what = "no site", .run = take, .no_site = "type the folder"}, NULL};
static const struct verb program = {.name = "tool", .verbs = verbs, .flags = VERB_VERSION, .what = "a tool"};

/* *said: both outputs. */
static int type(const char *line, char said[4096])
{
	got = (struct got){0};
	ran = (struct command){0};
	return typed(&program, line, said, 4096);
}

static void read_in_any_order(void **state)
{
	static const char *const lines[] = {
	    "tool -c F thing --name x add A --list red --list=green -f --json B",
	    "tool thing add -cF --json -f A B --list red --name=x --list green",
	    "tool thing -c F add --list red --list green -f --json --name x -- A B",
	};
	char said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (type(lines[i], said) != 7)
			fail_msg("%s\n%s", lines[i], said);
		assert_string_equal(said, "");
		assert_string_equal(ran.conf, "F");
		assert_true(ran.json && got.flag && got.n == 2 && got.begun == 42 && ran.arguments == 2);
		assert_string_equal(got.list[1], "green");
		assert_string_equal(ran.argument[0], "A");
		assert_string_equal(ran.argument[1], "B");
		assert_true(option_given(&ran, "--name") && !option_given(&ran, "--pin-file"));
	}
	assert_int_equal(type("tool thing add -- -f", said), 7);
	assert_string_equal(ran.argument[0], "-f");
	assert_string_equal(ran.conf, OPTIONS_CONF);
	assert_true(!got.flag && !ran.json);
	assert_int_equal(type("tool thing drop", said), 7);
	assert_int_equal(got.begun, 0); /* a struct of its own, and no begin() */
	assert_int_equal(type("tool plain -", said), 7);
	assert_string_equal(ran.argument[0], "-");
}

static void refused(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
	    {"tool frob", "tool: there is no 'frob'; type one of: thing, plain\n"},
	    {"tool thin", "did you mean thing?"},
	    {"tool thing", "tool thing: what to do? type one of: add, drop\n"},
	    {"tool thing ad X", "tool thing: there is no 'ad': did you mean add?"},
	    {"tool thing foo", "type one of: add, drop"}, /* three letters off is another word */
	    {"tool thing add", "an argument is missing; type: tool thing add NAME [FILE]"},
	    {"tool thing add A B C", "'C' is one argument too many; type: tool thing add NAME [FILE]"},
	    {"tool thing drop X", "'X' is one argument too many; type: tool thing drop\n"},
	    {"tool thing add A --nam x", "there is no option '--nam': did you mean --name?"},
	    {"tool thing add A --frobnicate=SECRET", "there is no option '--frobnicate'; 'tool thing add --help' lists the options"},
	    {"tool thing drop --list x", "there is no option '--list' here; it is one of: tool thing add"},
	    {"tool thing add A --name", "'--name' needs a value; type --name NAME"},
	    {"tool thing add A --name x7", "'--name x7': type a name without digits"},
	    {"tool thing add A --name x --name y", "'--name' is given twice"},
	    {"tool thing add A -f --json=yes", "'--json=yes' takes no value; type --json"},
	    {"tool thing add A --list a --list b --list c --list d", "'--list d': three are enough"},
	    {"tool thing add A --pin SECRET", "'--pin': a secret is not taken from an argument, where others can read it; type --pin-file FILE"},
	    {"tool thing add A --pin=SECRET", "'--pin': a secret is not taken"},
	    {"tool -c F plain D", "tool plain: '-c F': this verb works on no site's configuration; type the folder"},
	    {"tool plain -c F D", "this verb works on no site's configuration; type the folder"},
	    {"tool thing -c", "'-c' needs a value; type -c FILE"},
	    {"tool --json", "there is no option '--json'"},
	    {"tool thing add \x1b[31m\xc2\x9b --frob", "there is no option '--frob'"},
	    {"tool thing \x1b[31m", "there is no '?[31m'"},
	};
	char said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int rc = type(rows[i].line, said);

		if (rc != 64 || strstr(said, rows[i].says) == NULL || strstr(said, "SECRET"))
			fail_msg("%s\nstatus %d, not there: '%s'\n%s", rows[i].line, rc, rows[i].says, said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
		assert_null(ran.verb);
	}
}

static void explained(void **state)
{
	char said[4096], again[4096];

	(void)state;
	assert_int_equal(type("tool", said), 64);
	assert_non_null(strstr(said, "usage: tool VERB ..."));
	assert_int_equal(type("tool --help", again), 0);
	assert_string_equal(said, again);
	assert_int_equal(type("tool --version", said), 0);
	assert_string_equal(said, "tool " DIALTONE_VERSION "\n");
	assert_int_equal(type("tool thing add --help", said), 0);
	assert_non_null(strstr(said, "usage: tool [-c FILE] thing add NAME [FILE] [OPTIONS]\nadds\n"));
	assert_non_null(strstr(said, "  --list COLOUR            red green grey colours\n"));
	assert_non_null(strstr(said, "  --name NAME              a name\n"));
	assert_null(strstr(said, "--version"));
	assert_int_equal(type("tool help thing add", again), 0);
	assert_string_equal(said, again);
	assert_int_equal(type("tool thing drop -h", said), 0);
	assert_null(strstr(said, "--list"));
}

/* What a shell is told for the last word; "" stands behind a blank at the end. */
static void completed(void **state)
{
	static const struct {
		const char *line, *offers;
	} rows[] = {
	    {"tool --complete ", "thing\tthings\nplain\tno site\n"},
	    {"tool --complete t", "thing\tthings\n"},
	    {"tool --complete help p", "plain\tno site\n"},
	    {"tool --complete thing ", "add\tadds\ndrop\tdrops\n"},
	    {"tool --complete -c F thing a", "add\tadds\n"},
	    {"tool --complete thing -c ", ":file\n"},
	    {"tool --complete plain ", ":folder\n"},
	    {"tool --complete thing add ", ""},
	    {"tool --complete thing add A ", ":file\n"},
	    {"tool --complete thing add A B ", ""},
	    {"tool --complete thing add --l", "--list\tcolours\n"},
	    {"tool --complete thing add --name x --n", ""}, /* given already */
	    {"tool --complete thing add --list red --li", "--list\tcolours\n"}, /* may be given again */
	    {"tool --complete thing add --list gr", "green\t\ngrey\t\n"},
	    {"tool --complete thing add --pin-file ", ":file\n"},
	    {"tool --complete thing drop --", "--name\ta name\n--json\tJSON on standard output\n--help\tthis text\n"},
	    {"tool --complete thing add -- -", ""},
	    {"tool --complete", "thing\tthings\nplain\tno site\n"},
	};
	char said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (type(rows[i].line, said) != 0 || strcmp(said, rows[i].offers) != 0)
			fail_msg("%s\n%s", rows[i].line, said);
}

static void scripts(void **state)
{
	static const char *const ends[] = {"complete -F _tool tool\n", "if [[ $funcstack[1] == _tool ]]; then _tool; fi\n",
					   "complete -c tool -f -a '(__tool_complete)'\n"};
	char said[4096];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(said, sizeof said, "tool --completion %s", (const char *[]){"bash", "zsh", "fish"}[i]);
		assert_int_equal(type(said, said), 0);
		assert_string_equal(said + strlen(said) - strlen(ends[i]), ends[i]);
	}
	assert_int_equal(type("tool --completion csh", said), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(read_in_any_order), cmocka_unit_test(refused), cmocka_unit_test(explained),
					   cmocka_unit_test(completed), cmocka_unit_test(scripts)};

	unsetenv("DIALTONE_CONF");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* cmd/complete.c: what a shell may offer for the word that is being typed, out of the same tables as everything else.
 *
 * The scripts for the shells know nothing of the verbs: they ask `dialtone --complete WORD...`, so they cannot be out of date.
 */
#include "cmd/options.h"

#include <net/if.h>
#include <string.h>

struct completing {
	FILE *to;
	const struct verb *path[OPTIONS_DEPTH];
	unsigned depth, arguments;
	const char *begun; /* the word as far as it is there */
	const struct option_row *of; /* it is the value of this option */
	bool given[OPTIONS_GIVEN], only_arguments;
};

static void offer(const struct completing *k, const char *word, const char *what)
{
	if (strncmp(word, k->begun, strlen(k->begun)) == 0)
		fprintf(k->to, "%s\t%s\n", word, what);
}

static void offer_interfaces(const struct completing *k)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_name; i++)
		offer(k, i->if_name, "an interface");
	if_freenameindex(all);
}

/* By the name that the help gives it. */
static void offer_kind(const struct completing *k, const char *kind)
{
	if (strncmp(kind, "FILE", 4) == 0 || strcmp(kind, "PAYLOAD") == 0)
		fputs(":file\n", k->to);
	else if (strncmp(kind, "DIR", 3) == 0)
		fputs(":folder\n", k->to);
	else if (strcmp(kind, "IF") == 0)
		offer_interfaces(k);
}

static void offer_value(const struct completing *k)
{
	const char *word;

	for (unsigned i = 0; k->of->word && (word = k->of->word(i)) != NULL; i++)
		offer(k, word, "");
	offer_kind(k, k->of->value);
}

static void offer_options(const struct completing *k)
{
	const struct option_row *r;

	for (unsigned i = 0; i < OPTIONS_GIVEN && (r = options_each(k->path, k->depth, i)) != NULL; i++)
		if (!k->given[i] || r->repeats)
			offer(k, r->name, r->what);
}

/* The argument whose turn it is: "NAME FILE" */
static void offer_argument(const struct completing *k)
{
	const char *name = k->path[k->depth - 1]->arguments;

	for (unsigned i = 0; name && i < k->arguments; i++) {
		name = strchr(name, ' ');
		name = name ? name + 1 : NULL;
	}
	if (name)
		offer_kind(k, name + (name[0] == '['));
}

static void word_take(struct completing *k, const char *word)
{
	const struct option_row *r;
	const struct verb *below;

	if (k->of) {
		k->of = NULL;
		return;
	}
	if (strcmp(word, "--") == 0)
		k->only_arguments = true;
	else if (word[0] == '-' && !k->only_arguments) {
		for (unsigned i = 0; i < OPTIONS_GIVEN && (r = options_each(k->path, k->depth, i)) != NULL; i++)
			if (strcmp(r->name, word) == 0) {
				k->given[i] = true;
				k->of = r->value ? r : NULL;
			}
	} else if ((below = verb_find(k->path[k->depth - 1], word)) != NULL && k->depth < OPTIONS_DEPTH) {
		k->path[k->depth++] = below;
		memset(k->given, 0, sizeof k->given);
	} else {
		k->arguments++;
	}
}

void options_complete(FILE *to, const struct verb *program, unsigned n, char **words)
{
	struct completing k = {.to = to, .path = {program}, .depth = 1};
	const struct verb *v;

	for (unsigned i = 0; i + 1 < n; i++)
		if (i || strcmp(words[i], "help") != 0)
			word_take(&k, words[i]);
	k.begun = n ? words[n - 1] : "";
	if (k.path[k.depth - 1]->usual && k.begun[0] == '-' && k.depth < OPTIONS_DEPTH) {
		k.path[k.depth] = k.path[k.depth - 1]->usual;
		k.depth++;
	}
	v = k.path[k.depth - 1];
	if (k.of)
		offer_value(&k);
	else if (k.begun[0] == '-' && !k.only_arguments)
		offer_options(&k);
	else if (v->verbs)
		for (const struct verb *const *below = v->verbs; *below; below++)
			offer(&k, (*below)->name, (*below)->what);
	else
		offer_argument(&k);
}

/* ---- the scripts ----------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *shell, *script; /* @ stands for the program's name */
} scripts[] = {
	{"bash",
	 "# bash completion of @: it asks the program itself\n"
	 "_@() {\n"
	 "	local line IFS=$'\\n'\n"
	 "	COMPREPLY=()\n"
	 "	for line in $(\"${COMP_WORDS[0]}\" --complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null); do\n"
	 "		case $line in\n"
	 "		:file) compopt -o filenames; COMPREPLY+=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")) ;;\n"
	 "		:folder) compopt -o filenames; COMPREPLY+=($(compgen -d -- \"${COMP_WORDS[COMP_CWORD]}\")) ;;\n"
	 "		*) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
	 "		esac\n"
	 "	done\n"
	 "}\n"
	 "complete -F _@ @\n"},
	{"zsh",
	 "#compdef @\n"
	 "# zsh completion of @: it asks the program itself\n"
	 "_@() {\n"
	 "	local line\n"
	 "	local -a found\n"
	 "	for line in ${(f)\"$(${words[1]} --complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"}; do\n"
	 "		case $line in\n"
	 "		:file) _files ;;\n"
	 "		:folder) _files -/ ;;\n"
	 "		*) found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	 "		esac\n"
	 "	done\n"
	 "	(( $#found )) && _describe @ found\n"
	 "}\n"
	 "compdef _@ @\n"
	 "if [[ $funcstack[1] == _@ ]]; then _@; fi\n"},
	{"fish",
	 "# fish completion of @: it asks the program itself\n"
	 "function __@_complete\n"
	 "	set -l typed (commandline -opc)\n"
	 "	for line in (command $typed[1] --complete $typed[2..-1] (commandline -ct) 2>/dev/null)\n"
	 "		switch $line\n"
	 "			case :file\n"
	 "				__fish_complete_path (commandline -ct)\n"
	 "			case :folder\n"
	 "				__fish_complete_directories (commandline -ct)\n"
	 "			case '*'\n"
	 "				echo $line\n"
	 "		end\n"
	 "	end\n"
	 "end\n"
	 "complete -c @ -f -a '(__@_complete)'\n"},
};
/* clang-format on */

bool options_completion(FILE *to, const struct verb *program, const char *shell)
{
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		if (strcmp(scripts[i].shell, shell) != 0)
			continue;
		for (const char *c = scripts[i].script; *c; c++)
			if (*c == '@' && c[1] != ']' && c[1] != ')')
				fputs(program->name, to);
			else
				fputc(*c, to);
		return true;
	}
	return false;
}

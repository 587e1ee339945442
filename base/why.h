/* base/why.h: the reason of a refusal or a failure, one sentence for people.
 *
 * A function that decides something takes a `struct why *` last and, when it refuses, says why in it.  The caller owns
 * the struct and starts it as {0}; the callee leaves it alone when it succeeds.  Nothing is ever decided from the
 * text: programs act on the function's return value.  No secret is put into it.
 */
#ifndef DIALTONE_BASE_WHY_H
#define DIALTONE_BASE_WHY_H

#include <stdbool.h>

#define WHY_TEXT_MAX 1024 /* octets with the NUL: a sentence and a path or two */

struct why {
	char text[WHY_TEXT_MAX];
};

/* Prints the reason, cut behind a whole character when it is too long.  The arguments may point into w->text
 * ("%s, so the file was not written").  Returns w->text, so that a function of the kind "sentence or NULL" ends with
 * `return why_set(w, ...)`.  `w` may be NULL, when nobody asks for the reason: then "" is returned. */
const char *why_set(struct why *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, and false: `return why_not(w, ...)` ends a function of the kind "true, or false and why".  It is a macro so that compilers
 * and analysers of the caller see the false. */
#define why_not(...) (why_set(__VA_ARGS__), false)

/* The reason, or `otherwise` when none was given. */
const char *why_or(const struct why *w, const char *otherwise);

/* A reason that has to outlive the function: *held becomes its text on the heap, as long as it is, and what was there is
 * freed.  `text` may be *held itself.  NULL when `text` is NULL or "", and when there is no memory for it: a reason is
 * for people, and what failed is known without it.  The holder frees it. */
void why_hold(char **held, const char *text);

#endif

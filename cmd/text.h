/* cmd/text.h: text for people on a terminal of 80 columns, and what they may have meant. */
#ifndef DIALTONE_CMD_TEXT_H
#define DIALTONE_CMD_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* n octets as they may be shown, whoever wrote them: a store or a network (utf8_shown() in base/utf8.h). */
void text_put(FILE *to, const char *s, size_t n);
/* Prints one line and ends it; the line is filtered as text_put() does. */
void text_print(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vsay(FILE *to, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
size_t text_screen(FILE *to); /* columns of the terminal; 0: it is none */
/* Folded at 79 columns, further lines indented by `indent`. `at`: the column now. Ends the line. */
void text_fold(FILE *to, unsigned at, unsigned indent, const char *s);
/* One row of a help: "  head", then `what` from column `at` on, below the head when that is too long. */
void text_row(FILE *to, unsigned at, const char *head, const char *what);
/* Quoted for a shell where it must be. */
void text_quote(FILE *to, const char *word);

/* The nearest of `n` names (each `step` octets behind the last), when it is near enough to be meant; else NULL. */
const char *nearest(const char *word, const char *const *first, size_t n, size_t step);

#endif

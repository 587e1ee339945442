/* cmd/phone/record_json.h: the record of a run as JSON, one object a line, v = 2; dialtone-record(5) documents each field.
 *
 *     v t run mac model kind      every line; kind: attempt, stage, restart, heard, probe, finding, dialtone, result
 *     stage key                   1 to 9, and its name
 *     try peer ok ms found warn   what was attempted, with whom, how it went, how long it took, what was learned
 *     signs host address port ... the signs, as codes; the facts, a field each (doctor/facts.h)
 *     error fault final retry     on failure: a code of the failure list, who has to act, whether trying again can help
 *     why fix basis               for people: the particular, what to do; "guess"
 *     skipped                     a stage that was not needed, or that the phone went on without
 *     status times                the result only, which is the last line: exit status, milliseconds of each stage
 */
#ifndef DIALTONE_CMD_RECORD_JSON_H
#define DIALTONE_CMD_RECORD_JSON_H

#include <jansson.h>

#include "cmd/json_line.h"
#include "cmd/phone/run.h"

/* New references; NULL when out of memory. */
json_t *record_json(const struct run_ids *ids, const struct dt_record *r, int64_t unix_ms);
json_t *record_json_observed(const struct run_ids *ids, const struct doctor_observed *h, int64_t unix_ms);
json_t *record_json_dial_tone(const struct run_ids *ids, const struct run_result *r, int64_t unix_ms);
json_t *record_json_result(const struct run_ids *ids, const struct run_result *r, int64_t unix_ms);

/* Puts signs and facts into an object: unknown facts are left out. */
void record_json_facts(json_t *j, const enum dt_sign *signs, const struct dt_facts *facts);

#endif

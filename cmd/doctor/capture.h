/* cmd/doctor/capture.h: dialtone doctor --capture: the phones of a capture, each with its stage and its fault. */
#ifndef DIALTONE_CMD_DOCTOR_CAPTURE_H
#define DIALTONE_CMD_DOCTOR_CAPTURE_H

#include "cmd/phone/options.h"

/* The exit status: 0 each phone has dial tone, else the earliest stage at which one hangs; 78: no capture, or no phone in it. */
int capture_examine(const struct command *c);

#endif

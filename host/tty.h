/* host/tty.h: a serial line: a pty in a lab, ttyACM on a PC, ttyGS on a phone. */
#ifndef DIALTONE_HOST_TTY_H
#define DIALTONE_HOST_TTY_H

/* Raw, 8 bits, no echo, no flow control, non-blocking; it never becomes the controlling terminal.  The descriptor, or -errno:
 * -ENOTTY: it is no serial line; -EBUSY: another program has it. */
int tty_open(const char *path);

#endif

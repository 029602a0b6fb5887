/* terminal.h - the terminal as a device: a private way to it, raw mode, a writer that never waits.
 *
 * One terminal a program, so the state is the file's own. Main thread, except for the crash handler.
 */
#ifndef OFFHOOK_UI_TERMINAL_H
#define OFFHOOK_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal_handlers {
	void (*input_h)(const char *bytes, size_t len); /* what was typed */
	void (*empty_h)(void);                          /* all that was written has left */
	void (*gone_h)(void);                           /* the terminal was hung up */
};

/* Opens the terminal of standard output or input (else the controlling one) and remembers its attributes; nothing
 * is written or changed yet. HANDLERS must stay. ENOTTY, or an errno. */
int terminal_open(const struct terminal_handlers *handlers);
/* Leaves and closes; safe to call twice. */
void terminal_close(void);

/* The strings that take the screen over and give it back; copied, at most 4 KiB each. The exit string is
 * preceded by what ends a half-sent escape sequence. E2BIG. */
int terminal_set_strings(const char *entry, size_t entry_len, const char *exit, size_t exit_len);
/* Raw mode and the entry string; from here on a crash gives the terminal back. Again, it undoes what others did to
 * the terminal while the program was stopped; what was on its way is dropped. 0 or an errno. */
int terminal_enter(void);
/* The exit string and the attributes as found. A terminal that does not take what is on its way within
 * 200 ms loses that. Nothing happens when it was not entered. */
void terminal_leave(void);
bool terminal_entered(void);

/* Rows and columns; 0 x 0 when the terminal does not know. */
void terminal_size(unsigned *rows, unsigned *cols);
/* Sends BYTES without waiting; what does not leave now is kept and follows. ENOMEM. */
int terminal_write(const char *bytes, size_t len);
/* Something is still on its way: painting must wait for empty_h. */
bool terminal_busy(void);

#endif

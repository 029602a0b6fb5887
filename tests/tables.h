/* tables.h - the parts of the manual pages and shell completions that are written from the program's own tables. */
#ifndef OFFHOOK_TESTS_TABLES_H
#define OFFHOOK_TESTS_TABLES_H

#include "base/text.h"

struct table_block {
	const char *name;                /* as the marker in the file has it */
	void (*write)(struct buf *b);
};
extern const struct table_block manual_blocks[], shell_blocks[]; /* the last one has no name */

/* An option of the command line taken apart: "-c", "--config", "FILE"; "" where there is none. */
struct cli_words { char letter[4], name[32], argument[32]; };
void tables_cli(struct cli_words *w, const char *option);

#endif

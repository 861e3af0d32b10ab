/* How an entry of the Journal stands in its file. */
#pragma once

#include "core/apply/journal.h"

/* The line that begins @entry's file, and those that are added to it; each ends with a newline. The
 * caller frees them. */
char *journal_file_begin(const JournalEntry *entry);
char *journal_file_note(const GPtrArray *steps, StepProgress progress);
char *journal_file_end(const JournalEntry *entry);

/* The entry that @text is the file of. A last line that was cut short, and lines that are not
 * understood, are passed over. NULL where the first line is none, or one of its steps is not
 * understood: what cannot be undone whole is none. */
JournalEntry *journal_file_parse(guint number, const char *text, gsize length);

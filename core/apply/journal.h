/* The Journal: every transaction that was applied, with enough to reverse it, one file an entry in
 * a folder that survives restarts.
 *
 * A file's first line is what was to be done, flushed to the disk before the first write happens.
 * Each later line is one thing that came of it: a step begun (flushed before the step is written),
 * done, put back; the end. So a file is written once and then only grows, and what it says is true
 * whenever the power goes. While its transaction runs it is NUMBER.open, then NUMBER.json.
 * A NUMBER.open whose first line is not whole was never begun. */
#pragma once

#include "core/preview/preview.h"

typedef enum {
    ENTRY_OPEN, /* being applied, or kvmtune died while it was */
    ENTRY_DONE,
    ENTRY_FAILED, /* failed, everything was put back */
    ENTRY_UNDONE,
    ENTRY_PARTIAL, /* what stands is in `problem` */
    ENTRY_DAMAGED, /* its file cannot be read; no steps, the reason is in `problem` */
} EntryState;

typedef struct {
    guint number; /* from 1 */
    EntryState state;
    gint64 time;      /* seconds since the epoch */
    char *uri;        /* the connection it was applied through */
    guint undoes;     /* the entry this one took back; 0: none */
    guint undone_by;  /* the entry that took this one back; 0: none */
    char *problem;    /* a sentence, or NULL */
    GPtrArray *steps; /* Step*, in order of execution; each one's index is its place here */
} JournalEntry;

/* An open entry of now for @steps, which are copied. The caller frees it. */
JournalEntry *journal_entry_new(const char *uri, const GPtrArray *steps);
void journal_entry_free(JournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalEntry, journal_entry_free)
const char *journal_state_name(EntryState state);
char *journal_entry_summary(const JournalEntry *entry); /* "web1 vcpupin.0=2 (+3)"; caller frees */
/* Why @entry cannot be taken back (undone already, never applied, damaged), or NULL. The caller
 * frees it. */
char *journal_entry_not_undoable(const JournalEntry *entry);

typedef struct Journal Journal;
/* The journal in @folder, of the host whose files are below @root ("" for this one, or for a folder
 * that is not in its tree). A folder that does not exist is an empty journal; the first entry makes
 * it (0700). NULL with a sentence where it may not be read, or a link leads it out of @root. */
Journal *journal_open(const char *root, const char *folder, GError **error);
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)
char *journal_default_folder(void); /* $XDG_STATE_HOME/kvmtune/journal; the caller frees it */

/* The newest @limit entries (0: all), newest first; *total (may be NULL) is how many there are.
 * GPtrArray of JournalEntry*. */
GPtrArray *journal_list(Journal *journal, guint limit, guint *total);
/* The entries that were not ended, newest first: of a transaction that runs, or of one whose
 * kvmtune died. Reads only these. GPtrArray of JournalEntry*. */
GPtrArray *journal_unended(Journal *journal);
/* @number 0: the newest that can be undone, unless a newer file is damaged. NULL with a sentence.
 */
JournalEntry *journal_get(Journal *journal, guint number, GError **error);

/* ---- what follows writes: the host's lock (lock.h) must be held ---- */

/* Begins @entry's file, flushed, and gives it its number. */
gboolean journal_begin(Journal *journal, JournalEntry *entry, GError **error);
/* Notes that @steps (Step* of @entry) came to @progress; flushed where the step is written next. */
gboolean journal_note(Journal *journal, const JournalEntry *entry, const GPtrArray *steps,
    StepProgress progress, GError **error);
/* Notes @entry's state, problem and undone_by as they are now, flushed; an entry that is no longer
 * open has ended. */
gboolean journal_end(Journal *journal, const JournalEntry *entry, GError **error);

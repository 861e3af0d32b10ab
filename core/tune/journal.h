/* The Journal: every transaction that was applied, with enough to reverse it, one file an entry in
 * a folder that survives restarts. An entry is on the disk before its first write happens. */
#pragma once

#include "core/tune/preview.h"

typedef enum {
    ENTRY_OPEN, /* being applied, or kvmtune died while it was */
    ENTRY_DONE,
    ENTRY_FAILED, /* failed, everything was put back */
    ENTRY_UNDONE,
    ENTRY_PARTIAL, /* what stands is in `problem` */
} EntryState;

typedef struct {
    guint number; /* from 1 */
    EntryState state;
    gint64 time;      /* seconds since the epoch */
    char *uri;        /* the connection it was applied through */
    guint undoes;     /* the entry this one took back; 0: none */
    guint undone_by;  /* the entry that took this one back; 0: none */
    char *problem;    /* a sentence, or NULL */
    GPtrArray *steps; /* Step* */
} JournalEntry;

void journal_entry_free(JournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalEntry, journal_entry_free)
const char *journal_state_name(EntryState state);
char *journal_entry_summary(const JournalEntry *entry); /* "web1 vcpupin.0=2 (+3)"; caller frees */

typedef struct Journal Journal;
/* A @folder that does not exist is an empty journal; the lock makes it (0700). NULL with a sentence
 * where it may not be read. */
Journal *journal_open(const char *folder, GError **error);
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)
char *journal_default_folder(void); /* $XDG_STATE_HOME/kvmtune/journal; the caller frees it */

/* All entries, newest first; files that are no entry are left out. GPtrArray of JournalEntry*. */
GPtrArray *journal_list(Journal *journal);
/* @number 0: the newest that can be undone, unless a newer file is damaged. NULL with a sentence.
 */
JournalEntry *journal_get(Journal *journal, guint number, GError **error);
/* One writer per journal at a time. FALSE with a sentence naming who holds it. */
gboolean journal_lock(Journal *journal, GError **error);
void journal_unlock(Journal *journal);
/* Writes @entry to the disk, flushed, in one rename; gives it a number when it has none. */
gboolean journal_write(Journal *journal, JournalEntry *entry, GError **error);

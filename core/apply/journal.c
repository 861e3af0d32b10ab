/* The Journal: the folder of entries, listed, read, begun and added to. */
#include "core/apply/journal.h"

#include "core/apply/journal-file.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_LAST 99999999u
#define ENTRY_MAX  (64u << 20) /* bytes of a file that is taken for an entry */

struct Journal {
    char *folder;
    char *name;        /* what sentences call it */
    gboolean is_trees; /* of a tree: a command for it needs options that are not known here */
};

/* An entry's file is NUMBER.open until its transaction ended, then NUMBER.json. */
typedef struct {
    guint number;
    gboolean open;
} EntryFile;

/* ---- entries ---- */

JournalEntry *journal_entry_new(const char *uri, const GPtrArray *steps)
{
    JournalEntry *entry = g_new0(JournalEntry, 1);

    entry->state = ENTRY_OPEN;
    entry->time = g_get_real_time() / G_USEC_PER_SEC;
    entry->uri = uri ? connection_shown_uri(uri) : NULL; /* a password is not for a file */
    entry->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    for (guint i = 0; i < steps->len; i++) {
        Step *step = step_copy(g_ptr_array_index(steps, i));
        step->index = i;
        g_ptr_array_add(entry->steps, step);
    }
    return entry;
}

void journal_entry_free(JournalEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->uri);
    g_free(entry->problem);
    if (entry->steps)
        g_ptr_array_unref(entry->steps);
    g_free(entry);
}

/* ", at boot", ", now and at boot": when @entry's first change of the host holds; "" of a domain's.
 */
static const char *summary_when(const JournalEntry *entry)
{
    const Step *first = g_ptr_array_index(entry->steps, 0);
    gboolean now = FALSE, boot = FALSE;

    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        if (!step_traits[step->kind].host || !g_str_equal(step->key->key, first->key->key))
            continue;
        boot |= step_traits[step->kind].later;
        now |= !step_traits[step->kind].later;
    }
    return boot ? now ? ", now and at boot" : ", at boot" : now ? ", now" : "";
}

char *journal_entry_summary(const JournalEntry *entry)
{
    if (entry->steps->len == 0)
        return g_strdup(entry->state == ENTRY_DAMAGED ? "–" : "nothing");
    /* A key set for now and for the next start is one change to a person. */
    g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        g_hash_table_add(changes, g_strconcat(step->target, " ", step->key->key, NULL));
    }
    const Step *first = g_ptr_array_index(entry->steps, 0);
    g_autofree char *name = text_escape(first->name, 40);
    g_autofree char *key = text_escape(first->key->key, 60);
    g_autofree char *value = text_escape(first->new_value, 40);
    g_autoptr(GString) out = g_string_new(NULL);
    if (entry->undoes)
        g_string_append_printf(out, "undo of %u: ", entry->undoes);
    g_string_append_printf(out, "%s %s=%s", name, key, value);
    g_string_append(out, summary_when(entry));
    if (g_hash_table_size(changes) > 1)
        g_string_append_printf(out, " (+%u)", g_hash_table_size(changes) - 1);
    return g_strdup(out->str);
}

char *journal_entry_not_undoable(const JournalEntry *entry)
{
    switch (entry->state) {
    case ENTRY_DAMAGED:
        return g_strdup(entry->problem);
    case ENTRY_FAILED:
        return g_strdup_printf("entry %u was not applied: there is nothing to undo", entry->number);
    case ENTRY_UNDONE:
        return entry->undone_by ? g_strdup_printf("entry %u is undone already, by entry %u",
                                      entry->number, entry->undone_by)
                                : g_strdup_printf("entry %u is undone already", entry->number);
    case ENTRY_OPEN:
    case ENTRY_DONE:
    case ENTRY_PARTIAL:
        return NULL;
    }
    return NULL;
}

/* ---- the folder ---- */

char *journal_default_folder(void)
{
    const char *state = g_getenv("XDG_STATE_HOME");

    if (state && g_path_is_absolute(state))
        return g_build_filename(state, "kvmtune", "journal", NULL);
    return g_build_filename(g_get_home_dir(), ".local", "state", "kvmtune", "journal", NULL);
}

Journal *journal_open(const char *root, const char *folder, GError **error)
{
    /* A tree that is not there has no link either: its journal is empty. */
    g_autofree char *outside = rootfile_not_below(root, folder);
    if (outside && g_file_test(root, G_FILE_TEST_EXISTS)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's folder %s is not used: %s", folder, outside);
        return NULL;
    }
    if (access(folder, R_OK | X_OK) != 0 && errno != ENOENT) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's folder %s cannot be read: %s", folder, g_strerror(errno));
        return NULL;
    }
    Journal *journal = g_new0(Journal, 1);
    journal->folder = g_strdup(folder);
    journal->is_trees = *root != '\0';
    journal->name = *root ? g_strdup_printf("the journal of %s", root) : g_strdup("the journal");
    return journal;
}

void journal_close(Journal *journal)
{
    if (journal == NULL)
        return;
    g_free(journal->folder);
    g_free(journal->name);
    g_free(journal);
}

/* FALSE where @name is no entry's. */
static gboolean parse_name(const char *name, EntryFile *file)
{
    guint64 number;

    if (strspn(name, "0123456789") != 8 ||
        !(g_str_equal(name + 8, ".json") || g_str_equal(name + 8, ".open")))
        return FALSE;
    g_autofree char *digits = g_strndup(name, 8);
    if (!g_ascii_string_to_unsigned(digits, 10, 1, ENTRY_LAST, &number, NULL))
        return FALSE;
    *file = (EntryFile){(guint)number, name[9] == 'o'};
    return TRUE;
}

static char *entry_path(Journal *journal, EntryFile file)
{
    g_autofree char *name = g_strdup_printf("%08u.%s", file.number, file.open ? "open" : "json");

    return g_build_filename(journal->folder, name, NULL);
}

static int compare_newest(gconstpointer a, gconstpointer b)
{
    const EntryFile *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? 1 : -1;
    return x->open - y->open;
}

/* All files of entries, newest first. Where a copy of the folder has both files of a number, made
 * while it was written and after, the one that ended is the entry. */
static GArray *list_files(Journal *journal)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(EntryFile));
    g_autoptr(GDir) dir = g_dir_open(journal->folder, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        EntryFile file;
        if (parse_name(name, &file))
            g_array_append_val(files, file);
    }
    g_array_sort(files, compare_newest);
    for (guint i = files->len; i-- > 1;)
        if (g_array_index(files, EntryFile, i).number ==
            g_array_index(files, EntryFile, i - 1).number)
            g_array_remove_index(files, i);
    return files;
}

/* ---- read ---- */

/* An entry of which no step is known. */
static JournalEntry *bare_entry(EntryFile file, EntryState state)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    JournalEntry *entry = journal_entry_new(NULL, none);

    entry->number = file.number;
    entry->state = state;
    entry->time = 0;
    return entry;
}

static JournalEntry *damaged_entry(Journal *journal, EntryFile file, const char *reason)
{
    g_autofree char *path = entry_path(journal, file);
    JournalEntry *entry = bare_entry(file, ENTRY_DAMAGED);

    entry->problem = g_strdup_printf(
        "entry %u cannot be undone: its file %s is damaged (%s)", file.number, path, reason);
    return entry;
}

/* One whose first line was never whole: nothing is written before that is on the disk. */
static JournalEntry *unbegun_entry(EntryFile file)
{
    JournalEntry *entry = bare_entry(file, ENTRY_FAILED);

    entry->problem = g_strdup("kvmtune ended before it was begun: nothing was written");
    return entry;
}

/* All of @fd, a plain file of at most ENTRY_MAX bytes; NULL, with *fault, where it is none. */
static GString *read_plain(int fd, const char **fault)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    struct stat status;
    ssize_t n = 0;

    *fault = "it is no plain file, or far too large";
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    do {
        if (n > 0)
            g_string_append_len(text, buffer, n);
        n = text->len > ENTRY_MAX ? 0 : read(fd, buffer, sizeof buffer);
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (text->len > ENTRY_MAX)
        return NULL;
    *fault = "it cannot be read";
    return n == 0 ? g_steal_pointer(&text) : NULL;
}

/* Never NULL: what cannot be read is a damaged entry. A link is none of kvmtune's, and a pipe is
 * not waited on. */
static JournalEntry *read_entry(Journal *journal, EntryFile file)
{
    g_autofree char *path = entry_path(journal, file);
    const char *fault = NULL;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return damaged_entry(journal, file, errno == ELOOP ? "it is a link" : g_strerror(errno));
    g_autoptr(GString) text = read_plain(fd, &fault);
    close(fd);
    if (text == NULL)
        return damaged_entry(journal, file, fault);
    JournalEntry *entry = journal_file_parse(file.number, text->str, text->len);
    if (entry == NULL && file.open && memchr(text->str, '\n', text->len) == NULL)
        return unbegun_entry(file);
    return entry ? entry : damaged_entry(journal, file, "it is not what kvmtune writes");
}

GPtrArray *journal_list(Journal *journal, guint limit, guint *total)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
    g_autoptr(GArray) files = list_files(journal);

    for (guint i = 0; i < files->len && (limit == 0 || i < limit); i++)
        g_ptr_array_add(entries, read_entry(journal, g_array_index(files, EntryFile, i)));
    if (total)
        *total = files->len;
    return entries;
}

GPtrArray *journal_unended(Journal *journal)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
    g_autoptr(GArray) files = list_files(journal);

    for (guint i = 0; i < files->len; i++) {
        EntryFile file = g_array_index(files, EntryFile, i);
        g_autoptr(JournalEntry) entry = file.open ? read_entry(journal, file) : NULL;
        if (entry && (entry->state == ENTRY_OPEN || entry->state == ENTRY_DAMAGED))
            g_ptr_array_add(entries, g_steal_pointer(&entry));
    }
    return entries;
}

/* What was applied in whole or in part, was not taken back, and is not itself a taking back. */
static gboolean can_be_undone(const JournalEntry *entry)
{
    g_autofree char *reason = journal_entry_not_undoable(entry);

    return reason == NULL && entry->undoes == 0 && entry->steps->len > 0;
}

/* What is added to a command that is named, so that it reaches the same journal. */
static const char *with_options(const Journal *journal)
{
    return journal->is_trees ? ", with the same --root or --sysroot," : "";
}

JournalEntry *journal_get(Journal *journal, guint number, GError **error)
{
    g_autoptr(GArray) files = list_files(journal);

    for (guint i = 0; i < files->len; i++) {
        EntryFile file = g_array_index(files, EntryFile, i);
        if (number && file.number != number)
            continue;
        g_autoptr(JournalEntry) entry = read_entry(journal, file);
        /* What the newest entry did is not known: an older one is not silently taken for it. */
        if (entry->state == ENTRY_DAMAGED) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "%s; `kvmtune undo NUMBER`%s takes another one back, and with that file moved away "
                "this one is passed over",
                entry->problem, with_options(journal));
            return NULL;
        }
        if (number || can_be_undone(entry))
            return g_steal_pointer(&entry);
    }
    if (number)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s has no entry %u; `kvmtune journal`%s lists them", journal->name, number,
            with_options(journal));
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s has nothing left to undo",
            journal->name);
    return NULL;
}

/* ---- written ---- */

/* Lets names that were made or changed in the folder survive a loss of power. */
static gboolean flush_folder(Journal *journal)
{
    int fd = open(journal->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean flushed = fd >= 0 && fsync(fd) == 0;
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
    return flushed;
}

/* Adds @text to the file @fd, behind a newline where its last line was cut short. */
static gboolean add_text(int fd, const char *text, gboolean flush)
{
    struct stat status;
    char last = '\n';

    if (fstat(fd, &status) != 0)
        return FALSE;
    if (status.st_size > 0 && pread(fd, &last, 1, status.st_size - 1) != 1)
        return FALSE;
    g_autofree char *line = g_strconcat(last == '\n' ? "" : "\n", text, NULL);
    gsize length = strlen(line);
    ssize_t n = write(fd, line, length);
    if (n >= 0 && (gsize)n < length)
        errno = ENOSPC; /* what a short write means */
    return n == (ssize_t)length && (!flush || fdatasync(fd) == 0);
}

static void set_unwritable(GError **error, const char *path)
{
    int saved = errno;

    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the journal cannot be written: %s: %s",
        path, g_strerror(saved));
}

/* Opens @entry's file to add to it, be it ended or not. *file tells which it is. */
static int open_to_add(Journal *journal, guint number, EntryFile *file)
{
    for (guint open_file = 0; open_file < 2; open_file++) {
        *file = (EntryFile){number, open_file == 1};
        g_autofree char *path = entry_path(journal, *file);
        int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 || errno != ENOENT)
            return fd;
    }
    return -1;
}

gboolean journal_begin(Journal *journal, JournalEntry *entry, GError **error)
{
    if (g_mkdir_with_parents(journal->folder, 0700) != 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's folder %s cannot be made: %s; nothing is applied without a journal",
            journal->folder, g_strerror(errno));
        return FALSE;
    }
    g_autoptr(GArray) files = list_files(journal);
    guint number = files->len ? g_array_index(files, EntryFile, 0).number + 1 : 1;
    if (number > ENTRY_LAST) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal is full: entry %u is its last; move the files of %s away", ENTRY_LAST,
            journal->folder);
        return FALSE;
    }
    g_autofree char *path = entry_path(journal, (EntryFile){number, TRUE});
    g_autofree char *text = journal_file_begin(entry);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    gboolean written = fd >= 0 && add_text(fd, text, TRUE) && flush_folder(journal);
    if (!written)
        set_unwritable(error, path);
    /* Nothing was done yet: an entry that is not whole is better none. */
    if (!written && fd >= 0)
        unlink(path);
    if (fd >= 0)
        close(fd);
    if (written)
        entry->number = number;
    return written;
}

gboolean journal_note(Journal *journal, const JournalEntry *entry, const GPtrArray *steps,
    StepProgress progress, GError **error)
{
    g_autofree char *text = journal_file_note(steps, progress);
    EntryFile file;
    int fd = open_to_add(journal, entry->number, &file);
    gboolean written = fd >= 0 && add_text(fd, text, progress != STEP_DONE);

    if (!written) {
        g_autofree char *path = entry_path(journal, file);
        set_unwritable(error, path);
    }
    if (fd >= 0)
        close(fd);
    for (guint i = 0; written && i < steps->len; i++)
        ((Step *)g_ptr_array_index(steps, i))->progress = progress;
    return written;
}

gboolean journal_end(Journal *journal, const JournalEntry *entry, GError **error)
{
    g_autofree char *text = journal_file_end(entry);
    EntryFile file;
    int fd = open_to_add(journal, entry->number, &file);
    g_autofree char *path = entry_path(journal, file);
    gboolean written = fd >= 0 && add_text(fd, text, TRUE);

    if (written && file.open && entry->state != ENTRY_OPEN) {
        g_autofree char *ended = entry_path(journal, (EntryFile){entry->number, FALSE});
        written = rename(path, ended) == 0 && flush_folder(journal);
    }
    if (!written)
        set_unwritable(error, path);
    if (fd >= 0)
        close(fd);
    return written;
}

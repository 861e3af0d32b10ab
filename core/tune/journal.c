/* The Journal: entries as JSON files, each written whole, flushed and renamed into place. */
#include "core/tune/journal.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_FORMAT "%08u.json"
#define ENTRY_LAST   99999999u
#define ENTRY_MAX    (8u << 20) /* bytes of a file that is taken for an entry */

struct Journal {
    char *folder;
    int lock_fd;
};

static const char *const state_names[] = {
    [ENTRY_OPEN] = "open",
    [ENTRY_DONE] = "done",
    [ENTRY_FAILED] = "failed",
    [ENTRY_UNDONE] = "undone",
    [ENTRY_PARTIAL] = "partial",
};

static const char *const kind_names[] = {
    [STEP_HOST] = "host",
    [STEP_LIVE] = "live",
    [STEP_CONFIG] = "config",
};

static int name_index(const char *const *names, guint count, const char *name)
{
    for (guint i = 0; name && i < count; i++)
        if (g_str_equal(names[i], name))
            return (int)i;
    return -1;
}

const char *journal_state_name(EntryState state)
{
    return state_names[state];
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

char *journal_entry_summary(const JournalEntry *entry)
{
    if (entry->steps->len == 0)
        return g_strdup("nothing");
    /* A key set for now and for the next start is one change to a person. */
    g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        g_hash_table_add(changes, g_strconcat(step->target, " ", step->key->key, NULL));
    }
    const Step *first = g_ptr_array_index(entry->steps, 0);
    g_autofree char *name = text_escape(first->name, 40);
    g_autofree char *value = text_escape(first->new_value, 40);
    g_autoptr(GString) out = g_string_new(NULL);
    if (entry->undoes)
        g_string_append_printf(out, "undo of %u: ", entry->undoes);
    g_string_append_printf(out, "%s %s=%s", name, first->key->key, value);
    if (g_hash_table_size(changes) > 1)
        g_string_append_printf(out, " (+%u)", g_hash_table_size(changes) - 1);
    return g_strdup(out->str);
}

char *journal_default_folder(void)
{
    const char *state = g_getenv("XDG_STATE_HOME");

    if (state && g_path_is_absolute(state))
        return g_build_filename(state, "kvmtune", "journal", NULL);
    return g_build_filename(g_get_home_dir(), ".local", "state", "kvmtune", "journal", NULL);
}

Journal *journal_open(const char *folder, GError **error)
{
    if (access(folder, R_OK | X_OK) != 0 && errno != ENOENT) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's folder %s cannot be read: %s", folder, g_strerror(errno));
        return NULL;
    }
    Journal *journal = g_new0(Journal, 1);
    journal->folder = g_strdup(folder);
    journal->lock_fd = -1;
    return journal;
}

void journal_close(Journal *journal)
{
    if (journal == NULL)
        return;
    journal_unlock(journal);
    g_free(journal->folder);
    g_free(journal);
}

gboolean journal_lock(Journal *journal, GError **error)
{
    if (g_mkdir_with_parents(journal->folder, 0700) != 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's folder %s cannot be made: %s; nothing is applied without a journal",
            journal->folder, g_strerror(errno));
        return FALSE;
    }
    g_autofree char *path = g_build_filename(journal->folder, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal's lock %s cannot be opened: %s", path, g_strerror(errno));
        return FALSE;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        char holder[32] = "";
        ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
        holder[n > 0 ? n : 0] = '\0';
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "another kvmtune (process %s) is writing just now: nothing is changed, try again when "
            "it is done",
            *holder ? g_strstrip(holder) : "unknown");
        close(fd);
        return FALSE;
    }
    /* Who holds it is for the other's error message only; the lock does not depend on it. */
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
        g_debug("the lock's holder could not be noted: %s", g_strerror(errno));
    journal->lock_fd = fd;
    return TRUE;
}

void journal_unlock(Journal *journal)
{
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
    journal->lock_fd = -1;
}

static void put_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

static void put_number(JsonBuilder *builder, const char *name, gint64 number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

static char *entry_to_json(const JournalEntry *entry)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    put_text(builder, "state", state_names[entry->state]);
    put_number(builder, "time", entry->time);
    put_text(builder, "uri", entry->uri);
    put_number(builder, "undoes", entry->undoes);
    put_number(builder, "undone_by", entry->undone_by);
    put_text(builder, "problem", entry->problem);
    json_builder_set_member_name(builder, "steps");
    json_builder_begin_array(builder);
    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        json_builder_begin_object(builder);
        put_text(builder, "kind", kind_names[step->kind]);
        put_text(builder, "target", step->target);
        put_text(builder, "name", step->name);
        put_text(builder, "key", step->key->key);
        put_text(builder, "old", step->old_value);
        put_text(builder, "new", step->new_value);
        put_text(builder, "granted", step->granted);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);

    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    return json_generator_to_data(generator, NULL);
}

/* The member's text, NULL where there is none or it is no text. */
static const char *take_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gint64 take_number(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

static Step *step_from_json(JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (object == NULL)
        return NULL;
    int kind = name_index(kind_names, G_N_ELEMENTS(kind_names), take_text(object, "kind"));
    const char *target = take_text(object, "target"), *key = take_text(object, "key");
    const char *old_value = take_text(object, "old"), *new_value = take_text(object, "new");
    if (kind < 0 || !target || !key || !old_value || !new_value)
        return NULL;
    TunableKey *parsed =
        tunable_key_parse(kind == STEP_HOST ? TARGET_HOST : TARGET_DOMAIN, key, NULL);
    if (parsed == NULL)
        return NULL;
    Step *step = g_new0(Step, 1);
    step->kind = (StepKind)kind;
    step->target = g_strdup(target);
    step->name = g_strdup(take_text(object, "name") ? take_text(object, "name") : target);
    step->key = parsed;
    step->old_value = g_strdup(old_value);
    step->new_value = g_strdup(new_value);
    step->granted = g_strdup(take_text(object, "granted"));
    return step;
}

/* An entry whose steps are not all understood cannot be undone whole, so it is none. */
static JournalEntry *entry_from_json(guint number, const char *text, gsize length)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = json_parser_load_from_data(parser, text, (gssize)length, NULL)
                         ? json_parser_get_root(parser)
                         : NULL;
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    JsonObject *object = json_node_get_object(root);
    JsonNode *steps = json_object_get_member(object, "steps");
    int state = name_index(state_names, G_N_ELEMENTS(state_names), take_text(object, "state"));
    if (state < 0 || steps == NULL || !JSON_NODE_HOLDS_ARRAY(steps))
        return NULL;

    g_autoptr(JournalEntry) entry = g_new0(JournalEntry, 1);
    entry->number = number;
    entry->state = (EntryState)state;
    entry->time = take_number(object, "time");
    entry->uri = g_strdup(take_text(object, "uri"));
    entry->undoes = (guint)take_number(object, "undoes");
    entry->undone_by = (guint)take_number(object, "undone_by");
    entry->problem = g_strdup(take_text(object, "problem"));
    entry->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    JsonArray *array = json_node_get_array(steps);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        Step *step = step_from_json(json_array_get_element(array, i));
        if (step == NULL)
            return NULL;
        g_ptr_array_add(entry->steps, step);
    }
    return g_steal_pointer(&entry);
}

/* The number in a file's name, 0 where it is no entry's name. */
static guint entry_number(const char *name)
{
    guint64 number;

    if (!g_str_has_suffix(name, ".json") || strlen(name) != strlen("00000001.json"))
        return 0;
    g_autofree char *digits = g_strndup(name, strlen(name) - strlen(".json"));
    return g_ascii_string_to_unsigned(digits, 10, 1, ENTRY_LAST, &number, NULL) ? (guint)number : 0;
}

static char *entry_path(Journal *journal, guint number)
{
    g_autofree char *name = g_strdup_printf(ENTRY_FORMAT, number);

    return g_build_filename(journal->folder, name, NULL);
}

static JournalEntry *read_entry(Journal *journal, guint number)
{
    g_autofree char *path = entry_path(journal, number);
    g_autofree char *text = NULL;
    struct stat status;
    gsize length;

    /* Looked at first: a pipe would be waited on, a huge file read whole. */
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > ENTRY_MAX ||
        !g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    return entry_from_json(number, text, length);
}

static void set_damaged(Journal *journal, guint number, GError **error)
{
    g_autofree char *path = entry_path(journal, number);

    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "entry %u of the journal cannot be undone: its file %s is damaged or not yours to read; "
        "`kvmtune undo NUMBER` takes an older one back",
        number, path);
}

static int compare_newest(gconstpointer a, gconstpointer b)
{
    guint x = *(const guint *)a, y = *(const guint *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The numbers of all entry files, newest first. */
static GArray *entry_numbers(Journal *journal)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GDir) dir = g_dir_open(journal->folder, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        guint number = entry_number(name);
        if (number)
            g_array_append_val(numbers, number);
    }
    g_array_sort(numbers, compare_newest);
    return numbers;
}

GPtrArray *journal_list(Journal *journal)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
    g_autoptr(GArray) numbers = entry_numbers(journal);

    for (guint i = 0; i < numbers->len; i++) {
        JournalEntry *entry = read_entry(journal, g_array_index(numbers, guint, i));
        if (entry)
            g_ptr_array_add(entries, entry);
    }
    return entries;
}

/* What was applied in whole or in part, was not taken back, and is not itself a taking back. */
static gboolean can_be_undone(const JournalEntry *entry)
{
    return entry->undone_by == 0 && entry->undoes == 0 && entry->steps->len > 0 &&
           (entry->state == ENTRY_DONE || entry->state == ENTRY_PARTIAL ||
               entry->state == ENTRY_OPEN);
}

JournalEntry *journal_get(Journal *journal, guint number, GError **error)
{
    if (number) {
        JournalEntry *entry = read_entry(journal, number);
        g_autofree char *path = entry_path(journal, number);
        if (entry == NULL && g_file_test(path, G_FILE_TEST_EXISTS))
            set_damaged(journal, number, error);
        else if (entry == NULL)
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "the journal has no entry %u; `kvmtune journal` lists them", number);
        return entry;
    }
    g_autoptr(GArray) numbers = entry_numbers(journal);
    for (guint i = 0; i < numbers->len; i++) {
        g_autoptr(JournalEntry) entry = read_entry(journal, g_array_index(numbers, guint, i));
        /* What the newest entry did is not known: an older one is not silently taken for it. */
        if (entry == NULL) {
            set_damaged(journal, g_array_index(numbers, guint, i), error);
            return NULL;
        }
        if (can_be_undone(entry))
            return g_steal_pointer(&entry);
    }
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the journal has nothing left to undo");
    return NULL;
}

gboolean journal_write(Journal *journal, JournalEntry *entry, GError **error)
{
    guint number = entry->number;
    g_autoptr(GError) cause = NULL;

    if (number == 0) {
        g_autoptr(GArray) numbers = entry_numbers(journal);
        number = numbers->len ? g_array_index(numbers, guint, 0) + 1 : 1;
    }
    if (number > ENTRY_LAST) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the journal is full: entry %u is its last; move the files of %s away", ENTRY_LAST,
            journal->folder);
        return FALSE;
    }
    g_autofree char *path = entry_path(journal, number);
    g_autofree char *text = entry_to_json(entry);
    /* DURABLE: on the disk, file and name, before the first write that it must be able to reverse.
     */
    if (!g_file_set_contents_full(path, text, -1,
            G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &cause)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the journal cannot be written: %s",
            cause->message);
        return FALSE;
    }
    entry->number = number;
    return TRUE;
}

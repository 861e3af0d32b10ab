/* Every row of the catalogue on every domain file, of ../shared/corpus and our own, that it fits:
 * the value is right, no line of anything else differs, the file stays valid by libvirt's schema, a
 * second set changes nothing, and the old value set again gives the first bytes.
 *
 * By default each file gets every 211th case (of our own in tests/domains every 11th), another set
 * of them for each file; `make matrix` (KVMTUNE_MATRIX=all) runs them all. */
#include "core/catalogue/tunable.h"
#include "core/preview/diff.h"
#include "core/rules/rules.h"
#include "core/xml/xmledit-private.h"
#include "tests/unit/corpus.h"

#include <string.h>

#define SAMPLE     211 /* primes, so that files do not fall into step with the rows */
#define SAMPLE_OWN 11
#define CASES_MAX  12 /* values of one key */
#define OTHERS                                                                                     \
    400 /* other keys looked at after each case: of a file with more, those near the               \
         * changed one and, another part each time, of the rest */

static struct {
    guint files, cases, skipped, valid, invalid, reverted, respelled;
} seen;
static gboolean whole;
static guint sample;           /* one case of so many */
static const char *file_name;  /* of the file that is checked */
static GHashTable *complained; /* const Tunable* */

/* Values for keys whose type alone does not say what is good. */
static const struct {
    const char *key, *values[4]; /* the row's */
} special[] = {
    {"cpu.model", {"qemu64"}},
    {"features.hyperv.vendor_id", {"on:KVM Hv", "off"}},
    {"disk.DEV.iotune.group_name", {"group-1"}},
    {"cputune.quota", {"-1", "50000"}},
    {"cputune.global_quota", {"-1", "50000"}},
    {"cputune.emulator_quota", {"-1", "50000"}},
    {"cputune.iothread_quota", {"-1", "50000"}},
};

/* What a type's values may be besides nothing. */
static const char *const typical[][4] = {
    [VALUE_CPUS] = {"0-1,3", "7"},
    [VALUE_NODES] = {"0", "0-1"},
    [VALUE_SIZE] = {"3G", "1536M", "1000001K"},
    [VALUE_BYTES] = {"1048576", "1"},
    [VALUE_SWITCH] = {"on", "off"},
    [VALUE_BACKING] = {"default", "2M", "off"},
    [VALUE_SCHEDULER] = {"fifo:1", "rr:5", "batch"},
    [VALUE_BANDWIDTH] = {"1000", "1000,2000,512"},
    [VALUE_TOPOLOGY] = {"2:1:2:1", "1:2:2:2"},
    [VALUE_MEMNODE] = {"strict:0", "preferred:1"},
    [VALUE_CELLS] = {"0-1:1G;2-3:2G", "0-1:1G:10,20;2-3:1G:20,10"},
    [VALUE_CACHES] = {"0:3:both:3M", "0:3:code:1M;1:3:data:512K"},
    [VALUE_BANDWIDTHS] = {"0:60", "0:30;1:70"},
    [VALUE_TEXT] = {"name"},
};

/* The cases of @key: as many as fit into CASES_MAX, NULL behind the last. */
static void values_of(const TunableKey *key, char *values[CASES_MAX + 1])
{
    const Tunable *row = key->tunable;
    guint n = 0;

    memset(values, 0, (CASES_MAX + 1) * sizeof *values);
    for (guint i = 0; i < G_N_ELEMENTS(special); i++)
        for (guint k = 0; g_str_equal(special[i].key, row->key) && special[i].values[k]; k++)
            values[n++] = g_strdup(special[i].values[k]);
    if (n > 0)
        return;
    if (row->type == VALUE_INT) {
        values[n++] = g_strdup_printf("%" G_GINT64_FORMAT, MAX(row->min, MIN(row->max, 1024)));
        values[n++] = g_strdup_printf("%" G_GINT64_FORMAT, MAX(row->min, MIN(row->max, 4)));
    } else if (row->type == VALUE_LEVELLED) {
        values[n++] = g_strdup(row->choices[0].value);
        values[n++] =
            g_strdup_printf("%s:%" G_GINT64_FORMAT, row->choices[0].value, MAX(row->min, 1));
        values[n++] = g_strdup(row->choices[1].value);
    } else if (row->choices && row->type == VALUE_CHOICE) {
        for (; n < CASES_MAX && row->choices[n].value; n++)
            values[n] = g_strdup(row->choices[n].value);
    } else {
        for (; n < G_N_ELEMENTS(typical[0]) && typical[row->type][n]; n++)
            values[n] = g_strdup(typical[row->type][n]);
    }
    g_assert_cmpuint(n, >, 0);
}

/* Says what is wrong, once for each row's key, and lets the test fail at its end. */
G_GNUC_PRINTF(2, 3)
static void complain(const TunableKey *key, const char *format, ...)
{
    va_list args;

    g_test_fail();
    if (!g_hash_table_add(complained, (gpointer)key->tunable))
        return;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_print("# %s: %s\n", file_name, text);
}

/* The elements that a row may change, by the words of its path and what lies below. */
static gboolean is_named(const char *line, const char *place)
{
    static const char *const below[] = {
        "page", "cell", "distances", "sibling", "cache", "node", "path", "catchup"};
    g_auto(GStrv) steps = g_strsplit(place, "/", -1);

    for (guint i = 0; steps[i]; i++) {
        steps[i][strcspn(steps[i], "[!(")] = '\0';
        g_autofree char *open = g_strconcat("<", steps[i], NULL);
        g_autofree char *close = g_strconcat("</", steps[i], NULL);
        if (*steps[i] && (strstr(line, open) || strstr(line, close)))
            return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(below); i++) {
        g_autofree char *open = g_strconcat("<", below[i], NULL);
        g_autofree char *close = g_strconcat("</", below[i], NULL);
        if (strstr(line, open) || strstr(line, close))
            return TRUE;
    }
    return FALSE;
}

static void check_lines(
    const TunableKey *key, const char *before, const char *after, const char *place)
{
    g_autofree char *was = corpus_lines(before), *is = corpus_lines(after);
    g_autoptr(GPtrArray) lines = diff_unified(was, is, 0, NULL);

    for (guint i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        if (*line != '@' && *line != '\\' && !is_named(line, place))
            complain(key, "%s: a line of something else differs: %s", key->key, line);
    }
}

/* The document of a file, and what stands of each key in it: read once, for all its cases. */
typedef struct {
    const char *text;
    gboolean valid;
    GPtrArray *keys;   /* TunableKey* */
    GPtrArray *values; /* char* */
} File;

/* The other values that the catalogue knows are what they were before. */
static void check_others(const File *file, guint changed_at, const XmlEdit *after)
{
    const TunableKey *changed = file->keys->pdata[changed_at];
    guint stride = file->keys->len / OTHERS + 1, turn = seen.cases % stride;

    for (guint i = 0; i < file->keys->len; i++) {
        guint distance = i > changed_at ? i - changed_at : changed_at - i;
        if (distance > OTHERS / 4 && i % stride != turn)
            continue;
        const TunableKey *key = file->keys->pdata[i];
        const char *was = file->values->pdata[i];
        /* cells are seen through memory and policies too; the rest stands alone */
        if (g_str_equal(key->key, changed->key) || g_str_has_prefix(key->key, "vcpus.") ||
            (key->args[0] && key->n > 1))
            continue;
        g_autofree char *is = tunable_xml_value(key, after);
        if (!g_str_equal(was, is))
            complain(changed, "%s has changed %s from \"%s\" to \"%s\"", changed->key, key->key,
                was, is);
    }
}

/* Whether a rule says that libvirt refuses what @key leads to in @edit: the preview does not let it
 * pass, valid or not. */
static gboolean is_refused(const TunableKey *key, const XmlEdit *edit)
{
    g_autoptr(Snapshot) snapshot = snapshot_new("");
    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, NULL);
    Domain domain = {.name = (char *)"x", .uuid = (char *)""};
    g_autoptr(GPtrArray) findings = rules_check_domain(ground, &domain, edit, NULL);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        for (char **name = finding->keys; finding->error && *name; name++)
            if (g_str_equal(*name, key->key) ||
                (g_str_has_suffix(*name, "*") && strncmp(*name, key->key, strlen(*name) - 1) == 0))
                return TRUE;
    }
    return FALSE;
}

static void check_case(const File *file, guint key_at, const char *value)
{
    const TunableKey *key = file->keys->pdata[key_at];
    const char *before = file->text;
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlEdit) edit = xml_edit_open(before, -1, &error);
    g_autofree char *old = tunable_xml_value(key, edit);
    g_autofree char *normal = tunable_normalize(key, value, &error);
    g_autofree char *place = tunable_key_place(key);

    g_assert_no_error(error);
    if (!tunable_xml_set(key, edit, normal, &error)) {
        /* said, and nothing is touched: a text with comments in it, cells without numbers */
        g_assert_nonnull(error);
        g_assert_cmpstr(xml_edit_text(edit, NULL), ==, before);
        seen.skipped++;
        return;
    }
    g_autofree char *got = tunable_xml_value(key, edit);
    if (!g_str_equal(got, normal))
        complain(key, "%s=%s reads as \"%s\"", key->key, normal, got);
    g_autofree char *after = g_strdup(xml_edit_text(edit, NULL));
    if (!xml_edit_is_sound(edit))
        complain(key, "%s=%s: the tree is not that of the text", key->key, normal);
    check_lines(key, before, after, place);
    check_others(file, key_at, edit);
    g_assert_true(tunable_xml_set(key, edit, normal, &error));
    if (!g_str_equal(xml_edit_text(edit, NULL), after))
        complain(key, "%s=%s again changes it again", key->key, normal);
    gboolean valid = file->valid && corpus_is_valid(after);
    if (file->valid && !valid && !is_refused(key, edit))
        complain(key, "%s=%s makes it invalid", key->key, normal);
    seen.valid += valid;
    seen.invalid += file->valid && !valid;
    seen.cases++;

    g_assert_true(tunable_xml_set(key, edit, old, &error));
    g_autofree char *back = tunable_xml_value(key, edit);
    if (!xml_edit_is_sound(edit))
        complain(key, "%s=%s again: the tree is not that of the text", key->key, old);
    if (!g_str_equal(back, old))
        complain(key, "%s=%s again reads as \"%s\"", key->key, old, back);
    if (g_str_equal(xml_edit_text(edit, NULL), before))
        seen.reverted++;
    else
        seen.respelled++;
}

/* Of a disk's limits a total excludes those for reads and writes, by the schema. */
static gboolean is_excluded(const TunableKey *key, const XmlEdit *edit)
{
    static const char *const against[][3] = {
        {"total_", "read_", "write_"}, {"read_", "total_", NULL}, {"write_", "total_", NULL}};
    const char *iotune = strstr(key->key, ".iotune.");

    for (guint i = 0; iotune && i < G_N_ELEMENTS(against); i++) {
        const char *name = iotune + strlen(".iotune.");
        if (!g_str_has_prefix(name, against[i][0]))
            continue;
        for (guint k = 1; k < G_N_ELEMENTS(against[i]) && against[i][k]; k++) {
            g_autofree char *other = g_strdup_printf(
                "disk.%s.iotune.%s%s", key->args[0], against[i][k], name + strlen(against[i][0]));
            g_autoptr(TunableKey) other_key = tunable_key_parse(TARGET_DOMAIN, other, NULL);
            g_autofree char *value = tunable_xml_value(other_key, edit);
            if (*value)
                return TRUE;
        }
    }
    return FALSE;
}

/* Keys that a document has room for without naming them itself. */
static void add_keys(GPtrArray *keys)
{
    static const char *const texts[] = {"cputune.cachetune.0", "cputune.memorytune.0",
        "cpu.feature.pcid", "blkio.device./dev/sda.weight", "blkio.device./dev/sda.read_iops_sec"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_ptr_array_add(keys, tunable_key_parse(TARGET_DOMAIN, texts[i], NULL));
}

static void check_file(const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) keys = tunable_keys_for(edit);
    g_autoptr(GPtrArray) stand = g_ptr_array_new_with_free_func(g_free);
    const File file = {text, corpus_is_valid(text), keys, stand};
    guint number = seen.files++;

    file_name = name;
    add_keys(keys);
    for (guint i = 0; i < keys->len; i++)
        g_ptr_array_add(stand, tunable_xml_value(keys->pdata[i], edit));
    for (guint i = 0; i < keys->len; i++) {
        const TunableKey *key = keys->pdata[i];
        char *values[CASES_MAX + 1];
        values_of(key, values);
        gboolean excluded = is_excluded(key, edit);
        for (guint k = 0; values[k]; k++) {
            if (!excluded && (number++ % sample == 0 || whole)) {
                if (!whole)
                    g_test_message("%s: %s=%s", name, key->key, values[k]);
                check_case(&file, i, values[k]);
            }
            g_free(values[k]);
        }
    }
}

static void test_folder(gconstpointer folder)
{
    gint64 start = g_get_monotonic_time();

    memset(&seen, 0, sizeof seen);
    sample = g_str_equal(folder, CORPUS_OWN) ? SAMPLE_OWN : SAMPLE;
    if (!corpus_each_domain(folder, check_file))
        return;
    g_assert_cmpuint(seen.files, >, 0);
    g_assert_cmpuint(seen.cases, >, 0);
    g_print("# %s: %u files, %u cases (%s), %u refused, %u valid before and after, "
            "%u that a rule refuses, %u undone to the "
            "first bytes, %u to other bytes of the same value, %.1f s\n",
        (const char *)folder, seen.files, seen.cases, whole ? "all" : "a sample", seen.skipped,
        seen.valid, seen.invalid, seen.reverted, seen.respelled,
        (double)(g_get_monotonic_time() - start) / 1e6);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    whole = g_strcmp0(g_getenv("KVMTUNE_MATRIX"), "all") == 0;
    g_test_add_data_func("/matrix/libvirt", CORPUS_LIBVIRT, test_folder);
    g_test_add_data_func("/matrix/virt-manager", CORPUS_VIRT_MANAGER, test_folder);
    g_test_add_data_func("/matrix/own", CORPUS_OWN, test_folder);
    complained = g_hash_table_new(NULL, NULL);
    int result = g_test_run();
    g_hash_table_unref(complained);
    corpus_close();
    return result;
}

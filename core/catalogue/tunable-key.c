/* Keys: finding the catalogue's row for a text, and what the row's upper case words stand for. */
#include "core/catalogue/tunable.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define KEY_MAX 512 /* characters; a longer text is no key */

/* What an upper case word of a key may stand for, in its one form; NULL where @text is none. */

static char *take_number(const char *text, TunableKey *key)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, IDSET_MAX - 1, &number, NULL))
        return NULL;
    key->n = (guint)number;
    return g_strdup_printf("%u", key->n);
}

/* Sizes of huge pages are powers of two, from 8K (THP of shared memory with pages of 4K) to
 * 64G (a PUD of LoongArch). Which of them a kernel has is its own matter. */
static gboolean is_page_size(guint64 kib)
{
    return (kib & (kib - 1)) == 0 && kib >= 8 && kib <= G_GUINT64_CONSTANT(64) << 20;
}

static char *take_page_size(const char *text, TunableKey *key)
{
    if (*text == '\0' || g_ascii_isdigit(text[strlen(text) - 1]) ||
        !text_parse_size(text, &key->size_kib) || !is_page_size(key->size_kib))
        return NULL;
    return text_page_size(key->size_kib);
}

static char *take_cpus(const char *text, TunableKey *key)
{
    g_autoptr(IdSet) cpus = idset_parse(text, NULL);
    (void)key;
    return cpus && !hwloc_bitmap_iszero(cpus) ? idset_format(cpus) : NULL;
}

static char *take_chars(const char *text, const char *allowed)
{
    gsize length = strlen(text);

    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && strchr(allowed, text[i]) == NULL)
            return NULL;
    return length > 0 ? g_strdup(text) : NULL;
}

static char *take_device(const char *text, TunableKey *key)
{
    (void)key;
    return take_chars(text, "_-");
}

static char *take_name(const char *text, TunableKey *key)
{
    (void)key;
    return take_chars(text, "_-.");
}

static char *take_mac(const char *text, TunableKey *key)
{
    (void)key;
    for (guint i = 0; i < 17; i++)
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i]))
            return NULL;
    return text[17] == '\0' ? g_ascii_strdown(text, -1) : NULL;
}

/* A quote would end the predicate in which the path stands. */
static char *take_path(const char *text, TunableKey *key)
{
    (void)key;
    for (const char *p = text; *p; p++)
        if (g_ascii_iscntrl(*p) || *p == '\'')
            return NULL;
    return *text == '/' && g_utf8_validate(text, -1, NULL) ? g_strdup(text) : NULL;
}

static const struct {
    const char *word;
    char *(*take)(const char *text, TunableKey *key);
} words[] = {
    {"N", take_number},
    {"CELL", take_number},
    {"SIZE", take_page_size},
    {"CPUS", take_cpus},
    {"DEV", take_device},
    {"MAC", take_mac},
    {"PATH", take_path},
    {"NAME", take_name},
};

/* The length of the upper case word that ends a part of a key at @p; 0 for none. */
static gsize word_at(const char *p)
{
    gsize length = 0;

    while (g_ascii_isupper(p[length]))
        length++;
    return p[length] == '\0' || p[length] == '.' ? length : 0;
}

static char *take_word(const char *word, gsize length, const char *text, TunableKey *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i].word) == length && strncmp(words[i].word, word, length) == 0)
            return words[i].take(text, key);
    return NULL;
}

/* Whether @text is an instance of @pattern; @args gets what its words stand for. A word takes as
 * much as it can: a path or a feature's name may hold dots. */
static gboolean matches(const char *pattern, const char *text, TunableKey *key, GPtrArray *args)
{
    gsize length = 0;

    for (; *pattern && (length = word_at(pattern)) == 0; pattern++, text++)
        if (*pattern != *text)
            return FALSE;
    if (*pattern == '\0')
        return *text == '\0';
    const char *rest = pattern + length;
    for (const char *end = text + strlen(text); end > text; end--) {
        if (*end != *rest)
            continue;
        g_autofree char *part = g_strndup(text, (gsize)(end - text));
        char *arg = take_word(pattern, length, part, key);
        if (arg == NULL)
            continue;
        guint before = args->len;
        g_ptr_array_add(args, arg);
        if (matches(rest, end, key, args))
            return TRUE;
        g_ptr_array_set_size(args, (int)before);
    }
    return FALSE;
}

/* @pattern with @args for its words. */
static char *fill(const char *pattern, char **args)
{
    GString *key = g_string_new(NULL);

    while (*pattern) {
        gsize length = word_at(pattern);
        if (length > 0 && *args)
            g_string_append(key, *args++);
        else
            g_string_append_c(key, *pattern);
        pattern += MAX(length, 1);
    }
    return g_string_free(key, FALSE);
}

/* How many letters to change, to add or to take away to make @a of @b, whatever their case. */
static guint distance(const char *a, const char *b)
{
    gsize width = strlen(b) + 1;
    g_autofree guint *row = g_new(guint, width);

    for (guint k = 0; k < width; k++)
        row[k] = k;
    for (guint i = 0; a[i]; i++) {
        guint corner = row[0];
        row[0] = i + 1;
        for (guint k = 1; k < width; k++) {
            guint changed = corner + (g_ascii_tolower(a[i]) != g_ascii_tolower(b[k - 1]));
            corner = row[k];
            row[k] = MIN(changed, MIN(row[k - 1], row[k]) + 1);
        }
    }
    return row[width - 1];
}

/* How far @text is from @row's key, its words standing for what @text has there; 0 where it is all
 * but the beginning ("hugepages" of "memory.hugepages"). */
static guint distance_of(const Tunable *row, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(row->key, ".", -1);
    g_auto(GStrv) given = g_strsplit(text, ".", -1);
    guint count = g_strv_length(given);
    g_autofree char *end = g_strconcat(".", text, NULL);

    if (g_str_has_suffix(row->key, end))
        return 0;
    for (guint i = 0; parts[i] && i < count; i++)
        if (word_at(parts[i]) == strlen(parts[i])) {
            g_free(parts[i]);
            parts[i] = g_strdup(given[i]);
        }
    if (g_strv_length(parts) == count + 1 && word_at(parts[count]) > 0) /* vcpupin */
        g_clear_pointer(&parts[count], g_free);
    g_autofree char *key = g_strjoinv(".", parts);
    return distance(text, key);
}

const char *tunable_nearest(TargetKind target, const char *text)
{
    guint count, best = MAX(2, (guint)strlen(text) / 4) + 1;
    const Tunable *rows = tunable_catalogue(&count);
    const char *nearest = NULL;

    for (guint i = 0; i < count && strlen(text) <= KEY_MAX; i++) {
        guint far = rows[i].target == target ? distance_of(&rows[i], text) : best;
        if (far < best) {
            best = far;
            nearest = rows[i].key;
        }
    }
    return nearest;
}

/* @text as a key of @row, or NULL. */
static TunableKey *key_of_row(const Tunable *row, const char *text)
{
    TunableKey found = {.tunable = row, .all = g_str_has_suffix(row->key, ".all")};
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    if (*text != *row->key || !matches(row->key, text, &found, args))
        return NULL;
    g_ptr_array_add(args, NULL);
    found.args = g_strdupv((char **)args->pdata);
    found.key = fill(row->key, found.args);
    return g_memdup2(&found, sizeof found);
}

TunableKey *tunable_key_parse(TargetKind target, const char *text, GError **error)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);
    gboolean elsewhere = FALSE;

    for (guint i = 0; i < count && strlen(text) <= KEY_MAX; i++) {
        g_autoptr(TunableKey) key = key_of_row(&rows[i], text);
        if (key && rows[i].target == target)
            return g_steal_pointer(&key);
        elsewhere |= key != NULL;
    }

    g_autofree char *shown = text_escape(text, 60);
    const char *nearest = tunable_nearest(target, text);
    if (elsewhere)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "\"%s\" is a key of %s, not of %s",
            shown, target == TARGET_HOST ? "a domain" : "the host",
            target == TARGET_HOST ? "the host" : "a domain");
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "there is no key \"%s\" for %s; %s%s%s`kvmtune tunables` lists them all", shown,
            target == TARGET_HOST ? "the host" : "a domain", nearest ? "the nearest is " : "",
            nearest ? nearest : "", nearest ? ", and " : "");
    return NULL;
}

TunableKey *tunable_key_copy(const TunableKey *key)
{
    TunableKey *copy = g_memdup2(key, sizeof *key);
    copy->key = g_strdup(key->key);
    copy->args = g_strdupv(key->args);
    return copy;
}

void tunable_key_free(TunableKey *key)
{
    if (key == NULL)
        return;
    g_free(key->key);
    g_strfreev(key->args);
    g_free(key);
}

/* @place with @args for its "%s". */
static char *fill_place(const char *place, char **args)
{
    GString *out = g_string_new(NULL);

    for (const char *p = place; *p; p++) {
        if (p[0] == '%' && p[1] == 's') {
            g_string_append(out, *args ? *args++ : "");
            p++;
        } else {
            g_string_append_c(out, *p);
        }
    }
    return g_string_free(out, FALSE);
}

char *tunable_key_place(const TunableKey *key)
{
    g_auto(GStrv) args = g_strdupv(key->args);

    /* the kernel's file names have page sizes in KiB; a key's size is its last word */
    if (key->size_kib) {
        char **last = &args[g_strv_length(args) - 1];
        g_free(*last);
        *last = g_strdup_printf("%" G_GUINT64_FORMAT, key->size_kib);
    }
    return fill_place(key->tunable->place, args);
}

char *tunable_shown_place(const Tunable *row)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    for (const char *p = row->key; *p; p++) {
        gsize length = word_at(p);
        if (length > 0) {
            g_ptr_array_add(args, g_strndup(p, length));
            p += length - 1;
        }
    }
    /* vcpupin.all has the place of vcpupin.N */
    g_ptr_array_add(args, g_str_has_suffix(row->key, ".all") ? g_strdup("N") : NULL);
    g_ptr_array_add(args, NULL);
    g_autofree char *place = fill_place(row->place, (char **)args->pdata);
    GString *shown = g_string_new(place);
    if (row->target == TARGET_DOMAIN)
        g_string_replace(shown, "!", "", 0);
    return g_string_free(shown, FALSE);
}

GPtrArray *tunable_keys_for(const XmlEdit *document)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)tunable_key_free);
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        const Tunable *row = &rows[i];
        if (row->target != TARGET_DOMAIN || row->effect == EFFECT_RUNNING ||
            g_str_has_suffix(row->key, ".all"))
            continue;
        g_autoptr(GPtrArray) names = row->instances ? row->instances(document) : NULL;
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint k = 0; k < (names ? names->len : 1); k++) {
            char *args[] = {names ? g_ptr_array_index(names, k) : NULL, NULL};
            g_autofree char *text = fill(row->key, args);
            g_autoptr(TunableKey) key = key_of_row(row, text);
            g_autofree char *place = key ? tunable_key_place(key) : NULL;
            if (key == NULL || !xml_edit_has_room(document, place) ||
                g_hash_table_contains(seen, key->key))
                continue;
            g_hash_table_add(seen, key->key);
            g_ptr_array_add(keys, g_steal_pointer(&key));
        }
    }
    return keys;
}

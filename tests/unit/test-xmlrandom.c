/* The XML edit on random paths, values and documents of few words: what the fuzzer's bytes reach
 * only by luck (two containers of a name, an element known by the child that the path enters) is
 * common here. What is promised is the fuzz target's. */
#include "tests/fuzz/fuzz.h"

#define WALKS 20 /* each by a seed of its own, so that a failure names its walk */
#define CASES 1500

static const char *const names[] = {
    "a", "b", "c", "cputune", "vcpupin", "vcpu", "disk", "memory", "xmlns", "xml"};
static const char *const attributes[] = {"a", "b", "id", "vcpu", "cpuset", "xmlns", "xml"};
/* As they stand in a document. */
static const char *const written[] = {"", "1", "01", "2", " 1", "1 ", "x", "&amp;", "&#10;", "&lt;",
    "52:54:00:aa:bb:cc", "52:54:00:AA:BB:CC", "1:2", "1,2", ":", "]]&gt;", "&#13;", "\xc3\xa9",
    "\xe9", "00", "-1", "18446744073709551615", " ", "&#x9;", "&e;", "a\rb", "a\nb", "\t",
    "&#x85;"};
/* As a path or a person has them. */
static const char *const values[] = {"", "1", "01", "2", " 1", "1 ", "x", "&", "<", ">", "\"", "'",
    "\n", "\r", "\r\n", "\t", "52:54:00:aa:bb:cc", "1:2", "1,2", ":", "1:", "1:2:3", ":2", "1,",
    "]]>", "\xc3\xa9", "00", "-1", " ", "  ", "a\nb"};
static const char *const texts[] = {"t", "1", "&e;", "\xe9", "\xc3\xa9", "&#233;", "&#13;",
    "]]&gt;", "<![CDATA[]]>", "<![CDATA[ ]]>", "<![CDATA[<a/>]]>", "<!--c-->", "<?p i?>"};
static const char *const blanks[] = {"", "", "", " ", "\n", "\n  ", "\n\t", "\r\n  "};
static const char *const heads[] = {"", "", "", "", "\xef\xbb\xbf", "<?xml version='1.0'?>\n",
    "<?xml version='1.0' encoding='latin1'?>", "<?xml version='1.0' encoding='UTF-16'?>",
    "<!DOCTYPE domain [<!ENTITY e 'x'>]>", "<!DOCTYPE domain [<!ENTITY e '<b/>'>]>",
    "<!DOCTYPE domain [<!ATTLIST a b CDATA '7'>]>",
    "<!DOCTYPE domain [<!ATTLIST a id NMTOKENS #IMPLIED vcpu CDATA #FIXED '1'>]>"};

#define one_of(random, words) ((words)[g_rand_int_range((random), 0, G_N_ELEMENTS(words))])

static gboolean one_in(GRand *random, int n)
{
    return g_rand_int_range(random, 0, n) == 0;
}

/* Mostly one of the first three, so that paths meet documents. */
static const char *a_name(GRand *random)
{
    return one_in(random, 4) ? one_of(random, names) : names[g_rand_int_range(random, 0, 3)];
}

static void append_predicate(GString *out, GRand *random)
{
    g_string_append_c(out, '[');
    if (one_in(random, 2))
        g_string_append(out, a_name(random));
    else
        g_string_append_printf(
            out, "%s@%s", one_in(random, 2) ? "b/" : "", one_of(random, attributes));
    g_string_append_printf(out, "='%s']", one_of(random, values));
}

static void append_attribute_of_path(GString *out, GRand *random)
{
    g_string_append_printf(out, "@%s", one_of(random, attributes));
    if (one_in(random, 4))
        g_string_append_printf(out, "=%s", one_of(random, values));
}

static void append_path(GString *out, GRand *random)
{
    for (int steps = g_rand_int_range(random, 1, 4); steps > 0; steps--) {
        g_string_append(out, a_name(random));
        while (one_in(random, 3))
            append_predicate(out, random);
        g_string_append_printf(out, "%s%s", one_in(random, 8) ? "!" : "", steps > 1 ? "/" : "");
    }
    if (one_in(random, 4)) {
        g_string_append(out, "/text()");
    } else if (!one_in(random, 4)) {
        char separator = one_in(random, 2) ? ':' : ',';
        g_string_append_c(out, '/');
        append_attribute_of_path(out, random);
        for (; one_in(random, 3); append_attribute_of_path(out, random))
            g_string_append_c(out, separator);
    }
}

static void append_attributes(GString *out, GRand *random)
{
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++)
        if (one_in(random, 4))
            g_string_append_printf(out, "%s%s%s='%s'", one_in(random, 5) ? "\n " : " ",
                attributes[i], one_in(random, 9) ? " " : "", one_of(random, written));
    if (one_in(random, 12))
        g_string_append(out, " q:a=\"1\" xmlns:q=\"u\" ");
}

static void append_element(GString *out, GRand *random, const char *name, int depth)
{
    g_string_append_printf(out, "<%s", name);
    append_attributes(out, random);
    if (depth > 0 && one_in(random, 3)) {
        g_string_append(out, "/>");
        return;
    }
    g_string_append_c(out, '>');
    for (int children = g_rand_int_range(random, 0, depth > 3 ? 2 : 4); children > 0; children--) {
        g_string_append(out, one_of(random, blanks));
        append_element(out, random, a_name(random), depth + 1);
        if (one_in(random, 20))
            g_string_append(out, one_of(random, texts));
    }
    if (depth > 0 && one_in(random, 8))
        g_string_append(out, one_of(random, texts));
    g_string_append_printf(out, "%s</%s>", one_of(random, blanks), name);
}

static void test_walk(gconstpointer seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(GPOINTER_TO_UINT(seed));
    g_autoptr(GString) input = g_string_new(NULL);

    for (guint i = 0; i < CASES; i++) {
        g_string_truncate(input, 0);
        append_path(input, random);
        g_string_append_c(input, '\0');
        g_string_append(input, one_of(random, values));
        g_string_append_c(input, '\0');
        g_string_append(input, one_of(random, heads));
        append_element(input, random, "domain", 0);
        LLVMFuzzerTestOneInput((const guint8 *)input->str, input->len);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 1; i <= WALKS; i++) {
        g_autofree char *path = g_strdup_printf("/xmledit/random/%u", i);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_walk);
    }
    return g_test_run();
}

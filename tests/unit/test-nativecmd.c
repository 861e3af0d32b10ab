/* core/preview/nativecmd: how QEMU's command line differs, without secrets. */
#include "core/preview/nativecmd.h"

static void test_command_line(void)
{
    static const struct {
        const char *before, *after, *lines;
    } rows[] = {
        {"LC_ALL=C /usr/bin/qemu -m 64 -S", "LC_ALL=C /usr/bin/qemu -m 64 -S", ""},
        {"LC_ALL=C /usr/bin/qemu -m 64 -S", "LC_ALL=C /usr/bin/qemu -m 128 -S",
            "- -m 64|+ -m 128|"},
        {"A=1 qemu -S", "A=2 qemu -S", "- A=1|+ A=2|"},
        {"qemu -S", "qemu -S -no-acpi", "+ -no-acpi|"},
        /* quoted as libvirt quotes, and each option with all its words */
        {"qemu -object '{\"id\":\"a b\",\"size\":1}' -S",
            "qemu -object '{\"id\":\"a b\",\"size\":2}' -S",
            "- -object {\"id\":\"a b\",\"size\":1}|+ -object {\"id\":\"a b\",\"size\":2}|"},
        {"qemu -add-fd set=0,fd=1 x -S", "qemu -add-fd set=0,fd=1 y -S",
            "- -add-fd set=0,fd=1 x|+ -add-fd set=0,fd=1 y|"},
        /* a secret is another one each time, and nobody's business */
        {"qemu -object '{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"abc=\",\"iv\":\"1==\"}'",
            "qemu -object "
            "'{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"xyz=\",\"iv\":\"2==\"}'",
            ""},
        {"qemu -object secret,id=s,data=abc,iv=1", "qemu -object secret,id=t,data=xyz,iv=2",
            "- -object secret,id=s,data=•••,iv=•••|+ -object secret,id=t,data=•••,iv=•••|"},
        {"qemu -name 'a\033[2J'", "qemu -name b", "- -name a\\x1b[2J|+ -name b|"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) lines = nativecmd_diff(rows[i].before, rows[i].after, &error);
        g_assert_no_error(error);
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint n = 0; n < lines->len; n++)
            g_string_append_printf(text, "%s|", (const char *)g_ptr_array_index(lines, n));
        g_assert_cmpstr(text->str, ==, rows[i].lines);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(nativecmd_diff("qemu 'a", "qemu", &error));
    g_assert_nonnull(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nativecmd/diff", test_command_line);
    return g_test_run();
}

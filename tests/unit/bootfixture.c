/* The fixture of tests that keep values at boot and mount hugetlbfs. */
#include "tests/unit/bootfixture.h"

#include "core/util/rootfile.h"

#include <string.h>

Preview *boot_preview(const Fixture *f, PlanScope scope, ...)
{
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, scope);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        plan_stage(plan, snapshot, "host", key, va_arg(args, const char *), scope, &error);
        g_assert_no_error(error);
    }
    va_end(args);
    return preview_make(snapshot, plan);
}

char *boot_file(const Fixture *f, const char *path)
{
    return rootfile_read_whole(f->root, path);
}

void boot_check_text(const Fixture *f, const char *path, const char *wanted)
{
    g_autofree char *text = boot_file(f, path);

    g_assert_cmpstr(text, ==, wanted);
}

guint boot_apply(const Fixture *f, const Preview *what)
{
    g_autoptr(GError) error = NULL;
    guint number = apply_preview(&f->context, what, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(number, >, 0);
    return number;
}

gboolean boot_has_line(const Preview *what, PreviewLineKind kind, const char *text)
{
    for (guint i = 0; i < what->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(what->lines, i);
        if (line->kind == kind && strstr(line->text, text))
            return TRUE;
    }
    return FALSE;
}

void boot_put_mounts(const Fixture *f)
{
    fixture_put(f, "/proc/meminfo", "MemTotal: 4096 kB\nHugepagesize: 2048 kB\n");
    fixture_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
    fixture_put(f, "/proc/mounts",
        "/dev/sda1 / ext4 rw 0 0\nhugetlbfs /mnt/huge hugetlbfs rw,relatime 0 0\n");
}

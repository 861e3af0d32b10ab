/* The documents of tests/unit/rule-cases.h as files, for live-rules.sh to ask libvirt about:
 * rule-documents FOLDER DISK writes N-broken.xml and N-fine.xml, and prints "N REFUSAL RULE". */
#include "tests/unit/rule-cases.h"

#include <stdio.h>

static gboolean write_document(
    const char *folder, guint n, const char *end, const char *body, const char *disk)
{
    g_autofree char *path = g_strdup_printf("%s/%u-%s.xml", folder, n, end);
    g_autofree char *text = rule_case_document("qemu", body, disk);
    g_autoptr(GError) error = NULL;

    if (g_file_set_contents(path, text, -1, &error))
        return TRUE;
    fprintf(stderr, "%s\n", error->message);
    return FALSE;
}

int main(int argc, char **argv)
{
    static const char *const refusals[] = {[TAKEN] = "taken",
        [DEFINE] = "define",
        [DEFINE_ONLY] = "define-only",
        [START] = "start",
        [UNTRIED_KVM] = "untried",
        [UNTRIED_HUGE] = "untried"};

    if (argc != 3)
        return 2;
    for (guint n = 0; n < G_N_ELEMENTS(rule_cases); n++) {
        const RuleCaseRow *row = &rule_cases[n];
        if (!write_document(argv[1], n, "broken", row->broken, argv[2]) ||
            !write_document(argv[1], n, "fine", row->fine, argv[2]))
            return 1;
        printf("%u %s %s\n", n, refusals[row->refusal], row->rule);
    }
    return 0;
}

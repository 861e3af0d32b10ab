/* Sets, sizes and numbers as people write them, and the escaping of any text. What parses prints in
 * a form that parses to the same; what is escaped holds no control character. */
#include "core/util/idset.h"
#include "core/util/text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_take_text(&data, &size);
    g_autoptr(GError) error = NULL;
    g_autoptr(IdSet) set = idset_parse(text, &error);
    g_autoptr(IdSet) kernel = idset_parse_kernel(text);
    guint64 kib;
    gint64 number;

    g_assert_true((set == NULL) == (error != NULL));
    g_assert_true(set == NULL || kernel != NULL);
    if (set != NULL) {
        g_autofree char *printed = idset_format(set);
        g_autoptr(IdSet) again = idset_parse(printed, NULL);
        g_assert_true(idset_equal(set, again));
        g_assert_cmpuint(idset_count(set), <=, IDSET_MAX);
    }
    if (text_parse_size(text, &kib)) {
        guint64 back;
        g_autofree char *page = text_page_size(kib);
        g_autofree char *shown = text_size_kib(kib);
        g_assert_true(text_parse_size(page, &back));
        g_assert_cmpuint(back, ==, kib);
        g_assert_nonnull(strstr(shown, "iB"));
    }
    if (text_parse_int(text, &number)) {
        gint64 back;
        g_autofree char *printed = g_strdup_printf("%" G_GINT64_FORMAT, number);
        g_assert_true(text_parse_int(printed, &back));
        g_assert_cmpint(back, ==, number);
    }
    g_autofree char *escaped = text_escape(text, 0);
    g_autofree char *cut = text_escape(text, 20);
    g_assert_true(g_utf8_validate(escaped, -1, NULL));
    g_assert_true(g_utf8_validate(cut, -1, NULL));
    for (const char *p = escaped; *p != '\0'; p = g_utf8_next_char(p))
        g_assert_false(g_unichar_iscntrl(g_utf8_get_char(p)));
    return 0;
}

/* The XML edit. Input: path NUL value NUL document. Of any document that opens: a value that was
 * set reads back, a second set changes nothing, a removal leaves nothing at the path, and the
 * document is what reading its text anew gives. That the rest stays as it was is test-xmlcorpus's
 * subject. */
#include "core/xml/xmledit-private.h"
#include "core/xml/xmlpath.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = fuzz_take_text(&data, &size);
    g_autofree char *value = fuzz_take_text(&data, &size);
    g_autofree char *text = g_memdup2(size ? (const void *)data : "", MAX(size, 1));
    g_autoptr(XmlEdit) edit = xml_edit_open(text, (gssize)size, NULL);

    if (edit == NULL)
        return 0;
    g_ptr_array_unref(xml_edit_list(edit, path, "vcpu"));
    g_free(xml_edit_get(edit, path));
    g_autoptr(XmlPath) parsed = xml_path_parse(path, NULL);
    if (xml_edit_set(edit, path, value, NULL)) {
        g_autofree char *got = xml_edit_get(edit, path);
        g_autofree char *once = g_strdup(xml_edit_text(edit, NULL));
        g_assert_true(xml_edit_is_sound(edit));
        if (!xml_path_names_its_value(parsed)) {
            g_assert_cmpstr(got, ==, value);
            g_assert_true(xml_edit_set(edit, path, value, NULL));
            g_assert_cmpstr(xml_edit_text(edit, NULL), ==, once);
        }
    }
    if (xml_edit_set(edit, path, NULL, NULL)) {
        g_assert_true(xml_edit_is_sound(edit));
        g_autofree char *gone = xml_edit_get(edit, path);
        g_assert_null(gone);
    }
    gsize length;
    const char *now = xml_edit_text(edit, &length);
    g_assert_cmpuint(strlen(now), ==, length);
    g_autoptr(XmlEdit) again = xml_edit_open(now, -1, NULL);
    g_assert_nonnull(again);
    return 0;
}

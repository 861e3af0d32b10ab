/* Keys and values of the catalogue: what a value is brought into is a value that stays
 * as it is; a domain's XML takes it or says why not. Two texts: KEY, VALUE. */
#include "core/catalogue/tunable.h"
#include "core/util/error.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const document =
        "<domain><vcpu>4</vcpu><iothreads>2</iothreads>\n"
        "<cputune><vcpupin vcpu='0' cpuset='1'/></cputune>\n"
        "<cpu><numa><cell id='0' cpus='0-1' memory='1048576'/>"
        "<cell id='1' cpus='2-3' memory='1048576'/></numa></cpu>\n"
        "<clock offset='utc'><timer name='tsc'/></clock>\n<devices>\n"
        "<disk type='file' device='disk'><driver name='qemu'/><target dev='vda' "
        "bus='virtio'/></disk>\n"
        "<interface type='network'><mac address='52:54:00:00:00:01'/><model type='virtio'/>"
        "</interface>\n</devices>\n</domain>";
    g_autofree char *key_text = fuzz_take_text(&data, &size);
    g_autofree char *value = fuzz_take_text(&data, &size);

    for (TargetKind target = TARGET_HOST; target <= TARGET_DOMAIN; target++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TunableKey) key = tunable_key_parse(target, key_text, &error);
        g_assert_true((key == NULL) == (error != NULL));
        if (key == NULL)
            continue;
        g_autoptr(TunableKey) again = tunable_key_parse(target, key->key, NULL);
        g_assert_nonnull(again);
        g_assert_cmpstr(again->key, ==, key->key);
        g_autofree char *place = tunable_key_place(key);
        g_assert_nonnull(place);
        g_autofree char *normal = tunable_check(key, value, NULL, NULL, &error);
        g_assert_true((normal == NULL) == (error != NULL));
        if (normal == NULL)
            continue;
        g_autofree char *same = tunable_check(key, normal, NULL, NULL, NULL);
        g_assert_cmpstr(same, ==, normal);
        if (target == TARGET_HOST)
            continue;
        g_autoptr(XmlEdit) edit = xml_edit_open(document, -1, NULL);
        if (!tunable_xml_set(key, edit, normal, &error)) {
            g_assert_nonnull(error);
            g_assert_cmpstr(xml_edit_text(edit, NULL), ==, document);
            continue;
        }
        g_autofree char *now = key->all ? g_strdup(normal) : tunable_xml_value(key, edit);
        g_assert_cmpstr(now, ==, normal);
    }
    return 0;
}

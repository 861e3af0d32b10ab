/* <vcpu current='2'>4</vcpu>: libvirt leaves the attribute away where all are plugged, so that
 * reads as the maximum and is written by taking the attribute away. */
#include "core/catalogue/vcpus.h"

#include <string.h>

#define CURRENT "vcpu/@current"

/* The maximum; libvirt's default is 1. */
static char *maximum(const XmlEdit *edit)
{
    char *text = xml_edit_get(edit, "vcpu/text()");
    return text ? g_strstrip(text) : g_strdup("1");
}

char *vcpus_get_current(const TunableKey *key, const XmlEdit *edit)
{
    g_autofree char *current = xml_edit_get(edit, CURRENT);
    (void)key;
    return current ? g_steal_pointer(&current) : maximum(edit);
}

gboolean vcpus_set_current(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *all = maximum(edit);
    (void)key;
    if (*value == '\0' || g_str_equal(value, all))
        return xml_edit_set(edit, CURRENT, NULL, error);
    return xml_edit_set(edit, CURRENT, value, error);
}

/* The next start of a domain, defined again where nobody changed it meanwhile. */
#include "core/virt/define.h"

#include "core/util/error.h"
#include "core/virt/connection-private.h"

#include <stdlib.h>
#include <string.h>

gboolean connection_redefine(
    Connection *connection, const char *uuid, const char *ground, const char *xml, GError **error)
{
    virDomainPtr handle = connection_find(connection, uuid, error);

    if (handle == NULL)
        return FALSE;
    char *now = connection_config_xml(connection, handle);
    if (now == NULL) {
        connection_error(error, "the next start of domain %s cannot be read", uuid);
        virDomainFree(handle);
        return FALSE;
    }
    /* From here to the definition there is only this comparison. */
    gboolean same = strcmp(now, ground) == 0;
    gboolean defined =
        same && connection_define(connection, virDomainGetName(handle), uuid, xml, error);
    if (!same)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "%s was changed by someone else since the preview: nothing is written, look at the new "
            "preview",
            virDomainGetName(handle));
    free(now);
    virDomainFree(handle);
    return defined;
}

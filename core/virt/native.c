/* What a hypervisor would be started with: libvirt translates a domain's XML into a command line.
 */
#include "core/util/error.h"
#include "core/virt/connection-private.h"

#include <stdlib.h>
#include <string.h>

char *connection_native(Connection *connection, const char *xml, GError **error)
{
    const char *type = virConnectGetType(connection->handle);
    /* https://libvirt.org/drvqemu.html, "Converting from domain XML to QEMU args". */
    const char *format = g_strcmp0(type, "QEMU") == 0 ? "qemu-argv" : "native";
    char *native = virConnectDomainXMLToNative(connection->handle, format, xml, 0);

    if (native == NULL && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "libvirt's %s driver has no command line to show", type ? type : "");
        return NULL;
    }
    if (native == NULL) {
        connection_error(error, "libvirt cannot tell the command line");
        return NULL;
    }
    char *copy = g_strdup(native);
    free(native);
    return copy;
}

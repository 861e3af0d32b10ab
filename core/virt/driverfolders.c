/* Where libvirt's drivers keep the files of their domains (libvirt's qemu_conf.c,
 * virQEMUDriverConfigNew). */
#include "core/virt/driverfolders.h"

#include <string.h>

typedef enum { DRIVER_NONE, DRIVER_SYSTEM, DRIVER_SESSION, DRIVER_EMBEDDED, DRIVER_TEST } Driver;

/* The driver of @uri on this host; the root of an embedded one in *own, the caller's to free. */
static Driver driver_of(const char *uri, char **own)
{
    const char *authority = uri ? strstr(uri, ":///") : NULL; /* a host's name would follow // */

    *own = NULL;
    if (authority == NULL)
        return DRIVER_NONE;
    g_autofree char *name = g_strndup(uri, strcspn(uri, "+:"));
    const char *path = authority + strlen("://");
    const char *query = strchr(path, '?');
    g_autofree char *place = g_strndup(path, strcspn(path, "?#"));
    if (g_str_equal(name, "test"))
        return DRIVER_TEST;
    if (!g_str_equal(name, "qemu"))
        return DRIVER_NONE;
    g_autoptr(GHashTable) params =
        query ? g_uri_parse_params(query + 1, -1, "&", G_URI_PARAMS_NONE, NULL) : NULL;
    *own = params ? g_strdup(g_hash_table_lookup(params, "root")) : NULL;
    return g_str_equal(place, "/system")    ? DRIVER_SYSTEM
           : g_str_equal(place, "/session") ? DRIVER_SESSION
           : g_str_equal(place, "/embed")   ? (*own ? DRIVER_EMBEDDED : DRIVER_NONE)
                                            : DRIVER_NONE;
}

char *driver_run_folder(const char *uri, const char *root)
{
    g_autofree char *own = NULL;
    Driver driver = driver_of(uri, &own);

    if (driver == DRIVER_EMBEDDED)
        return g_build_filename(own, "run", "qemu", NULL);
    if (driver == DRIVER_SESSION)
        return g_build_filename(g_get_user_runtime_dir(), "libvirt", "qemu", "run", NULL);
    /* Test domains have no process, but for those of the demo's own root. */
    if (driver == DRIVER_SYSTEM || (driver == DRIVER_TEST && *root))
        return g_strconcat(root, "/run/libvirt/qemu", NULL);
    return g_strdup("");
}

char *driver_config_folder(const char *uri, const char *root)
{
    g_autofree char *own = NULL;
    Driver driver = driver_of(uri, &own);

    if (driver == DRIVER_EMBEDDED)
        return g_build_filename(own, "etc", "qemu", NULL);
    if (driver == DRIVER_SESSION)
        return g_build_filename(g_get_user_config_dir(), "libvirt", "qemu", NULL);
    return driver == DRIVER_SYSTEM ? g_strconcat(root, "/etc/libvirt/qemu", NULL) : g_strdup("");
}

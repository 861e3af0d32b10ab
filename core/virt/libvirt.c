/* Loads libvirt when it is first needed. */
#include "core/virt/libvirt.h"

#include "core/util/error.h"

#include <dlfcn.h>

#define LIBRARY "libvirt.so.0" /* its name since 2005: functions are added, never changed */
#define OLDEST  7000000        /* 7.0.0, which configure asks for: it has all of the functions */

static gpointer library;

gpointer libvirt_function(const char *name)
{
    gpointer place = dlsym(g_atomic_pointer_get(&library), name);

    if (place == NULL)
        g_error(LIBRARY " has no %s", name); /* it is of no version that libvirt_load() takes */
    return place;
}

/* Whether the version of @loaded is one kvmtune can use. */
static gboolean is_new_enough(gpointer loaded, GError **error)
{
    unsigned long version = 0;

    g_atomic_pointer_set(&library, loaded);
    if (virGetVersion(&version, NULL, NULL) == 0 && version >= OLDEST)
        return TRUE;
    g_atomic_pointer_set(&library, NULL);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "libvirt %lu.%lu.%lu is installed, and kvmtune needs %d.%d.%d or newer", version / 1000000,
        version / 1000 % 1000, version % 1000, OLDEST / 1000000, OLDEST / 1000 % 1000,
        OLDEST % 1000);
    return FALSE;
}

gboolean libvirt_load(GError **error)
{
    static GMutex lock;
    gboolean ready = TRUE;

    g_mutex_lock(&lock);
    if (library == NULL) {
        gpointer loaded = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
        if (loaded == NULL)
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "libvirt cannot be loaded (%s): install libvirt0 (Debian, Ubuntu) or libvirt-libs "
                "(Fedora, RHEL)",
                dlerror());
        ready = loaded && is_new_enough(loaded, error);
    }
    g_mutex_unlock(&lock);
    return ready;
}

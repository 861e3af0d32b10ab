/* libvirt's events: which of them say that a domain's XML or state is to be read again. */
#include "core/virt/events.h"

#include "core/virt/connection-private.h"

#include <string.h>

/* libvirt hands each callback this; it frees it when the callback is removed. */
typedef struct {
    EventNotify notify;
    gpointer user_data;
    GDestroyNotify unref;
} Listener;

static void listener_free(void *opaque)
{
    Listener *listener = opaque;

    listener->unref(listener->user_data);
    g_free(listener);
}

static void tell(virDomainPtr domain, void *opaque)
{
    const Listener *listener = opaque;
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) == 0)
        listener->notify(uuid, listener->user_data);
}

static int on_lifecycle(
    virConnectPtr handle, virDomainPtr domain, int event, int detail, void *opaque)
{
    (void)handle;
    (void)event;
    (void)detail;
    tell(domain, opaque);
    return 0;
}

static void on_tunable(
    virConnectPtr handle, virDomainPtr domain, virTypedParameterPtr params, int count, void *opaque)
{
    (void)handle;
    (void)params;
    (void)count;
    tell(domain, opaque);
}

static void on_device(virConnectPtr handle, virDomainPtr domain, const char *alias, void *opaque)
{
    (void)handle;
    (void)alias;
    tell(domain, opaque);
}

static void on_close(virConnectPtr handle, int reason, void *opaque)
{
    const Listener *listener = opaque;

    (void)handle;
    (void)reason;
    listener->notify(NULL, listener->user_data);
}

/* The events after which a domain's XML may differ. A balloon that moves is not one: its size comes
 * with the next change. */
static const struct {
    int id;
    virConnectDomainEventGenericCallback callback;
} rows[] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
    {VIR_DOMAIN_EVENT_ID_TUNABLE, VIR_DOMAIN_EVENT_CALLBACK(on_tunable)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
};

gboolean events_listen(Connection *connection, EventNotify notify, gpointer user_data,
    gpointer (*ref)(gpointer), GDestroyNotify unref)
{
    const Listener model = {notify, user_data, unref};
    gboolean any = FALSE;

    G_STATIC_ASSERT(G_N_ELEMENTS(rows) == CONNECTION_EVENTS);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Listener *listener = g_memdup2(&model, sizeof model);
        ref(user_data);
        connection->events[i] = virConnectDomainEventRegisterAny(
            connection->handle, NULL, rows[i].id, rows[i].callback, listener, listener_free);
        if (connection->events[i] < 0)
            listener_free(listener);
        any |= connection->events[i] >= 0;
    }
    connection->listens = TRUE;
    /* Only a daemon can close a connection. Drivers within the process accept the callback and
     * forget it, and with it what is to be freed. */
    if (connection->test || strstr(connection->uri, ":///embed"))
        return any;
    Listener *listener = g_memdup2(&model, sizeof model);
    ref(user_data);
    connection->hears_close =
        virConnectRegisterCloseCallback(connection->handle, on_close, listener, listener_free) == 0;
    if (!connection->hears_close)
        listener_free(listener);
    return any;
}

void events_stop(Connection *connection)
{
    if (!connection->listens)
        return;
    connection->listens = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (connection->events[i] >= 0)
            virConnectDomainEventDeregisterAny(connection->handle, connection->events[i]);
    if (connection->hears_close)
        virConnectUnregisterCloseCallback(connection->handle, on_close);
}

/* libvirt's events: which of them say that a domain's XML or state is to be read again. */
#include "core/virt/events.h"

#include "core/virt/connection-private.h"

/* libvirt hands each callback this; it frees it when the callback is removed. */
typedef struct {
    EventNotify notify;
    gpointer user_data;
} Listener;

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

static Listener *listener_new(EventNotify notify, gpointer user_data)
{
    Listener *listener = g_new(Listener, 1);

    *listener = (Listener){notify, user_data};
    return listener;
}

gboolean events_listen(Connection *connection, EventNotify notify, gpointer user_data)
{
    gboolean any = FALSE;

    G_STATIC_ASSERT(G_N_ELEMENTS(rows) == CONNECTION_EVENTS);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Listener *listener = listener_new(notify, user_data);
        connection->events[i] = virConnectDomainEventRegisterAny(
            connection->handle, NULL, rows[i].id, rows[i].callback, listener, g_free);
        if (connection->events[i] < 0)
            g_free(listener);
        any |= connection->events[i] >= 0;
    }
    /* Ours to free: a driver without this callback (test) takes it, and never lets go of it. */
    connection->close_listener = listener_new(notify, user_data);
    connection->hears_close = virConnectRegisterCloseCallback(connection->handle, on_close,
                                  connection->close_listener, NULL) == 0;
    connection->listens = TRUE;
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
    g_clear_pointer(&connection->close_listener, g_free);
}

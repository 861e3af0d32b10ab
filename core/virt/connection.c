/* The connection to libvirt: opened, asked, written through. Every function here may block. */
#include "core/virt/connection.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/connection-private.h"
#include "core/virt/events.h"

#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT   3

static void silence(void *data, virErrorPtr error)
{
    (void)data;
    (void)error; /* every error is fetched and told where it belongs */
}

/* @text with what stands between user name and host of a URI replaced. */
static char *hide_passwords(const char *text)
{
    g_autoptr(GRegex) password = g_regex_new("//([^/:@\\s]*):[^/\\s]*@", 0, 0, NULL);

    return g_regex_replace(password, text, -1, 0, "//\\1:•••@", 0, NULL);
}

/* libvirt's last error of this thread as our sentence: what, on what, libvirt's reason. */
G_GNUC_PRINTF(2, 3)
static void set_error(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *reason = text_escape(virGetLastErrorMessage(), 400);
    g_autofree char *shown = hide_passwords(reason); /* libvirt may repeat the URI */
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s: %s", what, shown);
}

static void say_nothing(void *data, const char *format, ...)
{
    (void)data;
    (void)format;
}

static gpointer run_events(gpointer data)
{
    (void)data;
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            g_usleep(G_USEC_PER_SEC / 10);
    return NULL;
}

/* Once a process, before anything else. libvirt's loop runs from here to the end: keepalive, events
 * and the embedded driver all live by it. */
static void initialize(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        virSetErrorFunc(NULL, silence);
        /* libxml2, in libvirt's drivers, would write warnings over the screen. */
        xmlSetGenericErrorFunc(NULL, say_nothing);
        xmlThrDefSetGenericErrorFunc(NULL, say_nothing);
        virInitialize();
        virEventRegisterDefaultImpl();
        g_thread_unref(g_thread_new("libvirt-events", run_events, NULL));
        g_once_init_leave(&once, 1);
    }
}

Connection *connection_open(const char *uri, gboolean read_only, GError **error)
{
    initialize();
    virConnectPtr handle = read_only ? virConnectOpenReadOnly(uri) : virConnectOpen(uri);
    int code = handle ? VIR_ERR_OK : virGetLastErrorCode();
    if (handle == NULL && !read_only &&
        (code == VIR_ERR_AUTH_FAILED || code == VIR_ERR_AUTH_CANCELLED ||
            code == VIR_ERR_SYSTEM_ERROR || code == VIR_ERR_ACCESS_DENIED)) {
        handle = virConnectOpenReadOnly(uri);
        read_only = TRUE;
    }
    if (handle == NULL) {
        g_autofree char *shown = connection_shown_uri(uri);
        set_error(error, "no connection to %s", shown);
        return NULL;
    }
    Connection *connection = g_new0(Connection, 1);
    connection->handle = handle;
    connection->read_only = read_only;
    char *canonical = virConnectGetURI(handle);
    connection->uri = connection_shown_uri(canonical ? canonical : uri);
    free(canonical);
    connection->test = g_strcmp0(virConnectGetType(handle), "TEST") == 0;
    /* Notices a daemon that has stopped answering; local drivers have none. */
    virConnectSetKeepAlive(handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    return connection;
}

void connection_close(Connection *connection)
{
    if (connection == NULL)
        return;
    events_stop(connection);
    virConnectClose(connection->handle);
    g_free(connection->uri);
    g_free(connection);
}

char *connection_shown_uri(const char *uri)
{
    g_autofree char *shown = text_escape(uri, 200);

    return hide_passwords(shown);
}

gboolean connection_answers(Connection *connection)
{
    unsigned long version;

    return virConnectGetLibVersion(connection->handle, &version) == 0;
}

gboolean connection_read_only(const Connection *connection)
{
    return connection->read_only;
}

gboolean connection_alive(Connection *connection)
{
    return virConnectIsAlive(connection->handle) == 1;
}

const char *connection_uri(const Connection *connection)
{
    return connection->uri;
}

gboolean connection_has_live(const Connection *connection)
{
    return !connection->test;
}

/* libvirt packs a version as major × 1,000,000 + minor × 1,000 + release. */
static char *format_version(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

char *connection_hypervisor(Connection *connection)
{
    unsigned long version = 0;
    const char *type = virConnectGetType(connection->handle);

    if (virConnectGetVersion(connection->handle, &version) != 0 || version == 0)
        return g_strdup(type ? type : "–");
    g_autofree char *number = format_version(version);
    return g_strdup_printf("%s %s", type ? type : "–", number);
}

char *connection_libvirt(Connection *connection)
{
    unsigned long version = 0;

    return virConnectGetLibVersion(connection->handle, &version) == 0 ? format_version(version)
                                                                      : g_strdup("–");
}

static const DomainState states[] = {
    [VIR_DOMAIN_NOSTATE] = DOMAIN_NOSTATE,
    [VIR_DOMAIN_RUNNING] = DOMAIN_RUNNING,
    [VIR_DOMAIN_BLOCKED] = DOMAIN_BLOCKED,
    [VIR_DOMAIN_PAUSED] = DOMAIN_PAUSED,
    [VIR_DOMAIN_SHUTDOWN] = DOMAIN_SHUTDOWN,
    [VIR_DOMAIN_SHUTOFF] = DOMAIN_SHUTOFF,
    [VIR_DOMAIN_CRASHED] = DOMAIN_CRASHED,
    [VIR_DOMAIN_PMSUSPENDED] = DOMAIN_PMSUSPENDED,
};

static char *take_xml(virDomainPtr handle, unsigned int flags)
{
    char *xml = virDomainGetXMLDesc(handle, flags);
    char *copy = g_strdup(xml);

    free(xml);
    return copy;
}

/* Reads and parses one of a domain's two documents; a problem is kept, not lost. */
static DomainConfig *take_config(
    Domain *domain, virDomainPtr handle, unsigned int flags, char **xml)
{
    g_autoptr(GError) error = NULL;

    *xml = take_xml(handle, flags);
    if (*xml == NULL) {
        g_free(domain->problem);
        domain->problem = text_escape(virGetLastErrorMessage(), 400);
        return NULL;
    }
    DomainConfig *config = domain_config_parse(*xml, &error);
    if (config == NULL) {
        g_free(domain->problem);
        domain->problem = g_strdup(error->message);
    }
    return config;
}

Domain *connection_read_domain(Connection *connection, virDomainPtr handle, gboolean without_xml)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    int state = 0, reason = 0;
    /* The next start is defined again from this text, so its secrets must be in it. */
    unsigned int config_flags =
        VIR_DOMAIN_XML_INACTIVE | (connection->read_only ? 0 : VIR_DOMAIN_XML_SECURE);

    if (virDomainGetUUIDString(handle, uuid) != 0 ||
        virDomainGetState(handle, &state, &reason, 0) != 0)
        return NULL;
    Domain *domain = g_new0(Domain, 1);
    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(virDomainGetName(handle));
    domain->uuid = g_strdup(uuid);
    unsigned int id = virDomainGetID(handle);
    domain->id = id == (unsigned int)-1 ? -1 : (int)id;
    domain->state =
        state >= 0 && state < (int)G_N_ELEMENTS(states) ? states[state] : DOMAIN_NOSTATE;
    domain->persistent = virDomainIsPersistent(handle) == 1;
    if (without_xml)
        return domain;
    if (domain_is_active(domain))
        domain->live = take_config(domain, handle, 0, &domain->xml_live);
    if (domain->persistent)
        domain->config = take_config(domain, handle, config_flags, &domain->xml_config);
    return domain;
}

/* The handle of the domain with that UUID, name or ID; NULL with a sentence. */
static virDomainPtr find_domain(Connection *connection, const char *name, GError **error)
{
    virDomainPtr handle = virDomainLookupByUUIDString(connection->handle, name);
    gint64 id;

    if (handle == NULL)
        handle = virDomainLookupByName(connection->handle, name);
    if (handle == NULL && text_parse_int(name, &id) && id >= 0 && id <= G_MAXINT32)
        handle = virDomainLookupByID(connection->handle, (int)id);
    if (handle == NULL) {
        g_autofree char *shown = text_escape(name, 60);
        set_error(error, "the domain %s cannot be found on %s", shown, connection->uri);
    }
    return handle;
}

Domain *connection_domain(Connection *connection, const char *name, GError **error)
{
    virDomainPtr handle = find_domain(connection, name, error);

    if (handle == NULL)
        return NULL;
    Domain *domain = connection_read_domain(connection, handle, FALSE);
    if (domain == NULL)
        set_error(error, "the domain %s cannot be read", virDomainGetName(handle));
    virDomainFree(handle);
    return domain;
}

static int compare_domains(gconstpointer a, gconstpointer b)
{
    return strverscmp((*(const Domain *const *)a)->name, (*(const Domain *const *)b)->name);
}

GPtrArray *connection_domains(Connection *connection, gboolean without_xml, GError **error)
{
    virDomainPtr *handles = NULL;
    int count = virConnectListAllDomains(connection->handle, &handles, 0);

    if (count < 0) {
        set_error(error, "the domains of %s cannot be listed", connection->uri);
        return NULL;
    }
    GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    for (int i = 0; i < count; i++) {
        Domain *domain = connection_read_domain(connection, handles[i], without_xml);
        if (domain)
            g_ptr_array_add(domains, domain);
        virDomainFree(handles[i]);
    }
    free(handles);
    g_ptr_array_sort(domains, compare_domains);
    return domains;
}

gboolean connection_define(
    Connection *connection, const char *uuid, const char *xml, GError **error)
{
    virDomainPtr handle =
        virDomainDefineXMLFlags(connection->handle, xml, VIR_DOMAIN_DEFINE_VALIDATE);

    if (handle == NULL) {
        set_error(error, "libvirt does not take the new definition of domain %s", uuid);
        return FALSE;
    }
    virDomainFree(handle);
    return TRUE;
}

/* @cpus as libvirt's map of the host's CPUs; NULL sets all. The caller frees it. */
static unsigned char *make_map(Connection *connection, const IdSet *cpus, int *length)
{
    int host = virNodeGetCPUMap(connection->handle, NULL, NULL, 0);
    int last = cpus ? hwloc_bitmap_last(cpus) : -1;

    if (host < 0) {
        virNodeInfo info;
        host = virNodeGetInfo(connection->handle, &info) == 0 ? (int)VIR_NODEINFO_MAXCPUS(info) : 1;
    }
    int bits = MAX(host, last + 1);
    *length = VIR_CPU_MAPLEN(bits);
    unsigned char *map = g_new0(unsigned char, *length);
    for (int i = 0; i < bits; i++)
        if (cpus ? idset_has(cpus, i) : i < host)
            map[i / 8] |= (unsigned char)(1 << (i % 8)); /* VIR_USE_CPU, which does not convert */
    return map;
}

/* Which flag sets the running domain: the test driver knows no LIVE. */
static unsigned int live_flag(const Connection *connection)
{
    return connection->test ? VIR_DOMAIN_AFFECT_CURRENT : VIR_DOMAIN_AFFECT_LIVE;
}

gboolean connection_pin_vcpu(
    Connection *connection, const char *uuid, guint vcpu, const IdSet *cpus, GError **error)
{
    virDomainPtr handle = find_domain(connection, uuid, error);
    int length;

    if (handle == NULL)
        return FALSE;
    g_autofree unsigned char *map = make_map(connection, cpus, &length);
    gboolean done = virDomainPinVcpuFlags(handle, vcpu, map, length, live_flag(connection)) == 0;
    if (!done)
        set_error(error, "vCPU %u of %s cannot be pinned", vcpu, virDomainGetName(handle));
    virDomainFree(handle);
    return done;
}

gboolean connection_pin_emulator(
    Connection *connection, const char *uuid, const IdSet *cpus, GError **error)
{
    virDomainPtr handle = find_domain(connection, uuid, error);
    int length;

    if (handle == NULL)
        return FALSE;
    g_autofree unsigned char *map = make_map(connection, cpus, &length);
    gboolean done = virDomainPinEmulator(handle, map, length, live_flag(connection)) == 0;
    if (!done)
        set_error(error, "the emulator thread of %s cannot be pinned", virDomainGetName(handle));
    virDomainFree(handle);
    return done;
}

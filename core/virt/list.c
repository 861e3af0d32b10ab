/* Domains read through the connection: one, or all of them in a handful of calls. */
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/connection-private.h"

#include <stdlib.h>
#include <string.h>

/* Takes one of a domain's two documents. A problem is kept, not fatal: one domain that cannot be
 * read must not hide the others. */
static void take_xml(Domain *domain, char *xml, char **text, DomainConfig **config)
{
    g_autoptr(GError) error = NULL;

    if (xml) {
        *text = g_strdup(xml);
        *config = domain_config_parse(xml, &error);
    } else {
        connection_error(&error, "its XML cannot be read");
    }
    free(xml);
    if (error && domain->problem == NULL)
        domain->problem = g_strdup(error->message);
}

/* The next start is defined again from this text, so its secrets must be in it; where they are
 * refused (and not before), it is read without. */
char *connection_config_xml(Connection *connection, virDomainPtr handle)
{
    char *xml = NULL;

    if (connection->secure)
        xml = virDomainGetXMLDesc(handle, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    if (xml || (connection->secure && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN))
        return xml;
    return virDomainGetXMLDesc(handle, VIR_DOMAIN_XML_INACTIVE);
}

static void read_xml(Connection *connection, virDomainPtr handle, Domain *domain)
{
    if (domain_is_active(domain))
        take_xml(domain, virDomainGetXMLDesc(handle, 0), &domain->xml_live, &domain->live);
    if (domain->persistent)
        take_xml(domain, connection_config_xml(connection, handle), &domain->xml_config,
            &domain->config);
}

/* Between the call that found it and the one that told its state it may have stopped: then it has
 * no id any more. */
static void set_state(Domain *domain, DomainState state)
{
    domain->state = state;
    if (state == DOMAIN_SHUTOFF)
        domain->id = -1;
}

/* Reads @domain's state, and whether it is on its way up. */
static void read_state(virDomainPtr handle, Domain *domain)
{
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
    int state = -1, reason = -1;
    gboolean known = virDomainGetState(handle, &state, &reason, 0) == 0 && state >= 0 &&
                     state < (int)G_N_ELEMENTS(states);

    set_state(domain, known ? states[state] : DOMAIN_NOSTATE);
    domain->starting = domain->state == DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_STARTING_UP;
}

/* What a handle carries without a call. */
static Domain *domain_of(virDomainPtr handle)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    guint id = virDomainGetID(handle);

    if (virDomainGetUUIDString(handle, uuid) != 0)
        return NULL;
    Domain *domain = g_new0(Domain, 1);
    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(virDomainGetName(handle));
    domain->uuid = g_strdup(uuid);
    domain->id = id == (guint)-1 ? -1 : (int)id;
    return domain;
}

virDomainPtr connection_find(Connection *connection, const char *name, GError **error)
{
    virDomainPtr handle = virDomainLookupByUUIDString(connection->handle, name);
    gint64 id;

    if (handle == NULL)
        handle = virDomainLookupByName(connection->handle, name);
    if (handle == NULL && text_parse_int(name, &id) && id >= 0 && id <= G_MAXINT32)
        handle = virDomainLookupByID(connection->handle, (int)id);
    if (handle == NULL) {
        g_autofree char *shown = text_escape(name, 60);
        if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
                "there is no domain %s on %s (any more)", shown, connection->uri);
        else
            connection_error(error, "looking for domain %s on %s failed", shown, connection->uri);
    }
    return handle;
}

Domain *connection_domain(Connection *connection, const char *name, GError **error)
{
    virDomainPtr handle = connection_find(connection, name, error);

    if (handle == NULL)
        return NULL;
    Domain *domain = domain_of(handle);
    if (domain) {
        read_state(handle, domain);
        domain->persistent = virDomainIsPersistent(handle) == 1;
        read_xml(connection, handle, domain);
    } else {
        g_autofree char *shown = text_escape(name, 60);
        connection_error(error, "the domain %s cannot be read", shown);
    }
    virDomainFree(handle);
    return domain;
}

/* Each list tells one thing of all its domains in one call, where asking every domain would take
 * two calls each. What is in no list of a state is asked for it, and why: so are those that are
 * paused. States are listed until every domain has one. */
static const struct {
    guint flag;
    DomainState state; /* DOMAIN_NOSTATE: the list tells who is persistent */
} lists[] = {
    {VIR_CONNECT_LIST_DOMAINS_PERSISTENT, DOMAIN_NOSTATE},
    {VIR_CONNECT_LIST_DOMAINS_RUNNING, DOMAIN_RUNNING},
    {VIR_CONNECT_LIST_DOMAINS_SHUTOFF, DOMAIN_SHUTOFF},
};

static void free_handles(virDomainPtr *handles)
{
    for (guint i = 0; handles && handles[i]; i++)
        virDomainFree(handles[i]);
    free(handles);
}

static Domain *domain_for(GHashTable *by_uuid, virDomainPtr handle)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    return virDomainGetUUIDString(handle, uuid) == 0 ? g_hash_table_lookup(by_uuid, uuid) : NULL;
}

static gboolean fill_from_lists(Connection *connection, GHashTable *by_uuid)
{
    guint without = g_hash_table_size(by_uuid); /* a state */

    for (guint list = 0; list < G_N_ELEMENTS(lists); list++) {
        virDomainPtr *handles = NULL;
        if (without == 0 && lists[list].state != DOMAIN_NOSTATE)
            continue;
        if (virConnectListAllDomains(connection->handle, &handles, lists[list].flag) < 0)
            return FALSE;
        for (guint i = 0; handles[i]; i++) {
            Domain *domain = domain_for(by_uuid, handles[i]);
            if (domain && lists[list].state == DOMAIN_NOSTATE)
                domain->persistent = TRUE;
            else if (domain && domain->state == DOMAIN_NOSTATE) {
                set_state(domain, lists[list].state);
                without--;
            }
        }
        free_handles(handles);
    }
    return TRUE;
}

int domain_compare(gconstpointer a, gconstpointer b)
{
    const Domain *x = *(const Domain *const *)a, *y = *(const Domain *const *)b;
    int order = strverscmp(x->name, y->name);

    return order ? order : strcmp(x->uuid, y->uuid);
}

GPtrArray *connection_domains(Connection *connection, gboolean without_xml, GError **error)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    virDomainPtr *handles = NULL;
    int count = virConnectListAllDomains(connection->handle, &handles, 0);

    for (int i = 0; i < count; i++) {
        Domain *domain = domain_of(handles[i]);
        if (domain == NULL)
            continue;
        g_ptr_array_add(domains, domain);
        g_hash_table_insert(by_uuid, domain->uuid, domain);
    }
    if (count < 0 || !fill_from_lists(connection, by_uuid)) {
        connection_error(error, "the domains of %s cannot be listed", connection->uri);
        free_handles(handles);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        Domain *domain = domain_for(by_uuid, handles[i]);
        if (domain && domain->state == DOMAIN_NOSTATE)
            read_state(handles[i], domain);
        if (domain && !without_xml)
            read_xml(connection, handles[i], domain);
    }
    free_handles(handles);
    g_ptr_array_sort(domains, domain_compare);
    return g_steal_pointer(&domains);
}

/* Domains and a host made without libvirt. */
#include "tests/unit/made.h"

#include "core/demo/demo.h"

static char *whole_xml(const char *name, const char *uuid, const char *body)
{
    g_autofree char *shown = g_markup_escape_text(name, -1);

    return body ? g_strdup_printf("<domain type='kvm'>\n  <name>%s</name>\n  <uuid>%s</uuid>\n%s"
                                  "</domain>\n",
                      shown, uuid, body)
                : NULL;
}

static DomainConfig *parse(const char *xml)
{
    g_autoptr(GError) error = NULL;
    DomainConfig *config = xml ? domain_config_parse(xml, &error) : NULL;

    g_assert_no_error(error);
    return config;
}

Domain *made_domain(const char *name, const char *uuid, const char *live, const char *config)
{
    Domain *domain = g_new0(Domain, 1);

    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(name);
    domain->uuid = g_strdup(uuid);
    domain->id = live ? 1 : -1;
    domain->state = live ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
    domain->persistent = config != NULL;
    domain->xml_live = whole_xml(name, uuid, live);
    domain->xml_config = whole_xml(name, uuid, config);
    domain->live = parse(domain->xml_live);
    domain->config = parse(domain->xml_config);
    return domain;
}

static void view_free(gpointer view)
{
    domain_view_free(view);
}

Snapshot *made_snapshot(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Demo) demo = demo_new(&error);
    g_assert_no_error(error);
    Snapshot *snapshot = snapshot_new("");

    snapshot->host = host_read(demo_root(demo), NULL, &error);
    g_assert_no_error(error);
    snapshot->link.state = LINK_UP;
    snapshot->domains = g_ptr_array_new_with_free_func(view_free);
    return snapshot;
}

void made_add(Snapshot *snapshot, Domain *domain)
{
    DomainView *view = g_new0(DomainView, 1);

    view->domain = domain;
    g_ptr_array_add(snapshot->domains, view);
}

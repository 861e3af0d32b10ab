/* The Ground: one domain's documents, kept parsed. */
#include "core/tune/ground.h"

struct Ground {
    Domain *domain; /* whose documents these are; held, so that no other comes to its address */
    XmlEdit *documents[STEP_KINDS];
    gboolean opened[STEP_KINDS];
};

static void let_go(Ground *ground)
{
    for (guint kind = 0; kind < STEP_KINDS; kind++) {
        g_clear_pointer(&ground->documents[kind], xml_edit_free);
        ground->opened[kind] = FALSE;
    }
    domain_unref(ground->domain);
    ground->domain = NULL;
}

Ground *ground_new(void)
{
    return g_new0(Ground, 1);
}

void ground_free(Ground *ground)
{
    if (ground == NULL)
        return;
    let_go(ground);
    g_free(ground);
}

const XmlEdit *ground_document(Ground *ground, Domain *domain, StepKind kind)
{
    const char *xml = step_traits[kind].later ? domain->xml_config : domain->xml_live;

    if (ground->domain != domain) {
        let_go(ground);
        ground->domain = domain_ref(domain);
    }
    if (!ground->opened[kind]) {
        ground->opened[kind] = TRUE;
        ground->documents[kind] = xml ? xml_edit_open(xml, -1, NULL) : NULL;
    }
    return ground->documents[kind];
}

char *ground_value(
    Ground *ground, const Host *host, Domain *domain, const TunableKey *key, StepKind kind)
{
    const StepTraits *traits = &step_traits[kind];

    if (traits->host && traits->later)
        return host ? tunable_boot_value(key, host) : NULL;
    if (traits->host)
        return host ? tunable_host_value(key, host) : NULL;
    if (traits->drifts) /* stands in no document */
        return NULL;
    const XmlEdit *document = domain ? ground_document(ground, domain, kind) : NULL;
    return document ? tunable_xml_value(key, document) : NULL;
}

/* What the Host screen tells of the CPU under its cursor. */
#include "tui/screens/hostdetail.h"

#define PINS_MAX 64 /* vCPUs named, in a line that is cut anyway */

char *host_percent_text(Num permille)
{
    return permille.known ? g_strdup_printf("%3d%%", (int)((permille.value + 5) / 10))
                          : g_strdup("  –");
}

Num host_cpu_load(const Host *host, int index)
{
    return host->load != NULL && index >= 0 ? host->load[index] : NUM_UNKNOWN;
}

/* Whether vCPU @n of @config is asked to run on @cpu, and not on any CPU of the host. */
static gboolean is_pinned(const DomainConfig *config, guint n, int cpu, const Topology *topology)
{
    const IdSet *asked = domain_config_asked(config, n);

    return idset_has(asked, cpu) && !hwloc_bitmap_isincluded(topology->online, asked);
}

char *host_pins_text(const App *app, int cpu, const char **uuid)
{
    const GPtrArray *domains = app->snapshot->domains;
    g_autoptr(GString) out = g_string_new(NULL);
    guint count = 0;

    for (guint i = 0; domains != NULL && i < domains->len; i++) {
        const Domain *domain = ((DomainView *)domains->pdata[i])->domain;
        const DomainConfig *config = domain_now(domain);
        for (guint n = 0; config != NULL && n < config->vcpus_current; n++) {
            if (!is_pinned(config, n, cpu, app->snapshot->host->topology))
                continue;
            if (count == 0 && uuid != NULL)
                *uuid = domain->uuid;
            if (count++ == PINS_MAX)
                return g_strdup_printf("%s …", out->str);
            g_string_append_printf(out, "%s%s/%u", out->len ? " " : "", domain->name, n);
        }
    }
    return g_strdup(out->str);
}

static char *set_text(const IdSet *set)
{
    return set != NULL ? idset_format(set) : g_strdup("–");
}

static char *id_text(int id)
{
    return id >= 0 ? g_strdup_printf("%d", id) : g_strdup("–");
}

void host_draw_detail(const Canvas *canvas, const App *app, int id)
{
    const Host *host = app->snapshot->host;
    const Cpu *cpu = topology_cpu(host->topology, id);

    if (cpu == NULL)
        return;
    g_autofree char *package = id_text(cpu->package);
    g_autofree char *node = id_text(cpu->node);
    g_autofree char *core = id_text(cpu->core);
    g_autofree char *siblings = set_text(cpu->siblings);
    g_autofree char *llc = set_text(cpu->llc);
    g_autofree char *load =
        host_percent_text(host_cpu_load(host, topology_cpu_index(host->topology, cpu->id)));
    g_autofree char *pins = host_pins_text(app, cpu->id, NULL);
    int x = canvas_printf(canvas, 0, 0, -1, STYLE_TITLE, "CPU %d", cpu->id);

    if (!cpu->online)
        canvas_text(canvas, 0, x, -1, STYLE_WARN, "  offline");
    else
        canvas_printf(canvas, 0, x, -1, STYLE_TEXT,
            "  load %s%s  package %s  node %s  core %s  threads %s  LLC %s", load,
            cpu->isolated ? "  isolated" : "", package, node, core, siblings, llc);
    if (app->snapshot->domains == NULL)
        canvas_text(canvas, 1, 0, -1, STYLE_DIM, "pinned here: –");
    else if (*pins == '\0')
        canvas_text(canvas, 1, 0, -1, STYLE_DIM, "no vCPU is pinned here");
    else
        canvas_printf(canvas, 1, 0, -1, STYLE_TEXT, "pinned here: %s", pins);
    canvas_text(canvas, 2, 0, -1, STYLE_DIM,
        "[core]  ▁ to █ load  – not known  x offline  i isolated  LLC last-level cache");
}

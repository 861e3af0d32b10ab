/* The order of child elements, one table a container.
 *
 * libvirt reads them in any order (domaincommon.rng has them in <interleave>) and writes them in
 * this one: virDomainDefFormatInternalSetRootName and the functions it calls in
 * src/conf/domain_conf.c, numa_conf.c and cpu_conf.c. */
#include "core/tune/xmlorder.h"

#define MAX_CHILDREN 40

static const struct {
    const char *container;
    XmlOrderChild children[MAX_CHILDREN]; /* ends with a NULL name */
} orders[] = {
    {"domain",
        {{"name", NULL}, {"uuid", NULL}, {"genid", NULL}, {"title", NULL}, {"description", NULL},
            {"metadata", NULL}, {"maxMemory", NULL}, {"memory", NULL}, {"currentMemory", NULL},
            {"blkiotune", NULL}, {"memtune", NULL}, {"memoryBacking", NULL}, {"vcpu", NULL},
            {"vcpus", NULL}, {"iothreads", NULL}, {"iothreadids", NULL}, {"defaultiothread", NULL},
            {"cputune", NULL}, {"numatune", NULL}, {"resource", NULL}, {"sysinfo", NULL},
            {"bootloader", NULL}, {"bootloader_args", NULL}, {"os", NULL}, {"idmap", NULL},
            {"features", NULL}, {"cpu", NULL}, {"clock", NULL}, {"on_poweroff", NULL},
            {"on_reboot", NULL}, {"on_crash", NULL}, {"on_lockfailure", NULL}, {"pm", NULL},
            {"perf", NULL}, {"devices", NULL}, {"seclabel", NULL}, {"keywrap", NULL},
            {"launchSecurity", NULL}}},
    {"memoryBacking",
        {{"hugepages", NULL}, {"nosharepages", NULL}, {"locked", NULL}, {"source", NULL},
            {"access", NULL}, {"allocation", NULL}, {"discard", NULL}}},
    {"hugepages", {{"page", NULL}}},
    {"blkiotune", {{"weight", NULL}, {"device", NULL}}},
    {"memtune", {{"hard_limit", NULL}, {"soft_limit", NULL}, {"min_guarantee", NULL},
                    {"swap_hard_limit", NULL}}},
    {"cputune", {{"shares", NULL}, {"period", NULL}, {"quota", NULL}, {"global_period", NULL},
                    {"global_quota", NULL}, {"emulator_period", NULL}, {"emulator_quota", NULL},
                    {"iothread_period", NULL}, {"iothread_quota", NULL}, {"vcpupin", "vcpu"},
                    {"emulatorpin", NULL}, {"iothreadpin", "iothread"}, {"vcpusched", NULL},
                    {"iothreadsched", NULL}, {"emulatorsched", NULL}, {"cachetune", NULL},
                    {"memorytune", NULL}}},
    {"numatune", {{"memory", NULL}, {"memnode", "cellid"}}},
    {"cpu", {{"arch", NULL}, {"model", NULL}, {"vendor", NULL}, {"topology", NULL}, {"cache", NULL},
                {"maxphysaddr", NULL}, {"feature", NULL}, {"numa", NULL}}},
    {"numa", {{"cell", "id"}, {"interconnects", NULL}}},
};

int xml_order_place(const char *container, const char *child, const XmlOrderChild **row)
{
    for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (!g_str_equal(orders[i].container, container))
            continue;
        for (int place = 0; orders[i].children[place].name != NULL; place++) {
            if (g_str_equal(orders[i].children[place].name, child)) {
                *row = &orders[i].children[place];
                return place;
            }
        }
    }
    *row = NULL;
    return -1;
}

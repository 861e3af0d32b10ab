/* The order of child elements, one table a container.
 *
 * libvirt reads them in any order (domaincommon.rng has them in <interleave>) and writes them in
 * this one: virDomainDefFormatInternalSetRootName and the functions it calls in
 * src/conf/domain_conf.c, numa_conf.c and cpu_conf.c. */
#include "core/xml/xmlorder.h"

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
    /* of a <blkiotune>; others of that name have none of these children */
    {"device", {{"path", NULL}, {"weight", NULL}, {"read_iops_sec", NULL}, {"write_iops_sec", NULL},
                   {"read_bytes_sec", NULL}, {"write_bytes_sec", NULL}}},
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
    {"cell", {{"distances", NULL}, {"cache", NULL}}},
    {"distances", {{"sibling", "id"}}},
    {"cachetune", {{"cache", "id"}, {"monitor", NULL}}},
    {"memorytune", {{"node", "id"}}},
    {"features",
        {{"acpi", NULL}, {"apic", NULL}, {"pae", NULL}, {"hap", NULL}, {"viridian", NULL},
            {"privnet", NULL}, {"hyperv", NULL}, {"kvm", NULL}, {"pvspinlock", NULL},
            {"capabilities", NULL}, {"pmu", NULL}, {"vmport", NULL}, {"gic", NULL}, {"smm", NULL},
            {"ioapic", NULL}, {"hpt", NULL}, {"vmcoreinfo", NULL}, {"nested-hv", NULL},
            {"htm", NULL}, {"msrs", NULL}, {"ccf-assist", NULL}, {"xen", NULL}, {"cfpc", NULL},
            {"sbbc", NULL}, {"ibs", NULL}, {"tcg", NULL}, {"async-teardown", NULL}}},
    {"hyperv", {{"relaxed", NULL}, {"vapic", NULL}, {"spinlocks", NULL}, {"vpindex", NULL},
                   {"runtime", NULL}, {"synic", NULL}, {"stimer", NULL}, {"reset", NULL},
                   {"vendor_id", NULL}, {"frequencies", NULL}, {"reenlightenment", NULL},
                   {"tlbflush", NULL}, {"ipi", NULL}, {"evmcs", NULL}, {"avic", NULL}}},
    {"kvm", {{"hidden", NULL}, {"hint-dedicated", NULL}, {"poll-control", NULL}, {"pv-ipi", NULL},
                {"dirty-ring", NULL}}},
    {"disk", {{"driver", NULL}, {"auth", NULL}, {"source", NULL}, {"backingStore", NULL},
                 {"mirror", NULL}, {"backenddomain", NULL}, {"geometry", NULL}, {"blockio", NULL},
                 {"target", NULL}, {"iotune", NULL}, {"readonly", NULL}, {"shareable", NULL},
                 {"transient", NULL}, {"serial", NULL}, {"wwn", NULL}, {"vendor", NULL},
                 {"product", NULL}, {"encryption", NULL}, {"boot", NULL}, {"alias", NULL},
                 {"address", NULL}}},
    {"iotune", {{"total_bytes_sec", NULL}, {"read_bytes_sec", NULL}, {"write_bytes_sec", NULL},
                   {"total_iops_sec", NULL}, {"read_iops_sec", NULL}, {"write_iops_sec", NULL},
                   {"total_bytes_sec_max", NULL}, {"read_bytes_sec_max", NULL},
                   {"write_bytes_sec_max", NULL}, {"total_iops_sec_max", NULL},
                   {"read_iops_sec_max", NULL}, {"write_iops_sec_max", NULL},
                   {"size_iops_sec", NULL}, {"group_name", NULL},
                   {"total_bytes_sec_max_length", NULL}, {"read_bytes_sec_max_length", NULL},
                   {"write_bytes_sec_max_length", NULL}, {"total_iops_sec_max_length", NULL},
                   {"read_iops_sec_max_length", NULL}, {"write_iops_sec_max_length", NULL}}},
    {"interface",
        {{"mac", NULL}, {"source", NULL}, {"vlan", NULL}, {"virtualport", NULL},
            {"bandwidth", NULL}, {"port", NULL}, {"ip", NULL}, {"route", NULL}, {"script", NULL},
            {"downscript", NULL}, {"backenddomain", NULL}, {"target", NULL}, {"guest", NULL},
            {"model", NULL}, {"driver", NULL}, {"backend", NULL}, {"teaming", NULL},
            {"filterref", NULL}, {"boot", NULL}, {"tune", NULL}, {"link", NULL}, {"mtu", NULL},
            {"coalesce", NULL}, {"rom", NULL}, {"acpi", NULL}, {"alias", NULL}, {"address", NULL}}},
    {"bandwidth", {{"inbound", NULL}, {"outbound", NULL}}},
    {"driver", {{"host", NULL}, {"guest", NULL}, {"metadata_cache", NULL}}},
    {"memballoon", {{"stats", NULL}, {"driver", NULL}, {"alias", NULL}, {"address", NULL}}},
    {"video", {{"driver", NULL}, {"model", NULL}, {"alias", NULL}, {"address", NULL}}},
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

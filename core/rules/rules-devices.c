/* The rules of devices: disks, network cards, timers, Hyper-V features. Their sources: libvirt's
 * formatdomain.html, and what its drivers and QEMU refuse (tests/live/live-rules). */
#include "core/rules/rules-private.h"

#include "core/util/text.h"

#include <string.h>

static const char *driver(const xmlNode *device, const char *attribute)
{
    return xml_read_get(xml_read_at(device, "driver"), attribute);
}

static gboolean is_bus(const xmlNode *disk, const char *bus)
{
    return xml_read_is(xml_read_at(disk, "target"), "bus", bus);
}

static gboolean has_bus(const xmlNode *disk)
{
    return xml_read_get(xml_read_at(disk, "target"), "bus") != NULL;
}

/* Linux's native AIO works on files opened with O_DIRECT only. */
static void disk_native_io(RuleCase *c, const xmlNode *disk, const char *name)
{
    const char *cache = driver(disk, "cache");
    (void)name;

    if (g_strcmp0(driver(disk, "io"), "native") == 0 && g_strcmp0(cache, "none") != 0 &&
        g_strcmp0(cache, "directsync") != 0)
        rule_find(c, "native needs cache=none or directsync");
}

static void disk_queues_bus(RuleCase *c, const xmlNode *disk, const char *name)
{
    (void)name;
    if (driver(disk, "queues") && has_bus(disk) && !is_bus(disk, "virtio"))
        rule_find(c, "only a disk on bus virtio has queues");
}

static void more_queues(RuleCase *c, const xmlNode *device)
{
    Num queues = xml_read_number(driver(device, "queues"));

    if (queues.known && queues.value > c->vcpus)
        rule_find(c, "%" G_GINT64_FORMAT " queues are more than the %u vCPUs that serve them",
            queues.value, c->vcpus);
}

static void queues_vcpus(RuleCase *c, const xmlNode *device, const char *name)
{
    (void)name;
    more_queues(c, device);
}

static void disk_iothread_bus(RuleCase *c, const xmlNode *disk, const char *name)
{
    (void)name;
    if (driver(disk, "iothread") && has_bus(disk) && !is_bus(disk, "virtio"))
        rule_find(c, "only a disk on bus virtio has an I/O thread of its own");
}

static void disk_iothread(RuleCase *c, const xmlNode *disk, const char *name)
{
    g_autoptr(IdSet) there = rule_iothreads(c);
    Num id = xml_read_number(driver(disk, "iothread"));
    (void)name;

    if (id.known && !(id.value < IDSET_MAX && idset_has(there, id.value)))
        rule_find(c, "there is no I/O thread %" G_GINT64_FORMAT ": set iothreads first", id.value);
}

static void disk_virtio_ring(RuleCase *c, const xmlNode *disk, const char *name)
{
    (void)name;
    if (has_bus(disk) && !is_bus(disk, "virtio") &&
        (driver(disk, "packed") || driver(disk, "event_idx")))
        rule_find(c, "only a disk on bus virtio has a ring to set it on");
}

/* virtio-blk: VIRTQUEUE_MAX_SIZE, and a power of two. */
static void disk_queue_size(RuleCase *c, const xmlNode *disk, const char *name)
{
    Num size = xml_read_number(driver(disk, "queue_size"));
    (void)name;

    if (!size.known || !is_bus(disk, "virtio"))
        return;
    if (size.value < 2 || size.value > 1024 || (size.value & (size.value - 1)))
        rule_find(c, "QEMU takes a power of two up to 1024");
}

static void disk_queue_bus(RuleCase *c, const xmlNode *disk, const char *name)
{
    (void)name;
    if (driver(disk, "queue_size") && has_bus(disk) && !is_bus(disk, "virtio"))
        rule_find(c, "has no effect on this bus: only virtio has queues");
}

static void disk_zeroes(RuleCase *c, const xmlNode *disk, const char *name)
{
    (void)name;
    if (g_strcmp0(driver(disk, "detect_zeroes"), "unmap") == 0 &&
        g_strcmp0(driver(disk, "discard"), "unmap") != 0)
        rule_find(c, "unmap works as on without discard=unmap");
}

/* A disk's address belongs to its bus. */
static void disk_address(RuleCase *c, const xmlNode *disk, const char *name)
{
    const char *type = xml_read_get(xml_read_at(disk, "address"), "type");
    (void)name;

    if (type == NULL)
        return;
    if ((g_str_equal(type, "pci") && has_bus(disk) && !is_bus(disk, "virtio")) ||
        (g_str_equal(type, "drive") && is_bus(disk, "virtio")))
        rule_find(c, "the disk's <address type='%s'> is of another bus: remove it first",
            g_str_equal(type, "pci") ? "pci" : "drive");
}

/* What an <iotune> limits, in both ways at once or each way by itself. */
static const char *const limits[] = {"bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max"};

static gint64 tuned(const xmlNode *iotune, const char *way, const char *what, const char *end)
{
    g_autofree char *path = g_strconcat(way, "_", what, end, NULL);

    return num_or(xml_read_number(xml_read_text(xml_read_at(iotune, path))), 0);
}

static void iotune_total(RuleCase *c, const xmlNode *disk, const char *name)
{
    const xmlNode *iotune = xml_read_at(disk, "iotune");

    for (guint i = 0; iotune && i < G_N_ELEMENTS(limits); i++) {
        if (!tuned(iotune, "total", limits[i], "") ||
            !(tuned(iotune, "read", limits[i], "") || tuned(iotune, "write", limits[i], "")))
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "disk.%s.iotune.total_%s", name, limits[i]);
        rule_about(c, "disk.%s.iotune.read_%s", name, limits[i]);
        rule_about(c, "disk.%s.iotune.write_%s", name, limits[i]);
        rule_find(c, "a total and a limit of reads or writes exclude one another");
    }
}

static void iotune_burst(RuleCase *c, const xmlNode *disk, const char *name)
{
    static const char *const ways[] = {"total", "read", "write"};
    const xmlNode *iotune = xml_read_at(disk, "iotune");

    for (guint i = 0; iotune && i < 2 * G_N_ELEMENTS(ways); i++) {
        const char *way = ways[i / 2], *what = limits[i % 2];
        gint64 base = tuned(iotune, way, what, ""), max = tuned(iotune, way, what, "_max");
        gint64 length = tuned(iotune, way, what, "_max_length");
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "disk.%s.iotune.%s_%s_max", name, way, what);
        rule_about(c, "disk.%s.iotune.%s_%s", name, way, what);
        rule_about(c, "disk.%s.iotune.%s_%s_max_length", name, way, what);
        if (max && max < base)
            rule_find(c, "a burst is not less than the limit, %" G_GINT64_FORMAT, base);
        else if (max && base == 0)
            rule_find(c, "a burst needs the limit %s_%s as well", way, what);
        else if (length && max == 0)
            rule_find(c, "the length of a burst needs the burst %s_%s_max as well", way, what);
    }
}

static gboolean is_virtio(const xmlNode *interface)
{
    const char *model = xml_read_get(xml_read_at(interface, "model"), "type");

    return model && g_str_has_prefix(model, "virtio");
}

static void interface_virtio(RuleCase *c, const xmlNode *interface, const char *name)
{
    const xmlNode *options = xml_read_at(interface, "driver");
    (void)name;

    if (options && !is_virtio(interface) &&
        (xml_read_get(options, "queues") || xml_read_get(options, "rx_queue_size") ||
            xml_read_get(options, "tx_queue_size") || xml_read_get(options, "name") ||
            xml_read_get(options, "txmode") || xml_read_at(options, "host") ||
            xml_read_at(options, "guest")))
        rule_find(c, "has no effect: the card is no virtio");
}

static void interface_packed(RuleCase *c, const xmlNode *interface, const char *name)
{
    (void)name;
    if (driver(interface, "packed") && !is_virtio(interface))
        rule_find(c, "only a virtio card has a packed ring");
}

static void interface_queue_size(RuleCase *c, const xmlNode *interface, const char *name)
{
    static const char *const keys[] = {"rx_queue_size", "tx_queue_size"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        Num size = xml_read_number(driver(interface, keys[i]));
        if (!size.known || (size.value & (size.value - 1)) == 0)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "interface.%s.%s", name, keys[i]);
        rule_find(c, "a power of two is taken");
    }
}

static gboolean is_type(const xmlNode *interface, const char *const *types)
{
    const char *type = xml_read_get(interface, "type");

    return type && g_strv_contains(types, type);
}

/* QEMU's tap has 256 descriptors to send; only vhost-user and vDPA have more. */
static void interface_tx(RuleCase *c, const xmlNode *interface, const char *name)
{
    static const char *const more[] = {"vhostuser", "vdpa", NULL};
    Num size = xml_read_number(driver(interface, "tx_queue_size"));
    (void)name;

    if (size.known && size.value > 256 && !is_type(interface, more))
        rule_find(c, "QEMU keeps to 256 but for vhost-user and vDPA");
}

static void interface_mtu(RuleCase *c, const xmlNode *interface, const char *name)
{
    static const char *const without[] = {
        "server", "client", "mcast", "udp", "direct", "hostdev", NULL};
    gboolean slirp = xml_read_is(interface, "type", "user") && !xml_read_at(interface, "backend");
    (void)name;

    if (xml_read_at(interface, "mtu") && (slirp || is_type(interface, without)))
        rule_find(c, "libvirt sets no MTU on a card of type %s", xml_read_get(interface, "type"));
}

static void interface_floor(RuleCase *c, const xmlNode *interface, const char *name)
{
    (void)name;
    if (xml_read_get(xml_read_at(interface, "bandwidth/inbound"), "floor") &&
        !xml_read_is(interface, "type", "network"))
        rule_find(c, "a floor is kept only on a card of a libvirt network");
}

static void interface_slirp(RuleCase *c, const xmlNode *interface, const char *name)
{
    (void)name;
    if (xml_read_is(interface, "type", "user") &&
        (xml_read_at(interface, "bandwidth") || driver(interface, "name")))
        rule_find(c, "has no effect on a card of type user: nothing of it is in the kernel");
}

static void timer_policy(RuleCase *c, const xmlNode *timer, const char *name)
{
    static const struct {
        const char *timer, *attribute;
        const char *refused; /* in blanks; NULL: any */
    } rows[] = {
        {"pit", "tickpolicy", " merge "},
        {"rtc", "tickpolicy", " merge discard "},
        {"kvmclock", "tickpolicy", NULL},
        {"hypervclock", "tickpolicy", NULL},
        {"rtc", "track", " boot "},
        {"pit", "track", NULL},
        {"hpet", "track", NULL},
        {"tsc", "track", NULL},
        {"kvmclock", "track", NULL},
        {"hypervclock", "track", NULL},
        {"pit", "frequency", NULL},
        {"rtc", "frequency", NULL},
        {"hpet", "frequency", NULL},
        {"kvmclock", "frequency", NULL},
        {"hypervclock", "frequency", NULL},
        {"pit", "mode", NULL},
        {"rtc", "mode", NULL},
        {"hpet", "mode", NULL},
        {"kvmclock", "mode", NULL},
        {"hypervclock", "mode", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *value = xml_read_get(timer, rows[i].attribute);
        g_autofree char *word = value ? g_strdup_printf(" %s ", value) : NULL;
        if (value == NULL || !g_str_equal(name, rows[i].timer) ||
            (rows[i].refused && strstr(rows[i].refused, word) == NULL))
            continue;
        g_autofree char *shown = text_escape(value, 20);
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "clock.timer.%s.%s", name, rows[i].attribute);
        if (rows[i].refused)
            rule_find(c, "QEMU's %s does not take %s", rows[i].timer, shown);
        else
            rule_find(c, "%s has none", rows[i].timer);
    }
}

static gboolean is_on(const xmlNode *hyperv, const char *feature)
{
    return xml_read_is(xml_read_at(hyperv, feature), "state", "on");
}

/* What KVM's Hyper-V features build upon (QEMU's docs/system/i386/hyperv.rst). */
static void hyperv_needs(RuleCase *c, const xmlNode *domain, const char *name)
{
    static const struct {
        const char *feature, *needs;
    } rows[] = {
        {"synic", "vpindex"},
        {"stimer", "synic"},
        {"stimer", "vpindex"},
        {"tlbflush", "vpindex"},
        {"ipi", "vpindex"},
        {"evmcs", "vapic"},
    };
    const xmlNode *hyperv = xml_read_at(domain, "features/hyperv");
    (void)name;

    if (!xml_read_is(domain, "type", "kvm") || xml_read_is(hyperv, "mode", "passthrough"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!is_on(hyperv, rows[i].feature) || is_on(hyperv, rows[i].needs))
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "features.hyperv.%s", rows[i].feature);
        rule_about(c, "features.hyperv.%s", rows[i].needs);
        rule_find(c, "needs features.hyperv.%s: QEMU does not start without", rows[i].needs);
    }
}

/* libvirt's schema has passthrough alone: not beside an enlightenment, not even one that is off. */
static void hyperv_passthrough(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *hyperv = xml_read_at(domain, "features/hyperv");
    (void)name;

    if (!xml_read_is(hyperv, "mode", "passthrough"))
        return;
    for (const xmlNode *node = hyperv->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_autofree char *shown = text_escape((const char *)node->name, 40);
        rule_find(c, "passthrough names no enlightenments: features.hyperv.%s is set too", shown);
        return;
    }
}

static const Rule rules[] = {
    {"disk-native-io", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.io", "disk.DEV.cache"},
        disk_native_io},
    {"disk-queues-bus", OF_DISK, RULE_REFUSES, {"disk.DEV.queues", "disk.DEV.bus"},
        disk_queues_bus},
    {"disk-queues-vcpus", OF_DISK, RULE_WARNS, {"disk.DEV.queues", "vcpus.max"}, queues_vcpus},
    {"disk-queue-size", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.queue_size", "disk.DEV.bus"},
        disk_queue_size},
    {"disk-queue-size-bus", OF_DISK, RULE_WARNS, {"disk.DEV.queue_size", "disk.DEV.bus"},
        disk_queue_bus},
    {"disk-iothread-bus", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.iothread", "disk.DEV.bus"},
        disk_iothread_bus},
    {"disk-iothread", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.iothread", "iothreads"},
        disk_iothread},
    {"disk-virtio-ring", OF_DISK, RULE_REFUSES,
        {"disk.DEV.packed", "disk.DEV.event_idx", "disk.DEV.bus"}, disk_virtio_ring},
    {"disk-detect-zeroes", OF_DISK, RULE_WARNS, {"disk.DEV.detect_zeroes", "disk.DEV.discard"},
        disk_zeroes},
    {"disk-address", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.bus"}, disk_address},
    {"disk-iotune-total", OF_DISK, RULE_REFUSES, {"disk.DEV.iotune.*"}, iotune_total},
    {"disk-iotune-burst", OF_DISK, RULE_QEMU_REFUSES, {"disk.DEV.iotune.*"}, iotune_burst},
    {"interface-virtio", OF_INTERFACE, RULE_WARNS,
        {"interface.MAC.queues", "interface.MAC.rx_queue_size", "interface.MAC.tx_queue_size",
            "interface.MAC.driver", "interface.MAC.txmode", "interface.MAC.model",
            "interface.MAC.host.*", "interface.MAC.guest.*"},
        interface_virtio},
    {"interface-packed", OF_INTERFACE, RULE_REFUSES,
        {"interface.MAC.packed", "interface.MAC.model"}, interface_packed},
    {"interface-queues-vcpus", OF_INTERFACE, RULE_WARNS, {"interface.MAC.queues", "vcpus.max"},
        queues_vcpus},
    {"interface-queue-size", OF_INTERFACE, RULE_QEMU_REFUSES,
        {"interface.MAC.rx_queue_size", "interface.MAC.tx_queue_size"}, interface_queue_size},
    {"interface-tx-queue", OF_INTERFACE, RULE_WARNS, {"interface.MAC.tx_queue_size"}, interface_tx},
    {"interface-mtu", OF_INTERFACE, RULE_QEMU_REFUSES, {"interface.MAC.mtu"}, interface_mtu},
    {"interface-floor", OF_INTERFACE, RULE_REFUSES, {"interface.MAC.bandwidth.in"},
        interface_floor},
    {"interface-user", OF_INTERFACE, RULE_WARNS,
        {"interface.MAC.driver", "interface.MAC.bandwidth.in", "interface.MAC.bandwidth.out"},
        interface_slirp},
    {"timer-policy", OF_TIMER, RULE_QEMU_REFUSES, {"clock.timer.NAME.*"}, timer_policy},
    {"hyperv-passthrough", OF_DOMAIN, RULE_REFUSES, {"features.hyperv.mode", "features.hyperv.*"},
        hyperv_passthrough},
    {"hyperv-needs", OF_DOMAIN, RULE_WARNS, {"features.hyperv.*"}, hyperv_needs},
};

const Rule *rules_of_devices(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}

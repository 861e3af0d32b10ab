/* One document that breaks a rule and one that does not, for (nearly) every rule: the unit test
 * holds the rules against them, the live test asks libvirt and QEMU whether an error is one. */
#pragma once

#include <glib.h>

typedef enum {
    TAKEN,       /* a warning: libvirt defines it */
    DEFINE,      /* libvirt refuses the definition */
    DEFINE_ONLY, /* the same, and the fine one needs KVM */
    START,       /* it is defined, and refused when it starts */
    UNTRIED_KVM, /* not to be tried where KVM runs no guests */
    UNTRIED_HUGE /* needs a mounted hugetlbfs */
} CaseRefusal;

typedef struct {
    const char *rule;
    const char *key; /* where it is said */
    CaseRefusal refusal;
    const char *broken, *fine; /* what stands in <domain> beside name and os */
} RuleCaseRow;

#define MEM  "<memory unit='MiB'>512</memory>"
#define V2   "<vcpu>2</vcpu>"
#define BASE MEM V2
#define CELLS                                                                                      \
    "<cpu><numa><cell id='0' cpus='0' memory='256' unit='MiB'/>"                                   \
    "<cell id='1' cpus='1' memory='256' unit='MiB'/></numa></cpu>"
#define DEVICES(x) "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>" x "</devices>"
#define DISK(driver, bus, dev, more)                                                               \
    DEVICES("<disk type='file' device='disk'><driver name='qemu' type='raw' " driver               \
            "/><source file='DISK'/><target dev='" dev "' bus='" bus "'/>" more "</disk>")
#define VIRTIO(driver) DISK(driver, "virtio", "vda", "")
#define TUNED(limits)  DISK("", "virtio", "vda", "<iotune>" limits "</iotune>")
#define CARD(type, source, model, more)                                                            \
    DEVICES("<interface type='" type "'><mac address='52:54:00:00:00:01'/>" source                 \
            "<model type='" model "'/>" more "</interface>")
#define TAP(model, more)   CARD("ethernet", "", model, more)
#define THREADS            "<iothreads>1</iothreads>"
#define TUNE(x)            "<cputune>" x "</cputune>"
#define BACK(x)            "<memoryBacking>" x "</memoryBacking>"
#define HUGE(x)            BACK("<hugepages>" x "</hugepages>")
#define CPU(attributes, x) "<cpu " attributes ">" x "</cpu>"
#define CLOCK(x)           "<clock offset='utc'>" x "</clock>"
#define CACHE(vcpus)                                                                               \
    "<cachetune vcpus='" vcpus "'><cache id='0' level='3' type='both' size='3' unit='MiB'/>"       \
    "</cachetune>"
#define BANDWIDTH(vcpus) "<memorytune vcpus='" vcpus "'><node id='0' bandwidth='20'/></memorytune>"
#define HYPERV(x)        "<features><hyperv>" x "</hyperv></features>"
#define ON(x)            "<" x " state='on'/>"
#define VIRTIOFS                                                                                   \
    DEVICES("<filesystem type='mount'><driver type='virtiofs'/><source dir='/tmp'/>"               \
            "<target dir='t'/></filesystem>")
#define VDA "disk.vda."
#define MAC "interface.52:54:00:00:00:01."

static const RuleCaseRow rule_cases[] = {
    {"disk-native-io", VDA "io", DEFINE, BASE VIRTIO("io='native'"),
        BASE VIRTIO("io='native' cache='none'")},
    {"disk-native-io", VDA "io", DEFINE, BASE VIRTIO("io='native' cache='unsafe'"),
        BASE VIRTIO("io='native' cache='directsync'")},
    {"disk-queues-bus", "disk.sda.queues", DEFINE, BASE DISK("queues='2'", "sata", "sda", ""),
        BASE VIRTIO("queues='2'")},
    {"disk-queues-vcpus", VDA "queues", TAKEN, BASE VIRTIO("queues='3'"),
        BASE VIRTIO("queues='2'")},
    {"disk-queue-size", VDA "queue_size", START, BASE VIRTIO("queue_size='300'"),
        BASE VIRTIO("queue_size='256'")},
    {"disk-queue-size", VDA "queue_size", START, BASE VIRTIO("queue_size='2048'"),
        BASE VIRTIO("queue_size='1024'")},
    {"disk-queue-size-bus", "disk.sda.queue_size", TAKEN,
        BASE DISK("queue_size='256'", "sata", "sda", ""), BASE VIRTIO("queue_size='256'")},
    {"disk-iothread-bus", "disk.sda.iothread", DEFINE,
        BASE THREADS DISK("iothread='1'", "sata", "sda", ""), BASE THREADS VIRTIO("iothread='1'")},
    {"disk-iothread", VDA "iothread", DEFINE, BASE THREADS VIRTIO("iothread='2'"),
        BASE "<iothreads>2</iothreads>" VIRTIO("iothread='2'")},
    {"disk-iothread", VDA "iothread", DEFINE, BASE VIRTIO("iothread='1'"),
        BASE "<iothreads>1</iothreads><iothreadids><iothread id='7'/></iothreadids>" VIRTIO(
            "iothread='7'")},
    {"disk-virtio-ring", "disk.sda.packed", DEFINE, BASE DISK("packed='on'", "sata", "sda", ""),
        BASE VIRTIO("packed='on'")},
    {"disk-virtio-ring", "disk.sda.packed", DEFINE, BASE DISK("event_idx='on'", "sata", "sda", ""),
        BASE VIRTIO("event_idx='on'")},
    {"disk-detect-zeroes", VDA "detect_zeroes", TAKEN, BASE VIRTIO("detect_zeroes='unmap'"),
        BASE VIRTIO("detect_zeroes='unmap' discard='unmap'")},
    {"disk-address", VDA "bus", DEFINE,
        BASE DISK(
            "", "sata", "vda", "<address type='pci' domain='0' bus='0' slot='5' function='0'/>"),
        BASE DISK("", "sata", "vda",
            "<address type='drive' controller='0' bus='0' target='0' unit='0'/>")},
    {"disk-iotune-total", VDA "iotune.total_bytes_sec", DEFINE,
        BASE TUNED("<total_bytes_sec>1000</total_bytes_sec><read_bytes_sec>1000</read_bytes_sec>"),
        BASE TUNED("<write_bytes_sec>1000</write_bytes_sec><read_bytes_sec>1000</read_bytes_sec>")},
    {"disk-iotune-burst", VDA "iotune.total_bytes_sec_max", START,
        BASE TUNED("<total_bytes_sec_max>1000</total_bytes_sec_max>"),
        BASE TUNED("<total_bytes_sec>1000</total_bytes_sec>"
                   "<total_bytes_sec_max>2000</total_bytes_sec_max>")},
    {"disk-iotune-burst", VDA "iotune.read_iops_sec_max", START,
        BASE TUNED("<read_iops_sec>1000</read_iops_sec><read_iops_sec_max>10</read_iops_sec_max>"),
        BASE TUNED("<read_iops_sec>10</read_iops_sec><read_iops_sec_max>10</read_iops_sec_max>")},
    {"disk-iotune-burst", VDA "iotune.total_bytes_sec_max", START,
        BASE TUNED("<total_bytes_sec>1000</total_bytes_sec>"
                   "<total_bytes_sec_max_length>3</total_bytes_sec_max_length>"),
        BASE TUNED("<total_bytes_sec>1000</total_bytes_sec>"
                   "<total_bytes_sec_max>2000</total_bytes_sec_max>"
                   "<total_bytes_sec_max_length>3</total_bytes_sec_max_length>")},
    {"interface-virtio", MAC "queues", TAKEN, BASE TAP("e1000", "<driver queues='2'/>"),
        BASE TAP("virtio", "<driver queues='2'/>")},
    {"interface-packed", MAC "packed", DEFINE, BASE TAP("e1000", "<driver packed='on'/>"),
        BASE TAP("virtio", "<driver packed='on'/>")},
    {"interface-queues-vcpus", MAC "queues", TAKEN, BASE TAP("virtio", "<driver queues='3'/>"),
        BASE TAP("virtio", "<driver queues='2'/>")},
    {"interface-queue-size", MAC "rx_queue_size", DEFINE,
        BASE TAP("virtio", "<driver rx_queue_size='300'/>"),
        BASE TAP("virtio", "<driver rx_queue_size='512'/>")},
    {"interface-tx-queue", MAC "tx_queue_size", TAKEN,
        BASE TAP("virtio", "<driver tx_queue_size='512'/>"),
        BASE TAP("virtio", "<driver tx_queue_size='256'/>")},
    {"interface-mtu", MAC "mtu", DEFINE, BASE CARD("user", "", "virtio", "<mtu size='9000'/>"),
        BASE TAP("virtio", "<mtu size='9000'/>")},
    {"interface-mtu", MAC "mtu", DEFINE,
        BASE CARD("direct", "<source dev='lo' mode='bridge'/>", "virtio", "<mtu size='9000'/>"),
        BASE CARD("bridge", "<source bridge='br0'/>", "virtio", "<mtu size='9000'/>")},
    {"interface-floor", MAC "bandwidth.in", DEFINE,
        BASE TAP("virtio", "<bandwidth><inbound average='1000' floor='100'/></bandwidth>"),
        BASE CARD("network", "<source network='default'/>", "virtio",
            "<bandwidth><inbound average='1000' floor='100'/></bandwidth>")},
    {"interface-user", MAC "driver", TAKEN,
        BASE CARD("user", "", "virtio", "<bandwidth><inbound average='1000'/></bandwidth>"),
        BASE TAP("virtio", "<bandwidth><inbound average='1000'/></bandwidth>")},
    {"timer-policy", "clock.timer.rtc.tickpolicy", DEFINE,
        BASE CLOCK("<timer name='rtc' tickpolicy='merge'/>"),
        BASE CLOCK("<timer name='rtc' tickpolicy='catchup'/>")},
    {"timer-policy", "clock.timer.pit.tickpolicy", DEFINE,
        BASE CLOCK("<timer name='pit' tickpolicy='merge'/>"),
        BASE CLOCK("<timer name='pit' tickpolicy='discard'/>")},
    {"timer-policy", "clock.timer.rtc.track", DEFINE,
        BASE CLOCK("<timer name='rtc' track='boot'/>"),
        BASE CLOCK("<timer name='rtc' track='guest'/>")},
    {"timer-policy", "clock.timer.kvmclock.tickpolicy", DEFINE,
        BASE CLOCK("<timer name='kvmclock' tickpolicy='delay'/>"),
        BASE CLOCK("<timer name='tsc' tickpolicy='delay'/>")},
    {"timer-policy", "clock.timer.hpet.mode", DEFINE,
        BASE CLOCK("<timer name='hpet' mode='native'/>"),
        BASE CLOCK("<timer name='tsc' mode='native'/>")},
    {"hyperv-passthrough", "features.hyperv.mode", DEFINE,
        BASE "<features><hyperv mode='passthrough'>" ON("relaxed") "</hyperv></features>",
        BASE "<features><hyperv mode='passthrough'/></features>"},
    {"hyperv-needs", "features.hyperv.synic", UNTRIED_KVM, BASE HYPERV(ON("synic")),
        BASE HYPERV(ON("vpindex") ON("synic"))},

    {"vcpupin-vcpu", "vcpupin.5", TAKEN, BASE TUNE("<vcpupin vcpu='5' cpuset='0'/>"),
        BASE TUNE("<vcpupin vcpu='1' cpuset='0'/>")},
    {"vcpusched-vcpu", "vcpus.max", DEFINE, BASE TUNE("<vcpusched vcpus='5' scheduler='idle'/>"),
        BASE TUNE("<vcpusched vcpus='1' scheduler='idle'/>")},
    {"iothreadpin-iothread", "iothreadpin.1", DEFINE,
        BASE TUNE("<iothreadpin iothread='1' cpuset='0'/>"),
        BASE THREADS TUNE("<iothreadpin iothread='1' cpuset='0'/>")},
    {"iothreadsched-iothread", "iothreads", DEFINE,
        BASE TUNE("<iothreadsched iothreads='1' scheduler='idle'/>"),
        BASE THREADS TUNE("<iothreadsched iothreads='1' scheduler='idle'/>")},
    {"vcpusched-shared", "vcpusched.0", TAKEN,
        BASE TUNE("<vcpusched vcpus='0' scheduler='fifo' priority='1'/>"),
        BASE TUNE("<vcpusched vcpus='0' scheduler='batch'/>")},
    {"quota-short", "cputune.global_quota", TAKEN, BASE TUNE("<global_quota>150000</global_quota>"),
        BASE TUNE("<global_quota>200000</global_quota>")},
    {"quota-short", "cputune.quota", TAKEN, BASE TUNE("<period>20000</period><quota>10000</quota>"),
        BASE TUNE("<period>10000</period><quota>10000</quota>")},
    {"vcpus-current", "vcpus.current", DEFINE, MEM "<vcpu current='3'>2</vcpu>",
        MEM "<vcpu current='1'>2</vcpu>"},
    {"cpu-topology", "cpu.topology", DEFINE,
        BASE CPU("", "<topology sockets='1' cores='3' threads='1'/>"),
        BASE CPU("", "<topology sockets='1' dies='1' cores='2' threads='1'/>")},
    {"cpu-migratable", "cpu.migratable", DEFINE, BASE CPU("mode='host-model' migratable='on'", ""),
        BASE CPU("mode='maximum' migratable='on'", "")},
    {"cpu-migration", "cpu.mode", TAKEN, BASE CPU("mode='host-passthrough'", ""),
        BASE CPU("mode='host-passthrough' migratable='off'", "")},
    {"cpu-emulated", "cpu.mode", START, BASE CPU("mode='host-passthrough'", ""),
        BASE CPU("mode='maximum'", "")},
    {"cpu-features", "cpu.model", DEFINE,
        BASE CPU("mode='custom' match='exact'", "<feature policy='require' name='vmx'/>"),
        BASE CPU("mode='custom' match='exact'",
            "<model>qemu64</model><feature policy='disable' name='vmx'/>")},
    {"cpu-cache", "cpu.cache", DEFINE, BASE CPU("mode='host-model'", "<cache mode='passthrough'/>"),
        BASE CPU("mode='maximum'", "<cache mode='passthrough'/>")},
    {"cpu-cache", "cpu.cache", DEFINE,
        BASE CPU("mode='maximum'", "<cache mode='emulate' level='2'/>"),
        BASE CPU("mode='maximum'", "<cache mode='emulate' level='3'/>")},
    {"cpu-cache", "cpu.cache", DEFINE,
        BASE CPU("mode='maximum'", "<cache mode='disable' level='3'/>"),
        BASE CPU("mode='maximum'", "<cache mode='disable'/>")},
    {"cpu-maxphysaddr", "cpu.maxphysaddr", DEFINE,
        BASE CPU("mode='maximum'", "<maxphysaddr mode='emulate'/>"),
        BASE CPU("mode='maximum'", "<maxphysaddr mode='emulate' bits='42'/>")},
    {"resctrl-overlap", "cputune.cachetune.0", DEFINE_ONLY, BASE TUNE(CACHE("0") BANDWIDTH("0-1")),
        BASE TUNE(BANDWIDTH("0") BANDWIDTH("1"))},
    {"resctrl-kvm", "cputune.memorytune.0", DEFINE, BASE TUNE(BANDWIDTH("0")), BASE},

    {"hugepages-cells", "memory.hugepages", DEFINE,
        BASE HUGE("<page size='2' unit='M' nodeset='1'/>"),
        BASE HUGE("<page size='2' unit='M' nodeset='0'/>")},
    {"hugepages-source", "memory.hugepages", DEFINE,
        BASE BACK("<hugepages/><source type='anonymous'/>"),
        BASE BACK("<hugepages/><source type='memfd'/>")},
    {"hugepages-source", "memory.hugepages", DEFINE,
        BASE BACK("<hugepages/><allocation mode='ondemand'/>"),
        BASE BACK("<hugepages/><allocation mode='immediate'/>")},
    {"hugepages-larger", "memory.hugepages", UNTRIED_HUGE, BASE HUGE("<page size='1' unit='G'/>"),
        BASE HUGE("<page size='2' unit='M'/>")},
    {"hugepages-larger", "memory.hugepages", UNTRIED_HUGE,
        BASE CELLS HUGE("<page size='2' unit='M' nodeset='0'/>"
                        "<page size='1' unit='G' nodeset='1'/>"),
        BASE CELLS HUGE("<page size='2' unit='M'/>")},
    {"hugepages-multiple", "memory.hugepages", TAKEN,
        "<memory unit='KiB'>524289</memory>" V2 HUGE("<page size='2' unit='M'/>"),
        BASE HUGE("<page size='2' unit='M'/>")},
    {"locked-limit", "memory.locked", TAKEN, BASE BACK("<locked/>"),
        BASE BACK("<locked/>") "<memtune><hard_limit unit='GiB'>2</hard_limit></memtune>"},
    {"locked-discard", "memory.discard", TAKEN, BASE BACK("<locked/><discard/>"),
        BASE BACK("<source type='file'/><discard/>")},
    {"discard-file", "memory.discard", TAKEN, BASE BACK("<discard/>"),
        BASE BACK("<source type='file'/><discard/>")},
    {"hard-limit-short", "memtune.hard_limit", TAKEN,
        BASE "<memtune><hard_limit unit='M'>100</hard_limit></memtune>",
        BASE "<memtune><hard_limit unit='M'>600</hard_limit></memtune>"},
    {"hard-limit-short", "memtune.hard_limit", TAKEN,
        BASE BACK("<locked/>") "<memtune><hard_limit unit='M'>600</hard_limit></memtune>",
        BASE BACK("<locked/>") "<memtune><hard_limit unit='MiB'>1536</hard_limit></memtune>"},
    {"limits-order", "memtune.swap_hard_limit", TAKEN,
        BASE "<memtune><hard_limit unit='M'>1000</hard_limit>"
             "<swap_hard_limit unit='M'>900</swap_hard_limit></memtune>",
        BASE "<memtune><hard_limit unit='M'>1000</hard_limit>"
             "<soft_limit unit='M'>900</soft_limit></memtune>"},
    {"min-guarantee", "memtune.min_guarantee", DEFINE,
        BASE "<memtune><min_guarantee unit='M'>100</min_guarantee></memtune>",
        BASE "<memtune><soft_limit unit='M'>100</soft_limit></memtune>"},
    {"memory-current", "memory.current", TAKEN,
        BASE "<currentMemory unit='MiB'>600</currentMemory>",
        BASE "<currentMemory unit='MiB'>512</currentMemory>"},
    {"memory-cells", "memory.max", TAKEN, "<memory unit='MiB'>600</memory>" V2 CELLS, BASE CELLS},
    {"nosharepages-ksm", "memory.nosharepages", TAKEN, BASE BACK("<nosharepages/>"), BASE},
    {"virtiofs-shared", "memory.access", DEFINE, BASE VIRTIOFS,
        BASE BACK("<source type='memfd'/><access mode='shared'/>") VIRTIOFS},
    {"memnode-cells", "numatune.memnode.0", DEFINE,
        BASE "<numatune><memnode cellid='0' mode='strict' nodeset='0'/></numatune>",
        BASE CELLS "<numatune><memnode cellid='0' mode='strict' nodeset='0'/></numatune>"},
    {"memnode-cells", "numatune.memnode.0", DEFINE,
        BASE CELLS "<numatune><memory mode='restrictive' nodeset='0'/>"
                   "<memnode cellid='0' mode='strict' nodeset='0'/></numatune>",
        BASE CELLS "<numatune><memory mode='restrictive' nodeset='0'/>"
                   "<memnode cellid='0' mode='restrictive' nodeset='0'/></numatune>"},
    {"numatune-nodeset", "numatune.mode", DEFINE,
        BASE "<numatune><memory mode='strict'/></numatune>",
        BASE "<numatune><memory mode='strict' nodeset='0'/></numatune>"},
    {"numatune-auto", "numatune.nodeset", DEFINE,
        BASE "<numatune><memory mode='strict' placement='auto' nodeset='0'/></numatune>",
        BASE "<numatune><memory mode='strict' placement='static' nodeset='0'/></numatune>"},
    {"cells-vcpus", "numa.cells", DEFINE, MEM "<vcpu>1</vcpu>" CELLS, BASE CELLS},
    {"balloon-pinned", "memory.current", TAKEN,
        BASE "<currentMemory unit='MiB'>256</currentMemory>" HUGE(""),
        BASE "<currentMemory unit='MiB'>256</currentMemory>"},
    {"balloon-pinned", "memory.current", TAKEN,
        BASE BACK("<locked/>") DEVICES("<memballoon model='virtio' freePageReporting='on'/>"),
        BASE DEVICES("<memballoon model='virtio' freePageReporting='on'/>")},
    {"balloon-none", "memballoon.model", TAKEN,
        BASE "<currentMemory unit='MiB'>256</currentMemory>" DEVICES("<memballoon model='none'/>"),
        BASE DEVICES("<memballoon model='none'/>")},
};

/* The document of @body, of a domain of @type, its disk at @disk. The caller frees it. */
static inline char *rule_case_document(const char *type, const char *body, const char *disk)
{
    g_autoptr(GString) text = g_string_new(body);

    g_string_replace(text, "DISK", disk, 0);
    return g_strdup_printf("<domain type='%s'>\n<name>rule</name>\n"
                           "<uuid>6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0009</uuid>\n%s\n"
                           "<os><type arch='x86_64' machine='q35'>hvm</type></os>\n</domain>\n",
        type, text->str);
}

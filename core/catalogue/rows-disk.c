/* Rows of a domain's disks, by target, and of its block I/O as a whole. */
#include "core/catalogue/rows.h"

#define DISK   VIRT_DOC "#hard-drives-floppy-disks-cdroms"
#define BLKIO  VIRT_DOC "#block-i-o-tuning"
#define VIRTIO VIRT_DOC "#virtio-related-options"
#define AT     "devices/disk[target/@dev='%s']!/"

static const TunableChoice buses[] = {
    {"virtio", "virtio-blk: the quickest for most"},
    {"scsi", "a disk of a SCSI controller; virtio-scsi has many disks and discard"},
    {"sata", "for guests without virtio drivers"},
    {"usb", "slow"},
    {"ide", "slow, for the oldest guests"},
    {"fdc", "a floppy disk"},
    {NULL, NULL},
};

static const TunableChoice caches[] = {
    {"default", "as the hypervisor has it: writeback"},
    {"none", "past the host's page cache: no memory used twice, safe to migrate"},
    {"writeback", "through the page cache; a flush of the guest's goes to the disk"},
    {"writethrough", "through the page cache, each write to the disk before it is done"},
    {"directsync", "past the page cache, each write to the disk before it is done"},
    {"unsafe", "flushes are ignored: a power cut loses data"},
    {NULL, NULL},
};

static const TunableChoice ios[] = {
    {"threads", "a pool of threads: works with everything"},
    {"native", "Linux AIO: quicker, only past the page cache"},
    {"io_uring", "io_uring: quickest where kernel and QEMU are new enough"},
    {NULL, NULL},
};

static const TunableChoice discards[] = {
    {"unmap", "the guest's trim makes the image smaller"},
    {"ignore", "the image keeps what the guest has freed"},
    {NULL, NULL},
};

static const TunableChoice zeroes[] = {
    {"off", "zeros are written as any data"},
    {"on", "zeros are noticed and written as a hole"},
    {"unmap", "zeros are noticed and freed, where discard is unmap"},
    {NULL, NULL},
};

#define DRIVER(name, list, without, what, gains, against, doc, version)                            \
    {                                                                                              \
        DOMAIN_ROW("disk.DEV." name, "Disk"),                                                      \
            .type = VALUE_CHOICE, .choices = list, .effect = EFFECT_NEXT,                          \
            .place = AT "driver/@" name, .instances = instances_disks, .fallback = without,        \
            .help = what, .gain = gains, .conflicts = against, .source = doc, .since = version     \
    }

/* What iotune has of one kind: its key's text, what the running domain has where there is none
 * (QEMU's bursts last a second), and what all of them say. */
#define IOTUNE(name, nothing, without, kind, u, what, gains, against, version)                     \
    {                                                                                              \
        DOMAIN_ROW("disk.DEV.iotune." name, "Disk"),                                               \
            .type = kind, .min = 0, .max = G_GINT64_CONSTANT(1000000000000000), .unit = u,         \
            .effect = EFFECT_NOW_AND_NEXT,                                                         \
            .live = {.call = LIVE_IOTUNE, .field = name, .reset = nothing},                        \
            .place = AT "iotune/" name "/text()", .instances = instances_disks,                    \
            .fallback = without, .help = what, .gain = gains, .conflicts = against,                \
            .source = DISK, .since = version                                                       \
    }
#define TOTAL "A total does not go with one for reads or writes."
#define LIMIT(name, kind, u, what)                                                                 \
    IOTUNE(name, "0", "no limit", kind, u, what,                                                   \
        "Keeps a guest's disk from taking the storage from the others; its requests then wait.",   \
        TOTAL, "0.9.8")
#define BURST(limit, kind, u, what)                                                                \
    IOTUNE(limit "_max", "0", "the limit", kind, u, what,                                          \
        "A guest that was quiet may be quicker for a moment; the others feel it.",                 \
        "Wants " limit " beside it, and must be more. " TOTAL, "1.2.11")
#define LENGTH(limit)                                                                              \
    IOTUNE(limit "_max_length", "1", "1", VALUE_INT, "s",                                          \
        "How long a burst of " limit "_max may last.",                                             \
        "Longer lets more through at once; the others feel it longer.",                            \
        "Wants " limit "_max beside it.", "2.4.0")

#define BOUNDS "All of the guest's images on that disk together; its requests then wait."
#define DEVICE(name, parameter, without, kind, least, most, u, what, gains)                        \
    {                                                                                              \
        DOMAIN_ROW("blkio.device.PATH." name, "Disk"),                                             \
            .type = kind, .min = least, .max = most, .unit = u, .effect = EFFECT_NOW_AND_NEXT,     \
            .live = {.call = LIVE_BLKIO_DEVICE, .field = parameter, .reset = "0"},                 \
            .place = "blkiotune/device[path='%s']/" name "/text()", .instances = instances_paths,  \
            .fallback = without, .help = what, .gain = gains, .source = BLKIO, .since = "1.2.2"    \
    }

static const Tunable rows[] = {
    {DOMAIN_ROW("disk.DEV.bus", "Disk"), .type = VALUE_CHOICE, .choices = buses,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = AT "target/@bus",
        .instances = instances_disks, .fallback = "what the target's name says",
        .help = "How the guest sees the disk. Its driver must be in the guest before it starts, or "
                "it does not boot.",
        .gain = "virtio needs the fewest exits for each request; the others are for guests without "
                "its driver.",
        .conflicts = "The disk's <address> must be one of the new bus: take it out, libvirt makes "
                     "another.",
        .source = DISK, .since = "0.4.3"},
    DRIVER("cache", caches, "writeback", "How the host caches what the guest reads and writes.",
        "none suits most; writeback hides slow storage and takes the host's memory.",
        "io=native wants none or directsync; unsafe risks the data.", DISK, "0.6.0"),
    DRIVER("io", ios, "threads", "How QEMU does the host's I/O.",
        "native and io_uring need less CPU for each request.",
        "native wants cache=none or directsync.", DISK, "0.8.8"),
    {DOMAIN_ROW("disk.DEV.iothread", "Disk"), .type = VALUE_INT, .min = 1, .max = IDSET_MAX,
        .effect = EFFECT_NEXT, .place = AT "driver/@iothread", .instances = instances_disks,
        .fallback = "QEMU's main thread", .help = "The I/O thread that serves the disk.",
        .gain = "Off QEMU's main thread; with a pin of its own it disturbs no vCPU.",
        .conflicts = "Only virtio disks have one, and only of those that iothreads counts.",
        .source = DISK, .since = "1.2.8"},
    {DOMAIN_ROW("disk.DEV.queues", "Disk"), .type = VALUE_INT, .min = 1, .max = 1024,
        .effect = EFFECT_NEXT, .place = AT "driver/@queues", .instances = instances_disks,
        .fallback = "QEMU's: one for each vCPU", .help = "How many queues a virtio disk has.",
        .gain = "A queue for each vCPU lets them do I/O without waiting for one another.",
        .conflicts = "More than vCPUs are of no use; only virtio disks have them.", .source = DISK,
        .since = "3.9.0"},
    {DOMAIN_ROW("disk.DEV.queue_size", "Disk"), .type = VALUE_INT, .min = 2, .max = 32768,
        .effect = EFFECT_NEXT, .place = AT "driver/@queue_size", .instances = instances_disks,
        .unit = "requests", .fallback = "QEMU's: 256",
        .help = "How many requests a queue of a virtio disk holds.",
        .gain = "More hides slow storage behind many requests; each takes memory.",
        .conflicts = "Only virtio disks have it; QEMU wants a power of two.", .source = DISK,
        .since = "7.8.0"},
    DRIVER("discard", discards, "ignore", "What happens to blocks that the guest has freed.",
        "unmap keeps thin images small; the storage is busier.", "detect_zeroes=unmap wants unmap.",
        DISK, "1.0.6"),
    DRIVER("detect_zeroes", zeroes, "off", "Whether writes of zeros are noticed.",
        "Saves space on thin images; looking at every write costs CPU.",
        "unmap wants discard=unmap.", DISK, "2.0.0"),
    DRIVER("packed", choice_on_off, "off", "Whether virtio uses packed rings.",
        "Less work for each request, where the guest's driver knows them.",
        "Only virtio devices have them.", VIRTIO, "6.3.0"),
    DRIVER("event_idx", choice_on_off, "on",
        "Whether virtio tells the other side only when it waits.",
        "on makes fewer interrupts and exits; off may answer sooner.",
        "Only virtio devices have it.", DISK, "0.9.5"),
    LIMIT("total_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes a second, read and written."),
    LIMIT("read_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes a second, read."),
    LIMIT("write_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes a second, written."),
    LIMIT("total_iops_sec", VALUE_INT, "requests/s", "Requests a second."),
    LIMIT("read_iops_sec", VALUE_INT, "requests/s", "Reads a second."),
    LIMIT("write_iops_sec", VALUE_INT, "requests/s", "Writes a second."),
    BURST("total_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes a second in a burst."),
    BURST("read_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes read a second in a burst."),
    BURST("write_bytes_sec", VALUE_BYTES, "bytes/s", "Bytes written a second in a burst."),
    BURST("total_iops_sec", VALUE_INT, "requests/s", "Requests a second in a burst."),
    BURST("read_iops_sec", VALUE_INT, "requests/s", "Reads a second in a burst."),
    BURST("write_iops_sec", VALUE_INT, "requests/s", "Writes a second in a burst."),
    IOTUNE("size_iops_sec", "0", "each request is one", VALUE_BYTES, "bytes",
        "The size up to which a request counts as one; a larger one counts as several.",
        "A guest cannot go round a limit in requests by larger ones.",
        "Wants a limit in requests (iops) beside it.", "1.2.11"),
    {DOMAIN_ROW("disk.DEV.iotune.group_name", "Disk"), .type = VALUE_TEXT, .effect = EFFECT_NEXT,
        .place = AT "iotune/group_name/text()", .instances = instances_disks,
        .fallback = "each disk on its own",
        .help = "Disks of one name share one limit: that of the disk that set it last.",
        .gain = "A guest with many disks gets no more than with one; one busy disk takes the "
                "others' part.",
        .conflicts = "Wants a limit beside it.", .source = DISK, .since = "3.0.0"},
    LENGTH("total_bytes_sec"),
    LENGTH("read_bytes_sec"),
    LENGTH("write_bytes_sec"),
    LENGTH("total_iops_sec"),
    LENGTH("read_iops_sec"),
    LENGTH("write_iops_sec"),

    {DOMAIN_ROW("blkio.weight", "Disk"), .type = VALUE_INT, .min = 100, .max = 1000,
        .effect = EFFECT_NOW_AND_NEXT,
        .live = {.call = LIVE_BLKIO, .field = "weight", .reset = "500"},
        .place = "blkiotune/weight/text()", .fallback = "500",
        .help = "The guest's weight where the host's disks are busy: twice the number, twice the "
                "throughput.",
        .gain = "Costs nothing while disks are idle.",
        .conflicts = "Works only where the host's I/O scheduler weighs (BFQ).", .source = BLKIO,
        .since = "0.8.8"},
    DEVICE("weight", "device_weight", "blkio.weight", VALUE_INT, 100, 1000, NULL,
        "The guest's weight on one of the host's disks.",
        "Costs nothing while the disk is idle; works only where its I/O scheduler weighs (BFQ)."),
    DEVICE("read_bytes_sec", "device_read_bytes_sec", "no limit", VALUE_BYTES, 0,
        G_GINT64_CONSTANT(1000000000000000), "bytes/s",
        "Bytes a second that the guest may read from one of the host's disks.", BOUNDS),
    DEVICE("write_bytes_sec", "device_write_bytes_sec", "no limit", VALUE_BYTES, 0,
        G_GINT64_CONSTANT(1000000000000000), "bytes/s",
        "Bytes a second that the guest may write to one of the host's disks.", BOUNDS),
    DEVICE("read_iops_sec", "device_read_iops_sec", "no limit", VALUE_INT, 0, G_MAXUINT32,
        "requests/s", "Reads a second from one of the host's disks.", BOUNDS),
    DEVICE("write_iops_sec", "device_write_iops_sec", "no limit", VALUE_INT, 0, G_MAXUINT32,
        "requests/s", "Writes a second to one of the host's disks.", BOUNDS),
};

const TunableRows rows_disk = ROWS_OF(rows);

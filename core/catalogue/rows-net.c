/* Rows of a domain's network interfaces, by MAC address. */
#include "core/catalogue/rows.h"

#define CARD   VIRT_DOC "#network-interfaces"
#define DRIVER VIRT_DOC "#setting-nic-driver-specific-options"
#define QOS    VIRT_DOC "#quality-of-service"
#define VIRTIO VIRT_DOC "#virtio-related-options"
#define AT     "devices/interface[mac/@address='%s']!/"

static const TunableChoice models[] = {
    {"virtio", "the quickest"},
    {"virtio-transitional", "virtio, also for guests that know only its version 0.9"},
    {"virtio-non-transitional", "virtio, only its version 1"},
    {"e1000e", "an Intel card of PCI Express, for guests without virtio drivers"},
    {"e1000", "an Intel card of PCI, for guests without virtio drivers"},
    {"rtl8139", "slow, for the oldest guests"},
    {NULL, NULL},
};

static const TunableChoice drivers[] = {
    {"vhost", "the host's kernel moves the packets"},
    {"qemu", "QEMU moves the packets: slower, for where vhost is not wanted"},
    {NULL, NULL},
};

static const TunableChoice txmodes[] = {
    {"iothread", "packets leave in QEMU's bottom half: quick answers, more switches of CPU"},
    {"timer", "packets that did not fit wait for a timer: fewer switches, later"},
    {NULL, NULL},
};

#define SWITCH(name, at, without, what, gains, version)                                            \
    {                                                                                              \
        DOMAIN_ROW("interface.MAC." name, "Network"),                                              \
            .type = VALUE_CHOICE, .choices = choice_on_off, .effect = EFFECT_NEXT, .place = AT at, \
            .instances = instances_cards, .fallback = without, .help = what, .gain = gains,        \
            .conflicts = "Only virtio cards have it.", .source = DRIVER, .since = version          \
    }
#define HOST(name, what)                                                                           \
    SWITCH("host." name, "driver/host/@" name, "on",                                               \
        "Whether the host's side of the card offers " what ".",                                    \
        "on saves CPU; off finds out whether a wrong packet comes from it.", "1.2.9")
#define GUEST(name, what)                                                                          \
    SWITCH("guest." name, "driver/guest/@" name, "on", "Whether the guest may be given " what ".", \
        "on saves CPU; off is for guests that forward packets and cannot.", "1.2.9")

#define NUMBER(name, at, least, most, u, without, what, gains, against, version)                   \
    {                                                                                              \
        DOMAIN_ROW("interface.MAC." name, "Network"),                                              \
            .type = VALUE_INT, .min = least, .max = most, .unit = u, .effect = EFFECT_NEXT,        \
            .place = AT at, .instances = instances_cards, .fallback = without, .help = what,       \
            .gain = gains, .conflicts = against, .source = DRIVER, .since = version                \
    }

static const Tunable rows[] = {
    {DOMAIN_ROW("interface.MAC.model", "Network"), .type = VALUE_CHOICE, .choices = models,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = AT "model/@type",
        .instances = instances_cards, .fallback = "the machine's default",
        .help = "The card that the guest sees. Its driver must be in the guest.",
        .gain = "virtio needs the least CPU for each packet by far; the others are for guests "
                "without its driver.",
        .conflicts = "Only virtio has queues, offloads, a driver and packed rings.",
        .source = CARD},
    {DOMAIN_ROW("interface.MAC.driver", "Network"), .type = VALUE_CHOICE, .choices = drivers,
        .effect = EFFECT_NEXT, .place = AT "driver/@name", .instances = instances_cards,
        .fallback = "vhost where the host has it",
        .help = "Who moves the packets of a virtio card.",
        .gain = "vhost is quicker: no switch to QEMU for each packet. qemu is for finding faults, "
                "and for hosts without vhost-net.",
        .conflicts = "Only virtio cards have it.", .source = DRIVER, .since = "0.8.8"},
    NUMBER("queues", "driver/@queues", 1, 256, NULL, "1",
        "How many pairs of queues a virtio card has.",
        "Several vCPUs work on packets at once; the guest must switch them on (ethtool -L).",
        "More than vCPUs are of no use; only virtio cards have them.", "1.0.6"),
    NUMBER("rx_queue_size", "driver/@rx_queue_size", 256, 1024, "packets", "QEMU's: 256",
        "How many packets to the guest a queue holds; a power of two.",
        "Fewer drops in bursts; packets may wait longer.", "Only virtio cards have it.", "2.3.0"),
    NUMBER("tx_queue_size", "driver/@tx_queue_size", 256, 1024, "packets", "QEMU's: 256",
        "How many packets from the guest a queue holds; a power of two.",
        "Fewer stalls in bursts; packets may wait longer.",
        "QEMU takes it of vhost-user cards only.", "3.7.0"),
    HOST("csum", "checksums"),
    HOST("gso", "segmentation of any protocol"),
    HOST("tso4", "segmentation of TCP over IPv4"),
    HOST("tso6", "segmentation of TCP over IPv6"),
    HOST("ecn", "segmentation of TCP with congestion marks"),
    HOST("ufo", "fragmentation of UDP"),
    HOST("mrg_rxbuf", "packets over several buffers"),
    GUEST("csum", "packets without a finished checksum"),
    GUEST("tso4", "large TCP packets over IPv4"),
    GUEST("tso6", "large TCP packets over IPv6"),
    GUEST("ecn", "large TCP packets with congestion marks"),
    GUEST("ufo", "large UDP packets"),
    {DOMAIN_ROW("interface.MAC.bandwidth.in", "Network"), .type = VALUE_BANDWIDTH, .max = 4,
        .effect = EFFECT_NOW_AND_NEXT,
        .live = {.call = LIVE_BANDWIDTH, .field = "inbound", .reset = "0"}, .unit = "KiB/s",
        .place = AT "bandwidth/inbound/@average,@peak,@burst,@floor", .instances = instances_cards,
        .fallback = "no limit",
        .help = "What the guest may receive: AVERAGE[,PEAK[,BURST[,FLOOR]]] in KiB/s, the burst in "
                "KiB. The floor is guaranteed, in networks that have a bandwidth of their own.",
        .gain = "Keeps one guest from taking the network; packets above it are dropped.",
        .conflicts = "A floor is kept only on a card of a libvirt network; cards of type user take "
                     "none of it.",
        .source = QOS, .since = "0.9.4"},
    {DOMAIN_ROW("interface.MAC.bandwidth.out", "Network"), .type = VALUE_BANDWIDTH, .max = 3,
        .effect = EFFECT_NOW_AND_NEXT,
        .live = {.call = LIVE_BANDWIDTH, .field = "outbound", .reset = "0"}, .unit = "KiB/s",
        .place = AT "bandwidth/outbound/@average,@peak,@burst", .instances = instances_cards,
        .fallback = "no limit",
        .help = "What the guest may send: AVERAGE[,PEAK[,BURST]] in KiB/s, the burst in KiB.",
        .gain = "Keeps one guest from taking the network; packets above it are dropped.",
        .conflicts = "Has no effect on a card of type user.", .source = QOS, .since = "0.9.4"},
    {DOMAIN_ROW("interface.MAC.mtu", "Network"), .type = VALUE_INT, .min = 68, .max = 65535,
        .unit = "bytes", .effect = EFFECT_NEXT, .place = AT "mtu/@size",
        .instances = instances_cards, .fallback = "that of the network",
        .help = "The largest packet; a virtio card tells it to the guest.",
        .gain = "Large packets cost less CPU, where every host on the way takes them.",
        .conflicts = "libvirt sets none on cards of type user, direct, hostdev and the sockets'.",
        .source = VIRT_DOC "#mtu-configuration", .since = "3.1.0"},
    {DOMAIN_ROW("interface.MAC.txmode", "Network"), .type = VALUE_CHOICE, .choices = txmodes,
        .effect = EFFECT_NEXT, .place = AT "driver/@txmode", .instances = instances_cards,
        .fallback = "iothread", .help = "How packets leave when the buffer was full.",
        .gain = "timer saves exits under load; iothread sends sooner.",
        .conflicts = "Only virtio cards without vhost have it.", .source = DRIVER,
        .since = "0.8.8"},
    SWITCH("packed", "driver/@packed", "off", "Whether virtio uses packed rings.",
        "Less work for each packet, where the guest's driver knows them.", "6.3.0"),
};

const TunableRows rows_net = ROWS_OF(rows);

/* Rows of what the guest's system sees: Hyper-V and KVM features, timers, small devices. */
#include "core/catalogue/rows.h"

#define FEATURES VIRT_DOC "#hypervisor-features"
#define CLOCK    VIRT_DOC "#time-keeping"

static const TunableChoice hyperv_modes[] = {
    {"custom", "the enlightenments named here"},
    {"passthrough", "all that the hypervisor has: migration only between equal hosts"},
    {NULL, NULL},
};

static const TunableChoice ioapic_drivers[] = {
    {"kvm", "all of it in the host's kernel"},
    {"qemu", "the I/O APIC in QEMU (split), as Intel's IOMMU wants it"},
    {NULL, NULL},
};

static const TunableChoice tickpolicies[] = {
    {"delay", "missed ticks come later at the usual rate: the guest's clock falls behind"},
    {"catchup", "missed ticks come later at a higher rate until it is right again"},
    {"merge", "missed ticks become one: the guest's clock may be wrong for a while"},
    {"discard", "missed ticks are lost: for guests that know to expect it"},
    {NULL, NULL},
};

static const TunableChoice tracks[] = {
    {"boot", "the host's clock at boot"},
    {"guest", "the guest's own time"},
    {"wall", "the host's clock"},
    {NULL, NULL},
};

static const TunableChoice tsc_modes[] = {
    {"auto", "read directly where the host's is steady, else emulated"},
    {"native", "always read directly"},
    {"emulate", "always emulated: slow, and the same on every host"},
    {"paravirt", "read directly, the hypervisor helps"},
    {"smpsafe", "emulated so that all vCPUs agree"},
    {NULL, NULL},
};

static const TunableChoice rngs[] = {
    {"virtio", "the device that all guests with virtio drivers know"},
    {"virtio-transitional", "virtio, also for guests that know only its version 0.9"},
    {"virtio-non-transitional", "virtio, only its version 1"},
    {NULL, NULL},
};

static const TunableChoice videos[] = {
    {"virtio", "cheapest with a desktop, where the guest has the driver"},
    {"vga", "plain: cheap while nobody looks"},
    {"cirrus", "for the oldest guests"},
    {"qxl", "for SPICE: quick over the network, costs CPU on the host"},
    {"bochs", "plain, without old VGA: for UEFI guests"},
    {"ramfb", "a frame buffer for the boot only"},
    {"none", "no display: costs nothing"},
    {NULL, NULL},
};

#define FEATURE(k, at, without, what, gains, against, doc, version)                                \
    {                                                                                              \
        DOMAIN_ROW(k, "Guest"), .type = VALUE_CHOICE, .choices = choice_on_off,                    \
                                .effect = EFFECT_NEXT, .place = at, .fallback = without,           \
                                .help = what, .gain = gains, .conflicts = against, .source = doc,  \
                                .since = version                                                   \
    }
/* What goes against every enlightenment. */
#define NAMED "Not beside features.hyperv.mode=passthrough."
#define HYPERV(name, what, gains, against, version)                                                \
    FEATURE("features.hyperv." name, "features/hyperv/" name "/@state", "off", what, gains,        \
        against NAMED, FEATURES "; QEMU docs/system/i386/hyperv.rst", version)
#define KVM(name, what, gains, against, version)                                                   \
    FEATURE("features.kvm." name, "features/kvm/" name "/@state", "off", what, gains, against,     \
        FEATURES "; QEMU docs", version)

/* "clock!": libvirt writes a <clock> for every domain. */
#define TIMER(name, list, setter, timers, without, what, gains, against)                           \
    {                                                                                              \
        DOMAIN_ROW("clock.timer.NAME." name, "Guest"),                                             \
            .type = VALUE_CHOICE, .choices = list, .set = setter, .effect = EFFECT_NEXT,           \
            .place = "clock!/timer[@name='%s']/@" name, .instances = timers, .fallback = without,  \
            .help = what, .gain = gains, .conflicts = against, .source = CLOCK, .since = "0.8.0"   \
    }

/* A <catchup> says how to catch up, and is refused with any other policy. */
static gboolean timer_set_tickpolicy(
    const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *place = tunable_key_place(key);
    g_autofree char *catchup = g_strdup_printf("clock!/timer[@name='%s']!/catchup", key->args[0]);

    return (g_str_equal(value, "catchup") || xml_edit_set(edit, catchup, NULL, error)) &&
           xml_edit_set(edit, place, *value ? value : NULL, error);
}

/* Only qxl has these attributes, which libvirt writes for every qxl; others are refused with them.
 */
static gboolean video_set_model(
    const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    static const char *const only_qxl[] = {"ram", "vram64", "vgamem"};
    g_autofree char *place = tunable_key_place(key);

    for (guint i = 0; !g_str_equal(value, "qxl") && i < G_N_ELEMENTS(only_qxl); i++) {
        g_autofree char *path = g_strconcat("devices/video!/model!/@", only_qxl[i], NULL);
        if (!xml_edit_set(edit, path, NULL, error))
            return FALSE;
    }
    return xml_edit_set(edit, place, *value ? value : NULL, error);
}

static const Tunable rows[] = {
    {DOMAIN_ROW("features.hyperv.mode", "Guest"), .type = VALUE_CHOICE, .choices = hyperv_modes,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = "features/hyperv/@mode",
        .fallback = "custom",
        .help = "Whether Windows guests get the enlightenments named here, or "
                "all there are.",
        .gain = "passthrough is quickest and ties the guest to equal hosts; custom migrates.",
        .conflicts = "passthrough goes with no enlightenment that is named.", .source = FEATURES,
        .since = "8.0.0"},
    HYPERV("relaxed", "Tells Windows not to panic when a timer is late.",
        "Windows survives a busy host.", "", "1.0.0"),
    HYPERV("vapic", "Lets Windows reach its APIC by fewer exits.", "Fewer exits.", "", "1.1.0"),
    {DOMAIN_ROW("features.hyperv.spinlocks", "Guest"), .type = VALUE_LEVELLED,
        .choices = choice_on_off, .min = 4095, .max = G_MAXUINT32, .effect = EFFECT_NEXT,
        .place = "features/hyperv/spinlocks/@state:@retries", .fallback = "off",
        .help = "After how many tries Windows tells the host that it waits for a lock: on:8191.",
        .gain = "A vCPU that waits gives its time away, where vCPUs share CPUs.",
        .conflicts = NAMED, .source = FEATURES, .since = "1.1.0"},
    HYPERV("vpindex", "Numbers the virtual processors for Windows.",
        "Other enlightenments need it.", "", "1.3.3"),
    HYPERV("runtime", "Tells Windows how long its processors really ran.",
        "It knows what time a busy host took from it; costs next to nothing.", "", "1.3.3"),
    HYPERV("synic", "The synthetic interrupt controller.", "stimer needs it.",
        "Wants features.hyperv.vpindex. ", "1.3.3"),
    HYPERV("stimer", "Timers of the synthetic interrupt controller.",
        "An idle Windows needs far less of the host's CPU.",
        "Wants features.hyperv.synic and vpindex. ", "1.3.3"),
    FEATURE("features.hyperv.stimer.direct", "features/hyperv/stimer/direct/@state", "off",
        "Lets these timers interrupt directly.", "Cheaper timers.",
        "Wants features.hyperv.stimer. " NAMED, FEATURES, "5.7.0"),
    HYPERV("reset", "Lets Windows reset itself through the hypervisor.",
        "Costs nothing; Windows mostly reboots another way.", "", "1.3.3"),
    {DOMAIN_ROW("features.hyperv.vendor_id", "Guest"), .type = VALUE_TEXT, .effect = EFFECT_NEXT,
        .place = "features/hyperv/vendor_id/@state:@value", .fallback = "off",
        .help = "The hypervisor's name for the guest, up to 12 characters: on:KVM Hv; off.",
        .gain = "Drivers that refuse a hypervisor by its name work; costs nothing.",
        .conflicts = NAMED, .source = FEATURES, .since = "1.3.3"},
    HYPERV("frequencies", "Tells Windows how fast TSC and APIC tick.", "No calibration at boot.",
        "", "4.7.0"),
    HYPERV("reenlightenment", "Tells Windows when a migration changed the TSC's speed.",
        "The TSC stays usable for nested guests.", "", "4.7.0"),
    HYPERV("tlbflush", "Flushes other vCPUs' TLBs through the hypervisor.",
        "Much quicker where vCPUs share CPUs.", "Wants features.hyperv.vpindex. ", "4.7.0"),
    HYPERV("ipi", "Sends interrupts to other vCPUs through the hypervisor.",
        "Fewer exits with many vCPUs.", "Wants features.hyperv.vpindex. ", "4.10.0"),
    HYPERV("evmcs", "Makes nested virtualisation cheaper on Intel.", "Quicker nested guests.",
        "Wants features.hyperv.vapic; Intel hosts only. ", "4.10.0"),
    HYPERV("avic", "Lets the synthetic interrupt controller go with hardware APICs.",
        "Fewer exits.", "", "8.10.0"),
    KVM("hidden", "Hides KVM from the guest.",
        "For drivers that refuse to run in a VM; the guest "
        "loses its paravirtual helps.",
        NULL, "1.2.8"),
    KVM("hint-dedicated", "Tells the guest that its vCPUs have CPUs of their own.",
        "Simpler locks and no useless yields, where the pins make it true.",
        "Wants cpu.mode=host-passthrough and vCPUs pinned alone.", "5.7.0"),
    KVM("poll-control", "Lets the guest poll before it halts, instead of the host.",
        "Sooner answers; the CPU looks busy while it polls.", NULL, "6.10.0"),
    KVM("pv-ipi", "Sends interrupts to other vCPUs by one exit.", "Fewer exits with many vCPUs.",
        NULL, "7.10.0"),
    {DOMAIN_ROW("features.kvm.dirty-ring", "Guest"), .type = VALUE_LEVELLED,
        .choices = choice_on_off, .min = 1024, .max = 65536, .effect = EFFECT_NEXT,
        .place = "features/kvm/dirty-ring/@state:@size", .fallback = "off",
        .help = "Notes the pages a guest writes in a ring instead of a bitmap: on:4096.",
        .gain = "Migration of large guests slows them less; a power of two from 1024 to 65536.",
        .source = FEATURES, .since = "8.0.0"},
    FEATURE("features.pmu", "features/pmu/@state", "on",
        "Whether the guest has performance counters.",
        "off makes some exits cheaper and keeps a guest from measuring the host.", NULL, FEATURES,
        "1.2.12"),
    {DOMAIN_ROW("features.ioapic.driver", "Guest"), .type = VALUE_CHOICE, .choices = ioapic_drivers,
        .effect = EFFECT_NEXT, .place = "features/ioapic/@driver", .fallback = "kvm",
        .help = "Where the guest's I/O APIC is.",
        .gain = "kvm is quicker; an emulated Intel IOMMU with interrupt remapping needs qemu.",
        .source = FEATURES, .since = "3.4.0"},
    TIMER("present", choice_yes_no, NULL, instances_timers, "as the machine has it",
        "Whether the guest has this timer. Without hpet and with a steady tsc or kvmclock it costs "
        "least.",
        "Each timer less is fewer interrupts of an idle guest; one that it needs and has not makes "
        "its clock wrong.",
        "hypervclock is for Windows, kvmclock for Linux."),
    TIMER("tickpolicy", tickpolicies, timer_set_tickpolicy, instances_tick_timers, "delay",
        "What becomes of ticks that came too late.",
        "catchup keeps the clock right and floods the guest with ticks for a while; discard is "
        "even and lets it fall behind.",
        "Not every timer has every policy."),
    TIMER("track", tracks, NULL, instances_track_timers, "wall", "What the timer follows.",
        "guest stops with the guest: right for what it counts, wrong by the clock on the wall.",
        "Only rtc and platform have it."),
    {DOMAIN_ROW("clock.timer.NAME.frequency", "Guest"), .type = VALUE_INT, .min = 1,
        .max = G_GINT64_CONSTANT(1000000000000), .unit = "Hz", .effect = EFFECT_NEXT,
        .place = "clock!/timer[@name='%s']/@frequency", .instances = instances_tsc,
        .fallback = "the host's", .help = "How fast the tsc ticks for the guest.",
        .gain = "A fixed one keeps the guest's clock right over a migration.",
        .conflicts = "Only tsc has it.", .source = CLOCK, .since = "0.8.0"},
    TIMER("mode", tsc_modes, NULL, instances_tsc, "auto", "How the guest reads the tsc.",
        "native costs no exit and jumps where a host ticks otherwise; emulate is even, and each "
        "reading an exit.",
        "Only tsc has it."),
    {DOMAIN_ROW("rng.model", "Guest"), .type = VALUE_CHOICE, .choices = rngs, .effect = EFFECT_NEXT,
        .required = TRUE, .place = "devices/rng!/@model",
        .help = "The device that gives the guest random numbers.",
        .gain = "A guest without one may wait for entropy at boot.",
        .source = VIRT_DOC "#random-number-generator-device", .since = "1.0.3"},
    {DOMAIN_ROW("video.model", "Guest"), .type = VALUE_CHOICE, .choices = videos,
        .effect = EFFECT_NEXT, .required = TRUE, .place = "devices/video!/model/@type",
        .set = video_set_model, .help = "The guest's display adapter.",
        .gain = "A server without a display costs no CPU for it.",
        .source = VIRT_DOC "#video-devices"},
};

const TunableRows rows_guest = ROWS_OF(rows);

/* The calls by which a running domain is tuned: a row of a table for each. */
#include "core/virt/tune-live.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/connection-private.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    Connection *connection;
    const char *uuid;
    virDomainPtr handle;
    char *name; /* of the domain, fit to show; libvirt forgets its last error when it is asked */
    const LiveWay *way;
    const char *object;
    const char *value; /* "" only for the pins: all CPUs that are online */
    guint flags;
} Tuning;

/* libvirt's typed parameters; freed as a whole. */
typedef struct {
    virTypedParameterPtr list;
    int count, room;
} Parameters;

static void parameters_clear(Parameters *parameters)
{
    virTypedParamsFree(parameters->list, parameters->count);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parameters, parameters_clear)

/* @cpus as libvirt's map of the host's CPUs; NULL sets all. The caller frees it. */
static unsigned char *make_map(Connection *connection, const IdSet *cpus, int *length)
{
    int host = virNodeGetCPUMap(connection->handle, NULL, NULL, 0);
    int last = cpus ? hwloc_bitmap_last(cpus) : -1;

    if (host < 0) {
        virNodeInfo info;
        host = virNodeGetInfo(connection->handle, &info) == 0 ? (int)VIR_NODEINFO_MAXCPUS(info) : 1;
    }
    int bits = MAX(host, last + 1);
    *length = VIR_CPU_MAPLEN(bits);
    unsigned char *map = g_new0(unsigned char, *length);
    for (int i = 0; i < bits; i++)
        if (cpus ? idset_has(cpus, i) : i < host)
            map[i / 8] |= (unsigned char)(1 << (i % 8)); /* VIR_USE_CPU, which does not convert */
    return map;
}

/* TRUE with a sentence where the call that failed is none of the driver's, which says so or
 * nothing: libvirt's test driver has few of them. */
static gboolean is_unknown_to_driver(const Tuning *tuning, const char *what, GError **error)
{
    int code = virGetLastErrorCode();

    if (code != VIR_ERR_NO_SUPPORT && code != VIR_ERR_OK &&
        !g_str_has_prefix(virGetLastErrorMessage(), "unsupported flags"))
        return FALSE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "this libvirt driver does not take %s of a running domain (%s): with @next or --config it "
        "waits for the next start",
        what, tuning->name);
    return TRUE;
}

/* The number of what is pinned, if it has one, and what it is called. */
static gboolean set_pin(const Tuning *tuning, GError **error)
{
    const LiveCall call = tuning->way->call;
    g_autoptr(IdSet) cpus = *tuning->value ? idset_parse(tuning->value, error) : NULL;
    guint id = tuning->object ? (guint)g_ascii_strtoull(tuning->object, NULL, 10) : 0;
    int length;

    if (*tuning->value && cpus == NULL)
        return FALSE;
    g_autofree unsigned char *map = make_map(tuning->connection, cpus, &length);
    int result = call == LIVE_VCPU_PIN
                     ? virDomainPinVcpuFlags(tuning->handle, id, map, length, tuning->flags)
                 : call == LIVE_EMULATOR_PIN
                     ? virDomainPinEmulator(tuning->handle, map, length, tuning->flags)
                     : virDomainPinIOThread(tuning->handle, id, map, length, tuning->flags);
    if (result == 0)
        return TRUE;
    if (is_unknown_to_driver(tuning, "pins", error))
        return FALSE;
    connection_error(error, "%s%s of %s cannot be pinned",
        call == LIVE_VCPU_PIN       ? "vCPU "
        : call == LIVE_EMULATOR_PIN ? "the emulator thread"
                                    : "I/O thread ",
        tuning->object ? tuning->object : "", tuning->name);
    return FALSE;
}

/* TRUE where libvirt's @result is no error; else @error has its reason. */
static gboolean done(const Tuning *tuning, int result, GError **error)
{
    if (result == 0)
        return TRUE;
    const char *field = tuning->way->field;
    if (is_unknown_to_driver(tuning, field ? field : "this", error))
        return FALSE;
    connection_error(error, "the running %s does not take %s%s%s", tuning->name, field ? field : "",
        field ? "=" : "", tuning->value);
    return FALSE;
}

static gboolean add(Parameters *parameters, const Tuning *tuning, const char *name, int type,
    const char *value, GError **error)
{
    return done(tuning,
        virTypedParamsAddFromString(
            &parameters->list, &parameters->count, &parameters->room, name, type, value),
        error);
}

/* A size in KiB as a number. */
static char *kib_text(const char *value)
{
    guint64 kib = 0;

    return text_parse_size(value, &kib) ? g_strdup_printf("%" G_GUINT64_FORMAT, kib)
                                        : g_strdup(value);
}

static gboolean set_scheduler(const Tuning *tuning, GError **error)
{
    g_auto(Parameters) parameters = {NULL, 0, 0};
    int type = g_str_has_suffix(tuning->way->field, "_quota") ? VIR_TYPED_PARAM_LLONG
                                                              : VIR_TYPED_PARAM_ULLONG;

    return add(&parameters, tuning, tuning->way->field, type, tuning->value, error) &&
           done(tuning,
               virDomainSetSchedulerParametersFlags(
                   tuning->handle, parameters.list, parameters.count, tuning->flags),
               error);
}

static gboolean set_memory(const Tuning *tuning, GError **error)
{
    g_auto(Parameters) parameters = {NULL, 0, 0};
    g_autofree char *kib = kib_text(tuning->value);

    return add(&parameters, tuning, tuning->way->field, VIR_TYPED_PARAM_ULLONG, kib, error) &&
           done(tuning,
               virDomainSetMemoryParameters(
                   tuning->handle, parameters.list, parameters.count, tuning->flags),
               error);
}

static gboolean set_blkio(const Tuning *tuning, GError **error)
{
    g_auto(Parameters) parameters = {NULL, 0, 0};
    g_autofree char *of_device =
        tuning->object ? g_strdup_printf("%s,%s", tuning->object, tuning->value) : NULL;

    return add(&parameters, tuning, tuning->way->field,
               of_device ? VIR_TYPED_PARAM_STRING : VIR_TYPED_PARAM_UINT,
               of_device ? of_device : tuning->value, error) &&
           done(tuning,
               virDomainSetBlkioParameters(
                   tuning->handle, parameters.list, parameters.count, tuning->flags),
               error);
}

/* The mode goes along: a nodeset that came alone would be strict from then on, and could neither be
 * changed nor taken back before the next start. */
static gboolean set_numa(const Tuning *tuning, GError **error)
{
    g_auto(Parameters) parameters = {NULL, 0, 0};
    g_autofree char *mode = g_strdup_printf("%d", VIR_DOMAIN_NUMATUNE_MEM_RESTRICTIVE);

    return add(&parameters, tuning, VIR_DOMAIN_NUMA_MODE, VIR_TYPED_PARAM_INT, mode, error) &&
           add(&parameters, tuning, tuning->way->field, VIR_TYPED_PARAM_STRING, tuning->value,
               error) &&
           done(tuning,
               virDomainSetNumaParameters(
                   tuning->handle, parameters.list, parameters.count, tuning->flags),
               error);
}

static gboolean set_iotune(const Tuning *tuning, GError **error)
{
    g_auto(Parameters) parameters = {NULL, 0, 0};

    return add(&parameters, tuning, tuning->way->field, VIR_TYPED_PARAM_ULLONG, tuning->value,
               error) &&
           done(tuning,
               virDomainSetBlockIoTune(tuning->handle, tuning->object, parameters.list,
                   parameters.count, tuning->flags),
               error);
}

/* "average,peak,burst,floor"; the field is "inbound" or "outbound". */
static gboolean set_bandwidth(const Tuning *tuning, GError **error)
{
    static const char *const parts[] = {"average", "peak", "burst", "floor"};
    g_auto(Parameters) parameters = {NULL, 0, 0};
    g_auto(GStrv) numbers = g_strsplit(tuning->value, ",", G_N_ELEMENTS(parts));

    for (guint i = 0; numbers[i]; i++) {
        g_autofree char *name = g_strdup_printf("%s.%s", tuning->way->field, parts[i]);
        if (*numbers[i] && !add(&parameters, tuning, name, VIR_TYPED_PARAM_UINT, numbers[i], error))
            return FALSE;
    }
    return done(tuning,
        virDomainSetInterfaceParameters(
            tuning->handle, tuning->object, parameters.list, parameters.count, tuning->flags),
        error);
}

static gboolean set_vcpus(const Tuning *tuning, GError **error)
{
    return done(tuning,
        virDomainSetVcpusFlags(
            tuning->handle, (guint)g_ascii_strtoull(tuning->value, NULL, 10), tuning->flags),
        error);
}

static gboolean set_balloon(const Tuning *tuning, GError **error)
{
    g_autofree char *kib = kib_text(tuning->value);

    return done(tuning,
        virDomainSetMemoryFlags(
            tuning->handle, (gulong)g_ascii_strtoull(kib, NULL, 10), tuning->flags),
        error);
}

static gboolean set_stats_period(const Tuning *tuning, GError **error)
{
    return done(tuning,
        virDomainSetMemoryStatsPeriod(
            tuning->handle, (int)g_ascii_strtoll(tuning->value, NULL, 10), tuning->flags),
        error);
}

/* The ids of the running I/O threads; NULL with a sentence. */
static IdSet *iothread_ids(const Tuning *tuning, GError **error)
{
    virDomainIOThreadInfoPtr *list = NULL;
    int count = virDomainGetIOThreadInfo(tuning->handle, &list, tuning->flags);

    if (!done(tuning, count < 0 ? -1 : 0, error))
        return NULL;
    IdSet *ids = hwloc_bitmap_alloc();
    for (int i = 0; i < count; i++) {
        hwloc_bitmap_set(ids, list[i]->iothread_id);
        virDomainIOThreadInfoFree(list[i]);
    }
    free(list);
    return ids;
}

/* New ones take the lowest free numbers; those with the highest go first. */
static gboolean set_iothreads(const Tuning *tuning, GError **error)
{
    g_autoptr(IdSet) ids = iothread_ids(tuning, error);
    guint64 wanted = g_ascii_strtoull(tuning->value, NULL, 10);

    if (ids == NULL)
        return FALSE;
    while (idset_count(ids) != wanted) {
        gboolean more = idset_count(ids) < wanted;
        int id = hwloc_bitmap_last(ids);
        if (more)
            for (id = 1; idset_has(ids, id); id++)
                ;
        int result = more ? virDomainAddIOThread(tuning->handle, (guint)id, tuning->flags)
                          : virDomainDelIOThread(tuning->handle, (guint)id, tuning->flags);
        if (!done(tuning, result, error))
            return FALSE;
        if (more)
            hwloc_bitmap_set(ids, (guint)id);
        else
            hwloc_bitmap_clr(ids, (guint)id);
    }
    return TRUE;
}

static const struct {
    const char *name; /* libvirt's function */
    gboolean (*make)(const Tuning *tuning, GError **error);
} calls[] = {
    [LIVE_VCPU_PIN] = {"virDomainPinVcpuFlags", set_pin},
    [LIVE_EMULATOR_PIN] = {"virDomainPinEmulator", set_pin},
    [LIVE_IOTHREAD_PIN] = {"virDomainPinIOThread", set_pin},
    [LIVE_SCHEDULER] = {"virDomainSetSchedulerParametersFlags", set_scheduler},
    [LIVE_MEMORY] = {"virDomainSetMemoryParameters", set_memory},
    [LIVE_BLKIO] = {"virDomainSetBlkioParameters", set_blkio},
    [LIVE_BLKIO_DEVICE] = {"virDomainSetBlkioParameters", set_blkio},
    [LIVE_NUMA] = {"virDomainSetNumaParameters", set_numa},
    [LIVE_IOTUNE] = {"virDomainSetBlockIoTune", set_iotune},
    [LIVE_BANDWIDTH] = {"virDomainSetInterfaceParameters", set_bandwidth},
    [LIVE_VCPUS] = {"virDomainSetVcpusFlags", set_vcpus},
    [LIVE_BALLOON] = {"virDomainSetMemoryFlags", set_balloon},
    [LIVE_STATS_PERIOD] = {"virDomainSetMemoryStatsPeriod", set_stats_period},
    [LIVE_IOTHREADS] = {"virDomainAddIOThread/virDomainDelIOThread", set_iothreads},
};

const char *connection_tune_name(LiveCall call)
{
    return calls[call].name;
}

static gboolean is_pin(LiveCall call)
{
    return call == LIVE_VCPU_PIN || call == LIVE_EMULATOR_PIN || call == LIVE_IOTHREAD_PIN;
}

const char *connection_tune_given(const LiveWay *way, const char *value)
{
    if (*value)
        return value;
    return is_pin(way->call) ? "all CPUs" : way->reset ? way->reset : value;
}

gboolean connection_tune(Connection *connection, const char *uuid, const LiveWay *way,
    const char *object, const char *value, GError **error)
{
    const char *given = *value == '\0' && way->reset ? way->reset : value;
    /* The test driver, which pins too, knows no LIVE. */
    guint flags =
        connection->test && is_pin(way->call) ? VIR_DOMAIN_AFFECT_CURRENT : VIR_DOMAIN_AFFECT_LIVE;
    Tuning tuning = {connection, uuid, NULL, NULL, way, object, given, flags};

    if (way->call == LIVE_NONE || (*given == '\0' && !is_pin(way->call))) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            way->call == LIVE_NONE
                ? "libvirt has no call for this while the domain runs: it waits for the next start"
                : "libvirt cannot take this away while the domain runs, only set another value: "
                  "use --config");
        return FALSE;
    }
    tuning.handle = connection_find(connection, uuid, error);
    if (tuning.handle == NULL)
        return FALSE;
    tuning.name = text_escape(virDomainGetName(tuning.handle), 60);
    gboolean made = calls[way->call].make(&tuning, error);
    g_free(tuning.name);
    virDomainFree(tuning.handle);
    return made;
}

/* Tuning of a running domain: one table of libvirt's calls, each taking a value as text. */
#pragma once

#include "core/virt/connection.h"

typedef enum {
    LIVE_NONE,         /* libvirt has no call: the next start only */
    LIVE_VCPU_PIN,     /* virDomainPinVcpuFlags; the object is the vCPU's number */
    LIVE_EMULATOR_PIN, /* virDomainPinEmulator */
    LIVE_IOTHREAD_PIN, /* virDomainPinIOThread; the object is the I/O thread's number */
    LIVE_SCHEDULER,    /* virDomainSetSchedulerParametersFlags */
    LIVE_MEMORY,       /* virDomainSetMemoryParameters; the value is a size */
    LIVE_BLKIO,        /* virDomainSetBlkioParameters */
    LIVE_BLKIO_DEVICE, /* the same, of the host's device that is the object */
    LIVE_NUMA,         /* virDomainSetNumaParameters */
    LIVE_IOTUNE,       /* virDomainSetBlockIoTune; the object is the disk's target */
    LIVE_BANDWIDTH,    /* virDomainSetInterfaceParameters; the object is the MAC address */
    LIVE_VCPUS,        /* virDomainSetVcpusFlags */
    LIVE_BALLOON,      /* virDomainSetMemoryFlags; the value is a size */
    LIVE_STATS_PERIOD, /* virDomainSetMemoryStatsPeriod */
    LIVE_IOTHREADS,    /* virDomainAddIOThread, virDomainDelIOThread */
} LiveCall;

/* How a tunable is set on a running domain. */
typedef struct {
    LiveCall call;
    const char *field; /* the parameter's name where the call takes several: "vcpu_quota" */
    const char *reset; /* the value that is "nothing set"; NULL: the call takes "" as it is, or what
                          is set can only be changed */
    const char *with;  /* what the call sets besides, as the preview shows it; NULL: nothing */
} LiveWay;

/* libvirt's name of @call, as the preview shows it; NULL for LIVE_NONE. */
const char *connection_tune_name(LiveCall call);

/* What the call is given for @value, as the preview shows it: for "" the value that resets, or all
 * CPUs; @value itself otherwise. */
const char *connection_tune_given(const LiveWay *way, const char *value);

/* Sets @value ("" for nothing) on the running domain @uuid. @object is what the key names, a vCPU,
 * a disk's target, a MAC address, or NULL. FALSE with a sentence. */
gboolean connection_tune(Connection *connection, const char *uuid, const LiveWay *way,
    const char *object, const char *value, GError **error);

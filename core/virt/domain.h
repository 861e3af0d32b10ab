/* A domain as libvirt describes it: the parsed XML of now and of the next start. Immutable, shared
 * between Snapshots, read again only when an event says that it changed. Sizes in KiB. */
#pragma once

#include "core/host/host.h"
#include "core/util/idset.h"
#include "core/util/num.h"

typedef enum { /* libvirt's virDomainState, by its words */
    DOMAIN_NOSTATE,
    DOMAIN_RUNNING,
    DOMAIN_BLOCKED,
    DOMAIN_PAUSED,
    DOMAIN_SHUTDOWN,
    DOMAIN_SHUTOFF,
    DOMAIN_CRASHED,
    DOMAIN_PMSUSPENDED,
} DomainState;

const char *domain_state_name(DomainState state); /* "running", "shut off" … */

/* A guest NUMA cell. */
typedef struct {
    int id;
    IdSet *cpus; /* its vCPUs; may be empty */
    Num memory_kib;
    char *mode;     /* numatune's for this cell: "strict" …; NULL without <memnode> */
    IdSet *nodeset; /* likewise */
} GuestCell;

/* A memory device (a DIMM, virtio-mem) of the guest's. */
typedef struct {
    Num size_kib;     /* what of it the guest has: of virtio-mem what is requested */
    guint64 page_kib; /* its <source><pagesize>; 0: as the backing says for its cell */
    IdSet *nodes;     /* its <source><nodemask>; NULL: where its cell's memory is */
    int cell;         /* the guest's; -1: none is named */
} MemoryDevice;

/* What one domain XML says of what kvmtune shows. */
typedef struct {
    guint vcpus_max, vcpus_current;
    Num memory_kib, current_memory_kib;
    GPtrArray
        *vcpupin; /* IdSet* by vCPU number, NULL where that vCPU is not pinned; vcpus_max long */
    IdSet *vcpu_cpuset; /* <vcpu cpuset=…>: where an unpinned vCPU may run; NULL: anywhere */
    IdSet *emulatorpin; /* NULL: not pinned */
    guint iothreads;
    IdSet *iothread_ids;     /* the ids of all of them, given or numbered by libvirt */
    guint threads;           /* of a guest core: <cpu><topology threads>; 1 where it has none */
    GArray *cells;           /* GuestCell, as they stand; empty: the guest has no NUMA */
    GArray *devices;         /* MemoryDevice: those made of the host's memory */
    GHashTable *iothreadpin; /* iothread id (GINT_TO_POINTER) → IdSet* */
    char *hugepages; /* as the tunable memory.hugepages writes it: "off", "2M", "2M@0-1;1G@2" */
    gboolean memfd;  /* its memory is a memfd, which takes a pool's pages without a hugetlbfs */
    gboolean nosharepages;
    char *numatune_mode; /* "strict" …, NULL without <numatune><memory> */
    IdSet *numatune_nodeset;
    gboolean numad; /* placement='auto': numad chooses the nodes when the domain starts */
    char *title;
    char *type; /* "kvm", "qemu", "test" */
} DomainConfig;

/* Parses @xml (bounded: at most 16 MiB, no entities expanded, no network). NULL with a sentence. */
DomainConfig *domain_config_parse(const char *xml, GError **error);
struct _xmlNode; /* libxml2: its header is not for everybody */

/* The same of a <domain> that is parsed already, as xml_edit_root() gives it. */
DomainConfig *domain_config_of(const struct _xmlNode *domain, GError **error);
void domain_config_free(DomainConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainConfig, domain_config_free)

/* Whether some of its memory is to be in hugepages: its own, or a memory device's. */
gboolean domain_config_has_hugepages(const DomainConfig *config);

typedef struct {
    gatomicrefcount refs;
    char *name, *uuid;
    int id; /* -1 when it does not run */
    DomainState state;
    gboolean starting; /* paused because it is on its way up: libvirt says nothing if it fails */
    gboolean persistent;
    char *xml_live, *xml_config; /* NULL: not running / transient / not read yet */
    DomainConfig *live, *config; /* parsed from these; NULL likewise */
    char *problem;               /* why its XML could not be read, or NULL */
} Domain;

Domain *domain_ref(Domain *domain);
void domain_unref(Domain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Domain, domain_unref)
gboolean domain_is_active(const Domain *domain);
const DomainConfig *domain_now(const Domain *domain); /* live, else config, else NULL */
/* The CPUs vCPU @n is asked to run on: its vcpupin, else <vcpu cpuset>, else NULL for anywhere. */
const IdSet *domain_config_asked(const DomainConfig *config, guint n);
/* The union of the sets its current vCPUs are asked to run on. NULL where one of them may run
 * anywhere. The caller frees it. */
IdSet *domain_config_all_asked(const DomainConfig *config);

/* What the kernel says of a running domain's threads, of this moment. */
typedef struct {
    int vcpu;     /* libvirt's number; -1: no vCPU's, but the emulator's or an I/O thread */
    int iothread; /* libvirt's id; 0: no I/O thread. The emulator thread (the main one) has neither
                   */
    int tid;
    IdSet *affinity; /* Cpus_allowed_list; NULL unknown */
    IdSet *cpuset;   /* what its cgroup leaves it; read where @affinity is not what was asked, else
                        NULL */
    int last_cpu;    /* -1 unknown */
    Num load;        /* of one CPU, in 1/1000 */
    Num wait;        /* ready to run but waiting for a CPU, of the time, in 1/1000 */
    guint64 run_ns, wait_ns; /* schedstat, for the next picture; internal */
} ThreadUsage;

typedef struct {
    int node;
    guint64 kib;
} NodeKib;

/* Pages of one size that it has of the pools. */
typedef struct {
    guint64 size_kib, kib;
    GArray *nodes; /* NodeKib ascending: where; NULL unknown */
} HugeHeld;
/* An array of them that frees what is in it. */
GArray *huge_held_new(void);
/* All of them in KiB; 0 of NULL. Far below G_MAXINT64. */
gint64 huge_held_sum(const GArray *all);
/* What of @held lies on @node, in KiB; -1: all of it. Unknown where its nodes are. */
Num huge_held_on(const HugeHeld *held, int node);

typedef struct {
    int pid;         /* -1 unknown */
    GArray *threads; /* ThreadUsage: vCPUs ascending, the emulator thread, I/O threads ascending */
    Num load;        /* of all its threads, in 1/1000 of one CPU */
    Num rss_kib;
    GArray *memory;    /* NodeKib ascending: its memory by node, of its cgroup; NULL unknown */
    gboolean counted;  /* … or as somebody counted it, some time ago */
    Num small_kib;     /* what of it is no page of a hugepage pool; known where @memory is */
    Pressure pressure; /* of its cgroup, where that is of version 2 */
    GArray *hugetlb;   /* HugeHeld, ascending by size: pages of the pools, by its cgroup or else by
                          its mappings; NULL unknown */
    Num mapped_huge;   /* KiB of pools, of any size, that its process has mapped; internal */
    Num thp_kib;       /* of its memory, in transparent huge pages */
    Num ksm_pages;     /* of its memory, merged with others */
    Num ksm_zero_pages;
    Num ksm_profit; /* bytes saved less what KSM keeps of it; may be negative */
    gint64 slow_us; /* the host's, with which all since @memory was read; internal */
    guint64 run_ns;
    GArray *others;  /* int: threads known to be none of @threads; internal, may be NULL */
    GArray *unnamed; /* int: likewise, but so far only, for they bear QEMU's own name */
    guint64 started; /* the process's start time in ticks; internal: tells it from a later one */
    gint64 taken_us;
    char *memory_cgroup, *hugetlb_cgroup; /* folders below the root; internal, NULL unknown */
} DomainUsage;

void domain_usage_free(DomainUsage *usage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainUsage, domain_usage_free)
const ThreadUsage *domain_usage_vcpu(
    const DomainUsage *usage, int vcpu); /* -1: the emulator thread. NULL: none */
const ThreadUsage *domain_usage_iothread(const DomainUsage *usage, int id); /* NULL: none */
/* The CPUs @thread is asked to run on by @config: its own pin, else <vcpu cpuset>, else NULL. */
const IdSet *domain_config_asked_of(const DomainConfig *config, const ThreadUsage *thread);
/* The union of the real affinities of the current vCPUs of @config. NULL where one is unknown. The
 * caller frees it. */
IdSet *domain_usage_all_real(const DomainUsage *usage, const DomainConfig *config);
/* The CPUs the current vCPUs of @config ran on last; NULL where none is known. The caller frees it.
 */
IdSet *domain_usage_all_last(const DomainUsage *usage, const DomainConfig *config);
/* TRUE where a thread asked to run on @asked (NULL: anywhere) may really run elsewhere, or not on
 * all of it. Offline CPUs do not count; nor do isolated ones for a thread that may run anywhere:
 * the kernel keeps it off them. FALSE where @real or @topology is NULL: not known. */
gboolean domain_affinity_strays(const IdSet *asked, const IdSet *real, const Topology *topology);
/* Whether a thread pinned to @now may run on other CPUs than one pinned to @next (NULL: anywhere).
 * A pin to all online CPUs, which is what libvirt leaves of a running domain's pin that is taken
 * away, is none, but where CPUs are isolated. @topology may be NULL. */
gboolean domain_pins_differ(const IdSet *now, const IdSet *next, const Topology *topology);

/* Why a thread may not run just where it is asked to. */
typedef enum {
    AFFINITY_AS_ASKED,
    AFFINITY_OFFLINE, /* a part of what is asked is offline; on the rest it may run */
    AFFINITY_CGROUP,  /* its cgroup's cpuset leaves it less */
    AFFINITY_BY_HAND, /* neither: somebody set it (taskset), or libvirt was passed by */
    AFFINITY_UNKNOWN,
} AffinityGap;

/* Holds what @thread may do against what it is @asked (NULL: anywhere). */
AffinityGap domain_affinity_gap(
    const IdSet *asked, const ThreadUsage *thread, const Topology *topology);
/* "as asked", "offline", "cgroup", "by hand"; NULL where unknown. */
const char *domain_affinity_gap_name(AffinityGap gap);

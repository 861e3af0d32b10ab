/* The host as its kernel describes it, below any root directory: topology, memory, hugepage pools,
 * KSM, THP, load. A Host is immutable once made; a Topology is shared between Hosts.
 *
 * Sizes are in KiB. What the kernel does not offer is unknown (Num.known FALSE, NULL, -1). */
#pragma once

#include "core/keep/keep.h"
#include "core/util/idset.h"
#include "core/util/num.h"

/* One file (or one line of a file) of the kernel as it stands. */
typedef struct {
    char *name; /* "pages_to_scan", "HugePages_Total", "pgmajfault" */
    char *text; /* what it holds, white space trimmed: "100", "always [madvise] never" */
    Num number; /* where it holds one number; meminfo's are in KiB where the kernel says kB */
    Num rate;   /* change since the Host before, in 1/1000 a second, where there was one and both
                 * numbers */
} KernelFile;

/* @files: a GPtrArray of KernelFile*; NULL where @name is not among them. */
const KernelFile *kernel_file_find(const GPtrArray *files, const char *name);
Num kernel_file_number(const GPtrArray *files, const char *name);
/* The chosen word: "madvise" of "always [madvise] never", else the whole text. The caller frees it;
 * NULL where @file is NULL. */
char *kernel_file_value(const KernelFile *file);

/* What one node, or a pool, is believed to hold at most: sums over all of them stay far below
 * G_MAXINT64. */
#define NODE_KIB_MAX ((guint64)G_MAXINT64 / 2 / IDSET_MAX)

typedef struct {
    guint64 size_kib;
    Num total, free, surplus; /* pages */
    Num reserved;             /* pages; the kernel tells it for the whole host only */
    Num overcommit;           /* nr_overcommit_hugepages; whole host only */
} HugePool;

/* The pages that a pool of @total pages is set to: nr_hugepages counts those beyond it (@surplus)
 * as well, which go as soon as they are free (hugetlbpage.rst). Unknown where @total is; an unknown
 * @surplus is none. */
Num pool_set_pages(Num total, Num surplus);
/* "hugepages.node0.2M": the key that sets the pool of @node. The caller frees it. */
char *pool_key_of(int node, guint64 size_kib);

typedef struct {
    int id;
    gboolean online;
    gboolean isolated;
    int package, node, core; /* as the kernel numbers them; -1 unknown, as always when offline */
    IdSet *siblings;         /* online CPUs sharing the core, this one included; NULL unknown */
    IdSet *llc;              /* online CPUs sharing the last-level cache; NULL unknown */
} Cpu;

typedef struct {
    int id;
    IdSet *cpus;           /* online CPUs; empty for a memory-only node */
    gboolean cpus_unknown; /* the kernel does not tell them: cpus is empty then */
    GArray *distances;     /* int, in the order of Topology.nodes; NULL unknown */
} Node;

typedef struct {
    gatomicrefcount refs;
    guint packages, cores; /* of the online CPUs; 0 unknown */
    GPtrArray *cpus;       /* Cpu*, ascending by id, offline ones included */
    GPtrArray *nodes;      /* Node*, ascending by id; at least one */
    IdSet *online;
    IdSet *isolated;   /* NULL unknown; Cpu.isolated is FALSE then */
    IdSet *nohz_full;  /* without a tick while one task runs there; NULL unknown */
    char *online_text; /* the kernel's lists of CPUs and nodes it was read with: when they differ,
                        * it is read again */
} Topology;

Topology *topology_ref(Topology *topology);
void topology_unref(Topology *topology);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Topology, topology_unref)
const Cpu *topology_cpu(const Topology *topology, int id);   /* NULL where there is none */
const Node *topology_node(const Topology *topology, int id); /* NULL where there is none */
/* Where CPU @id stands in Topology.cpus and Host.load; -1 where there is none. */
int topology_cpu_index(const Topology *topology, int id);

/* The part of a node that changes; same index as Topology.nodes. */
typedef struct {
    Num memory_kib, free_kib;
    GPtrArray *meminfo;  /* KernelFile* of nodeN/meminfo, the "Node N " removed */
    GPtrArray *numastat; /* KernelFile* */
    GArray *pools;       /* HugePool, ascending by size */
    GArray *free_blocks; /* guint64 by order: free blocks of 2^order base pages; NULL unknown */
} NodeMemory;

/* How long tasks waited for memory, in 1/100 % of the last 10 and 60 seconds: some of them, or all
 * at once (Documentation/accounting/psi.rst). */
typedef struct {
    Num some10, some60, full10, full60;
} Pressure;

/* Of the text of a file such as /proc/pressure/memory or a cgroup's memory.pressure (may be NULL).
 */
void pressure_parse(const char *text, Pressure *pressure);

/* A mounted hugetlbfs, as /proc/mounts has it. */
typedef struct {
    char *path, *options;
    guint64 size_kib; /* 0: the default page size */
} HugeMount;

typedef enum { KVM_UNKNOWN, KVM_OFF, KVM_ON } KvmState;

/* Something KVM does or does not do here. */
typedef struct {
    const char *label;
    KvmState state;
    const char *off; /* what it means where it is off */
} KvmFact;

typedef struct {
    guint64 size_kib;
    GPtrArray *files; /* KernelFile*: enabled, shmem_enabled … of one hugepages-*kB folder of THP */
    GPtrArray *stats; /* KernelFile*: anon_fault_alloc … of its stats folder (Linux 6.10) */
} ThpSize;

/* The daemon that turns KSM on and off as memory is short. */
typedef struct {
    gboolean installed;
    gint64 pid; /* 0: it does not run */
    Num interval_s, coef_percent, const_mib;
    Num threshold_kib; /* less free memory than that, and it lets KSM run */
} Ksmtuned;

typedef struct {
    gatomicrefcount refs;
    gint64 taken_us; /* g_get_monotonic_time */
    gint64 slow_us;  /* when what hardly changes was read: not for each picture */
    guint turns;     /* how often it was by then; internal */
    char *hostname, *kernel;
    Topology *topology;
    GPtrArray *nodes;   /* NodeMemory* */
    GArray *pools;      /* HugePool of the whole host, ascending by size */
    GPtrArray *meminfo; /* KernelFile*, in the kernel's order */
    GPtrArray *ksm;     /* KernelFile*, every file of /sys/kernel/mm/ksm, by name; empty: no KSM */
    Num ksm_saved_kib;  /* (pages_sharing) pages in KiB: Documentation/admin-guide/mm/ksm.rst */
    Num ksm_profit;     /* bytes: saved, less what KSM's own records take; may be negative */
    gboolean ksm_profit_told; /* by the kernel (general_profit); else by ksm.rst's formula */
    Num ksmd_load;            /* of one CPU, in 1/1000 */
    Num ksmd_ns;              /* internal */
    int ksmd_pid;             /* -1: there is none; internal */
    Ksmtuned ksmtuned;
    GPtrArray *thp;        /* KernelFile* of /sys/kernel/mm/transparent_hugepage; empty: no THP */
    GPtrArray *khugepaged; /* KernelFile* */
    GPtrArray *thp_sizes;  /* ThpSize*, ascending */
    GPtrArray *vmstat; /* KernelFile*: thp_*, ksm_*, cow_ksm, compact_*, numa_* lines of vmstat */
    GPtrArray *vm;     /* KernelFile* of /proc/sys/vm that matter here, and numa_balancing */
    Pressure pressure; /* of memory */
    GPtrArray *mounts; /* HugeMount*, in the order mounted */
    gboolean mounts_known; /* /proc/mounts is there */
    Keep *keep;            /* what is kept across a reboot, and who else sets it */
    GPtrArray *kvm;    /* KernelFile*: kvm_intel.ept, kvm.tdp_mmu …; empty: KVM is not loaded */
    char *cpu_flags;   /* a GRefString: " fpu vme … "; NULL unknown */
    Num *load;         /* per Topology.cpus: busy share since the Host before, in 1/1000 */
    guint64 *ticks;    /* per Topology.cpus: {busy, total} pairs of /proc/stat; internal */
    gboolean is_image; /* a tree without a kernel: only what is kept at boot is known of it */
    guint page_kib;    /* the base page size; never 0 */
} Host;

Host *host_ref(Host *host);
void host_unref(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_unref)

/* Reads the host below @root ("" is this one). @previous (may be NULL) gives rates and loads, and
 * its topology is used again while the kernel lists the same CPUs and nodes; it must be of the same
 * @root. Where @root holds the file hwloc.xml, the topology is the one hwloc exported there. NULL
 * with a KVMTUNE_ERROR_FAILED where @root is no tree of /sys. */
Host *host_read(const char *root, const Host *previous, GError **error);
/* The same for one picture of many: what hardly changes (settings, names, mounts, what is kept at
 * boot, THP's counters by size) is taken over from @previous, and read every few seconds. */
Host *host_read_again(const char *root, const Host *previous, GError **error);
/* What KVM does here and what not. GArray of KvmFact, owned by the caller. */
GArray *host_kvm_facts(const Host *host);
/* A host that is elsewhere: @topology (taken over) and @hostname (may be NULL) are all that is
 * known of it; @root is a folder that does not exist, so that no file of this host is read for it.
 */
Host *host_new_elsewhere(Topology *topology, const char *hostname, const char *root);
/* An image: the tree of a host that does not run, of which only the files below /etc are known.
 * NULL with a KVMTUNE_ERROR_FAILED where @root holds no /etc. */
Host *host_read_image(const char *root, GError **error);
/* What can be had without swapping, in KiB: MemAvailable; kernels before 3.14 tell of MemFree only,
 * which is less. */
Num host_available_kib(const Host *host);
/* What unmerging (ksm.run=2) takes, in KiB: each place that shares a page, or the kernel's page of
 * zeros by KSM's doing, gets one of its own. */
Num host_unmerge_kib(const Host *host);
const NodeMemory *host_node(const Host *host, int id); /* NULL where there is none */
/* Whether pages of @size_kib are larger than the largest block that the kernel keeps free memory in
 * ("gigantic"): it has to empty a whole range for each. FALSE where that is not known. */
gboolean host_is_gigantic(const Host *host, guint64 size_kib);
/* How many pages of @size_kib the free blocks of @node (of @host) give without moving anything, as
 * buddyinfo has them; unknown where it tells nothing, or has no blocks so large (1G). */
Num host_pages_at_once(const Host *host, const NodeMemory *node, guint64 size_kib);

/* The catalogue of tunables: one row carries all that kvmtune knows of one. Forms, commands, help
 * and documents are made from these rows; adding a tunable is adding a row. */
#pragma once

#include "core/snapshot/snapshot.h"
#include "core/virt/connection.h"
#include "core/virt/tune-live.h"
#include "core/xml/xmledit.h"

typedef enum { TARGET_HOST, TARGET_DOMAIN } TargetKind;

/* What a value looks like. Of a domain's keys "" removes what is set, but where the row says that
 * it must be there. */
typedef enum {
    VALUE_INT,        /* a whole number from min to max */
    VALUE_CHOICE,     /* one of choices */
    VALUE_CPUS,       /* a set of CPUs of the host: 0-3,8 */
    VALUE_NODES,      /* a set of NUMA nodes of the host: 0-1 */
    VALUE_SIZE,       /* from min to max KiB: 9G, 512M, 1048576 (KiB) */
    VALUE_BYTES,      /* from min to max bytes: 104857600, 100M */
    VALUE_SWITCH,     /* on or off: an element that is there or not */
    VALUE_BACKING,    /* off, default, 2M, 1G, SIZE@GUESTCELLS;… */
    VALUE_SCHEDULER,  /* fifo:1, rr:5, batch, idle */
    VALUE_BANDWIDTH,  /* average[,peak[,burst[,floor]]] */
    VALUE_TOPOLOGY,   /* sockets:dies:cores:threads */
    VALUE_MEMNODE,    /* mode:nodeset */
    VALUE_LEVELLED,   /* one of choices, and where it may have one a number: emulate:3 */
    VALUE_CELLS,      /* CPUS:SIZE[:DISTANCES];… */
    VALUE_CACHES,     /* CACHE:LEVEL:TYPE:SIZE;… */
    VALUE_BANDWIDTHS, /* NODE:PERCENT;… */
    VALUE_PATHS,      /* folders where something is mounted: /dev/hugepages,/mnt/huge */
    VALUE_SPREAD,     /* nodes, or the parts of each: 2, 0-1, 0:60,1:40 */
    VALUE_TEXT,       /* a name: letters, digits and ._+:,- */
} ValueType;

typedef struct {
    const char *value;
    const char *help; /* one line */
} TunableChoice;

/* When a change takes effect. */
typedef enum {
    EFFECT_NOW,          /* the host: at once, until it restarts; and at boot where it is kept */
    EFFECT_NOW_AND_NEXT, /* the running domain and its next start */
    EFFECT_NEXT,         /* the domain's next start only */
    EFFECT_RUNNING,      /* the running domain only: no XML says it (pages) */
} TunableEffect;

/* A key as a person writes it, found in the catalogue, with what its upper case parts stand for. */
typedef struct Tunable Tunable;
typedef struct {
    const Tunable *tunable;
    char *key;        /* "vcpupin.3", "hugepages.node0.2M", "disk.vda.cache" */
    char **args;      /* what the upper case parts stand for, in their order: {"vda", NULL} */
    gboolean all;     /* vcpupin.all */
    guint n;          /* the number that an N, CELL or node N stands for */
    guint64 size_kib; /* the size that a SIZE stands for */
} TunableKey;

struct Tunable {
    const char *key; /* a part in upper case stands for a number or a name: vcpupin.N */
    TargetKind target;
    const char *group; /* "CPU", "Disk" …: rows of a group stand together in the catalogue */
    ValueType type;
    gint64 min, max;
    const TunableChoice *choices; /* ends with {NULL, NULL} */
    TunableEffect effect;
    gboolean required; /* cannot be removed: a domain always has it */
    gboolean filled;   /* where it is removed libvirt writes a value of its own */
    gboolean trigger;  /* host: writing it does something once; the file tells nothing, "" stands */
    gboolean pool;     /* host: a hugepage pool of node n, of pages of size_kib */
    const char *unit;  /* "pages", "ms"; NULL for none */
    const char *place; /* host: the file below the root, or "hugetlbfs pagesize=%s" (bootset.h);
                        * domain: a path (xmlpath.h). %s for args */
    const char *coupled;  /* host: the row whose file the kernel makes 0 when this one is written */
    const char *fallback; /* what holds where nothing is set, as text; NULL: not told */
    const char *help;     /* one or two sentences: what it does */
    const char *gain;     /* what it gains and what it costs */
    const char *conflicts; /* what it does not go together with; NULL for nothing known */
    const char *source;    /* the document that says so */
    const char *since;     /* the libvirt (domain) or Linux (host) that has it; NULL: any
                            * in use, or no document tells */
    LiveWay live;          /* how the running domain is set; LIVE_NONE: not (EFFECT_NEXT) */
    /* What the (one) upper case part may stand for in a document: char*, the caller frees the
     * array. NULL for keys without one. */
    GPtrArray *(*instances)(const XmlEdit *edit);
    /* Where a path does not say it all. Values are texts; NULL: nothing there. */
    char *(*get)(const TunableKey *key, const XmlEdit *edit);
    gboolean (*set)(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
    /* Why the domain that runs as @live says does not take it though others do; NULL: it does. */
    const char *(*waits)(const XmlEdit *live);
};

/* All rows; *count of them. */
const Tunable *tunable_catalogue(guint *count);

/* NULL with a KVMTUNE_ERROR_USAGE sentence naming @key and the nearest one, if any is near. */
TunableKey *tunable_key_parse(TargetKind target, const char *key, GError **error);
/* The row's key of @target that is most like @text, for an error's sentence; NULL: none is near. */
const char *tunable_nearest(TargetKind target, const char *text);
TunableKey *tunable_key_copy(const TunableKey *key);
void tunable_key_free(TunableKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TunableKey, tunable_key_free)

/* The keys that @document has room for (a pin for each of its vCPUs, a cache mode for each of its
 * disks …), in the catalogue's order. GPtrArray of TunableKey*. */
GPtrArray *tunable_keys_for(const XmlEdit *document);

/* The file below the root (host keys) or the XML path (domain keys) of @key. The caller frees it.
 */
char *tunable_key_place(const TunableKey *key);

/* The row's place with its upper case words: "/sys/…/nodeN/…", "…/vcpupin[@vcpu='N']/@cpuset", for
 * a reader: without the marks of xmlpath.h. The caller frees it. */
char *tunable_shown_place(const Tunable *row);

/* What @row's value may be, in a few words: "0–100", "none|writethrough|…", "CPUS". The caller
 * frees it. */
char *tunable_allowed(const Tunable *row);

/* Checks @value for @key and brings it into the form in which it is written ("0,1,2" becomes
 * "0-2", "2048K" becomes "2M"). NULL with a KVMTUNE_ERROR_USAGE sentence naming key, value and what
 * is allowed. @snapshot (may be NULL) adds what only the host knows: CPUs beyond it, offline ones,
 * nodes and page sizes it has not; @domain (may be NULL) what it has: vCPUs, disks, cards. */
char *tunable_check(const TunableKey *key, const char *value, const Snapshot *snapshot,
    const Domain *domain, GError **error);
/* The same, upon @domain's next start's XML (or the running one's) that is parsed already; each of
 * @host, @domain and @document may be NULL. */
char *tunable_check_in(const TunableKey *key, const char *value, const Host *host,
    const Domain *domain, const XmlEdit *document, GError **error);
/* The same of the value alone, whatever the host and the domain are. */
char *tunable_normalize(const TunableKey *key, const char *value, GError **error);

/* What stands in the host's file now, as it was when @host was read; NULL where it is unknown. The
 * caller frees it. */
char *tunable_host_value(const TunableKey *key, const Host *host);
/* What kvmtune's files set a host's key to at boot; "" where they do not; NULL where none can. The
 * caller frees it. */
char *tunable_boot_value(const TunableKey *key, const Host *host);
/* What stands in the domain's XML, in the form that tunable_check() gives it; "" where it says
 * nothing. The caller frees it. */
char *tunable_xml_value(const TunableKey *key, const XmlEdit *edit);
/* Writes @value ("" removes) into @edit. */
gboolean tunable_xml_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
/* Whether @got, read back, is what @asked gives: the value itself, or what libvirt makes of it
 * (where nothing is asked for it may write a default). */
gboolean tunable_granted(const TunableKey *key, const char *asked, const char *got);

/* Sets the running @domain by the row's one call to libvirt; "" takes the setting away. */
gboolean tunable_set_live(Connection *connection, const Domain *domain, const TunableKey *key,
    const char *value, GError **error);

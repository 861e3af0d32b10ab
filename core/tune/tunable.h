/* The catalogue of tunables: one row carries all that kvmtune knows of one. Forms, commands, help
 * and documents are made from these rows; adding a tunable is adding a row. */
#pragma once

#include "core/snapshot.h"
#include "core/tune/xmledit.h"
#include "core/virt/connection.h"

typedef enum { TARGET_HOST, TARGET_DOMAIN } TargetKind;

typedef enum {
    VALUE_INT,     /* a whole number from min to max */
    VALUE_CHOICE,  /* one of choices */
    VALUE_CPUS,    /* a set of CPUs of the host; empty removes */
    VALUE_BACKING, /* off, default, 2M, 1G, SIZE@GUESTCELLS;… */
    VALUE_SWITCH,  /* on or off: an element that is there or not */
} ValueType;

typedef struct {
    const char *value;
    const char *help; /* one line */
} TunableChoice;

/* When a change takes effect. */
typedef enum {
    EFFECT_NOW,          /* a file of the kernel: at once, until the host restarts */
    EFFECT_NOW_AND_NEXT, /* the running domain and its next start */
    EFFECT_NEXT,         /* the domain's next start only */
} TunableEffect;

typedef struct Tunable Tunable;
struct Tunable {
    const char *key; /* a part in upper case stands for a number or a name: vcpupin.N */
    TargetKind target;
    ValueType type;
    gint64 min, max;
    const TunableChoice *choices; /* ends with {NULL} */
    TunableEffect effect;
    const char *unit;   /* "pages", "ms"; NULL for none */
    const char *place;  /* host: the file below the root; domain: the path in its XML */
    const char *help;   /* one or two sentences: what it does, what it costs or gains */
    const char *source; /* the document that says so */
    /* Sets the running domain; NULL where libvirt has no call (EFFECT_NEXT). */
    gboolean (*set_live)(
        Connection *connection, const Domain *domain, guint n, const char *value, GError **error);
    /* Where a path does not say it all. Values are texts; NULL: nothing there. */
    char *(*get)(const XmlEdit *edit);
    gboolean (*set)(XmlEdit *edit, const char *value, GError **error);
};

/* All rows; *count of them. */
const Tunable *tunable_catalogue(guint *count);

/* A key as a person writes it, found in the catalogue, with what its upper case parts stand for. */
typedef struct {
    const Tunable *tunable;
    char *key;        /* as written: "vcpupin.3", "hugepages.node0.2M" */
    gboolean all;     /* vcpupin.all */
    guint n;          /* the N of vcpupin.N, hugepages.nodeN */
    guint64 size_kib; /* the SIZE of hugepages.nodeN.SIZE */
} TunableKey;

/* NULL with a KVMTUNE_ERROR_USAGE sentence naming @key and the nearest one that exists. */
TunableKey *tunable_key_parse(TargetKind target, const char *key, GError **error);
TunableKey *tunable_key_copy(const TunableKey *key);
void tunable_key_free(TunableKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TunableKey, tunable_key_free)

/* The file below the root (host keys) or the XML path (domain keys) of @key. The caller frees it.
 */
char *tunable_key_place(const TunableKey *key);

/* Checks @value for @key and brings it into the form in which it is written ("0,1,2" becomes
 * "0-2", "2048K" becomes "2M"). NULL with a KVMTUNE_ERROR_USAGE sentence naming key, value and what
 * is allowed. @snapshot (may be NULL) adds what only the host knows: CPUs beyond it, offline ones,
 * nodes and page sizes it has not; @domain (may be NULL) how many vCPUs there are. */
char *tunable_check(const TunableKey *key, const char *value, const Snapshot *snapshot,
    const Domain *domain, GError **error);

/* The value that stands now: of a host file in @snapshot's host; of a domain's XML. "" where the
 * domain says nothing; NULL where it is unknown. The caller frees it. */
char *tunable_host_value(const TunableKey *key, const Host *host);
char *tunable_xml_value(const TunableKey *key, const XmlEdit *edit);
/* Writes @value ("" removes) into @edit. */
gboolean tunable_xml_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);

/* A layout in the making: which vCPU is on which CPU, which memory on which node, and what that
 * costs. docs/placement.md explains the cost; the weights are here, nowhere else.
 *
 * Internal to core/place: place.h is what others use. */
#pragma once

#include "core/place/machine.h"
#include "core/place/pins.h"
#include "core/place/place.h"

/* What one of each costs, in the order in which they count. */
enum {
    COST_CACHE = 10000,   /* a cache group more than a guest cell needs */
    COST_CELLS = 100,     /* a unit of distance between two cells of a guest */
    COST_CORE = 1000,     /* a VM more than one on a core */
    COST_SIBLINGS = 300,  /* guest siblings that are not together on a core */
    COST_HELPER = 100,    /* an emulator or I/O thread for which no core is free of vCPUs */
    COST_TOGETHER = 10,   /* spread: two vCPUs on a core that are no guest siblings */
    COST_BALANCE = 4,     /* spread: used² / threads of a cache group, and of a node */
    COST_OPEN_CORE = 10,  /* pack: a core in use */
    COST_OPEN_CACHE = 20, /* pack: a cache group in use */
    COST_OPEN_NODE = 40,  /* pack: a node in use */
    COST_NEIGHBOUR = 50,  /* isolate: a VM more than one in a cache group */
    COST_MOVE = 1,        /* a vCPU that leaves the CPUs it is pinned to; a GiB that moves */
};
#define COST_UNPLACED G_GINT64_CONSTANT(10000000000000000) /* a domain that is left out */
#define COST_OWN      G_GINT64_CONSTANT(100000000000)      /* two vCPUs of one guest on a thread */
#define COST_DISTANCE                                                                              \
    G_GINT64_CONSTANT(100000)                 /* a hundredth unit of distance of a vCPU's memory */
#define COST_THREAD G_GINT64_CONSTANT(100000) /* two vCPUs on a thread */

/* What must be free on a node for a guest cell: KiB of small pages, or pages of a pool. */
typedef struct {
    guint64 page_kib; /* 0: small pages, counted in KiB */
    gint64 need;      /* 0 unknown */
    gint64 *held;     /* by node: what of it lies there already, as it runs; NULL none */
} PlaceMemory;

/* A guest cell, or a guest without cells: what is kept together. */
typedef struct {
    guint guest;
    guint first, count; /* its vCPUs, in PlaceState.vcpu */
    guint caches;       /* the least number of cache groups its vCPUs take */
    PlaceMemory memory;
    /* as it is placed: */
    gboolean placed;
    guint seats;   /* nodes that hold its memory, nearest first */
    guint *seat;   /* room for all nodes */
    gint64 *taken; /* by node: newly taken of what is free */
    gint64 *lies;  /* by node: its memory, as it will lie */
} PlaceGroup;

typedef struct {
    guint group;
    guint number;     /* the guest's number of it */
    guint unit;       /* the guest's core that it is a thread of */
    int cpu;          /* its index in the machine; -1 not placed */
    const IdSet *pin; /* where it may run now; NULL anywhere */
} PlaceVcpu;

typedef struct {
    const PlacePins *pins;
    guint first_group, groups;
    guint helpers; /* its emulator and I/O threads */
    gboolean running;
    gboolean isolated; /* one of its vCPUs is pinned to an isolated CPU: it may go there */
    guint usable;      /* CPUs that it may use */
    gboolean larger;   /* it has more vCPUs than these */
    gboolean doubled;  /* two of its vCPUs are on one thread; kept by layout.c */
    gint64 cost;       /* of what is its own alone; kept by layout.c */
} PlaceGuest;

typedef struct {
    const PlaceMachine *machine;
    PlacePolicy policy;
    guint guests, groups, vcpus;
    PlaceGuest *guest;
    PlaceGroup *group;
    PlaceVcpu *vcpu;
    guint64 *page_kib; /* the page sizes there are, [0] is 0: small pages */
    guint sizes;
    gint64 *room;  /* sizes × nodes: KiB of small pages, pages of a pool, that may be taken */
    gint64 *spare; /* by size: pages that may be taken on the whole host */
    gboolean *usable, *helper_usable; /* by CPU: for vCPUs, for emulator and I/O threads */
    gint64 *fixed;     /* by CPU: the cost of a vCPU there for those that stay where they are */
    guint *fixed_vms;  /* by core: VMs that stay there */
    guint *fixed_used; /* by cache group: vCPUs that stay there, rounded */
    /* as it is placed: */
    guint *on_cpu, *on_core, *on_cache, *on_node; /* vCPUs */
    guint *vms_core, *vms_cache;                  /* VMs */
    guint16 *guest_core, *guest_cache;            /* guests × cores, guests × groups: vCPUs */
    guint *free_cores; /* by node: cores where helpers may go and no vCPU is */
    guint *capacity;   /* by cache group: usable CPUs */
    guint *node_capacity;
    guint unplaced;
    gint64 shared;  /* the part of the cost that is no guest's own */
    guint64 work;   /* what was looked at so far: the measure of the effort */
    guint *scratch; /* as long as there are CPUs; all 0 between calls */
} PlaceState;

/* The state of a proposal: the domains of @chosen (GPtrArray of PlacePins*, of @all) are to be
 * placed, the others stay. Nothing is placed yet. */
PlaceState *place_state_new(const Snapshot *snapshot, const PlaceMachine *machine,
    const GPtrArray *all, const GPtrArray *chosen, const Plan *plan, const PlaceWish *wish);
void place_state_free(PlaceState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlaceState, place_state_free)

gboolean place_may_use(const PlaceState *state, const PlaceGuest *guest, guint cpu);
/* Takes the memory of group @g on the nodes @seat (nearest first). FALSE, and nothing taken, where
 * it does not fit. */
gboolean place_take(PlaceState *state, guint g, const guint *seat, guint seats);
void place_give_back(PlaceState *state, guint g);
/* Puts vCPU @v, which is nowhere, on @cpu; or takes it away. place_settle() must follow. */
void place_put(PlaceState *state, guint v, guint cpu);
void place_remove(PlaceState *state, guint v);
/* Gives back all that guest @guest has. */
void place_lift(PlaceState *state, guint guest);
/* Counts what is guest @guest's own anew. */
void place_settle(PlaceState *state, guint guest);
/* The cost of the layout; PLACE_IMPOSSIBLE where it breaks a hard limit. */
#define PLACE_IMPOSSIBLE G_MAXINT64
gint64 place_cost(PlaceState *state);

/* How a guest is placed, to be brought back. */
typedef struct {
    gboolean placed;
    guint *seats;         /* by group of the guest */
    guint *seat;          /* groups × nodes */
    gint64 *taken, *lies; /* likewise */
    int *cpu;             /* by vCPU of the guest */
} PlaceKept;

PlaceKept *place_keep(const PlaceState *state, guint guest);
void place_kept_free(PlaceKept *kept);
/* Puts guest @guest, which is lifted, as it was. */
void place_bring_back(PlaceState *state, guint guest, const PlaceKept *kept);

/* search.c: places what can be placed, at a low cost, with about @work looks at a core or a vCPU.
 */
void place_search(PlaceState *state, guint64 work);
#define PLACE_WORK      G_GUINT64_CONSTANT(300000) /* 100 VMs on 512 CPUs in 20 to 34 ms */
#define PLACE_WORK_DRAG G_GUINT64_CONSTANT(20000)  /* one VM, at each motion of the mouse */
/* seats.c: the nodes that would hold group @g, from @start on by distance: as few as its memory and
 * its vCPUs take. FALSE where there are none. @seat has room for all nodes. */
gboolean place_seats_from(PlaceState *state, guint g, guint start, guint *seat, guint *seats);

/* reasons.c: the sentences for guest @guest, which is placed; @helpers_apart: its helpers are where
 * no vCPU is. */
void place_add_reasons(
    const PlaceState *state, guint guest, PlacedDomain *placed, gboolean helpers_apart);
/* The sentence for guest @guest, which is left out: what does not fit, and the smallest change that
 * would make it fit. The caller frees it. */
char *place_misfit(PlaceState *state, const Host *host, guint guest);
/* figures.c: of pins at hand. */
PlaceFigures place_figures_of(const PlaceMachine *machine, const GPtrArray *all);

/* A small machine below a temporary root, for the tests of core/host, and what they ask of it. */
#pragma once

#include "core/host/host.h"
#include "tests/unit/tree.h"

#define CPU  "/sys/devices/system/cpu"
#define NODE "/sys/devices/system/node"
#define KSM  "/sys/kernel/mm/ksm"
#define THP  "/sys/kernel/mm/transparent_hugepage"

/* Four CPUs, two a core; 3 is offline. Two nodes of uneven pools, the second without CPUs. */
void hosttree_put(const Tree *tree);
/* The host of @tree, which must be read; the caller unrefs it. */
Host *hosttree_read(const Tree *tree, const Host *previous);

/* That @set is @text in list form; NULL: that there is none. */
void assert_set(const IdSet *set, const char *text);

#define assert_num(n, v)                                                                           \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_assert_true((n).known);                                                                  \
        g_assert_cmpint((n).value, ==, v);                                                         \
    }                                                                                              \
    G_STMT_END

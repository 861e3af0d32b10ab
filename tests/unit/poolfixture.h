/* A host with one pool of 2M pages, for tests of what becomes of it. */
#pragma once

#include "tests/unit/applyfixture.h"

#include <string.h>

#define NODE0   "/sys/devices/system/node/node0"
#define POOL    NODE0 "/hugepages/hugepages-2048kB/nr_hugepages"
#define LARGE   NODE0 "/hugepages/hugepages-1048576kB"
#define COMPACT "/proc/sys/vm/compact_memory"

/* 100 MiB free, with pieces for three pages of 2M: two of order 9, and one of a page and a half. */
static inline void put_pieces(const Fixture *f)
{
    fixture_put(f, NODE0 "/meminfo", "Node 0 MemTotal: 8388608 kB\nNode 0 MemFree: 102400 kB\n");
    fixture_put(f, "/proc/buddyinfo", "Node 0, zone   Normal  9 9 9 9 9 9 9 9 9 1 1\n");
    fixture_put(f, COMPACT, "");
    fixture_put(f, "/proc/mounts", "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n");
}

static inline Plan *stage(const Snapshot *snapshot, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_new();

    g_assert_true(plan_stage(plan, snapshot, "host", key, value, SCOPE_BOTH, &error));
    g_assert_no_error(error);
    return plan;
}

static inline gboolean warns(const Preview *preview, const char *text)
{
    g_autofree char *all = preview_text(preview);

    return strstr(all, text) != NULL;
}

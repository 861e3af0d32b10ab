/* What the files of rows share. A file of rows is one group of tunables or a few; catalogue.c has
 * them all in the order in which they are shown. */
#pragma once

#include "core/catalogue/instances.h"
#include "core/catalogue/tunable.h"

#define VIRT_DOC "libvirt.org/formatdomain.html"

typedef struct {
    const Tunable *rows;
    guint count;
} TunableRows;

extern const TunableRows rows_host, rows_pools, rows_vm, rows_cpu, rows_memory, rows_disk, rows_net,
    rows_guest;

#define ROWS_OF(array)                                                                             \
    {                                                                                              \
        array, G_N_ELEMENTS(array)                                                                 \
    }

/* What begins every row of a domain. */
#define DOMAIN_ROW(k, g) .key = k, .target = TARGET_DOMAIN, .group = g

extern const TunableChoice choice_on_off[], choice_yes_no[];

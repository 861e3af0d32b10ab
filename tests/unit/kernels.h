/* What kernels of five ages offer below /sys and /proc of memory, sharing and hugepages: facts
 * written by hand, of the kernel's documents and of when each file came. A host with two
 * nodes of a CPU each, and two running VMs: one with hugepages, one without. */
#pragma once

#include "tests/unit/tree.h"

typedef enum { LINUX_3_10, LINUX_4_18, LINUX_5_14, LINUX_6_1, LINUX_6_18, KERNELS } Kernel;

#define KERNELS_UUID       "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"
#define KERNELS_NAME       "vm"
#define KERNELS_PLAIN_UUID "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0002"
#define KERNELS_PLAIN      "plain"

const char *kernels_release(Kernel kernel);
/* Writes what @kernel offers into @tree; a later @tick (1, 2 …) only lets its counters grow. */
void kernels_put(const Tree *tree, Kernel kernel, guint tick);

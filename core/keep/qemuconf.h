/* What of libvirt's qemu.conf matters here: where it takes hugepages from. */
#pragma once

#include <glib.h>

#define QEMUCONF "/etc/libvirt/qemu.conf"

/* The paths of hugetlbfs_mount: char*; empty: libvirt gives no hugepages; NULL: it is not set, and
 * libvirt takes the first mount of each size that is there when it starts. The caller unrefs it. */
GPtrArray *qemuconf_mounts(const char *root);

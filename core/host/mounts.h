/* Where hugetlbfs is mounted, and which of these mounts libvirt uses. */
#pragma once

#include "core/host/host.h"

/* The mounts of hugetlbfs in @root/proc/mounts. GPtrArray of HugeMount*, the caller unrefs it. */
GPtrArray *mounts_read(const char *root);
/* Whether @root has a /proc/mounts: without, what is not mounted is not known. */
gboolean mounts_are_known(const char *root);
/* Whether a hugetlbfs of @size_kib is mounted on @host; TRUE where that is not known. */
gboolean mounts_has(const Host *host, guint64 size_kib);
/* Where a hugetlbfs of @size_kib is usually mounted on @host: "/dev/hugepages", for another size
 * than the default "/dev/hugepages1G". The caller frees it. */
char *mounts_usual_path(const Host *host, guint64 size_kib);
/* The paths where pages of @size_kib are mounted, sorted, a comma between them; @default_kib is
 * the default page size. A path that a list cannot hold is left out. The caller frees it. */
char *mounts_value(const GPtrArray *mounts, guint64 size_kib, guint64 default_kib);
guint64 mounts_default_size(const char *root); /* KiB, of @root/proc/meminfo; 0 unknown */

/* Why a hugetlbfs should not be mounted at @path, an absolute one, of the tree at @root, where
 * @mounts (may be NULL) are: a link or a file is on the way, or the folder holds something. NULL
 * where nothing speaks against it, as far as can be seen. The caller frees it. */
char *mounts_obstacle(const char *root, const GPtrArray *mounts, const char *path);

/* Why the hugetlbfs at @path of the tree at @root should not be unmounted, where those at @leaving
 * are unmounted with it: another file system is mounted over it, under it or below it, or it has
 * options that mounts_add() would not give back. NULL where nothing speaks against it. The caller
 * frees it. */
char *mounts_bond(const char *root, const char *path, const char *const *leaving);

/* Mounts pages of @size_kib at @path (the folder is made where it is missing, and must be empty,
 * without a hugetlbfs), or unmounts it (where they are uppermost). In a tree that is opened here,
 * not mounted, its /proc/mounts is rewritten. FALSE with a KVMTUNE_ERROR_FAILED. */
gboolean mounts_add(const char *root, const char *path, guint64 size_kib, GError **error);
gboolean mounts_remove(const char *root, const char *path, guint64 size_kib, GError **error);

/* Whether libvirt gives pages of @mount to VMs, as far as the files say: what qemu.conf names,
 * else the first mount of each size. */
gboolean mounts_is_libvirts(const Host *host, const HugeMount *mount);

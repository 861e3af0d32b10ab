/* What kvmtune's files below /etc hold, as one picture that can be edited and then written: lines
 * of sysctl.d and tmpfiles.d for the files of the kernel, mount units for hugetlbfs.
 *
 * A place is a kernel's file ("/proc/sys/vm/swappiness"), or "hugetlbfs pagesize=2048K", whose
 * value is the paths where it is mounted at boot, sorted, a comma between them. */
#pragma once

#include <glib.h>

/* One file, as it is and as it is to be. */
typedef struct {
    char *path;          /* below the root */
    gboolean is_link;    /* a symbolic link, and its texts where it leads */
    char *before, *text; /* NULL: there is none */
    char *problem;       /* why it cannot be edited; NULL: it can */
} BootSetFile;

typedef struct BootSet BootSet;

/* All of it below @root. A file that cannot be edited says so when something is to be set in it. */
BootSet *bootset_read(const char *root);
BootSet *bootset_copy(const BootSet *set);
void bootset_free(BootSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootSet, bootset_free)

/* What @place is set to at boot: by kvmtune's files, and of hugetlbfs by the owner's units and
 * fstab too. A unit that is not enabled mounts nothing, and does not count. "" where nothing sets
 * it, NULL where no file could. The caller frees it. */
char *bootset_value(const BootSet *set, const char *place);
/* Sets @place to @value; "" takes it away. FALSE with a KVMTUNE_ERROR_FAILED and @set as it was. */
gboolean bootset_set(BootSet *set, const char *place, const char *value, GError **error);
/* Whether kvmtune's mount unit @unit, one of @set's files, is started at boot. */
gboolean bootset_is_enabled(const BootSet *set, const BootSetFile *unit);
/* The files, in the order in which they are written. GPtrArray of BootSetFile*, @set's. */
const GPtrArray *bootset_files(const BootSet *set);
gboolean bootset_file_changes(const BootSetFile *file);
/* Writes what differs, each file in one rename. FALSE with a KVMTUNE_ERROR_FAILED; what was written
 * by then is put back. */
gboolean bootset_write(const BootSet *set, const char *root, GError **error);

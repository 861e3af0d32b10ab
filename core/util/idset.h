/* Sets of CPU and NUMA node numbers, in libvirt's list form ("0-3,8,^2").
 *
 * hwloc's bitmaps carry them: libnuma's parser knows only the numbers of the host it runs on, and
 * kvmtune also reads other machines' trees and remote hosts. */
#pragma once

#include <glib.h>
#include <hwloc/bitmap.h>

typedef struct hwloc_bitmap_s IdSet;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdSet, hwloc_bitmap_free)

#define IDSET_MAX                                                                                  \
    16384 /* above any id a kernel gives a CPU or a node (NR_CPUS is at most 8192)                 \
           */

/* Parses @text: numbers, ranges and exclusions ("0-7,^3"), separated by commas. The empty text is
 * the empty set. Returns a new set, or NULL with a KVMTUNE_ERROR_USAGE that names the bad part. */
IdSet *idset_parse(const char *text, GError **error);

/* The set of a kernel list file ("0-3,8", "" or "\n"); NULL where @text is NULL or no list. */
IdSet *idset_parse_kernel(const char *text);
/* That of the file @root/@path. The kernel ends even an empty list with a newline: a file of 0
 * bytes is one that could not be copied, and what stood in it is not known (NULL). */
IdSet *idset_read(const char *root, const char *path);

/* @set in list form, "" for none or NULL. The caller frees it. */
char *idset_format(const IdSet *set);

IdSet *idset_copy(const IdSet *set);                  /* NULL gives NULL */
gboolean idset_equal(const IdSet *a, const IdSet *b); /* NULL equals only NULL */
guint idset_count(const IdSet *set);                  /* 0 for NULL */
gboolean idset_is_empty(const IdSet *set);            /* TRUE for NULL; sooner told than counted */
#define idset_has(set, id) ((set) != NULL && hwloc_bitmap_isset((set), (unsigned)(id)))

/* for (IDSET_EACH(id, set)) … ; @set may be NULL */
#define IDSET_EACH(id, set)                                                                        \
    int id = (set) ? hwloc_bitmap_first(set) : -1;                                                 \
    id >= 0;                                                                                       \
    id = hwloc_bitmap_next((set), id)

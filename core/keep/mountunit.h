/* A systemd mount unit (systemd.mount(5)) that mounts a hugetlbfs at boot. */
#pragma once

#include <glib.h>

#define MOUNTUNIT_FOLDER "/etc/systemd/system"
/* What `systemctl enable` would make of the unit's WantedBy; fstab's mounts stand there too. */
#define MOUNTUNIT_WANTS MOUNTUNIT_FOLDER "/local-fs.target.wants"

typedef struct {
    char *where;
    guint64 size_kib; /* 0: the default page size */
    gboolean ours;    /* kvmtune's heading stands in it */
} MountUnit;

void mountunit_clear(MountUnit *unit);
/* "dev-hugepages1G.mount" of "/dev/hugepages1G", as `systemd-escape -p --suffix=mount` makes it;
 * the caller frees it. */
char *mountunit_name(const char *where);
/* The unit that mounts pages of @size_kib at @where; the caller frees it. */
char *mountunit_text(const char *where, guint64 size_kib);
/* FALSE where @text is no unit that mounts a hugetlbfs. */
gboolean mountunit_parse(const char *text, MountUnit *unit);

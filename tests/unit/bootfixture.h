/* What tests of what is kept at boot have beside their fixture. */
#pragma once

#include "core/keep/mountunit.h"
#include "tests/unit/applyfixture.h"

/* The unit of one more mount of 2M pages, and the link that starts it. */
#define UNIT MOUNTUNIT_FOLDER "/dev-hugepages2M.mount"
#define LINK MOUNTUNIT_WANTS "/dev-hugepages2M.mount"

/* A preview of KEY, VALUE, … NULL of the host for @scope. */
Preview *boot_preview(const Fixture *f, PlanScope scope, ...) G_GNUC_NULL_TERMINATED;
/* The whole file, or NULL where there is none. The caller frees it. */
char *boot_file(const Fixture *f, const char *path);
void boot_check_text(const Fixture *f, const char *path, const char *wanted);
/* Applies it, which must succeed; returns the entry's number. */
guint boot_apply(const Fixture *f, const Preview *what);
gboolean boot_has_line(const Preview *what, PreviewLineKind kind, const char *text);
/* A host with a pool of 2M pages, mounted at /mnt/huge. */
void boot_put_mounts(const Fixture *f);

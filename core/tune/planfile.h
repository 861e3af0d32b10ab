/* Plan files: a Plan as a key file that a person writes and keeps.
 *
 *   # comments, blank lines and the order of lines survive
 *   [web1]                     a domain's name; [uuid:…] for one that is called host, or oddly
 *   vcpupin.0=2                as `kvmtune set web1 vcpupin.0=2`
 *   memory.nosharepages@next=on    the next start only; @now is the running domain only
 *   [host]
 *   thp.enabled=madvise        now, until the host restarts
 *   vm.swappiness@both=10      now and at every boot; @boot is at boot only
 *   ksm.run@boot=              keeps nothing at boot
 *
 * A file that is no plan is a KVMTUNE_ERROR_USAGE sentence with the line's number. */
#pragma once

#include "core/tune/plan.h"

#define PLAN_FILE_MAX_MIB 4

typedef struct PlanFile PlanFile;

/* The plan in @length bytes of @text; @name is what errors call it. Groups and keys are checked,
 * values only by plan_file_stage(), which knows the host. NULL with a sentence. */
PlanFile *plan_file_parse(const char *name, const char *text, gsize length, GError **error);
/* The same of the file @path, "-" for standard input. */
PlanFile *plan_file_read(const char *path, GError **error);
void plan_file_free(PlanFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanFile, plan_file_free)

guint plan_file_count(const PlanFile *file);            /* its KEY=VALUE lines */
gboolean plan_file_names_domains(const PlanFile *file); /* whether libvirt must be asked */
/* The bytes now: those read, until plan_file_update(). Belongs to @file. */
const char *plan_file_text(const PlanFile *file, gsize *length);

/* Stages every line on @plan, in order. With @scope SCOPE_LIVE or SCOPE_CONFIG only what is for
 * that (of the host: now, or at boot): lines marked otherwise are left out and counted
 * in *left_out (may be NULL). FALSE with a sentence; @plan is then to be thrown away. */
gboolean plan_file_stage(const PlanFile *file, Plan *plan, const Snapshot *snapshot,
    PlanScope scope, guint *left_out, GError **error);

/* Makes @file say what @plan says, and keeps every other byte. FALSE with a sentence where @file
 * does not fit @snapshot's domains: then it is another host's plan, and stays as it is. */
gboolean plan_file_update(
    PlanFile *file, const Plan *plan, const Snapshot *snapshot, GError **error);

/* For the screens: the file @path as a Plan (NULL with a sentence), and a Plan into the file @path,
 * a new one or a plan's that is there. Neither asks libvirt. */
Plan *plan_load(const char *path, const Snapshot *snapshot, GError **error);
gboolean plan_save(const Plan *plan, const Snapshot *snapshot, const char *path, GError **error);

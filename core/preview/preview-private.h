/* What the files that make a Preview share. */
#pragma once

#include "core/keep/bootset.h"
#include "core/preview/blame.h"
#include "core/preview/diff.h"
#include "core/preview/preview.h"
#include "core/rules/rules.h"

/* Appends a line to part @part of the newest target, behind what that part has already; it is of
 * the change that is being looked at. preview_line takes @text; preview_say formats it. */
PreviewLine *preview_line(Preview *preview, PreviewPart part, PreviewLineKind kind, char *text);
PreviewLine *preview_say(Preview *preview, PreviewPart part, PreviewLineKind kind,
    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Adds what is called to execute @step, the newest, to the newest target's calls: a definition
 * once, however many steps are in it. Files of the kernel are in PART_WRITES already. */
void preview_call(Preview *preview, const Step *step);

/* Adds the step that makes @change where @old_value stands, and what is called for it. */
Step *preview_add_step(
    Preview *preview, StepKind kind, const Change *change, const char *old_value);
/* Whether @change may be written where @now stands. A ground that moved since it was staged is
 * said; what undo would put back is then left alone. */
gboolean preview_may_write(Preview *preview, const Change *change, StepKind kind, const char *now);

#define PREVIEW_CONTEXT 3 /* lines about a hunk */
/* Appends the lines of a diff, each with the changes that made it; @all are those of its text. */
void preview_diff(Preview *preview, PreviewPart part, const GPtrArray *diff, const GArray *places,
    const Blame *blame, const IdSet *all);

/* All of the host's section but its heading; @host, read below @root, may be NULL. */
void preview_host(Preview *preview, const char *root, const Host *host, const RuleGround *ground,
    const IdSet *changes);

/* Of a change of hugetlbfs.SIZE where @now is mounted. Whether it can be mounted at the new paths,
 * and what is mounted @now can be put back; says why not. What undo puts back has stood there. */
gboolean preview_may_mount(
    Preview *preview, const char *root, const Host *host, const Change *change, const char *now);
/* Whether what it unmounts can be unmounted and, by undo, be put back as it was; says why not. */
gboolean preview_may_unmount(
    Preview *preview, const char *root, const Change *change, const char *now);
/* Whether each path that it mounts is free of pages of another size, mounted or staged; or says. */
gboolean preview_is_one_size(
    Preview *preview, const Host *host, const Change *change, const char *now);
/* "mount hugetlbfs pagesize=2048K at /x", and what is unmounted. */
void preview_mounts(Preview *preview, const Host *host, const Change *change, const char *now);
/* What libvirt needs after @step where it mounts something. */
void preview_mounted(Preview *preview, const Step *step);

/* In which turn @change of the host is made: a pool that shrinks gives its memory to those that
 * grow, and what is done once, as compacting, makes room for them. */
guint preview_rank(const Host *host, const Change *change);
#define PREVIEW_RANKS 3
/* Whether the node of a pool has the memory that @change asks for, now or (with what is set then in
 * @boot, which may be NULL) at boot; or says that it has not, or has nothing left for the rest.
 * TRUE of all that is no pool, or not known. */
gboolean preview_pool_fits(
    Preview *preview, const Host *host, const BootSet *boot, const Change *change);

/* Begins and ends the section of a target, whose @changes are of the plan's, by index. */
PreviewTarget *preview_begin(
    Preview *preview, const char *target, const char *name, const IdSet *changes);
void preview_end(Preview *preview);
/* When all have ended: puts those with errors first, then those with warnings; the steps stay as
 * they are. */
void preview_order(Preview *preview);

/* A warning, a reason why it cannot be applied. Texts are safe to show already. */
void preview_warn(Preview *preview, const char *format, ...) G_GNUC_PRINTF(2, 3);
void preview_refuse(Preview *preview, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What the rules found in the newest target: each line is of the changes that it speaks of. */
void preview_findings(Preview *preview, const GPtrArray *findings);

/* Says what @change, of the pages of the running domain @view, would move. Returns how they lie
 * now, the old value of its step, for the caller to free; NULL where nothing is to be done.
 * *nodeset, NULL before, is what numatune's nodeset of the running domain is to be with it, for the
 * caller to free, where libvirt moves pages so. */
char *preview_pages(Preview *preview, const Snapshot *snapshot, const DomainView *view,
    const Change *change, char **nodeset);

/* An empty Preview of a copy of @plan. */
Preview *preview_new(const Plan *plan);

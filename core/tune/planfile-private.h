/* A plan file as its lines, for the files that read and that rewrite it. */
#pragma once

#include "core/tune/planfile.h"

typedef enum { PLAN_LINE_OTHER, PLAN_LINE_GROUP, PLAN_LINE_ENTRY } PlanLineKind;

typedef struct {
    PlanLineKind kind;
    guint number;    /* from 1; 0 for a line that was made here */
    GString *bytes;  /* all of it, its end of line included */
    char *group;     /* the group it begins, or stands in: "host", "web1", "uuid:…" */
    TunableKey *key; /* an entry's; NULL else */
    PlanScope scope;
    char *value;
} PlanLine;

struct PlanFile {
    char *name;
    GPtrArray *lines; /* PlanLine* */
    GString *text;    /* all lines, one behind the other */
};

PlanLine *plan_line_new(PlanLineKind kind, const char *group);
/* The mark of @scope behind a key: "" where it is the usual one, "@now", "@next", "@boot", "@both".
 */
const char *plan_scope_mark(TargetKind target, PlanScope scope);
/* The UUID of the domain that @group names, "host", or NULL where there is none. */
const char *plan_group_target(const char *group, const Snapshot *snapshot);

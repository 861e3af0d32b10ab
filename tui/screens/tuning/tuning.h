/* What the files of the Tuning screen share: its state, the fields of the form, copy and paste. */
#pragma once

#include "core/rules/rules.h"
#include "core/tune/tunings.h"
#include "tui/app/app.h"
#include "tui/widgets/table.h"

/* A domain on the form, as its fields were made from. */
typedef struct {
    Domain *domain;
    GPtrArray *tunings; /* Tuning* */
    GHashTable *by_key; /* key → Tuning*, of tunings */
} Tuned;

/* A line of the form: one tunable of all domains on it that have it. */
typedef struct {
    const TunableKey *key; /* of the first that has it */
    const char *group;
    char *instance;      /* "disk vda", "vcpupin"; NULL: it stands in its group itself */
    const char *label;   /* what is left of the key below its instance's heading */
    guint places[3];     /* of its group, its instance and itself: the order of lines */
    guint have;          /* domains that have it */
    char *live, *config; /* to show; NULL where no domain has one */
    gboolean live_unset, config_unset; /* nothing is set: what is shown is the default */
    char *value;            /* with which an edit begins; NULL where the domains differ */
    gboolean differs;       /* next start will not be as it runs now, in one of them */
    gboolean mixed;         /* the domains differ */
    const char *waits;      /* why none of those that run takes it now; NULL: one does */
    char *staged;           /* to show; NULL: nothing */
    gboolean moved;         /* somebody changed since what it was staged upon, in one of them */
    const Finding *finding; /* the worst that is said of what is staged, or NULL */
} Field;

typedef struct {
    Table table;
    gboolean ready;
    char **uuids;                             /* whose form it is */
    GPtrArray *tuned;                         /* Tuned* of those that exist */
    GPtrArray *fields;                        /* Field* in the order of lines */
    GPtrArray *findings;                      /* Finding* of all domains, or NULL */
    Plan *checked;                            /* what they are of; NULL: to be looked for anew */
    gboolean groups_folded, instances_folded; /* as all begin */
    GHashTable *turned;                       /* the ids of headings that are the other way */
    char *search;                             /* as typed; NULL: none */
    guint found;
    gboolean beside;             /* the panel is beside the form, not below */
    int form_width, form_height; /* as last drawn */
} TuningState;

/* ---- tuningfields.c ---- */

/* Reads the domains anew whose XML is another, and makes the fields where one is. */
void tuning_read_domains(const App *app, TuningState *state);
/* Fills what is staged of each field. */
void tuning_read_staged(const App *app, TuningState *state);
/* Adds @text, which is not copied, where @texts has none that is equal. */
void tuning_add_distinct(GPtrArray *texts, const char *text);
/* Which of the domains has which value of @field, running now or at the next start: "web1, web2:
 * 0-3 · db: any CPU". The caller frees it. */
char *tuning_holders(const TuningState *state, const Field *field, gboolean live);
void tuning_field_free(gpointer field);
void tuning_tuned_free(gpointer tuned);

/* ---- tuningrows.c ---- */

void tuning_free(TuningState *state);
/* Makes the form's rows from the App's Snapshot and Plan. What was read of a domain's XML is kept
 * while that stays the same. */
void tuning_update(App *app, TuningState *state);
/* The field under the cursor; NULL on a heading. */
const Field *tuning_selected(const TuningState *state);
/* TRUE where the cursor is on a heading; folds it, unfolds it or turns it over. */
typedef enum { FOLD_OVER, FOLD_CLOSED, FOLD_OPEN } Fold;
gboolean tuning_fold(TuningState *state, Fold fold);
/* Puts the cursor on the heading above it. */
void tuning_to_heading(TuningState *state);
void tuning_fold_all(TuningState *state);
/* The UUIDs of the domains that have @field's key, NULL-terminated. The array is the caller's, the
 * texts are not. */
const char **tuning_targets(const TuningState *state, const Field *field);

/* ---- tuningpanel.c ---- */

/* All about the field under the cursor. */
void tuning_draw_panel(const App *app, const TuningState *state, const Canvas *canvas);

/* ---- tuningcopy.c ---- */

/* Keeps the tunings of the domain @uuid for tuning_paste(). */
void tuning_copy(App *app, const char *uuid);
/* Asks, and stages what was copied on the domains @uuids; says what does not fit. */
void tuning_paste(App *app, const char *const *uuids);

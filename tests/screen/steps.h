/* What a screen test can do: one row a verb (steps.c, VERBS). */
#pragma once

#include "tests/screen/session.h"

/* Does one step. FALSE with the reason in @why where the program did not do as the step says. */
typedef gboolean (*StepRun)(Session *session, Step *step, GString *why);

typedef struct {
    const char *word;
    StepRun run;
    gboolean is_point;    /* a point of the TAP plan: the step says what the program has to do */
    gboolean takes_block; /* |…| lines follow it */
} Verb;

/* The verb of @step; NULL and @error where there is none or it is misused. */
const Verb *verb_find(const Script *script, const Step *step, GError **error);

/* How an "expect" with a screen is met. */
typedef enum {
    EXPECT_COMPARE, /* it must be the screen, within the step's time */
    EXPECT_UPDATE,  /* what is there when the program is quiet becomes the expected screen */
    EXPECT_PICTURE, /* only waits for quiet; "make screenshot" */
} ExpectMode;
extern ExpectMode expect_mode;

/* Called with the terminal at every expected screen; may be NULL. */
extern void (*expect_seen)(const Term *term);

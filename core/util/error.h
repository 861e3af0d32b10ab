/* The one error domain. A code says how the program ends; the message is a sentence a user can act
 * on: what failed, on what, why, what to do. */
#pragma once

#include <glib.h>

#define KVMTUNE_ERROR (kvmtune_error_quark())
GQuark kvmtune_error_quark(void);

/* The codes are the exit codes of the commands (docs/kvmtune.1, EXIT STATUS). */
typedef enum {
    KVMTUNE_ERROR_FAILED = 1,  /* failed, and nothing is changed */
    KVMTUNE_ERROR_USAGE = 2,   /* a bad command line, key or value */
    KVMTUNE_ERROR_CHANGED = 3, /* the target is not as it was previewed */
    KVMTUNE_ERROR_PARTIAL = 4, /* undone only in part; the message says what stands */
    KVMTUNE_ERROR_DIFFERS = 5, /* diff: not all of the plan stands */
} KvmtuneError;

/* The exit code for @error: its own where it is ours, else 1. */
int kvmtune_exit_code(const GError *error);

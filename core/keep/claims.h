/* Who else sets a file of the kernel: at boot (sysctl.d, tmpfiles.d, kernel arguments) or while the
 * host runs (tuned, ksmtuned). Read from the files that say so, each named with its line. */
#pragma once

#include <glib.h>

/* In the order in which they come at boot; a later one overwrites an earlier one. */
typedef enum {
    CLAIM_ARGUMENT, /* the kernel's command line */
    CLAIM_SYSCTL,   /* systemd-sysctl, which waits for no file system … */
    CLAIM_TMPFILES, /* … as systemd-tmpfiles-setup does, for local-fs.target */
    CLAIM_TUNED,    /* tuned's active profile */
    CLAIM_KSMTUNED, /* writes again and again */
} ClaimKind;

typedef struct {
    ClaimKind kind;
    char *place; /* the kernel's file; wildcards of glob(7) where the line has them */
    char *value; /* NULL: it sets what it sees fit */
    char *file;  /* "/etc/sysctl.d/10-vm.conf"; "/proc/cmdline" */
    guint line;  /* from 1; 0 where lines say nothing */
} Claim;

void claim_free(Claim *claim);

/* All claims below @root ("" is this host), the one that wins over another after it. What cannot be
 * read is left out: GPtrArray of Claim*, owned by the caller. */
GPtrArray *claims_read(const char *root);

/* The claim of @claims that holds for @place after a boot, or NULL. One for the pool of the whole
 * host is for each node's too. */
const Claim *claims_winner(const GPtrArray *claims, const char *place);
gboolean claim_matches(const Claim *claim, const char *place);

/* The process of ksmtuned below @root; 0 where it does not run. */
gint64 claims_ksmtuned_pid(const char *root);

/* "tuned's profile virtual-host (/usr/lib/tuned/virtual-host/tuned.conf:12) sets it to 10"; the
 * file names escaped. The caller frees it. */
char *claim_sentence(const Claim *claim);

/* Keep: what is kept across a reboot and who else sets something, as one picture of the files. */
#pragma once

#include "core/keep/bootfile.h"
#include "core/keep/claims.h"

typedef struct {
    gatomicrefcount refs;
    char *stamp;            /* of the folders and files it was read from */
    char *texts[BOOTFILES]; /* of kvmtune's own files, by BootFile; NULL: none */
    GPtrArray *claims;      /* Claim*, kvmtune's own lines among them */
} Keep;

/* Reads below @root, or takes @previous (may be NULL) again where no folder or file has changed. */
Keep *keep_read(const char *root, Keep *previous);
Keep *keep_ref(Keep *keep);
void keep_unref(Keep *keep);

/* The value that kvmtune's own file sets @place to at boot; "" where it does not; NULL where no
 * file can keep it. The caller frees it. */
char *keep_value(const Keep *keep, const char *place);

/* Who overwrites what kvmtune's file sets @place to, at boot or later; NULL: nobody. */
const Claim *keep_rival(const Keep *keep, const char *place);

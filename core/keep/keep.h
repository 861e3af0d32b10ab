/* Keep: what is kept across a reboot and who else sets something, as one picture of the files. */
#pragma once

#include "core/keep/bootset.h"
#include "core/keep/claims.h"

typedef struct {
    gatomicrefcount refs;
    char *stamp;               /* of the folders and files it was read from */
    BootSet *files;            /* kvmtune's own */
    GPtrArray *claims;         /* Claim*, kvmtune's own lines among them */
    GPtrArray *libvirt_mounts; /* char*: as qemuconf_mounts() has them, or NULL */
} Keep;

/* Reads below @root, or takes @previous (may be NULL) again where no folder or file has changed. */
Keep *keep_read(const char *root, Keep *previous);
Keep *keep_ref(Keep *keep);
void keep_unref(Keep *keep);

/* The value that kvmtune's own files set @place (bootset.h) to at boot; "" where they do not; NULL
 * where no file can keep it. The caller frees it. */
char *keep_value(const Keep *keep, const char *place);

/* Claims of others for @place, in the order of the boot: those that come after kvmtune's line for
 * it, or would, those before it, or both. GPtrArray of Claim*, which are @keep's; the caller unrefs
 * it. */
typedef enum { KEEP_BEFORE = 1, KEEP_AFTER = 2, KEEP_ANY = KEEP_BEFORE | KEEP_AFTER } KeepTurn;
GPtrArray *keep_others(const Keep *keep, const char *place, KeepTurn turn);
/* Who overwrites what kvmtune's file sets @place to, or would, at boot or later; NULL: nobody. */
const Claim *keep_rival(const Keep *keep, const char *place);
/* Whose value for @place kvmtune's file overwrites, or would, at boot; NULL: nobody's. */
const Claim *keep_beaten(const Keep *keep, const char *place);

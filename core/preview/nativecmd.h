/* How a change of a domain's next start changes QEMU's command line. */
#pragma once

#include "core/virt/connection.h"

/* The arguments that differ between two command lines, quoted as for a shell, each option with its
 * value as one line: "- -m size=4194304k" goes, "+ -m size=8388608k" comes. Lines are
 * safe to show, and hold no secret. GPtrArray of char*; NULL with a sentence where one is no
 * command line. */
GPtrArray *nativecmd_diff(const char *before, const char *after, GError **error);

/* The same, asked of libvirt for two documents of one domain. Blocks. */
GPtrArray *nativecmd_change(
    Connection *connection, const char *before, const char *after, GError **error);

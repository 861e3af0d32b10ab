/* What the files that export a Preview share. */
#pragma once

#include "core/preview/export.h"

/* One act: exactly one of xml, argv, command, path and file is set; none of them: it is a remark,
 * of what cannot be done. */
typedef struct {
    char *what;              /* a heading, fit to show: "web1 vcpupin.0 = 2, now" */
    char *xml;               /* a definition */
    char **argv;             /* virsh's words */
    char **command;          /* the words of another command */
    char *path;              /* a file of the kernel, to which … */
    char *value;             /* … this is written */
    const PreviewFile *file; /* a file below /etc, which becomes … */
    const char *text;        /* … this; "": it goes */
} Act;

/* The acts in order, or backwards with the old values. A domain's definition is one act, where its
 * first step stands. NULL with a sentence. GPtrArray of Act*, the caller unrefs it. */
GPtrArray *export_acts(const Preview *preview, gboolean back, GError **error);

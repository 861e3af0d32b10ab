/* A Plan for other hands: what a Preview would do as a shell script of virsh calls, an Ansible
 * playbook, or the domains' XML. */
#pragma once

#include "core/preview/preview.h"

typedef enum { EXPORT_VIRSH, EXPORT_ANSIBLE, EXPORT_XML } ExportFormat;

/* The format called @name ("virsh", "ansible", "xml"); FALSE with a KVMTUNE_ERROR_USAGE sentence
 * that says which there are. */
gboolean export_format(const char *name, ExportFormat *format, GError **error);

/* What @preview would do. @uri is the connection that it is for (NULL: the demo's, and it refuses
 * to run), @from what the plan is called. Script and playbook carry the way back, and stop before
 * anything is done where a file at boot is not what the plan saw. It holds what the domains' XML
 * holds, passwords too. NULL with a sentence where the preview has an error. The caller frees it.
 */
char *export_text(
    const Preview *preview, ExportFormat format, const char *uri, const char *from, GError **error);

/* virsh's words that set @step's key of the running domain to @value: "vcpupin", UUID, "0", "2",
 * "--live". A key may take several calls: GPtrArray of GStrv; NULL where virsh has none. */
GPtrArray *export_virsh_calls(const Step *step, const char *old_value, const char *value);

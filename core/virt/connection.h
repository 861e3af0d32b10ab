/* The connection to libvirt, and the few calls kvmtune makes through it. The only header of core
 * besides its .c files that other rooms include to reach libvirt; it shows none of libvirt's types.
 * Every function here may block: never call one from the thread that draws. */
#pragma once

#include "core/virt/domain.h"

typedef struct Connection Connection;

/* Prepares for libvirt, once a process. It sets environment variables, so whoever starts threads
 * calls it before; connection_open() does so as well, and starts libvirt. Does not block. */
void connection_set_up(void);

/* Opens @uri (read-only where asked, or where write access is refused: then
 * connection_read_only() is TRUE). NULL with a sentence that says what to do. */
Connection *connection_open(const char *uri, gboolean read_only, GError **error);
void connection_close(Connection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_close)
gboolean connection_read_only(const Connection *connection);
gboolean connection_alive(Connection *connection);
/* Whether libvirt answers a small call; alive says only that nothing is known to be wrong. */
gboolean connection_answers(Connection *connection);
/* Where no URI is given: LIBVIRT_DEFAULT_URI, else qemu:///system. Never freed. */
const char *connection_default_uri(void);
/* @uri fit to show and to keep in a file, without a password in it: neither the user's nor one that
 * is a parameter. The caller frees it. */
char *connection_shown_uri(const char *uri);
const char *connection_type(Connection *connection); /* "QEMU", "TEST" */
/* The same with its version, "QEMU 7.2.22"; the caller frees it. A libvirtd that has not been asked
 * before runs every emulator that is installed to find it out: that takes seconds. */
char *connection_hypervisor(Connection *connection);
char *connection_libvirt(Connection *connection); /* "9.0.0"; the caller frees it */

/* One domain by UUID, name or ID (in this order), with both its XMLs (the running one, and that of
 * the next start with its secrets, so that it can be defined again). NULL with a sentence;
 * KVMTUNE_ERROR_CHANGED where there is no such domain. */
Domain *connection_domain(Connection *connection, const char *name, GError **error);
/* All of them, by name; without_xml leaves XML and configs NULL. GPtrArray of Domain*. */
GPtrArray *connection_domains(Connection *connection, gboolean without_xml, GError **error);
/* For arrays of Domain*: by name as people count ("vm2" before "vm10"), then by UUID. */
int domain_compare(gconstpointer a, gconstpointer b);

/* Changes for the next start of domain @name: defines @xml (checked by libvirt's schema). FALSE
 * with a sentence. */
gboolean connection_define(
    Connection *connection, const char *name, const char *uuid, const char *xml, GError **error);

/* The command line that a domain of @xml would be started with, quoted as for a shell; nothing is
 * started. What libvirt sets by QEMU's monitor after the start (disk throttling, some of the CPUs)
 * is not in it. NULL with a sentence, also where the driver has none. The caller frees it. */
char *connection_native(Connection *connection, const char *xml, GError **error);

/* The lock of a host: one kvmtune writes at a time, whoever runs it and whichever journal it keeps.
 */
#pragma once

#include <glib.h>

typedef struct HostLock HostLock;

/* Takes the lock of the host whose files are below @root ("" for this one): /run/kvmtune.lock.
 * Waits up to two seconds, which most transactions take to end. NULL with a sentence that says who
 * holds it: user, command, process, since when. It ends with the process, however that ends. */
HostLock *host_lock_take(const char *root, GError **error);
void host_lock_drop(HostLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostLock, host_lock_drop)

/* Who writes just now ("another kvmtune (process 7, `kvmtune set …` of root, since
 * 12:00:01)"), or NULL for nobody. Takes and makes nothing. The caller frees it. */
char *host_lock_holder(const char *root);

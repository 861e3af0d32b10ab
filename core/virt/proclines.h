/* A long file of /proc/PID, read line by line by whoever may wait, to be stopped at any time. */
#pragma once

#include <glib.h>

/* Calls @take for each line of /proc/@pid/@name below @root, until the end or until *@stop (atomic)
 * is set. 0, or errno where it cannot be read. */
int proc_lines(const char *root, int pid, const char *name, gint *stop,
    void (*take)(gpointer data, const char *line), gpointer data);

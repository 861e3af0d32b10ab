/* What the files of the commands share: the run functions of the table, and the way of a Plan. */
#pragma once

#include "core/apply/apply.h"
#include "tui/commands/commands.h"

gboolean command_host(const CommandOptions *options, char **arguments, GError **error);
gboolean command_domains(const CommandOptions *options, char **arguments, GError **error);
gboolean command_journal(const CommandOptions *options, char **arguments, GError **error);
gboolean command_tunables(const CommandOptions *options, char **arguments, GError **error);
gboolean command_set(const CommandOptions *options, char **arguments, GError **error);
gboolean command_apply(const CommandOptions *options, char **arguments, GError **error);
gboolean command_export(const CommandOptions *options, char **arguments, GError **error);
gboolean command_diff(const CommandOptions *options, char **arguments, GError **error);
gboolean command_place(const CommandOptions *options, char **arguments, GError **error);
gboolean command_undo(const CommandOptions *options, char **arguments, GError **error);

gboolean command_recover(const CommandOptions *options, char **arguments, GError **error);

/* SCOPE_LIVE for --live and --now, SCOPE_CONFIG for --config and --boot, SCOPE_KEPT for --both,
 * SCOPE_BOTH for none of them. */
PlanScope command_scope(const CommandOptions *options);

/* Previews @plan upon @snapshot; prints that with --dry-run, else applies it and prints what was
 * done. @connection may be NULL where the plan is of the host only. */
gboolean command_run_plan(const CommandOptions *options, const Plan *plan, const Snapshot *snapshot,
    Connection *connection, GError **error);

/* The context of an apply or undo through @connection; the caller closes the journal in it. FALSE
 * where nothing may be written. */
gboolean command_context(const CommandOptions *options, Connection *connection,
    const Snapshot *snapshot, ApplyContext *context, GError **error);
/* Counts the pages of the domains whose pages @plan moves and whose cgroup does not say where they
 * are, into @snapshot, which nobody else has. It may take a while. */
void move_count_pages(const Snapshot *snapshot, const Plan *plan);
/* Where @preview moves pages: shows on a terminal how far @context's apply is, and lets Ctrl-C stop
 * it where it is. NULL where it moves none. To be ended after the apply. */
typedef struct MoveWatch MoveWatch;
MoveWatch *move_watch_begin(const Preview *preview, ApplyContext *context);
void move_watch_end(MoveWatch *watch);
/* "kvmtune undo --root '/mnt'": @words with the options that reach the same journal, and the same
 * connection. The caller frees it. */
char *command_again(const CommandOptions *options, const char *words);
/* "done as entry 3 of the journal", with @report, or else @otherwise. */
void command_say_done(const CommandOptions *options, const char *what, guint number,
    const char *report, const char *otherwise);

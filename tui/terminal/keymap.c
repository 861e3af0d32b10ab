/* The key table: what every key does on every screen. */
#include "tui/terminal/keymap.h"

#include <string.h>

#include "core/util/error.h"
#include "core/util/text.h"

static KeyRow rows[] = {
    {CONTEXT_HOST, ACTION_OPEN, "Enter", "open", "open the domain that is pinned to this CPU",
        FALSE},

    {CONTEXT_MEMORY, ACTION_EDIT, "Enter e", "edit pool",
        "stage another number of pages for the pool, overcommit, another mount or value", TRUE},
    {CONTEXT_MEMORY, ACTION_KEEP, "b", NULL,
        "keep the value at boot (+b), or no longer; what is staged: now, now and at boot, at boot, none",
        TRUE},
    {CONTEXT_MEMORY, ACTION_MORE, "+ =", "more", "stage 128 MiB more for the pool, at least a page",
        TRUE},
    {CONTEXT_MEMORY, ACTION_FEWER, "-", "fewer", "stage as much less", TRUE},
    {CONTEXT_MEMORY, ACTION_FIT, "F", "fit",
        "grow the pools so that the domain under the cursor starts", TRUE},
    {CONTEXT_MEMORY, ACTION_PAGES, "v", "VMs' pages",
        "where each VM's pages are, beside where its vCPUs run", FALSE},
    {CONTEXT_MEMORY, ACTION_STOP, "x", NULL,
        "stop the pool that grows: it goes back to what it was", TRUE},

    {CONTEXT_PAGES, ACTION_MOVE_PAGES, "m", "move", "stage that the VM's pages move to other nodes",
        TRUE},
    {CONTEXT_PAGES, ACTION_PAUSE, "Space", NULL, "hold the move up that runs, or let it go on",
        TRUE},
    {CONTEXT_PAGES, ACTION_STOP, "x", NULL, "stop the move that runs: what is moved stays moved",
        TRUE},
    {CONTEXT_PAGES, ACTION_COUNT_PAGES, "c", "count",
        "count the VM's pages by size and node (numa_maps), which costs it time; c again stops",
        FALSE},
    {CONTEXT_PAGES, ACTION_OPEN, "Enter", "open", "open the domain", FALSE},
    {CONTEXT_PAGES, ACTION_BACK, "Esc Backspace", "back", "back to where it was opened", FALSE},

    {CONTEXT_SHARING, ACTION_EDIT, "Enter e", "edit", "stage another value for the row", TRUE},
    {CONTEXT_SHARING, ACTION_CYCLE, "Space", "next value", "stage the next of the row's values",
        TRUE},
    {CONTEXT_SHARING, ACTION_KEEP, "b", NULL,
        "keep the value at boot (+b), or no longer; what is staged: now, now and at boot, at boot, none",
        TRUE},
    {CONTEXT_SHARING, ACTION_COUNT_PAGES, "c", NULL,
        "count what of the VM's process is in huge pages (smaps), which costs it time; c again "
        "stops",
        FALSE},

    {CONTEXT_DOMAINS, ACTION_OPEN, "Enter", "open", "open the domain: its vCPUs and their pins",
        FALSE},
    {CONTEXT_DOMAINS, ACTION_TUNE, "t", "tune",
        "all tunings of the marked domains, else of the one under the cursor", FALSE},
    {CONTEXT_DOMAINS, ACTION_MARK, "Space", "mark", "mark the domain, to tune several at once",
        FALSE},
    {CONTEXT_DOMAINS, ACTION_COPY, "y", NULL, "copy the domain's tunings", FALSE},
    {CONTEXT_DOMAINS, ACTION_PASTE, "P", NULL,
        "stage the copied tunings on the marked domains, else on the one under the cursor", TRUE},
    {CONTEXT_DOMAINS, ACTION_FIT, "F", NULL,
        "grow the hugepage pools so that the marked domains, else the one under the cursor, start",
        TRUE},
    {CONTEXT_DOMAINS, ACTION_FILTER, "/ F4", "filter",
        "show only domains whose name or title has this text", FALSE},
    {CONTEXT_DOMAINS, ACTION_BACK, "Esc", NULL, "end the filter", FALSE},
    {CONTEXT_DOMAINS, ACTION_SORT, "s F6", "sort", "choose the column to sort by", FALSE},
    {CONTEXT_DOMAINS, ACTION_SORT_NEXT, ">", NULL, "sort by the next column", FALSE},
    {CONTEXT_DOMAINS, ACTION_SORT_PREVIOUS, "<", NULL, "sort by the column before", FALSE},
    {CONTEXT_DOMAINS, ACTION_SORT_REVERSE, "R", NULL, "turn the order round", FALSE},

    {CONTEXT_DOMAIN, ACTION_EDIT, "Enter e", "pin",
        "pin the vCPU, emulator or I/O thread under the cursor", TRUE},
    {CONTEXT_DOMAIN, ACTION_TUNE, "t", "tune", "all tunings of the domain", FALSE},
    {CONTEXT_DOMAIN, ACTION_EDIT_ALL, "E", "pin all", "pin all vCPUs to one set of CPUs", TRUE},
    {CONTEXT_DOMAIN, ACTION_EMULATOR, "m", "emulator", "pin the emulator threads", TRUE},
    {CONTEXT_DOMAIN, ACTION_BACKING, "b", "backing", "choose the hugepages that back its memory",
        TRUE},
    {CONTEXT_DOMAIN, ACTION_FIT, "F", NULL, "grow the hugepage pools so that it starts", TRUE},
    {CONTEXT_DOMAIN, ACTION_NOSHAREPAGES, "n", "KSM",
        "let KSM merge its pages, or not (nosharepages)", TRUE},
    {CONTEXT_DOMAIN, ACTION_UNPIN, "Del x", "unpin", "take the pin under the cursor away", TRUE},
    {CONTEXT_DOMAIN, ACTION_BACK, "Esc Backspace Left h", "back", "back to where it was opened",
        FALSE},

    {CONTEXT_TUNING, ACTION_EDIT, "Enter e", "edit",
        "stage another value; on a heading: fold or unfold", TRUE},
    {CONTEXT_TUNING, ACTION_FOLD, "Space", "fold",
        "fold or unfold the heading; a switch is turned over", FALSE},
    {CONTEXT_TUNING, ACTION_FOLD_ALL, "z", "fold all", "fold everything, or unfold it", FALSE},
    {CONTEXT_TUNING, ACTION_SEARCH, "/ F3", "search",
        "show only tunings that have this in their key or help", FALSE},
    {CONTEXT_TUNING, ACTION_UNSTAGE, "d Del", "unstage", "take what is staged here back", TRUE},
    {CONTEXT_TUNING, ACTION_UNSET, "x", NULL, "stage that nothing is set: the default holds again",
        TRUE},
    {CONTEXT_TUNING, ACTION_COPY, "y", "copy", "copy all tunings, for P", FALSE},
    {CONTEXT_TUNING, ACTION_PASTE, "P", "paste", "stage the copied tunings here", TRUE},
    {CONTEXT_TUNING, ACTION_LEFT, "Left h", NULL, "fold the group, or go to its heading", FALSE},
    {CONTEXT_TUNING, ACTION_RIGHT, "Right l", NULL, "unfold the heading", FALSE},
    {CONTEXT_TUNING, ACTION_BACK, "Esc Backspace", "back", "end the search, or go back", FALSE},

    {CONTEXT_BOARD, ACTION_PICK, "Space", "pick up",
        "pick up the chip or domain under the cursor, or let it be; several go together", TRUE},
    {CONTEXT_BOARD, ACTION_DROP, "Enter", "drop",
        "drop what is picked up here; with nothing picked up, open the domain", FALSE},
    {CONTEXT_BOARD, ACTION_ADD, "+", "add",
        "add what is dropped to the CPUs it has, or replace them", TRUE},
    {CONTEXT_BOARD, ACTION_UNPIN, "Del x", "unpin",
        "unpin what is picked up, or is under the cursor", TRUE},
    {CONTEXT_BOARD, ACTION_OUT, "[", "out", "to what is around: core, cache, node, package", FALSE},
    {CONTEXT_BOARD, ACTION_IN, "]", "in", "to the first one in it", FALSE},
    {CONTEXT_BOARD, ACTION_ZOOM_OUT, "z -", "zoom", "show less of each: cores, caches, nodes",
        FALSE},
    {CONTEXT_BOARD, ACTION_ZOOM_IN, "Z =", NULL, "show more: caches, cores, threads", FALSE},
    {CONTEXT_BOARD, ACTION_GOTO, "g /", "go to", "go to a domain by its name", FALSE},
    {CONTEXT_BOARD, ACTION_PROPOSE, "f", "propose",
        "propose a layout for the domains picked up, or all that run, as ghosts", TRUE},
    {CONTEXT_BOARD, ACTION_PROPOSE_ALL, "F", NULL,
        "the same for all domains: those that are off get room, too", TRUE},
    {CONTEXT_BOARD, ACTION_ACCEPT, "A", NULL, "take all that is proposed; Enter takes one domain's",
        TRUE},
    {CONTEXT_BOARD, ACTION_NEXT_CHIP, "c", NULL, "the next of the chips that stand here", FALSE},

    {CONTEXT_PREVIEW, ACTION_APPLY, "a", "apply",
        "apply everything that is staged, as one transaction", TRUE},
    {CONTEXT_PREVIEW, ACTION_UNSTAGE, "Del - d", "unstage",
        "take back what made the line under the cursor; on a heading, all below it", TRUE},
    {CONTEXT_PREVIEW, ACTION_ACCEPT, "+", NULL,
        "stage what the preview offers: the line under the cursor, else the first", TRUE},
    {CONTEXT_PREVIEW, ACTION_OPEN, "Enter Space", "fold",
        "fold or unfold the domain, or the part of it, under the cursor", FALSE},
    {CONTEXT_PREVIEW, ACTION_LEFT, "Left h", NULL, "fold, or go to the heading above", FALSE},
    {CONTEXT_PREVIEW, ACTION_RIGHT, "Right l", NULL, "unfold", FALSE},
    {CONTEXT_PREVIEW, ACTION_FOLD_ALL, "Z", NULL, "fold all domains, or unfold them", FALSE},
    {CONTEXT_PREVIEW, ACTION_SEARCH, "/ F3", "search", "look for a text, in what is folded as well",
        FALSE},
    {CONTEXT_PREVIEW, ACTION_SEARCH_NEXT, "n", NULL, "the next line that has it", FALSE},
    {CONTEXT_PREVIEW, ACTION_SEARCH_PREVIOUS, "N", NULL, "the line before that has it", FALSE},
    {CONTEXT_PREVIEW, ACTION_COPY, "y", "copy",
        "copy the preview to the clipboard of the terminal, also over SSH (OSC 52)", FALSE},
    {CONTEXT_PREVIEW, ACTION_COPY_SECTION, "Y", NULL, "copy only the section under the cursor",
        FALSE},
    {CONTEXT_PREVIEW, ACTION_WRITE, "w", NULL, "write the preview to a file", FALSE},

    {CONTEXT_PREVIEW, ACTION_BACK, "Esc", "back", "back to the screen it was opened over", FALSE},

    {CONTEXT_JOURNAL, ACTION_OPEN, "Enter", "steps", "show or hide the steps of the entry", FALSE},
    {CONTEXT_JOURNAL, ACTION_UNDO, "u", "undo",
        "stage what takes the entry back, and show it: a applies it", TRUE},

    {CONTEXT_HELP, ACTION_BACK, "Esc ? q Enter", "back", "back to the screen", FALSE},

    {CONTEXT_EVERYWHERE, ACTION_PREVIEW, "p 6", "preview", "what would be written, and apply it",
        FALSE},
    {CONTEXT_EVERYWHERE, ACTION_UNDO, "u", "undo",
        "unstage the last change; with none staged, show what takes the newest entry of the "
        "journal back",
        TRUE},
    {CONTEXT_EVERYWHERE, ACTION_SAVE, "S", NULL, "save what is staged as a plan, in a file", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_LOAD, "o", NULL, "open a plan file: stage what it holds", TRUE},
    {CONTEXT_EVERYWHERE, ACTION_HELP, "? F1", "help",
        "the line under the cursor, this screen and its keys", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_QUIT, "q F10 Ctrl-C", "quit", "quit; asks where changes are staged",
        FALSE},
    {CONTEXT_EVERYWHERE, ACTION_HOST, "1", NULL,
        "Host: packages, nodes, caches, cores and their load", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_MEMORY, "2", NULL, "Memory: hugepage pools, nodes, meminfo", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_SHARING, "3", NULL, "Sharing: KSM and transparent hugepages",
        FALSE},
    {CONTEXT_EVERYWHERE, ACTION_DOMAINS, "4", NULL,
        "Domains: where they are asked to run and where they do", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_BOARD, "5", NULL,
        "Board: the vCPUs on the machine, to be placed there", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_JOURNAL, "7", NULL, "Journal: what was applied, and undo", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_NEXT, "Tab", NULL, "the next screen", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_PREVIOUS, "Backtab", NULL, "the screen before", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_UP, "Up k", NULL, "up", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_DOWN, "Down j", NULL, "down", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_LEFT, "Left h", NULL, "left", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_RIGHT, "Right l", NULL, "right", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_PAGE_UP, "PgUp Ctrl-B", NULL, "a page up", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_PAGE_DOWN, "PgDn Ctrl-F", NULL, "a page down", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_FIRST, "Home g", NULL, "to the first", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_LAST, "End G", NULL, "to the last", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_BACK, "Esc", NULL, "back to the screen below", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_THEME, "T", NULL, "the next theme", FALSE},
    {CONTEXT_EVERYWHERE, ACTION_REDRAW, "L Ctrl-L", NULL, "draw the screen anew", FALSE},
};

static const char *const context_names[CONTEXT_COUNT] = {"everywhere", "host", "memory", "pages",
    "sharing", "domains", "domain", "tuning", "board", "preview", "journal", "help"};

static const char *const action_names[ACTION_COUNT] = {
    [ACTION_NONE] = "none",
    [ACTION_QUIT] = "quit",
    [ACTION_HELP] = "help",
    [ACTION_BACK] = "back",
    [ACTION_REDRAW] = "redraw",
    [ACTION_THEME] = "theme",
    [ACTION_HOST] = "host",
    [ACTION_MEMORY] = "memory",
    [ACTION_SHARING] = "sharing",
    [ACTION_DOMAINS] = "domains",
    [ACTION_BOARD] = "board",
    [ACTION_PREVIEW] = "preview",
    [ACTION_JOURNAL] = "journal",
    [ACTION_NEXT] = "next",
    [ACTION_PREVIOUS] = "previous",
    [ACTION_UP] = "up",
    [ACTION_DOWN] = "down",
    [ACTION_LEFT] = "left",
    [ACTION_RIGHT] = "right",
    [ACTION_PAGE_UP] = "page-up",
    [ACTION_PAGE_DOWN] = "page-down",
    [ACTION_FIRST] = "first",
    [ACTION_LAST] = "last",
    [ACTION_ZOOM_IN] = "zoom-in",
    [ACTION_ZOOM_OUT] = "zoom-out",
    [ACTION_OUT] = "out",
    [ACTION_IN] = "in",
    [ACTION_NEXT_CHIP] = "next-chip",
    [ACTION_PICK] = "pick",
    [ACTION_DROP] = "drop",
    [ACTION_ADD] = "add",
    [ACTION_GOTO] = "goto",
    [ACTION_PROPOSE] = "propose",
    [ACTION_PROPOSE_ALL] = "propose-all",
    [ACTION_OPEN] = "open",
    [ACTION_EDIT] = "edit",
    [ACTION_CYCLE] = "cycle",
    [ACTION_EDIT_ALL] = "edit-all",
    [ACTION_EMULATOR] = "emulator",
    [ACTION_KEEP] = "keep",
    [ACTION_BACKING] = "backing",
    [ACTION_NOSHAREPAGES] = "nosharepages",
    [ACTION_UNPIN] = "unpin",
    [ACTION_SORT] = "sort",
    [ACTION_SORT_NEXT] = "sort-next",
    [ACTION_SORT_PREVIOUS] = "sort-previous",
    [ACTION_SORT_REVERSE] = "sort-reverse",
    [ACTION_FILTER] = "filter",
    [ACTION_APPLY] = "apply",
    [ACTION_ACCEPT] = "accept",
    [ACTION_UNSTAGE] = "unstage",
    [ACTION_FOLD_ALL] = "fold-all",
    [ACTION_SEARCH] = "search",
    [ACTION_SEARCH_NEXT] = "search-next",
    [ACTION_SEARCH_PREVIOUS] = "search-previous",
    [ACTION_COPY] = "copy",
    [ACTION_COPY_SECTION] = "copy-section",
    [ACTION_WRITE] = "write",
    [ACTION_UNDO] = "undo",
    [ACTION_SAVE] = "save",
    [ACTION_LOAD] = "load",
    [ACTION_TUNE] = "tune",
    [ACTION_MARK] = "mark",
    [ACTION_FOLD] = "fold",
    [ACTION_UNSET] = "unset",
    [ACTION_PASTE] = "paste",
    [ACTION_MORE] = "more",
    [ACTION_FEWER] = "fewer",
    [ACTION_FIT] = "fit",
    [ACTION_PAGES] = "pages",
    [ACTION_COUNT_PAGES] = "count-pages",
    [ACTION_MOVE_PAGES] = "move-pages",
    [ACTION_PAUSE] = "pause",
    [ACTION_STOP] = "stop",
};

static const struct {
    const char *name;
    guint code;
} key_names[] = {
    {"Up", KEY_CODE_UP},
    {"Down", KEY_CODE_DOWN},
    {"Left", KEY_CODE_LEFT},
    {"Right", KEY_CODE_RIGHT},
    {"Home", KEY_CODE_HOME},
    {"End", KEY_CODE_END},
    {"PgUp", KEY_CODE_PAGE_UP},
    {"PgDn", KEY_CODE_PAGE_DOWN},
    {"Del", KEY_CODE_DELETE},
    {"Backspace", KEY_CODE_BACKSPACE},
    {"Backtab", KEY_CODE_BACKTAB},
    {"Enter", KEY_CODE_ENTER},
    {"Esc", KEY_CODE_ESCAPE},
    {"Tab", KEY_CODE_TAB},
    {"Space", ' '},
};

const KeyRow *keymap_rows(guint *count)
{
    *count = G_N_ELEMENTS(rows);
    return rows;
}

const char *keymap_context_name(KeyContext context)
{
    return context_names[context];
}

const char *keymap_action_name(Action action)
{
    return action_names[action];
}

guint keymap_code(const char *name)
{
    gint64 number = 0;

    for (guint i = 0; i < G_N_ELEMENTS(key_names); i++)
        if (strcmp(name, key_names[i].name) == 0)
            return key_names[i].code;
    if (g_str_has_prefix(name, "Ctrl-") && g_ascii_isupper(name[5]) && name[6] == '\0')
        return KEY_CTRL((guint)name[5]);
    if (name[0] == 'F' && text_parse_int(name + 1, &number) && number >= 1 && number <= 12)
        return KEY_CODE_F1 + (guint)number - 1;
    if (g_utf8_validate(name, -1, NULL) && g_utf8_strlen(name, -1) == 1 &&
        g_unichar_isgraph(g_utf8_get_char(name)))
        return g_utf8_get_char(name);
    return 0;
}

static gboolean row_has_key(const KeyRow *row, guint code)
{
    char name[16];

    for (const char *p = row->keys; *p != '\0';) {
        gsize length = strcspn(p, " ");
        if (length < sizeof name) {
            memcpy(name, p, length);
            name[length] = '\0';
            if (keymap_code(name) == code)
                return TRUE;
        }
        p += length;
        p += strspn(p, " ");
    }
    return FALSE;
}

Action keymap_action(KeyContext context, guint code)
{
    if (code == '\n')
        code = KEY_CODE_ENTER;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].context == context && row_has_key(&rows[i], code))
            return rows[i].action;
    if (context == CONTEXT_EVERYWHERE)
        return ACTION_NONE;
    return keymap_action(CONTEXT_EVERYWHERE, code);
}

/* The row that the configuration calls "context.action". */
static KeyRow *find_row(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *own =
            g_strdup_printf("%s.%s", context_names[rows[i].context], action_names[rows[i].action]);
        if (strcmp(own, name) == 0)
            return &rows[i];
    }
    return NULL;
}

gboolean keymap_configure(GKeyFile *file, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(file, "keys", NULL, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        KeyRow *row = find_row(names[i]);
        g_autofree char *value = g_key_file_get_string(file, "keys", names[i], NULL);
        g_autofree char *shown = text_escape(names[i], 40);
        if (row == NULL) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "configuration, [keys]: \"%s\" is no action; kvmtune(1) lists them", shown);
            return FALSE;
        }
        g_auto(GStrv) keys = g_strsplit(value ? g_strstrip(value) : "", " ", -1);
        for (guint k = 0; keys[k] != NULL; k++)
            if (keymap_code(keys[k]) == 0) {
                g_autofree char *bad = text_escape(keys[k], 20);
                g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                    "configuration, [keys] %s: \"%s\" is no key: write a character, Up, PgDn, "
                    "Enter, Ctrl-A or F1",
                    shown, bad);
                return FALSE;
            }
        row->keys = g_intern_string(value ? value : "");
    }
    return TRUE;
}

/* The key table: what every key does on every screen. The hint line, the help screen, the man page
 * and the rebinding in the configuration all come from it. */
#pragma once

#include <glib.h>

/* Codes of keys that are no characters; characters are their Unicode values. */
enum {
    KEY_CODE_UP = 0x110000, /* above Unicode */
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_DELETE,
    KEY_CODE_BACKSPACE,
    KEY_CODE_BACKTAB,
    KEY_CODE_F1, /* F2 and so on follow */
    KEY_CODE_F12 = KEY_CODE_F1 + 11,
};
#define KEY_CODE_ENTER  '\r'
#define KEY_CODE_ESCAPE 0x1b
#define KEY_CODE_TAB    '\t'
#define KEY_CTRL(c)     ((c)&0x1f)

typedef enum {
    ACTION_NONE,
    ACTION_QUIT,
    ACTION_HELP,
    ACTION_BACK,
    ACTION_REDRAW,
    ACTION_THEME,
    ACTION_HOST,
    ACTION_MEMORY,
    ACTION_SHARING,
    ACTION_DOMAINS,
    ACTION_BOARD,
    ACTION_PREVIEW,
    ACTION_JOURNAL,
    ACTION_NEXT,
    ACTION_PREVIOUS,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_OUT,
    ACTION_IN,
    ACTION_NEXT_CHIP,
    ACTION_PICK,
    ACTION_DROP,
    ACTION_ADD,
    ACTION_GOTO,
    ACTION_PROPOSE,
    ACTION_PROPOSE_ALL,
    ACTION_OPEN,
    ACTION_EDIT,
    ACTION_CYCLE,
    ACTION_EDIT_ALL,
    ACTION_EMULATOR,
    ACTION_KEEP,
    ACTION_BACKING,
    ACTION_NOSHAREPAGES,
    ACTION_UNPIN,
    ACTION_SORT,
    ACTION_SORT_NEXT,
    ACTION_SORT_PREVIOUS,
    ACTION_SORT_REVERSE,
    ACTION_FILTER,
    ACTION_APPLY,
    ACTION_ACCEPT,
    ACTION_UNSTAGE,
    ACTION_FOLD_ALL,
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_COPY,
    ACTION_COPY_SECTION,
    ACTION_WRITE,
    ACTION_UNDO,
    ACTION_SAVE,
    ACTION_LOAD,
    ACTION_TUNE,
    ACTION_MARK,
    ACTION_FOLD,
    ACTION_UNSET,
    ACTION_PASTE,
    ACTION_PAGES,
    ACTION_COUNT_PAGES,
    ACTION_MORE,
    ACTION_FEWER,
    ACTION_FIT,
    ACTION_MOVE_PAGES,
    ACTION_PAUSE,
    ACTION_STOP,
    ACTION_COUNT,
} Action;

typedef enum {
    CONTEXT_EVERYWHERE,
    CONTEXT_HOST,
    CONTEXT_MEMORY,
    CONTEXT_PAGES,
    CONTEXT_SHARING,
    CONTEXT_DOMAINS,
    CONTEXT_DOMAIN,
    CONTEXT_TUNING,
    CONTEXT_BOARD,
    CONTEXT_PREVIEW,
    CONTEXT_JOURNAL,
    CONTEXT_HELP,
    CONTEXT_COUNT,
} KeyContext;

typedef struct {
    KeyContext context;
    Action action;
    const char *keys; /* names, separated by spaces: "Up k" */
    const char *hint; /* a word for the hint line; NULL: not shown there */
    const char *help; /* a phrase */
    gboolean writes;  /* not offered where everything is read-only */
} KeyRow;

/* The rows as they stand now, by context; *count of them. */
const KeyRow *keymap_rows(guint *count);
const char *keymap_context_name(KeyContext context); /* "domains" */
const char *keymap_action_name(Action action);       /* "edit-all" */

/* What key @code does in @context: its own rows first, then those of everywhere. */
Action keymap_action(KeyContext context, guint code);

/* The code of the key named @name ("Up", "Ctrl-L", "a", "F5"); 0 where there is none such. */
guint keymap_code(const char *name);

/* Binds keys anew from the [keys] group of @file: "domains.filter = / f". FALSE with a
 * KVMTUNE_ERROR_USAGE sentence naming the line; what came before it stays bound. */
gboolean keymap_configure(GKeyFile *file, GError **error);

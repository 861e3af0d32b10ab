/* OSC 52 (xterm's "Manipulate Selection Data"), bare or through tmux or screen. */
#include "tui/terminal/clipboard.h"

#include "core/util/error.h"
#include "tui/terminal/terminal.h"

#include <string.h>

#define SCREEN_CHUNK 76 /* GNU screen passes only short strings on */

/* GNU screen passes on what stands between ESC P and ESC \, and joins nothing: in pieces. */
static void append_for_screen(GString *out, const char *osc)
{
    for (const char *p = osc; *p;) {
        gsize length = MIN(strlen(p), (gsize)SCREEN_CHUNK);
        g_string_append(out, "\033P");
        g_string_append_len(out, p, (gssize)length);
        g_string_append(out, "\033\\");
        p += length;
    }
}

char *clipboard_sequence(
    const char *text, const char *type, gboolean tmux, gsize *length, GError **error)
{
    gsize size = strlen(text);

    if (size > CLIPBOARD_MAX) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%" G_GSIZE_FORMAT
            " bytes are more than a terminal's clipboard takes: write a file (w)",
            size);
        return NULL;
    }
    g_autofree char *base64 = g_base64_encode((const guchar *)text, size);
    g_autofree char *osc = g_strconcat("\033]52;c;", base64, "\a", NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    tmux |= g_str_has_prefix(type, "tmux");
    if (!tmux && g_str_has_prefix(type, "screen")) {
        append_for_screen(out, osc);
    } else {
        g_string_append(out, osc);
        /* tmux takes the bare one with its set-clipboard on, this one with allow-passthrough on. */
        if (tmux)
            g_string_append_printf(out, "\033Ptmux;\033%s\033\\", osc);
    }
    *length = out->len;
    return g_strdup(out->str);
}

gboolean clipboard_copy(const char *text, GError **error)
{
    const char *type = g_getenv("TERM"), *tmux = g_getenv("TMUX");
    gsize length;
    g_autofree char *bytes =
        clipboard_sequence(text, type ? type : "", tmux && *tmux, &length, error);

    return bytes && terminal_send(bytes, length, error);
}

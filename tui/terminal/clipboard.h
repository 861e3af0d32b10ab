/* The clipboard of the terminal one sits at, also over SSH: the escape sequence OSC 52. */
#pragma once

#include <glib.h>

#define CLIPBOARD_MAX 74994 /* bytes: 99,992 in base64; terminals drop more than 100,000 */

/* The bytes that ask a terminal of type @type (TERM) to take @text; @tmux: they pass through tmux.
 * Sets *length. NULL with a KVMTUNE_ERROR_FAILED sentence where it is too much. The caller
 * frees it. */
char *clipboard_sequence(
    const char *text, const char *type, gboolean tmux, gsize *length, GError **error);

/* Asks the terminal. FALSE with a sentence; whether the terminal obeys, nothing can tell. */
gboolean clipboard_copy(const char *text, GError **error);

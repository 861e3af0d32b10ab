/* Text from outside made safe to show, and sizes as people write them. */
#pragma once

#include <glib.h>

/* Whether @text is printable ASCII alone, as most is: nothing to escape, a cell a byte. *length is
 * then its length. */
gboolean text_is_plain(const char *text, gsize *length);

/* Whether @c reorders or hides the text around it: Unicode's Bidi_Control, zero widths. */
gboolean text_is_deceptive(gunichar c);

/* @text with control characters, invalid UTF-8 and direction overrides written as \xNN or \u{NNNN},
 * cut to at most @max_chars characters (the cut shown as "…"); 0 means no cut. NULL gives "–".
 * The caller frees it. Everything that comes from a guest, a file, libvirt or the command line
 * passes through here before it reaches a terminal. */
char *text_escape(const char *text, gsize max_chars);

/* A size in KiB in three or four figures with its unit: "512 KiB", "2.0 MiB", "31.3 GiB".
 * The caller frees it. */
char *text_size_kib(guint64 kib);

/* A page size as the tunables write it: "4K", "2M", "1G". The caller frees it. */
char *text_page_size(guint64 kib);

/* Parses "2M", "1G", "2048K", "2048KiB", "1048576" (KiB without a unit) to KiB. FALSE where it is
 * no such size, or zero, or over 2^53 KiB. */
gboolean text_parse_size(const char *text, guint64 *kib);

/* The bytes of one @unit as libvirt's virScaleInteger has them: "b" or "bytes"; K, M, G, T, P, E
 * alone or with "iB" count by 1024, with "B" by 1000; no unit (NULL, "") is KiB. 0: no such unit.
 */
guint64 text_unit_bytes(const char *unit);
/* @text in @unit, as libvirt's XML has them, to KiB, rounded up as libvirt does. FALSE where it is
 * no size or overflows. */
gboolean text_scaled_kib(const char *text, const char *unit, guint64 *kib);

/* Parses a whole decimal number, nothing before or after it. FALSE where it is none or overflows.
 */
gboolean text_parse_int(const char *text, gint64 *value);

/* Whether @text (NULL: nothing) has @folded, which g_utf8_casefold() gave, in capitals or not. */
gboolean text_has_folded(const char *text, const char *folded);

/* A path of /proc/mounts or fstab(5), where blanks, tabs, line ends and backslashes are written
 * "\040", "\011", "\012" and "\134"; every other byte stays. The caller frees it. */
char *text_mount_path(const char *text);
/* The members of @list (a comma between) that are not in the list @others, in their order; the
 * caller frees them. */
char **text_list_without(const char *list, const char *others);
/* Whether @path lies below @folder; none counts as below "/", nor a folder as below itself. */
gboolean text_is_below(const char *path, const char *folder);

/* @words (char*), sorted and each once, with commas between them; @words is sorted by it. The
 * caller frees the text. */
char *text_join_sorted(GPtrArray *words);

/* Small files of the kernel, read and written below a root directory ("" is the host itself). */
#pragma once

#include <glib.h>

#define ROOTFILE_MAX (4u << 20) /* no file kvmtune reads is larger; a larger one is refused */

/* The whole content of @root/@path, its trailing white space removed; at most ROOTFILE_MAX bytes.
 * NULL where it does not exist, cannot be read or vanished meanwhile: for kvmtune that value is
 * unknown. The caller frees it. */
char *rootfile_read(const char *root, const char *path);
/* The same with the white space at its end; NULL too where a NUL is in it. For files of people. */
char *rootfile_read_whole(const char *root, const char *path);
char *rootfile_readf(const char *root, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* TRUE and the number where the file holds exactly one decimal number. */
gboolean rootfile_read_int(const char *root, const char *path, gint64 *value);

/* The sorted names in directory @root/@path that begin with @prefix (may be ""), numbers in numeric
 * order ("node2" before "node10"); empty where there is no such directory. */
GPtrArray *rootfile_list(const char *root, const char *path, const char *prefix);

/* Of many files in one folder: @root/@path opened, -1 where there is no such directory; the caller
 * closes it. Then what rootfile_read() tells of its file @name, and once the names of its files,
 * without those that the file system lists as folders; of -1 nothing, and none. */
int rootfile_folder(const char *root, const char *path);
char *rootfile_read_in(int folder, const char *name);
GPtrArray *rootfile_list_in(int folder);

/* Whether @full, a path that begins with @root, stays inside @root when its links are followed;
 * parts at its end may be missing. Always TRUE of the host itself (""). */
gboolean rootfile_is_below(const char *root, const char *full);
/* Why it does not, or is not known to: "a link in it leads out of /img"; NULL: it does. The caller
 * frees it. */
char *rootfile_not_below(const char *root, const char *full);

/* Writes @text to @root/@path as a kernel file takes it: one write(2), no truncation, no creation.
 * Below a @root of its own the file is cut to @text, and it must be a plain file inside @root.
 * FALSE with a sentence that names the file and errno's reason; the GError is of G_FILE_ERROR so
 * that the caller can tell EBUSY or EINVAL apart by g_file_error_from_errno. */
gboolean rootfile_write(const char *root, const char *path, const char *text, GError **error);

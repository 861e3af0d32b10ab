/* What is kept across a reboot: kvmtune's own files below /etc, a line a value.
 *
 * A file of /proc/sys is set at boot by systemd-sysctl (sysctl.d(5)), one of /sys by
 * systemd-tmpfiles (tmpfiles.d(5), type w). Only these two files are edited here; lines in them
 * that are somebody else's stay as they are, byte for byte. */
#pragma once

#include <glib.h>

#define BOOTFILE_SYSCTL   "/etc/sysctl.d/60-kvmtune.conf"
#define BOOTFILE_TMPFILES "/etc/tmpfiles.d/kvmtune.conf"

typedef enum { BOOTFILE_OF_SYSCTL, BOOTFILE_OF_TMPFILES, BOOTFILES } BootFile;

/* Its path below the root. */
const char *bootfile_path(BootFile file);
/* The file that can keep a value of the kernel's file @place; BOOTFILES where none can: it is
 * neither below /proc/sys nor below /sys. */
BootFile bootfile_for(const char *place);

/* The lines that a boot file has for kernel files, read from @text. @line (may be NULL) is set to
 * the line's number. NULL where @text (may be NULL) sets @place to nothing; where several lines do,
 * the one that holds. The caller frees it. */
char *bootfile_value(const char *text, const char *place, guint *line);

/* Whether a line can say @value: it has neither a line's end nor a \ in it. */
gboolean bootfile_fits(const char *value);
/* @text (NULL: no file yet) with @place set to @value: of a line that is there only the value
 * changes; "" takes all lines away that set it. A new file begins with kvmtune's heading. NULL with
 * a KVMTUNE_ERROR_FAILED where @place cannot be kept, @value does not fit a line, or the value
 * there could not be put back byte for byte. The caller frees it. */
char *bootfile_set(const char *text, const char *place, const char *value, GError **error);

/* Whether nothing is left in @text but the heading: kvmtune made that file, and it can go. */
gboolean bootfile_is_bare(const char *text);

/* The text of @root/@path. NULL without an error where there is no such file; NULL with a
 * KVMTUNE_ERROR_FAILED where it cannot be read, is no plain file, or no text. Caller frees. */
char *bootfile_read(const char *root, const char *path, GError **error);

/* Replaces @root/@path by @text in one rename, flushed, its owner and mode kept; NULL removes it.
 * Folders that are missing are made. FALSE with a KVMTUNE_ERROR_FAILED, and the old file as it was.
 */
gboolean bootfile_write(const char *root, const char *path, const char *text, GError **error);
/* The same of a symbolic link to @target. */
gboolean bootfile_link(const char *root, const char *path, const char *target, GError **error);
/* Takes away what a kvmtune that was killed while it wrote has left beside those files; the host's
 * lock must be held. Nothing that reads them at boot takes a name that ends so for its own. */
#define BOOTFILE_BESIDE ".kvmtune-new"
void bootfile_sweep(const char *root);

/* One line of a file of sysctl.d or tmpfiles.d that sets a file of the kernel. */
typedef struct {
    char *place; /* "/proc/sys/vm/swappiness"; may hold the wildcards of glob(7) */
    char *value;
} BootLine;

void bootline_clear(BootLine *line);
/* Reads one line of sysctl.d ("vm.swappiness = 10", "-vm/swappiness=10") or tmpfiles.d
 * ("w /sys/… - - - - 1"). FALSE where it is a comment, or sets no file of the kernel. */
gboolean bootline_parse_sysctl(const char *text, BootLine *line);
gboolean bootline_parse_tmpfiles(const char *text, BootLine *line);

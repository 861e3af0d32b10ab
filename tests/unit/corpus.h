/* Domain files, real ones in ../shared/corpus and our own in tests/domains, and libvirt's schema
 * for them. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

#define CORPUS_LIBVIRT      "../shared/corpus/libvirt"
#define CORPUS_VIRT_MANAGER "../shared/corpus/virt-manager"
#define CORPUS_OWN          "tests/domains"

/* Calls @check for every file of @folder (one of the above, from the source's root) that is a
 * <domain>, by name. FALSE, and the test is skipped, where there is no such folder. */
gboolean corpus_each_domain(const char *folder, void (*check)(const char *name, const char *text));

/* @text as lines to be compared: itself, and where it has a tag over several lines, or is but one
 * line, each tag with what follows it in a line of its own. The caller frees it. */
char *corpus_lines(const char *text);

/* The tree of @text, which must be well-formed. */
xmlDoc *corpus_parse(const char *text);

/* Whether @text is valid by libvirt's domain.rng; FALSE where that is not installed. */
gboolean corpus_is_valid(const char *text);

/* Frees the schema. */
void corpus_close(void);

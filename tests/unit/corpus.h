/* The real domain files in ../shared/corpus, and libvirt's schema for them. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* Calls @check for every file of ../shared/corpus/@folder that is a <domain>, by name. FALSE, and
 * the test is skipped, where there is no such folder. */
gboolean corpus_each_domain(const char *folder, void (*check)(const char *name, const char *text));

/* The tree of @text, which must be well-formed. */
xmlDoc *corpus_parse(const char *text);

/* Whether @text is valid by libvirt's domain.rng; FALSE where that is not installed. */
gboolean corpus_is_valid(const char *text);

/* Frees the schema. */
void corpus_close(void);

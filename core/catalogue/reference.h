/* The catalogue as documents: everything that explains a tunable is made here, from its row. */
#pragma once

#include "core/catalogue/tunable.h"

/* All of them return a text that the caller frees. */

/* One row explained, as `kvmtune tunables KEY` prints it: lines of at most @width characters, but
 * for words that are longer. */
char *reference_explain(const Tunable *row, int width);
/* One line a key that begins with @prefix: target, key, what is allowed; "" for none. */
char *reference_list(const char *prefix);
/* Target and key of those that begin with @prefix, one a line: "domain vcpupin.N". */
char *reference_names(const char *prefix);
/* The rows that begin with @prefix as a JSON array. */
char *reference_json(const char *prefix);
/* docs/tunables.md, and the man page's section. */
char *reference_markdown(void);
char *reference_man(void);

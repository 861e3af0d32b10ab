/* What of the host holds at boot, for the screens of its memory: beside a value, in a sentence, by
 * a key; and where hugetlbfs is mounted. */
#pragma once

#include "tui/app/app.h"
#include "tui/widgets/table.h"

#define KEPT_MOUNT "hugetlbfs." /* begins the id of a mount's row, which is its tunable's key */

/* Beside the value @now (NULL unknown) of the host's @key, in @room cells: what is staged ("→ 10",
 * "→ 10 +boot", "boot → 10"; narrower "→10+b", "b→ 10"), else what is kept ("+boot", or "boot 20"
 * where it is another value); NULL for neither. The caller frees it. */
char *kept_text(const App *app, const char *key, const char *now, int room, Style *style);
/* "at boot systemd-sysctl (/etc/…:3) sets it to 10": who has the last word, a warning where that is
 * not what stands; NULL: nobody sets it. The caller frees it. */
char *kept_claim(const Host *host, const char *key, Style *style);
/* The key: what is staged goes from now to now and at boot, at boot only, nothing; with nothing
 * staged the value that stands is kept, or no longer. It never stages a value for now. */
void kept_cycle(App *app, const char *key);

/* The mounts of hugetlbfs by page size, and what 1G pages need. */
void kept_add_mounts(const App *app, Table *table, const Host *host);
/* Asks for the folders of the row @key. */
void kept_edit_mount(App *app, const char *key);

/* Texts for cells of a table: numbers, sizes, shares and sets. What is not known is "–". The caller
 * frees each, or gives it to table_cell(). */
#pragma once

#include "core/util/idset.h"
#include "core/util/num.h"

/* Why what only a host's own files tell is not known of a host that libvirt reaches. */
#define CELL_NOT_TOLD "not told by libvirt: run kvmtune on that host"

char *cell_num(Num number);       /* "1234" */
char *cell_size(Num kib);         /* "31.3 GiB" */
char *cell_short_size(Num kib);   /* "31.3G", "176M": at most 5 cells up to 999 TiB */
char *cell_percent(Num permille); /* "31%" of 1/1000 */
/* What grows all the time, so that it stands still: "918237", "5.81 G" from a million on. */
char *cell_count(Num number);
/* Of 1/1000 a second: "1234/s", "0.3/s"; "" for an unknown one: most numbers have none. */
char *cell_rate(Num rate);
/* @set in list form; @otherwise where it is NULL, "none" where it is empty. */
char *cell_set(const IdSet *set, const char *otherwise);

/* @text broken at blanks (else within a word) into lines of at most @first cells, the later ones
 * @rest; at least one line, NULL-terminated. */
char **cell_lines(const char *text, int first, int rest);

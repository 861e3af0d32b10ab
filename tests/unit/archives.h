/* The machines of ../shared/corpus/hwloc: archives, each a copy of one machine's /sys and /proc. */
#pragma once

/* Adds a test /@prefix/MACHINE for each of them, which calls @check with the folder it is unpacked
 * to; where there is none, /@prefix/absent, which is skipped. After g_test_init(). */
void archives_add_tests(const char *prefix, void (*check)(const char *root));

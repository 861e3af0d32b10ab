/* The shape of a fuzz target: tests/fuzz/fuzz-NAME.c defines this one function, its seeds stand in
 * tests/fuzz/seeds/NAME/. The same file becomes a libFuzzer program (configure --enable-fuzzers,
 * make fuzz) and, with replay.c, a test that plays the seeds (make check).
 *
 * A new target is that file, a seed or more, and its name in the three lists of
 * tests/fuzz/fuzz.am. */
#pragma once

#include <glib.h>

#include <stddef.h>
#include <stdint.h>

/* Returns 0. Aborts (g_assert) where what was promised does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The part of the input up to the next zero byte (or its end), NUL-terminated; *data and *size move
 * behind it. The caller frees it. */
static inline char *fuzz_take_text(const uint8_t **data, size_t *size)
{
    size_t n = 0;
    while (n < *size && (*data)[n] != 0)
        n++;
    char *text = g_strndup((const char *)*data, n);
    n = MIN(n + 1, *size);
    *data += n;
    *size -= n;
    return text;
}

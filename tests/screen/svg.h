/* A picture of the emulated terminal, for the README. */
#pragma once

#include "tests/screen/term.h"

/* The screen as an SVG document; the caller frees it. */
char *svg_render(const Term *term, const char *title);

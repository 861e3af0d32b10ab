/* A value of the host as a row of a screen: which tunable it is, what it means, what the foot of
 * the screen says of it, and what the keys do. The row's id is the whole key
 * ("thp.size.64K.enabled"). */
#pragma once

#include "tui/app/app.h"

/* The catalogue's row of the key @id; NULL where it is no tunable of the host. */
const Tunable *hostvalue_tunable(const char *id);
/* What stands of it; NULL where this kernel does not offer it. The caller frees it. */
char *hostvalue_now(const Host *host, const char *id);
/* The unit of @value, or what it means where it is one of several numbers: "ms", "run"; NULL where
 * it says enough by itself. The caller frees it. */
char *hostvalue_meaning(const Tunable *tunable, const char *value);
#define HOSTVALUE_HELP 3 /* lines that hostvalue_draw() takes at most of what a tunable does */
/* Draws what the tunable @id does, and below it who sets it at boot, else its range and source;
 * returns the lines used. */
int hostvalue_draw(const App *app, const char *id, const Canvas *canvas);

/* Asks for another value of @id, which has to be a tunable. */
void hostvalue_edit(App *app, const char *id);
/* Stages the choice after the staged one, or after that which stands; a number is said to be one.
 */
void hostvalue_cycle(App *app, const char *id);

/* A sparkline: the last values of a rate as a row of bars, the highest of them full. */
#pragma once

#include "core/util/num.h"

#define SPARK_LENGTH 12

typedef struct {
    Num values[SPARK_LENGTH]; /* the newest last */
} Spark;

/* Adds @value (unknown leaves a gap). */
void spark_push(Spark *spark, Num value);
/* SPARK_LENGTH cells; blanks where nothing is known or nothing happens. The caller frees it. */
char *spark_text(const Spark *spark);

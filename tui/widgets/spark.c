/* A sparkline: the last values of a rate as a row of bars, the highest of them full. */
#include "tui/widgets/spark.h"

#include "tui/terminal/glyphs.h"

#include <string.h>

void spark_push(Spark *spark, Num value)
{
    memmove(spark->values, spark->values + 1, (SPARK_LENGTH - 1) * sizeof *spark->values);
    spark->values[SPARK_LENGTH - 1] = value;
}

char *spark_text(const Spark *spark)
{
    GString *text = g_string_new(NULL);
    gint64 most = 0;

    for (guint i = 0; i < SPARK_LENGTH; i++)
        most = MAX(most, num_or(spark->values[i], 0));
    for (guint i = 0; i < SPARK_LENGTH; i++) {
        gint64 value = MAX(num_or(spark->values[i], 0), 0);
        gint64 permille = most > 0 ? (gint64)((double)value * 1000 / (double)most) : 0;
        /* What happens at all is seen. */
        g_string_append(text, glyph_level(value > 0 ? MAX(permille, 10) : 0));
    }
    return g_string_free(text, FALSE);
}

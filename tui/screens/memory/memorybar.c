/* The host's memory as one bar: guests by VM, pools, kernel, page cache, free. Each part has a
 * glyph of its own, so that it is told from its neighbours without colour and in ASCII. */
#include "core/snapshot/memoryuse.h"
#include "tui/screens/memory/memoryparts.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define LEGEND_CELLS 24 /* a part's field in the legend */
#define GUESTS_MAX   12 /* named below the bar; the others are counted */

static const struct {
    const char *glyph;
    Style style;
} looks[USE_PARTS] = {
    [USE_GUESTS] = {"█", STYLE_CHIP_1},
    [USE_POOL_USED] = {"▇", STYLE_CHIP_2},
    [USE_POOL_FREE] = {"▅", STYLE_CHIP_3},
    [USE_KERNEL] = {"▆", STYLE_CHIP_4},
    [USE_CACHE] = {"▃", STYLE_CHIP_5},
    [USE_OTHER] = {"▄", STYLE_CHIP_6},
    [USE_FREE] = {"░", STYLE_METER_BACK},
};

/* How many cells each part gets of @width: what is there at all gets one, the rounding goes to the
 * largest. */
static void share_cells(const MemoryUse *use, int width, int cells[USE_PARTS])
{
    int sum = 0, largest = 0;

    for (int i = 0; i < USE_PARTS; i++) {
        gint64 kib = num_or(use->parts[i], 0);
        cells[i] = (int)((double)kib * width / (double)use->total.value + 0.5);
        if (kib > 0 && cells[i] == 0)
            cells[i] = 1;
        sum += cells[i];
        if (cells[i] > cells[largest])
            largest = i;
    }
    cells[largest] = MAX(cells[largest] + width - sum, 0);
}

static void draw_bar(const MemoryUse *use, const Canvas *canvas, int x, int width)
{
    int cells[USE_PARTS];

    share_cells(use, width, cells);
    for (int i = 0; i < USE_PARTS; i++) {
        g_autoptr(GString) part = g_string_new(NULL);
        for (int n = 0; n < cells[i]; n++)
            g_string_append(part, looks[i].glyph);
        canvas_text(canvas, 0, x, cells[i], looks[i].style, part->str);
        x += cells[i];
    }
}

/* The parts in fields of one width. Returns the lines used. */
static int draw_legend(const MemoryUse *use, const Canvas *canvas)
{
    int columns = MAX((canvas->width - 2) / LEGEND_CELLS, 1), n = 0;

    for (int i = 0; i <= USE_PARTS; i++, n++) {
        gboolean ksm = i == USE_PARTS;
        int y = 1 + n / columns, x = 1 + n % columns * LEGEND_CELLS;
        g_autofree char *size = cell_size(ksm ? use->ksm_saved : use->parts[i]);
        if (!ksm)
            canvas_text(canvas, y, x, 1, looks[i].style, looks[i].glyph);
        canvas_printf(canvas, y, x + 2, LEGEND_CELLS - 3, STYLE_TEXT, "%-10s %9s",
            ksm ? "KSM saves" : memory_part_name((MemoryPart)i), size);
    }
    return 1 + (n - 1) / columns;
}

/* "db 24.2G · web1 8.2G · and 3 more" */
static void draw_guests(const MemoryUse *use, const Canvas *canvas, int y)
{
    g_autoptr(GString) text = g_string_new(NULL);
    static const char title[] = "VMs + pools";
    int room =
        canvas->width - 2 - (int)strlen(title) - (int)strlen("   and 9999 more, 9999 not known");
    guint shown = 0;

    for (; shown < use->guests->len && shown < GUESTS_MAX; shown++) {
        const GuestUse *guest = &g_array_index(use->guests, GuestUse, shown);
        g_autofree char *size = cell_short_size(NUM(guest->kib));
        g_autofree char *one = g_strdup_printf("%s%s %s", shown ? " · " : "", guest->name, size);
        if (canvas_width(text->str, FALSE) + canvas_width(one, FALSE) > room)
            break;
        g_string_append(text, one);
    }
    if (shown < use->guests->len)
        g_string_append_printf(text, "%sand %u more", shown ? " · " : "", use->guests->len - shown);
    if (use->guests_unknown)
        g_string_append_printf(text, "%s%u not known", text->len ? ", " : "", use->guests_unknown);
    canvas_text(canvas, y, 1, -1, STYLE_DIM, title);
    canvas_text(canvas, y, 3 + (int)strlen(title), canvas->width - 4 - (int)strlen(title),
        STYLE_TEXT, text->len ? text->str : "no domain runs, as far as is known");
}

int memory_bar_draw(const App *app, const Canvas *canvas)
{
    g_auto(MemoryUse) use;

    memory_use_make(&use, app->snapshot);
    if (!use.total.known || use.total.value <= 0)
        return 0;
    g_autofree char *total = cell_size(use.total);
    canvas_field(canvas, 0, 1, 10, ALIGN_LEFT, STYLE_TITLE, total);
    draw_bar(&use, canvas, 12, MAX(canvas->width - 13, 0));
    int used = 1 + draw_legend(&use, canvas);
    draw_guests(&use, canvas, used);
    return used + 1;
}

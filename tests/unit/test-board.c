/* The board without a terminal: the map of every machine of ../shared/corpus/hwloc and of large
 * made ones, walked cell by cell; mouse reports; what a drop would do. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/topology.h"
#include "tests/unit/machines.h"
#include "tui/screens/board/boarddrop.h"
#include "tui/screens/board/boardstrip.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/mouse.h"

/* ---- the map ---- */

static const MapItem *item_at(const Map *map, guint i)
{
    return &g_array_index(map->items, MapItem, i);
}

static gboolean holds(const MapItem *outer, const MapItem *inner)
{
    return inner->y >= outer->y && inner->x >= outer->x &&
           inner->y + inner->height <= outer->y + outer->height &&
           inner->x + inner->width <= outer->x + outer->width;
}

/* Every part stands within the map and the part around it, has some of that one's CPUs, and is the
 * one found at its place. */
static void check_parts(const Map *map)
{
    for (guint i = 0; i < map->items->len; i++) {
        const MapItem *item = item_at(map, i);
        const MapItem *around = map_parent(map, item);
        g_assert_cmpint(item->x, >=, 0);
        g_assert_cmpint(item->x + item->width, <=, map->shape.width);
        g_assert_cmpint(item->y + item->height, <=, map->height);
        if (around != NULL)
            g_assert_true(holds(around, item));
        if (item->kind != MAP_PART)
            continue;
        if (around != NULL)
            g_assert_true(hwloc_bitmap_isincluded(item->cpus, around->cpus));
        if (item->cell && item->level != LEVEL_NODE)
            g_assert_true(map_at(map, item->y, item->x) == item);
        if (item->strip_width > 0) {
            g_assert_cmpint(item->strip_x, >=, item->x);
            g_assert_cmpint(item->strip_x + item->strip_width, <=, item->x + item->width);
            g_assert_cmpint(item->strip_y, <, item->y + item->height);
        }
    }
}

/* No two cells share a place on the screen. */
static void check_no_overlap(const Map *map)
{
    g_autofree guchar *taken = g_malloc0((gsize)map->height * (gsize)map->shape.width);

    for (guint i = 0; i < map->items->len; i++) {
        const MapItem *item = item_at(map, i);
        if (item->kind != MAP_PART || !item->cell || item->level == LEVEL_NODE)
            continue;
        for (int n = 0; n < item->height * item->width; n++) {
            int y = item->y + n / item->width, x = item->x + n % item->width;
            guchar *place = &taken[y * map->shape.width + x];
            g_assert_cmpint(*place, ==, 0);
            *place = 1;
        }
    }
}

/* The part of @level around @cell, or @cell itself; NULL for none. */
static const MapItem *around(const Map *map, const MapItem *cell, MapLevel level)
{
    while (cell != NULL && cell->level != level)
        cell = map_parent(map, cell);
    return cell;
}

/* Each CPU is in one cell, and that one in the boxes that the topology says. */
static void check_cpus(const Map *map)
{
    const Topology *topology = map->topology;

    for (guint i = 0; i < topology->cpus->len; i++) {
        const Cpu *cpu = topology->cpus->pdata[i];
        guint cells = 0;
        for (guint k = 0; k < map->items->len; k++) {
            const MapItem *item = item_at(map, k);
            cells += item->kind == MAP_PART && item->cell && idset_has(item->cpus, cpu->id);
        }
        g_assert_cmpuint(cells, ==, 1);
        const MapItem *cell = map_cell_of(map, cpu->id);
        const MapItem *core = around(map, cell, LEVEL_CORE);
        const MapItem *llc = around(map, cell, LEVEL_LLC);
        const MapItem *node = around(map, cell, LEVEL_NODE);
        const MapItem *package = around(map, cell, LEVEL_PACKAGE);
        g_assert_nonnull(cell);
        if (core != NULL && cpu->siblings != NULL && cpu->node >= 0)
            g_assert_true(hwloc_bitmap_isincluded(core->cpus, cpu->siblings));
        if (llc != NULL && cpu->llc != NULL)
            g_assert_true(hwloc_bitmap_isincluded(llc->cpus, cpu->llc));
        g_assert_nonnull(node);
        if (cpu->node >= 0)
            g_assert_cmpint(((const Node *)topology->nodes->pdata[node->index])->id, ==, cpu->node);
        else
            g_assert_cmpint(node->index, ==, -1);
        if (package != NULL && cpu->package >= 0)
            g_assert_cmpint(package->index, ==, cpu->package);
    }
}

/* Right from the first cell on reaches each of them; down from any ends. */
static void check_walk(const Map *map)
{
    guint cells = 0, seen = 0;
    const MapItem *cell = map_move(map, NULL, ACTION_FIRST, 1);

    for (guint k = 0; k < map->items->len; k++)
        cells += item_at(map, k)->kind == MAP_PART && item_at(map, k)->cell;
    for (const MapItem *at = cell; at != NULL; at = map_move(map, at, ACTION_RIGHT, 1)) {
        g_assert_true(at->cell);
        g_assert_cmpuint(++seen, <=, cells);
    }
    g_assert_cmpuint(seen, ==, cells);
    for (int lines = 0; cell != NULL; cell = map_move(map, cell, ACTION_DOWN, 1))
        g_assert_cmpint(lines++, <=, map->height);
}

static void check_machine(Topology *topology)
{
    static const int widths[] = {20, 80, 105, 148, 200, 300};

    for (guint w = 0; w < G_N_ELEMENTS(widths); w++)
        for (MapLevel zoom = LEVEL_THREAD; zoom <= LEVEL_NODE; zoom++)
            for (int chips = 0; chips <= 9; chips += 3) {
                Map map = {0};
                MapShape shape = {.width = widths[w],
                    .zoom = zoom,
                    .chips = chips,
                    .lines = chips == 9 ? 2 : 1,
                    .air = chips == 9 ? 1 : 0};
                map_lay(&map, topology, &shape);
                check_cpus(&map);
                check_walk(&map);
                if (widths[w] >= 80) {
                    check_parts(&map);
                    check_no_overlap(&map);
                }
                map_clear(&map);
            }
}

static void test_corpus_machine(gconstpointer archive)
{
    g_autofree char *folder = g_dir_make_tmp("kvmtune-board-XXXXXX", NULL);
    g_autofree char *command = g_strdup_printf(
        "tar -xjf '%s' -C '%s' --wildcards '*/sys/devices/system/*' '*/hwloc.xml' 2>/dev/null; "
        "cd '%s' && mv * root",
        (const char *)archive, folder, folder);
    g_autofree char *root = g_build_filename(folder, "root", NULL);
    g_autofree char *tidy = g_strdup_printf("rm -rf '%s'", folder);

    if (system(command) != 0) {
        g_test_skip("tar with bzip2 is not here or could not unpack it");
    } else {
        g_autoptr(GError) error = NULL;
        g_autoptr(Topology) topology = topology_read(root, NULL, &error);
        g_assert_no_error(error);
        check_machine(topology);
    }
    g_assert_cmpint(system(tidy), ==, 0);
}

/* 1,024 CPUs in 8 nodes, interleaved as some firmware numbers them; 2 CPUs; 8 threads a core. */
static void test_made(void)
{
    static const MachineShape shapes[] = {{1, 1, 1, 2, 1, FALSE}, {2, 4, 8, 8, 2, TRUE},
        {1, 2, 2, 4, 8, FALSE}, {4, 1, 1, 1, 1, TRUE}};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(Host) host = machine_host(&shapes[i]);
        g_assert_cmpuint(host->topology->cpus->len, ==, machine_cpus(&shapes[i]));
        check_machine(host->topology);
    }
}

/* ---- the mouse ---- */

static void test_mouse_sgr(void)
{
    static const struct {
        const char *text;
        gboolean taken;
        MouseKind kind;
        int button, ctrl, y, x;
    } rows[] = {
        {"0;1;1M", TRUE, MOUSE_PRESS, 1, 0, 0, 0},
        {"0;80;24m", TRUE, MOUSE_RELEASE, 1, 0, 23, 79},
        {"2;300;100M", TRUE, MOUSE_PRESS, 3, 0, 99, 299},
        {"32;5;6M", TRUE, MOUSE_DRAG, 1, 0, 5, 4},
        {"48;5;6M", TRUE, MOUSE_DRAG, 1, 1, 5, 4},
        {"16;5;6m", TRUE, MOUSE_RELEASE, 1, 1, 5, 4},
        {"35;5;6M", TRUE, MOUSE_HOVER, 1, 0, 5, 4},
        {"64;5;6M", TRUE, MOUSE_WHEEL_UP, 1, 0, 5, 4},
        {"65;5;6M", TRUE, MOUSE_WHEEL_DOWN, 2, 0, 5, 4},
        {"66;5;6M", FALSE, 0, 0, 0, 0, 0},  /* the wheel sideways */
        {"128;5;6M", FALSE, 0, 0, 0, 0, 0}, /* the eighth button */
        {"0;0;1M", FALSE, 0, 0, 0, 0, 0},
        {"0;1;0M", FALSE, 0, 0, 0, 0, 0},
        {"0;1M", FALSE, 0, 0, 0, 0, 0},
        {"0;1;1;1M", FALSE, 0, 0, 0, 0, 0},
        {";;M", FALSE, 0, 0, 0, 0, 0},
        {"0;1;1", FALSE, 0, 0, 0, 0, 0},
        {"0;1;1Mx", FALSE, 0, 0, 0, 0, 0},
        {"-1;1;1M", FALSE, 0, 0, 0, 0, 0},
        {"99999999999999999999;1;1M", FALSE, 0, 0, 0, 0, 0},
        {"0;99999999999;1M", FALSE, 0, 0, 0, 0, 0},
        {"", FALSE, 0, 0, 0, 0, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        MouseEvent event = {0};
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(mouse_read_sgr(rows[i].text, &event), ==, rows[i].taken);
        if (!rows[i].taken)
            continue;
        g_assert_cmpint(event.kind, ==, rows[i].kind);
        g_assert_cmpint(event.button, ==, rows[i].button);
        g_assert_cmpint(event.ctrl, ==, rows[i].ctrl);
        g_assert_cmpint(event.y, ==, rows[i].y);
        g_assert_cmpint(event.x, ==, rows[i].x);
    }
}

static void test_mouse_bytes(void)
{
    static const struct {
        guchar bytes[3];
        gboolean taken;
        MouseKind kind;
        int y, x;
    } rows[] = {
        {{32, 33, 33}, TRUE, MOUSE_PRESS, 0, 0},
        {{35, 43, 53}, TRUE, MOUSE_RELEASE, 20, 10},
        {{64, 255, 255}, TRUE, MOUSE_DRAG, 222, 222},
        {{67, 33, 33}, TRUE, MOUSE_HOVER, 0, 0},
        {{96, 33, 33}, TRUE, MOUSE_WHEEL_UP, 0, 0},
        {{97, 33, 33}, TRUE, MOUSE_WHEEL_DOWN, 0, 0},
        {{31, 33, 33}, FALSE, 0, 0, 0},
        {{32, 32, 33}, FALSE, 0, 0, 0},
        {{32, 33, 0}, FALSE, 0, 0, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        MouseEvent event = {0};
        g_assert_cmpint(mouse_read_bytes(rows[i].bytes, &event), ==, rows[i].taken);
        if (!rows[i].taken)
            continue;
        g_assert_cmpint(event.kind, ==, rows[i].kind);
        g_assert_cmpint(event.y, ==, rows[i].y);
        g_assert_cmpint(event.x, ==, rows[i].x);
    }
}

/* What is switched on is switched off, and a terminal without a mouse is left alone. */
static void test_mouse_mode(void)
{
    g_autofree char *on = mouse_mode("\033[<", NULL, TRUE);
    g_autofree char *off = mouse_mode("\033[M", NULL, FALSE);
    g_autofree char *by_xm = mouse_mode(NULL, "\033[?1006;1000%?%p1%{1}%=%th%el%;", TRUE);
    g_autofree char *none = mouse_mode(NULL, NULL, TRUE);

    g_assert_cmpstr(on, ==, "\033[?1000h\033[?1002h\033[?1006h");
    g_assert_cmpstr(off, ==, "\033[?1006l\033[?1002l\033[?1000l");
    g_assert_cmpstr(by_xm, ==, on);
    g_assert_null(none);
}

/* Asked is where terminfo says nothing and an answer may be hoped for; only the answer that was
 * asked for turns a mouse on. */
static void test_mouse_question(void)
{
    static const char *const no[] = {"", "1006;0$y", "1006;4$y", "1006;$y", "1006;2y", "1006;21$y",
        "1000;1$y", "1;2c", "1006;2$y0", "\033[A"};

    g_assert_cmpstr(mouse_question("vt220", NULL, NULL), ==, "\033[?1006$p");
    g_assert_null(mouse_question("linux-16color", NULL, NULL));
    g_assert_null(mouse_question("dumb", NULL, NULL));
    g_assert_null(mouse_question("xterm", "\033[M", NULL));
    g_assert_null(mouse_question("xterm", NULL, "\033[?1006;1000%?%p1%{1}%=%th%el%;"));
    g_assert_true(mouse_read_answer("1006;1$y"));
    g_assert_true(mouse_read_answer("1006;2$y"));
    g_assert_true(mouse_read_answer("1006;3$y"));
    for (guint i = 0; i < G_N_ELEMENTS(no); i++)
        g_assert_false(mouse_read_answer(no[i]));
}

static void add_corpus(void)
{
    const char *top = g_getenv("top_srcdir");
    g_autofree char *corpus = g_build_filename(top ? top : ".", "../shared/corpus/hwloc", NULL);
    g_autoptr(GDir) dir = g_dir_open(corpus, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".tar.bz2"))
            continue;
        g_autofree char *path = g_strdup_printf("/board/map/corpus/%s", name);
        g_test_add_data_func_full(
            path, g_build_filename(corpus, name, NULL), test_corpus_machine, g_free);
    }
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/board/map/made", test_made);
    add_corpus();
    g_test_add_func("/board/mouse/sgr", test_mouse_sgr);
    g_test_add_func("/board/mouse/bytes", test_mouse_bytes);
    g_test_add_func("/board/mouse/mode", test_mouse_mode);
    g_test_add_func("/board/mouse/question", test_mouse_question);
    return g_test_run();
}

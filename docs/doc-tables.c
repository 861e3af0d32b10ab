/* Prints what is made from the catalogue: docs/tunables.md, or the man page with its section new.
 *   doc-tables markdown            doc-tables man MANPAGE */
#include "core/catalogue/reference.h"

#include <stdio.h>
#include <string.h>

#define BEGIN ".\\\" BEGIN TUNABLES\n"
#define END   ".\\\" END TUNABLES\n"

/* @page with what stands between BEGIN and END made new; NULL where it has no such lines. */
static char *with_section(const char *page)
{
    const char *begin = strstr(page, BEGIN);
    const char *end = begin ? strstr(begin, END) : NULL;

    if (end == NULL)
        return NULL;
    g_autofree char *before = g_strndup(page, (gsize)(begin + strlen(BEGIN) - page));
    g_autofree char *section = reference_man();
    return g_strconcat(before, section, end, NULL);
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    g_autofree char *page = NULL;

    if (argc == 2 && strcmp(argv[1], "markdown") == 0)
        text = reference_markdown();
    else if (argc == 3 && g_file_get_contents(argv[2], &page, NULL, NULL))
        text = with_section(page);
    if (text == NULL) {
        g_printerr("usage: doc-tables markdown, or doc-tables man MANPAGE (with its marks)\n");
        return 2;
    }
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

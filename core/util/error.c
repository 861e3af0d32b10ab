/* The error domain of kvmtune. */
#include "core/util/error.h"

G_DEFINE_QUARK(kvmtune - error - quark, kvmtune_error)

int kvmtune_exit_code(const GError *error)
{
    if (error == NULL)
        return 0;
    return error->domain == KVMTUNE_ERROR ? error->code : KVMTUNE_ERROR_FAILED;
}

#!/bin/bash
# The collector and a real QEMU domain of the embedded driver (live-connection.c).
. "$(dirname "$0")/private.sh"
TMPDIR=$work "${top_builddir:-.}/tests/live/live-connection"

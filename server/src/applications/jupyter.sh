#!/bin/sh
# Usage: jupyter.sh COMMAND [ARGUMENT...]
# Runs a Jupyter server whose kernels speak over Unix sockets in a directory of the user's own. By default they listen on ports,
# where every account of the host can read what they print. The directory is in /tmp because the path of a socket may have 107
# bytes, and Jupyter's names alone have 50.
set -eu
JUPYTER_RUNTIME_DIR=$(mktemp -d /tmp/jupyter-XXXXXXXXXX)
export JUPYTER_RUNTIME_DIR
"$@" --KernelManager.transport=ipc &
server=$!
# This shell stays to clear up. A signal ends a wait, not the server's own clearing up.
trap 'kill -TERM "$server" 2>/dev/null || :' TERM INT HUP
code=0
wait "$server" || code=$?
while kill -0 "$server" 2>/dev/null; do wait "$server" || code=$?; done
rm -rf -- "$JUPYTER_RUNTIME_DIR"
exit "$code"

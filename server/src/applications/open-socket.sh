#!/bin/sh
# Usage: open-socket.sh SOCKET COMMAND [ARGUMENT...]
# Runs the command, and opens the socket it makes to the group of the directory (the session proxy's), for programs that
# make theirs for their owner alone. Who does not come to the socket in 10 minutes has not started.
socket=$1
shift
(
  tries=6000
  until [ -S "$socket" ] || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
  done
  [ -S "$socket" ] && chmod 660 "$socket"
) &
exec "$@"

#!/bin/sh
# Usage: rstudio.sh RSERVER SOCKET RUNTIME-DIRECTORY BASE-PATH
# Runs RStudio Server for one user, on a socket. It hands R a few variables of its own choice only, so a small program in
# rsession's place gives R back the session's: with them R finds its credentials.
set -eu
server=$1 socket=$2 base=$4
state=$3/rstudio
umask 077
mkdir -p "$state/data"
export -p >"$state/environment"
printf 'provider=sqlite\ndirectory=%s\n' "$state/data" >"$state/database.conf"
{
  printf '#!/bin/sh\n. %s\n' "'$state/environment'"
  printf 'exec "%s" "$@"\n' "$(dirname "$server")/rsession"
} >"$state/rsession"
chmod 700 "$state/rsession"
umask 022
exec "$server" \
  --server-daemonize=0 \
  --server-user="$USER" \
  --server-data-dir="$state/data" \
  --server-pid-file="$state/server.pid" \
  --database-config-file="$state/database.conf" \
  --secure-cookie-key-file="$state/secure-cookie-key" \
  --auth-none=1 \
  --auth-validate-users=0 \
  --www-socket="$socket" \
  --www-root-path="$base" \
  --www-frame-origin=same \
  --www-verify-user-agent=0 \
  --rsession-path="$state/rsession"

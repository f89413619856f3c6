import { BUNDLE_SH, LOOK_UP_SH } from '../domain/session-scripts.ts'

/**
 * The keeper of a session's runtime directory: a POSIX shell script that runs under the session's own account, so that nothing
 * the server's account writes can be led astray by links there (security.md, *Sessions*).
 *
 * $1: the command's first word. $2: nothing, or until when, in seconds since 1970, the directory is left behind. stdin: the
 * lines of Benchkey's CA (or none), a line `.`, then one RPC cookie per line; at its end the directory is removed, unless $2 is
 * given. stdout: `command found|missing|blocked`, `folder open|closed`, `directory PATH`, `bundle PATH` (or `bundle`), then
 * `kept` or `lost` for every cookie, and `left` when the directory is left behind.
 */
export const KEEPER_SCRIPT = String.raw`
umask 077
trap '' INT QUIT HUP TERM PIPE TSTP
search=$PATH
PATH=/usr/bin:/bin:$search

${LOOK_UP_SH}look_up "$1"

if (cd -P . && [ -x . ]) 2>/dev/null; then echo 'folder open'; else echo 'folder closed'; fi

owned() { [ -n "$1" ] && [ -d "$1" ] && [ -O "$1" ] && [ -w "$1" ]; }
base=$XDG_RUNTIME_DIR
owned "$base" || base=/run/user/$(id -u)
owned "$base" || base=/tmp
kind=benchkey
if [ -n "$2" ]; then
  # What is left behind lies where no logout of the account removes it; what earlier calls left there too long goes.
  base=/tmp kind=benchkey-env
  for old in "$base/$kind"-*; do
    [ ! -L "$old" ] && owned "$old" && IFS= read -r ends < "$old/ends" && [ "$ends" -lt "$(date +%s)" ] && rm -rf -- "$old"
  done 2>/dev/null
fi
directory=$(mktemp -d "$base/$kind-XXXXXXXXXX") || exit 1
trap 'rm -rf -- "$directory"' EXIT
printf 'directory %s\n' "$directory"

authority=$directory/authority.pem
while IFS= read -r line && [ "$line" != . ]; do printf '%s\n' "$line"; done > "$authority"

${BUNDLE_SH}# Alone it is read much faster than the bundle: Benchkey's own client tries it first.
[ -s "$authority" ] || rm -f -- "$authority"
cd /

while IFS= read -r line; do
  # Touched, so that what cleans /tmp of old files leaves the bundle of a long session alone.
  [ -z "$trusted" ] || touch -c -- "$bundle" "$authority"
  if printf '%s\n' "$line" > "$directory/.rpc_cookie.new" && mv -f -- "$directory/.rpc_cookie.new" "$directory/rpc_cookie"; then
    echo kept
  else
    echo lost
  fi
done
if [ -n "$2" ] && [ -f "$directory/rpc_cookie" ] && printf '%s\n' "$2" > "$directory/ends"; then
  trap - EXIT
  echo left
fi
`

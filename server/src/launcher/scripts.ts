import { BUNDLE_SH, LOOK_UP_SH } from '../domain/session-scripts.ts'

/*
 * What is done in a session's name: POSIX shell scripts that run to their end under the session's own account, so that nothing
 * the server's account writes can be led astray by links there (security.md, *Sessions*).
 */

/** The runtime directory inside a session's own directory. */
export const RUNTIME_DIRECTORY = 'run'

/** Makes the runtime directory of the session's directory $1. stdin: the lines of Benchkey's CA (or none), a line `.`, the cookie. */
export const PREPARE_SCRIPT = String.raw`
umask 077
runtime=$1/${RUNTIME_DIRECTORY}
# The group of what lies in it is no matter of the proxy.
mkdir -- "$runtime" && chmod u=rwx,g=,o=,g-s -- "$runtime" || exit 1
authority=$runtime/authority.pem
while IFS= read -r line && [ "$line" != . ]; do printf '%s\n' "$line"; done > "$authority" || exit 1
[ -s "$authority" ] || rm -f -- "$authority"
IFS= read -r cookie && printf '%s\n' "$cookie" > "$runtime/rpc_cookie"
`

/** Replaces the cookie of the session's directory $1 by that on stdin, in one step. */
export const COOKIE_SCRIPT = String.raw`
umask 077
runtime=$1/${RUNTIME_DIRECTORY}
IFS= read -r cookie && printf '%s\n' "$cookie" > "$runtime/.rpc_cookie.new" && mv -f -- "$runtime/.rpc_cookie.new" "$runtime/rpc_cookie"
`

/**
 * Leads the application's process group: keeps what it writes, 1 MiB and the one before at most, and how it ended. It stays until
 * the application ends, also on SIGTERM, which the whole group gets. Its stdin is empty.
 */
const LEADER_SCRIPT = String.raw`
runtime=$1
shift
exec </dev/null >/dev/null 2>&1
trap : TERM INT HUP
keep() {
  trap '' TERM INT HUP
  umask 077
  while :; do
    before=$(wc -c < "$runtime/log")
    # dd writes each line at once. A round ends after 64 KiB, or 128 lines.
    dd bs=512 count=128 status=none >> "$runtime/log"
    now=$(wc -c < "$runtime/log")
    [ "$now" -gt "$before" ] || break
    [ "$now" -lt 1048576 ] || { mv -f -- "$runtime/log" "$runtime/log.old" && : > "$runtime/log"; }
  done
}
mkfifo -m 600 -- "$runtime/.output" || exit 1
keep < "$runtime/.output" &
# In a shell of its own, so that this one does not write into its output how it ended.
(exec "$@") > "$runtime/.output" 2>&1
code=$?
rm -f -- "$runtime/.output"
umask 077
printf '%s\n' "$code" > "$runtime/.exit"
`

/**
 * Starts an application, within the account's login shell: $1 the session's directory, $2 the folder of \`benchkey\`, $3 the host
 * of the callback address, $4 $5 $6 the most open files, processes and KiB of memory (0: as they are), then its words. Says
 * \`command found|missing|blocked\`, \`bundle …\` and \`leader PID\`; a login may have said anything before.
 */
export const START_SCRIPT = String.raw`
umask 077
runtime=$1/${RUNTIME_DIRECTORY}
folder=$2 host=$3 files=$4 processes=$5 memory=$6
shift 6
PATH=$folder:$PATH
search=$PATH
${LOOK_UP_SH}found=$(look_up "$1")
printf '%s\n' "$found"
[ "$found" = 'command found' ] || exit 0
directory=$runtime
authority=$directory/authority.pem
bundle=
${BUNDLE_SH}
if [ -n "$bundle" ]; then
  REQUESTS_CA_BUNDLE=$bundle CURL_CA_BUNDLE=$bundle
  export REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
fi
# Calls to Benchkey never go through a proxy; both spellings, because curl reads one and others the other.
[ -n "$no_proxy" ] || no_proxy=$NO_PROXY
case ,$no_proxy, in
  ,,) no_proxy=$host ;;
  *",$host,"* | ',*,') ;;
  *) no_proxy=$no_proxy,$host ;;
esac
NO_PROXY=$no_proxy
export PATH no_proxy NO_PROXY
# More than the account may have cannot be had; -p is dash's word for -u.
[ "$files" = 0 ] || ulimit -n "$files" 2>/dev/null
[ "$processes" = 0 ] || ulimit -u "$processes" 2>/dev/null || ulimit -p "$processes" 2>/dev/null
[ "$memory" = 0 ] || ulimit -d "$memory" 2>/dev/null
: > "$runtime/log"
cd -- "$HOME" 2>/dev/null || cd /
umask 022
unset found search directory authority bundle trusted also each line
setsid /bin/sh -c '${LEADER_SCRIPT.replaceAll("'", String.raw`'\''`)}' benchkey "$runtime" "$@" </dev/null >/dev/null 2>&1 &
printf 'leader %s\n' "$!"
`

/**
 * Sends signal $1 to process group $2 (empty: none); KILL reaches whatever else has the variable $3 as well. Says \`left N\`: how
 * many processes had it, just before.
 */
export const SIGNAL_SCRIPT = String.raw`
[ -z "$2" ] || kill -s "$1" -- "-$2" 2>/dev/null
left=0
# grep ends names with what ends its lines.
for pid in $(grep -lzsxF -- "$3" /proc/[0-9]*/environ | tr '\0' '\n' | cut -d / -f 3); do
  left=$((left + 1))
  [ "$1" != KILL ] || kill -s KILL -- "$pid" 2>/dev/null
done
printf 'left %s\n' "$left"
`

/** Says the end of what the application in the session's directory $1 wrote: at most $2 bytes. */
export const LOG_SCRIPT = `
cd -- "$1/${RUNTIME_DIRECTORY}" || exit 1
cat -- log.old log 2>/dev/null | tail -c "$2"
`

/** Says how the application in the session's directory $1 ended: its exit code, or nothing. */
export const EXIT_SCRIPT = `
cat -- "$1/${RUNTIME_DIRECTORY}/.exit" 2>/dev/null | head -c 10
`

/** Lets the group of the session's directory $1, the proxy's, at the socket there. */
export const OPEN_SOCKET_SCRIPT = `
[ -S "$1/app.sock" ] && [ ! -L "$1/app.sock" ] && chmod 660 -- "$1/app.sock"
`

/** Empties the session's directory $1. */
export const CLEAR_SCRIPT = `
cd -- "$1" || exit 0
[ ! -d ${RUNTIME_DIRECTORY} ] || chmod -R u+rwX -- ${RUNTIME_DIRECTORY}
find . -mindepth 1 -delete
`

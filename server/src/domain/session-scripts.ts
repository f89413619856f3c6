/**
 * POSIX shell: `look_up WORD` prints `command found|missing|blocked`: whether this account can find and run a command in the
 * folders of `$search`.
 */
export const LOOK_UP_SH = String.raw`
look_up() (
  case $1 in
    */*) set -- "$1" "$1" ;;
    *) set -f; IFS=:; word=$1; set --
       for folder in $search; do
         [ -n "$folder" ] || folder=.
         set -- "$@" "$folder/$word"
       done
       set -- "$word" "$@" ;;
  esac
  shift
  answer=missing
  for candidate; do
    [ -f "$candidate" ] || continue
    if [ -x "$candidate" ]; then answer=found; break; fi
    answer=blocked
  done
  case $answer$1 in missing*) [ -d "$1" ] && answer=blocked ;; esac
  printf 'command %s\n' "$answer"
)
`

/**
 * POSIX shell: makes `$bundle` in `$directory` when a private CA lies in `$authority`: what this session would have trusted
 * otherwise, and that CA. Prints `bundle PATH`, or `bundle`.
 */
export const BUNDLE_SH = String.raw`
all_of() {
  if [ -d "$1" ]; then
    for file in "$1"/*.pem "$1"/*.crt "$1"/*.[0-9]; do
      if [ -f "$file" ]; then cat -- "$file"; echo; fi
    done
  else
    cat -- "$1"
  fi
}
trusted=
if [ -s "$authority" ]; then
  for each in "$REQUESTS_CA_BUNDLE" "$CURL_CA_BUNDLE" /etc/ssl/certs/ca-certificates.crt \
    /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    [ -n "$each" ] && [ -r "$each" ] && { trusted=$each; break; }
  done
  # Without a variable of its own, curl would have gone by OpenSSL's.
  also=
  case $trusted in
    "$REQUESTS_CA_BUNDLE" | "$CURL_CA_BUNDLE" | "$SSL_CERT_FILE") ;;
    *) [ -f "$SSL_CERT_FILE" ] && [ -r "$SSL_CERT_FILE" ] && also=$SSL_CERT_FILE ;;
  esac
  bundle=$directory/ca-bundle.pem
  { for each in "$trusted" "$also"; do [ -z "$each" ] || { all_of "$each" && echo; } || exit 1; done
    cat -- "$authority"; } > "$bundle" || exit 1
  printf 'bundle %s\n' "$bundle"
else
  echo bundle
fi
`

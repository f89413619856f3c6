#!/bin/sh
# Lists a folder of Box as JSON. Usage: list-folder.sh [FOLDER_ID]
set -eu

# On its own line, so that the script ends here when a sign-in is needed.
header=$(benchkey token box-integration --header)

# printf is part of the shell: no other process sees the token.
printf '%s\n' "$header" |
  curl --fail --silent --show-error --header @- \
    "${BOX_API:-https://api.box.com/2.0}/folders/${1:-0}/items?fields=type,name,size"
echo

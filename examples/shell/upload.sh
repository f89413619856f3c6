#!/bin/sh
# Uploads a file to Box. Usage: upload.sh FILE [FOLDER_ID]
set -eu
file=$1
name=$(basename "$file")

# A long upload wants a token that does not end on the way: Benchkey renews it first when less is left.
header=$(benchkey token box-integration --min-ttl 1800 --header)

printf '%s\n' "$header" |
  curl --fail --silent --show-error --header @- \
    --form "attributes={\"name\": \"$name\", \"parent\": {\"id\": \"${2:-0}\"}}" \
    --form "file=@$file" \
    "${BOX_UPLOAD:-https://upload.box.com/api/2.0}/files/content" > /dev/null
echo "uploaded $name"

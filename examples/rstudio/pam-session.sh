#!/bin/sh
# not run: the tests have no RStudio Server
# For /etc/pam.d/rstudio, below the lines that check the password; PAM runs it as root when a user has logged in:
#   auth optional pam_exec.so quiet /usr/local/libexec/benchkey-pam-session
# It opens a session of Benchkey in /run/benchkey-rstudio/USER, in place of the one of the last login.
set -eu
umask 077
export BENCHKEY_ADDRESS=https://bench.corp.example
export BENCHKEY_SERVICE_TOKEN_FILE=/etc/rstudio/benchkey-token
case "$PAM_USER" in */* | .*) exit 0 ;; esac
directory="/run/benchkey-rstudio/$PAM_USER"
program=/opt/benchkey/session_directory.py
if [ -e "$directory.session" ]; then python3 "$program" end "$directory"; fi
exec python3 "$program" open "$PAM_USER" RStudio "$directory"

# not run: the tests have no RStudio Server
# For /etc/rstudio/rsession-profile, which runs under the user's account before R does: the variables of their session of Benchkey.
benchkey="/run/benchkey-rstudio/$(id -un)/environment"
if [ -r "$benchkey" ]; then
  set -a
  . "$benchkey"
  set +a
fi

# Sourced by every hook, with the executable's name and its arguments: finds it and becomes it. Standard input is empty, so nothing
# waits for an answer; exec, so that whoever ends the hook ends the tool. Result and error are JSON unless DLPX_MYSQL_JSON=false.
# shellcheck shell=bash
tool() {
  local name=$1 here directory
  shift
  export DLPX_MYSQL_JSON=${DLPX_MYSQL_JSON:-true}
  here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
  # DLPX_MYSQL_BIN_DIR, else <prefix>/bin beside <prefix>/libexec/dlpx-mysql/hooks, else the build in a source tree, else PATH.
  for directory in "${DLPX_MYSQL_BIN_DIR:-}" "$here/../../../bin" "$here/../build/bin"; do
    if [ -n "$directory" ] && [ -x "$directory/$name" ]; then exec "$directory/$name" "$@" </dev/null; fi
  done
  exec "$name" "$@" </dev/null
}

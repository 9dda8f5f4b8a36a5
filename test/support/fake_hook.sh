#!/usr/bin/env bash
# One hook of the fake ones: test/support/fake_hooks.h says what they stand for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=$(cd "$here/../.." && pwd)/state
hook=$(basename "$here")/$(basename "$0" .sh)
server=$state/servers/$DLPX_MYSQL_NAME
mount=$DLPX_DATA_DIRECTORY
echo "$hook $DLPX_MYSQL_NAME" >>"$state/calls"
env >"$state/environment.${hook//\//.}"

refuse() { # CODE MESSAGE
  printf 'a line of a log\n{"error":{"code":%s,"name":"fake","message":"%s","remedy":"mend it","log":"the log"}}\n' "$1" "$2" >&2
  exit "$1"
}
result() { printf '%s' "$1" >"$DLPX_OUTPUT_FILE.tmp" && mv "$DLPX_OUTPUT_FILE.tmp" "$DLPX_OUTPUT_FILE"; }

case $(cat "$state/fail" 2>/dev/null) in
  "$hook" | "$hook $DLPX_MYSQL_NAME") refuse 8 "the hook $hook was told to fail" ;;
esac
[ -d "$mount" ] || refuse 23 "no mount $mount"
case $hook in
  */mount-specification) result "{\"mountPath\":\"$mount\",\"uid\":$(id -u),\"gid\":$(id -g)}" ;;
  linked/pre-snapshot)
    if [ "$DLPX_MYSQL_RESYNC" = true ]; then
      echo "ingested $(date +%s.%N)" >"$mount/data"
      touch "$server"
    fi
    [ -e "$server" ] || refuse 3 "staging does not run"
    touch "$mount/prepared"
    ;;
  virtual/pre-snapshot)
    [ -e "$server" ] || refuse 3 "the VDB does not run"
    touch "$mount/prepared"
    ;;
  */post-snapshot)
    rm -f "$mount/prepared"
    result "{\"snapshotId\":\"of $DLPX_MYSQL_NAME\",\"snapBaseDir\":\"/opt/mysql\"}"
    ;;
  virtual/configure)
    [ ! -e "$server" ] || refuse 3 "port $PORT is taken"
    [ -e "$mount/prepared" ] || refuse 24 "the mount is not of a snapshot"
    rm -f "$mount/prepared"
    echo "$DLPX_MYSQL_NAME" >"$mount/identity"
    touch "$server"
    result "{\"dbName\":\"$DLPX_MYSQL_NAME\",\"port\":\"$PORT\"}"
    ;;
  virtual/initialize)
    [ ! -e "$mount/identity" ] || refuse 23 "the mount is not empty"
    echo "$DLPX_MYSQL_NAME" >"$mount/identity"
    echo empty >"$mount/data"
    touch "$server"
    result "{\"dbName\":\"$DLPX_MYSQL_NAME\",\"port\":\"$PORT\",\"report\":{\"connection\":{\"socket\":\"$mount/mysql.sock\"}}}"
    ;;
  */size) result "{\"bytes\":$(stat -c %s "$mount/data")}" ;;
  virtual/reconfigure)
    [ "$(cat "$mount/identity")" = "$DLPX_MYSQL_NAME" ] || refuse 24 "the mount is not this VDB's"
    rm -f "$mount/prepared"
    touch "$server"
    result "{\"dbName\":\"$DLPX_MYSQL_NAME\",\"port\":\"$PORT\"}"
    ;;
  virtual/start | linked/start-staging) touch "$server" ;;
  virtual/stop | virtual/unconfigure | linked/stop-staging) rm -f "$server" ;;
  virtual/cleanup) [ ! -e "$server" ] || refuse 29 "the VDB still runs" ;;
  */status)
    word=INACTIVE
    [ ! -e "$server" ] || word=ACTIVE
    case $DLPX_MYSQL_NAME in
      shop) [ "${DLPX_MYSQL_ACTIVE_ONLY:-true}" = true ] ||
        exec printf '%s' '{"state":"running","replication":{"state":"running","lagSeconds":7}}' >"$DLPX_OUTPUT_FILE"
        result "{\"status\":\"$word\"}" ;;
      dev) result "\"$word\"" ;;
      *) echo "$word" ;;
    esac
    ;;
esac

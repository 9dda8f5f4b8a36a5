#!/usr/bin/env bash
# The .deb that cpack makes: its layout, its dependencies, and that its programs, hooks, man pages and completions work from where
# the package puts them. It is unpacked beside, not installed: the test changes nothing on this machine.
set -euo pipefail
build=$(cd "${DLPX_TEST_BIN_DIR:?}/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$name"
    sed 's/^/  | /' "$work/said"
  fi
}
prints() { # TEXT COMMAND...: the command succeeds and prints the text
  local text=$1
  shift
  "$@" | grep -qF -- "$text"
}

(cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work" >"$work/cpack.log" 2>&1) || {
  cat "$work/cpack.log"
  echo "0 passed, 1 failed"
  exit 1
}
package=$(ls "$work"/*.deb)
dpkg-deb -x "$package" "$work/root"
usr=$work/root/usr

for tool in dlpx-mysql-stage dlpx-mysql-backup dlpx-mysql-vdb dlpx-mysql-engine; do
  check "$tool runs" prints "$tool" "$usr/bin/$tool" --help
  check "$tool has a man page" man --warnings=w -l -Tutf8 "$usr/share/man/man1/$tool.1"
  check "$tool has a completion" bash -n "$usr/share/bash-completion/completions/$tool"
done
check "the package names the libraries it needs" prints "libmariadb3" dpkg-deb -f "$package" Depends
check "discovery's hook works from libexec and prints JSON" \
  bash -c "DLPX_MYSQL_JSON=true bash '$usr/libexec/dlpx-mysql/hooks/discovery/repository.sh' | python3 -m json.tool"
check "the examples are there" test -s "$usr/share/dlpx-mysql/config/staging-replication.yaml"
unit=$usr/lib/systemd/system/dlpx-mysql-engine.service
check "the unit calls 'up' of the installed engine" grep -qx "ExecStart=/usr/bin/dlpx-mysql-engine up" "$unit"
# Else systemd ends the servers that came up with the one that did not.
check "a server that does not come up is no failed start" grep -qx "SuccessExitStatus=3" "$unit"
check "the unit is not enabled" bash -c "[ -z \"\$(find '$work/root' -path '*.wants/*')\" ]"
if command -v systemd-analyze >/dev/null; then
  # Its program is looked up, so a copy names the unpacked one.
  sed "s|^ExecStart=/usr|ExecStart=$usr|" "$unit" >"$work/dlpx-mysql-engine.service"
  check "systemd takes the unit" systemd-analyze verify --man=no "$work/dlpx-mysql-engine.service"
fi
check "nobody but root can write what is installed" bash -c "[ -z \"\$(find '$work/root' ! -type l -perm /022)\" ]"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]

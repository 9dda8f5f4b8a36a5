#!/usr/bin/env bash
# Makes what is on the mount, perhaps another snapshot, run again.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb enable

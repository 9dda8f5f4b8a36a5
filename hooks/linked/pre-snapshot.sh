#!/usr/bin/env bash
# Makes staging safe to snapshot; with DLPX_MYSQL_RESYNC=true it ingests anew first.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage pre-snapshot

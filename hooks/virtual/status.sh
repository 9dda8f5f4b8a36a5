#!/usr/bin/env bash
# Prints ACTIVE or INACTIVE: the bare word, unless the caller asks for JSON.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
export DLPX_MYSQL_JSON=${DLPX_MYSQL_JSON:-false}
tool dlpx-mysql-vdb status --active-only

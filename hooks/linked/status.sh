#!/usr/bin/env bash
# Prints ACTIVE or INACTIVE: the bare word, unless the caller asks for JSON, or with DLPX_MYSQL_ACTIVE_ONLY=false for all.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
export DLPX_MYSQL_JSON=${DLPX_MYSQL_JSON:-false}
export DLPX_MYSQL_ACTIVE_ONLY=${DLPX_MYSQL_ACTIVE_ONLY:-true}
tool dlpx-mysql-stage status

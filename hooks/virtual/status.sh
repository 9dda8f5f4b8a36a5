#!/usr/bin/env bash
# Prints ACTIVE or INACTIVE.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb status --active-only

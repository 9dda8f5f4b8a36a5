#!/usr/bin/env bash
# Stops the VDB.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb stop

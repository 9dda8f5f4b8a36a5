#!/usr/bin/env bash
# Makes the VDB safe to snapshot.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb pre-snapshot

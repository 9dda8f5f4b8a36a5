#!/usr/bin/env bash
# Makes an empty VDB on the mount.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb create-empty

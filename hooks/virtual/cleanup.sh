#!/usr/bin/env bash
# Removes what the VDB left on this host outside its mount.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb remove

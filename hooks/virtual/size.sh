#!/usr/bin/env bash
# Prints the size of the VDB in bytes.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb size

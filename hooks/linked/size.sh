#!/usr/bin/env bash
# Prints the size of staging in bytes.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage size

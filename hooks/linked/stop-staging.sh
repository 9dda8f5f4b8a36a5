#!/usr/bin/env bash
# Stops staging; nothing uses the mount afterwards.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage stop

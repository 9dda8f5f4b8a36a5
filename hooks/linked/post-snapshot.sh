#!/usr/bin/env bash
# Lets staging go on after the snapshot, and tells what the snapshot is.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage post-snapshot

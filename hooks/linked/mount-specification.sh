#!/usr/bin/env bash
# Tells where staging's mount must be and who owns it.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage mount-specification

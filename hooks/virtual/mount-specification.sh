#!/usr/bin/env bash
# Tells where the VDB's mount must be and who owns it.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb mount-specification

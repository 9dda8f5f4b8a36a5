#!/usr/bin/env bash
# Makes the clone on the mount a running VDB of its own.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb provision

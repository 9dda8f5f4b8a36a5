#!/usr/bin/env bash
# Called now and then: heals replication where that is safe, and records the lag.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage worker

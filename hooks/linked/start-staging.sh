#!/usr/bin/env bash
# Starts staging and its replication.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage start

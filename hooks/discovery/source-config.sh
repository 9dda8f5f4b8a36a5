#!/usr/bin/env bash
# Lists the MySQL instances of this host.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-stage discover --source-config

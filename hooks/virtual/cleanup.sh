#!/usr/bin/env bash
# Removes the VDB: the files on its mount, and what it has left elsewhere on this host.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../tool.sh"
tool dlpx-mysql-vdb remove

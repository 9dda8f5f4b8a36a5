#!/usr/bin/env bash
# The SDK plugin on Python 3.11, on a small fake of the SDK, with real bash: hooks that note their calls, our hooks, our tools.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/plugin" || exit 1
python=$(command -v python3.11 || command -v python3) || exit 1

"$python" -B - <<'PYTHON'
import sys
import unittest

if sys.version_info < (3, 11):
    sys.exit("the plugin needs Python 3.11")
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(unittest.defaultTestLoader.discover(".", "*_test.py"))
failed = len(result.failures) + len(result.errors) + len(result.skipped)
print(f"{result.testsRun - failed} passed, {failed} failed")
sys.exit(failed > 0 or result.testsRun == 0)
PYTHON

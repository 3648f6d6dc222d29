"""The child: runs tests with one module of the bridge replaced; the exit code is pytest's.

Standard input: {"module": name, "source": text, "tests": their names}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.mutants.played import Replaced


def main() -> int:
    asked: dict[str, Any] = json.loads(sys.stdin.read())
    if asked["module"]:
        sys.meta_path.insert(0, Replaced(asked["module"], asked["source"]))
    return pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", *asked["tests"]])


if __name__ == "__main__":
    sys.exit(main())

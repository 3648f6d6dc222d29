"""`python -m deploy.package.pages VERSION TIME ROOT`: man page and completion of the sources it is run in."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from deploy.package.commands import tree
from deploy.package.completion import completion
from deploy.package.man_page import man_page


def put(version: str, time_s: int, root: Path) -> None:
    """Writes both below a root."""
    program = tree()
    _write(root / "usr/share/bash-completion/completions/evse-bridge", completion(program).encode())
    page = man_page(program, version, time_s).encode()
    _write(root / "usr/share/man/man1/evse-bridge.1.gz", gzip.compress(page, 9, mtime=0))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


if __name__ == "__main__":
    put(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

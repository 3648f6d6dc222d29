"""`python -m deploy.package.differences ONE TWO`: lists what differs of two packages; 0: nothing does."""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path


def differences(one: Path, two: Path) -> list[str]:
    """Returns a line for each member that differs; one for the archive when only its bytes do."""
    there = [dict(_members(path)) for path in (one, two)]
    names = sorted(there[0].keys() | there[1].keys())
    found = [name for name in names if there[0].get(name) != there[1].get(name)]
    if not found and one.read_bytes() != two.read_bytes():
        return ["the archive itself: order or compression"]
    return found


def _members(package: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    for part, option in (("control", "--ctrl-tarfile"), ("data", "--fsys-tarfile")):
        content = subprocess.run(["dpkg-deb", option, package], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for each in tar:
                file = tar.extractfile(each) if each.isreg() else None
                sha256 = hashlib.sha256(file.read()).hexdigest() if file else each.linkname
                yield f"{part} {each.name}", (each.mode, each.uid, each.gid, each.mtime, each.type, sha256)


def _run() -> int:
    parser = argparse.ArgumentParser(
        prog="deploy.package.differences", description="what two packages differ in"
    )
    parser.add_argument("one", type=Path, metavar="ONE")
    parser.add_argument("two", type=Path, metavar="TWO")
    given = parser.parse_args()
    try:
        lines = differences(given.one, given.two)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}: must be a Debian package")
    except subprocess.CalledProcessError as error:
        parser.error(f"{error.cmd[-1]}: no Debian package: {error.stderr.decode(errors='replace').strip()}")
    print("\n".join(lines) or "equal")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(_run())

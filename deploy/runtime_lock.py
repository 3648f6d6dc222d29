"""Prints the part of requirements.lock that a wallbox needs: no test tools, all hashes.

`python deploy/runtime_lock.py > runtime.lock && pip download --require-hashes -r runtime.lock`
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PARENT = re.compile(r"^    #(?: via)? +([a-z0-9._-]+)", re.MULTILINE)


def runtime_lock(lock: str, wanted: set[str]) -> str:
    """The blocks of `wanted` and of all that the lock's `# via` lines say they need."""
    blocks = dict(_blocks(lock))
    missing = wanted - blocks.keys()
    if missing:
        raise LookupError(f"requirements.lock lacks {', '.join(sorted(missing))}; run `make lock`")
    parents = {name: set(_PARENT.findall(block)) for name, block in blocks.items()}
    needed = set(wanted)
    while more := {name for name in blocks if parents[name] & needed} - needed:
        needed |= more
    return "".join(block for name, block in blocks.items() if name in needed)


def direct_dependencies(pyproject: str) -> set[str]:
    """Names in `project.dependencies`, as the lock writes them."""
    listed = tomllib.loads(pyproject)["project"]["dependencies"]
    return {_name(line) for line in listed}


def _blocks(lock: str) -> Iterator[tuple[str, str]]:
    for block in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE):
        if block:
            yield _name(block), block


def _name(line: str) -> str:
    """PEP 503: lower case, runs of -_. are one dash."""
    found = _NAME.match(line)
    assert found is not None, line
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def main() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    sys.stdout.write(runtime_lock(lock, direct_dependencies((ROOT / "pyproject.toml").read_text("utf-8"))))


if __name__ == "__main__":
    main()

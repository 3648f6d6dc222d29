"""What is built, kept outside the repository by what went in: whole or not there, whoever builds it too."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evse-bridge" / "builds"
KEPT_S = 3 * 24 * 3600  # what nobody has used since goes
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


class BuildError(Exception):
    """A command that builds something failed; the text is the command and what it said."""


def cached(name: str, key: bytes, build: Callable[[Path], None]) -> Path:
    """Returns the folder that `build` filled for this key, once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"{name}-{hashlib.sha256(key).hexdigest()[:16]}"
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(folder)
        os.utime(folder)
        _forget_old(name)
    return folder


def _forget_old(name: str) -> None:
    for folder in CACHE.glob(f"{name}-*"):
        if time.time() - folder.stat().st_mtime > KEPT_S:
            shutil.rmtree(folder)


def lacking(tools: dict[str, str]) -> str:
    """Says which of the tools, or files by their whole path, are not here and which packages of Debian bring
    them; empty when all are here."""
    found = {tool: Path(tool).exists() if "/" in tool else shutil.which(tool) for tool in tools}
    if not (absent := [tool for tool in tools if not found[tool]]):
        return ""
    packages = sorted({tools[tool] for tool in absent})
    return f"not on this machine: {', '.join(absent)}; on Debian: apt install {' '.join(packages)}"


def run(*command: str, cwd: Path | None = None, variables: dict[str, str] | None = None) -> str:
    """Returns what it said. `variables` are added to its environment. Raises BuildError."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**_environment(command), **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{said}")
    return said


def _environment(command: tuple[str, ...]) -> dict[str, str]:
    """What concerns pip here must not reach the pip of another root."""
    return dict(os.environ) if command[0] == sys.executable else PLAIN


def in_overlay(below: list[Path], folder: Path, *command: str) -> list[str]:
    """Returns a command that runs `command` where `folder`/merged shows `below` (the topmost first) with
    `folder`/upper on top, which takes all that is written. The mount, and all it has started, ends with it;
    it ends with us."""
    for name in ("upper", "work", "merged"):
        (folder / name).mkdir(exist_ok=True)
    layers = ":".join(map(str, below))
    options = f"lowerdir={layers},upperdir={folder}/upper,workdir={folder}/work"
    inside = f"mount -t overlay overlay -o '{options}' '{folder}/merged' && exec \"$@\""
    alone = ("unshare", "--mount", "--propagation", "private", "--pid", "--mount-proc", "--kill-child")
    return ["setpriv", "--pdeathsig", "KILL", *alone, "sh", "-c", inside, "sh", *command]

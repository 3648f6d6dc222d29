"""What the containers are made of: a Debian with our dependencies, and on it the project as it is now.

Built once each and kept outside the repository, keyed by what went in.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLER = ROOT / "deploy" / "install-units"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evse-bridge" / "tests"
SUITE, PYTHON = "bookworm", "3.11"  # Debian's release and its Python
PACKAGES = "systemd,systemd-sysv,dbus,udev,kmod,python3,python3-venv,procps"
VENV = "/opt/evse-bridge/venv"  # to which `current` leads, as where a clone was installed
KEPT_S = 3 * 24 * 3600  # what nobody has used since goes
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


class NoDebianError(Exception):
    """It is not here, and cannot be fetched; the text says why."""


@cache
def base() -> Path:
    """Debian with the virtual environment and all dependencies of the lock, without the project.

    Raises NoDebianError.
    """
    lock = _output(sys.executable, str(ROOT / "deploy" / "runtime_lock.py"))
    key = f"{SUITE} {PACKAGES} {inspect.getsource(_build_base)}".encode() + lock
    try:
        return cached("base", key, lambda folder: _build_base(folder, lock))
    except BuildError as error:
        raise NoDebianError(str(error)) from None


@cache
def no_debian() -> str:
    """Why `base` cannot be had on this machine; asked once. Empty when it is here."""
    try:
        base()
    except NoDebianError as error:
        return str(error)
    return ""


@cache
def application(below: Path) -> Path:
    """What the project adds to `below`: its wheel, its units in mock mode, the target enabled."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = _own_wheel(Path(folder))
        units = [path.read_bytes() for path in sorted(unit_files())]
        key = b"".join([below.name.encode(), wheel.read_bytes(), *units])
        return cached("application", key, lambda layer: _build_application(layer, below, wheel)) / "upper"


def in_overlay(below: list[Path], folder: Path, *command: str) -> list[str]:
    """A command that runs `command` where `folder`/merged shows `below` (the topmost first) with
    `folder`/upper on top, which takes all that is written. The mount, and all it has started, ends with it;
    it ends with us."""
    for name in ("upper", "work", "merged"):
        (folder / name).mkdir(exist_ok=True)
    layers = ":".join(map(str, below))
    options = f"lowerdir={layers},upperdir={folder}/upper,workdir={folder}/work"
    inside = f"mount -t overlay overlay -o '{options}' '{folder}/merged' && exec \"$@\""
    alone = ("unshare", "--mount", "--propagation", "private", "--pid", "--mount-proc", "--kill-child")
    return ["setpriv", "--pdeathsig", "KILL", *alone, "sh", "-c", inside, "sh", *command]


def _build_base(folder: Path, lock: bytes) -> None:
    wheels = folder / "wheels"
    (folder / "lock").write_bytes(lock)
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary=:all:"),
        *("--python-version", PYTHON, "-r", str(folder / "lock"), "-d", str(wheels)),
    )
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder / "root"))
    shutil.move(wheels, folder / "root" / "wheels")
    shutil.move(folder / "lock", folder / "root" / "wheels" / "lock")
    in_root = ("chroot", str(folder / "root"))
    run(*in_root, "python3", "-m", "venv", VENV)
    pip = (*in_root, f"{VENV}/bin/pip", "install", "--quiet", "--no-index", "--find-links", "/wheels")
    run(*pip, "--require-hashes", "-r", "/wheels/lock")
    shutil.rmtree(folder / "root" / "wheels")


def _build_application(folder: Path, below: Path, wheel: Path) -> None:
    (folder / "upper" / "opt").mkdir(parents=True)
    shutil.copy(wheel, folder / "upper" / "opt" / wheel.name)
    install = f"""set -e
        chroot "$1" {VENV}/bin/pip install --quiet --no-index --no-deps /opt/{wheel.name}
        rm "$1/opt/{wheel.name}"
        {INSTALLER} "$1" --mock --environment {VENV}
        systemctl --root="$1" --quiet enable evse-bridge.target
        mkdir -p "$1/var/log/journal" "$1/etc/evse-bridge"
    """
    run(*in_overlay([below / "root"], folder, "sh", "-c", install, "sh", f"{folder}/merged"))


def _own_wheel(folder: Path) -> Path:
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    subprocess.run([*pip, "-w", folder, ROOT], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def unit_files() -> list[Path]:
    """What `deploy/install-units` needs, and itself."""
    files = [path for path in (ROOT / "systemd").rglob("*") if path.is_file()]
    return [*files, INSTALLER, ROOT / "docs" / "services.md"]


def cached(name: str, key: bytes, build: Callable[[Path], None]) -> Path:
    """Whole or not there, whoever else builds it at the same time."""
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


class BuildError(Exception):
    """A command that builds a layer failed; the text is the command and what it said."""


def run(*command: str) -> None:
    """Raises BuildError."""
    done = subprocess.run(
        command, env=_environment(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout.decode(errors='replace')}")


def _environment(command: tuple[str, ...]) -> dict[str, str]:
    """What concerns pip here must not reach the pip of the other root."""
    return dict(os.environ) if command[0] == sys.executable else PLAIN


def _output(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout

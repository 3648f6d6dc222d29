"""What the containers are made of: a Debian with our dependencies, and on it the project as it is now.

Built once each and kept outside the repository, keyed by what went in.
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from deploy.builds import ROOT, BuildError, cached, in_overlay, run
from deploy.package.environment import unpack
from deploy.package.target import Target
from deploy.runtime_lock import direct_dependencies, runtime_lock

INSTALLER = ROOT / "deploy" / "install-units"
SUITE, PYTHON = "bookworm", "3.11"  # Debian's release and its Python
PACKAGES = "systemd,systemd-sysv,dbus,udev,kmod,python3,python3-venv,procps"
PLAIN_PACKAGES = "systemd,systemd-sysv,dbus,udev,kmod,python3,procps,ca-certificates,libsystemd0,libstdc++6"
TOOLS = "/opt/test-tools"
SOURCE_ONLY = ("pyftpdlib",)  # of the lock: the index has no wheel of it
VENV = "/opt/evse-bridge/venv"  # to which `current` leads, as where a clone was installed


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


def plain(suite: str) -> Path:
    """A Debian with what the package depends on, and nothing of ours. Raises NoDebianError."""
    key = f"{suite} {PLAIN_PACKAGES}".encode()
    try:
        return cached(f"plain-{suite}", key, lambda folder: _build_plain(folder, suite)) / "root"
    except BuildError as error:
        raise NoDebianError(str(error)) from None


def requirements(lock: str, python: str) -> dict[str, str]:
    """What a lock requires for that Python, by name, with the hashes and without the conditions: pip judges
    them by the Python it runs on, whatever it is told to download for."""
    target = {"python_version": python, "python_full_version": f"{python}.0"}
    found: dict[str, str] = {}
    for entry in re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]:
        pinned, hashes = entry.split("\\\n", maxsplit=1)
        requirement = Requirement(pinned)
        if requirement.marker is None or requirement.marker.evaluate(target):
            found[requirement.name] = f"{requirement.name}{requirement.specifier} \\\n{hashes}"
    return found


def _build_plain(folder: Path, suite: str) -> None:
    options = ("--quiet", "--variant=minbase", f"--include={PLAIN_PACKAGES}")
    run("mmdebstrap", *options, suite, str(folder / "root"))


def unpacked(target: Target) -> Path:
    """The same for any processor, unpacked and not configured, so that it is made without emulation.

    Raises NoDebianError.
    """
    key = f"{target} {PLAIN_PACKAGES} {inspect.getsource(unpack)}".encode()
    try:
        name = f"unpacked-{target.suite}-{target.arch}"
        return (
            cached(
                name, key, lambda folder: unpack(target, f"{PLAIN_PACKAGES},usr-is-merged", folder / "root")
            )
            / "root"
        )
    except BuildError as error:
        raise NoDebianError(str(error)) from None


def tools_for_tests(target: Target) -> Path:
    """What only the tests need of the lock, in TOOLS, for the release's own Python. Raises NoDebianError."""
    lock = (ROOT / "requirements.lock").read_text()
    runtime = runtime_lock(lock, direct_dependencies((ROOT / "pyproject.toml").read_text()))
    here, there = (requirements(text, target.python) for text in (lock, runtime))
    texts = {name: text for name, text in here.items() if name not in there}
    key = f"{texts} {inspect.getsource(_install_tools)}".encode()
    try:
        return cached(f"tools-{target.suite}", key, lambda folder: _install_tools(folder, target, texts))
    except BuildError as error:
        raise NoDebianError(str(error)) from None


def _install_tools(folder: Path, target: Target, texts: dict[str, str]) -> None:
    """By this machine's pip; what comes as source is of Python alone."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-compile")
    to = ("--target", str(folder / TOOLS.lstrip("/")))
    wheels = ("--only-binary=:all:", "--python-version", target.python)
    sources = {name: texts.pop(name) for name in SOURCE_ONLY}
    for name, some, kind in (("wheels", texts, wheels), ("sources", sources, ("--no-binary=:all:",))):
        lock = folder / f"{name}.lock"
        lock.write_text("".join(some.values()))
        run(*pip, *kind, *to, "--upgrade", "-r", str(lock))


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
    circuits = [path for path in (ROOT / "docs" / "circuits").iterdir() if path.is_file()]
    return [*files, INSTALLER, ROOT / "docs" / "services.md", *circuits]


def _output(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout

"""A Debian root with the virtual environment of all dependencies, and of a commit the whole application."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from deploy.builds import ROOT, cached, in_overlay, lacking, run
from deploy.package.release import Release
from deploy.package.target import Target
from deploy.runtime_lock import direct_dependencies, runtime_lock

APPLICATION = "/usr/lib/evse-bridge/application"
# What builds lgpio and systemd-python: of the one there is no wheel for 3.13, of the other none at all.
PACKAGES = (
    "python3-dev,python3-venv,python3-pip,python3-setuptools,python3-wheel,gcc,pkg-config,libsystemd-dev,swig,"
    "usr-is-merged"
)
# Unpacked, not configured: by emulation the packages' own scripts take longer than all else.
_UNPACKED = (
    "--variant=extract",
    "--include=?essential",
    '--setup-hook=for name in bin sbin lib lib64; do mkdir -p "$1/usr/$name"; ln -s "usr/$name" "$1/"; done',
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info")),
)
_EMULATOR = "/usr/lib/binfmt.d/qemu-{machine}.conf"
# And Debian's package of each.
_TOOLS = {
    "git": "git",
    "mmdebstrap": "mmdebstrap",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "dpkg-deb": "dpkg",
    "unshare": "util-linux",
}

# Kept from one build to the next. bin/python is Debian's own, so its security updates count; the folder can
# be started from wherever it is copied to. A glob has no order: sorted, two builds are equal. -B: a .pth has
# Python load a module before compileall sees it, which would find that one compiled already, by time.
_DEPENDENCIES = f"""set -eu
    # The pip of trixie ends without certificates, although it fetches nothing.
    mkdir -p /etc/ssl/certs
    cat /usr/share/ca-certificates/*/*.crt > /etc/ssl/certs/ca-certificates.crt
    cd /wheels
    for source in *.tar.gz; do tar --extract --file="$source" --no-same-owner; done
    sed --in-place "s/Path('src').glob('lg\\*.c')/sorted(Path('src').glob('lg*.c'))/" lgpio-*/setup.py
    export PYPI=1 CFLAGS=-g0 LDFLAGS=-s PYTHONHASHSEED=0 SOURCE_DATE_EPOCH=315532800
    pip='python3 -m pip --quiet --disable-pip-version-check --no-cache-dir'
    $pip wheel --no-index --no-deps --no-build-isolation --wheel-dir . ./lgpio-*/ ./systemd-python-*/
    python3 -m venv --without-pip {APPLICATION}
    $pip --python {APPLICATION}/bin/python install --no-index --no-deps --no-compile \\
      --find-links . $(ls *.whl | sed -E 's/^([^-]+)-([^-]+)-.*/\\1==\\2/')
    cd {APPLICATION}
    rm -rf /wheels lib64 include share
    cat > pyvenv.cfg <<END
home = /usr/bin
include-system-site-packages = false
version = $1
END
    ln -sf /usr/bin/python$1 bin/python
    find bin ! -name python ! -name bin -delete
    find . -name __pycache__ -prune -exec rm -r {{}} +
    find lib -name '*.so' -exec strip --strip-unneeded {{}} +
    bin/python -I -B -m compileall -q --invalidation-mode unchecked-hash lib
"""

# Every module is loaded once, except those that only start a program. What is compiled counts whatever the
# time of its source is: else root's first start would write into a slot.
_LOADS_ALL = """
import importlib, importlib.metadata, pathlib, pkgutil, sys
def loads(name):
    module = importlib.import_module(name)
    for each in pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}."):
        if not each.name.endswith("__main__"):
            loads(each.name)
for name in sys.argv[1:]:
    loads(name)
assert importlib.metadata.version("lgpio") >= "0.2.2", "an lgpio without its library"
UNCHECKED_HASH = bytes([1, 0, 0, 0])  # PEP 552
timed = [path for path in pathlib.Path(sys.prefix).rglob("*.pyc") if path.read_bytes()[4:8] != UNCHECKED_HASH]
assert not timed, f"compiled by the time of their source: {timed}"
"""

# $1: the version of Python; $2: a program that loads all of its arguments.
_OWN = f"""set -eu
    export PYTHONHASHSEED=0
    python3 -m pip --quiet --disable-pip-version-check --no-cache-dir --python {APPLICATION}/bin/python \\
      install --no-index --no-deps --no-compile --find-links /own evse-bridge
    rm {APPLICATION}/bin/evse-bridge
    cd {APPLICATION}/lib/python$1/site-packages
    ours=$(ls -d bridge hal deploy 2>/dev/null || true)
    {APPLICATION}/bin/python -I -m compileall -q --invalidation-mode unchecked-hash $ours
    cd /tmp
    {APPLICATION}/bin/python -I -c "$2" $ours lgpio systemd.daemon
"""


def missing(targets: list[Target]) -> str:
    """Says what this machine lacks to build for them; empty when nothing."""
    foreign = {target.machine for target in targets} - {platform.machine()}
    emulators = {_EMULATOR.format(machine=machine): "qemu-user-static" for machine in foreign}
    return lacking(_TOOLS | emulators)


def unpack(target: Target, packages: str, root: Path) -> None:
    """Makes a root of packages, by commas, that no script of theirs has run in. Raises BuildError."""
    what = (f"--arch={target.arch}", f"--include={packages}")
    run("mmdebstrap", "--quiet", *_UNPACKED, *what, target.suite, str(root))


def environment(target: Target) -> Path:
    """Returns the root with the dependencies. Raises BuildError."""
    locked = _locked()
    key = "\n".join((str(target), PACKAGES, *_UNPACKED, _DEPENDENCIES, *locked)).encode()
    name = f"environment-{target.suite}-{target.arch}"
    return cached(name, key, lambda folder: _build(folder, target, locked)) / "root"


def _locked() -> tuple[str, str]:
    """What comes as wheels, and what comes as source."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    wheels = runtime_lock(lock, direct_dependencies((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    return wheels, (ROOT / "requirements-pi.lock").read_text(encoding="utf-8")


def _build(folder: Path, target: Target, locked: tuple[str, str]) -> None:
    root = folder / "root"
    unpack(target, PACKAGES, root)
    _download(root / "wheels", target, locked)
    run(*on(target, "chroot", str(root), "sh", "-c", _DEPENDENCIES, "sh", target.python))


def _download(folder: Path, target: Target, locked: tuple[str, str]) -> None:
    """By this machine's pip, which knows this machine's index."""
    folder.mkdir()
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
    platforms = (f"--platform=manylinux_2_{minor}_{target.machine}" for minor in (36, 35, 34, 31, 28, 27, 17))
    wheels = ("--only-binary=:all:", "--python-version", target.python, *platforms)
    for name, text, kind in zip(("wheels", "sources"), locked, (wheels, ("--no-binary=:all:",)), strict=True):
        lock = folder / f"{name}.lock"
        lock.write_text(text)
        # pip runs the setup of a source, here for no more than its name: it needs no library to be found.
        run(*download, *kind, "-d", str(folder), "-r", str(lock), variables={"PKG_CONFIG": "true"})


def on(target: Target, *command: str) -> tuple[str, ...]:
    """Returns the command such that programs of that architecture run in it, on this machine by emulation.

    The kernel forgets how when the last mount is gone, so each command has its own.
    """
    if platform.machine() == target.machine:
        return command
    folder, name = "/proc/sys/fs/binfmt_misc", f"qemu-{target.machine}"
    how = _EMULATOR.format(machine=target.machine)
    registered = f"{{ [ -e {folder}/{name} ] || cat {how} > {folder}/register; }}"
    script = f'mount -t binfmt_misc binfmt_misc {folder} && {registered} && exec "$@"'
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command)


def application(release: Release, sources: Path, to: Path) -> None:
    """Puts the whole virtual environment of a commit into a new folder; each module in it was loaded.

    Raises BuildError.
    """
    target = release.target
    root = environment(target)
    work = to.with_name(f"{to.name}.overlay")
    own = work / "upper" / "own"
    own.mkdir(parents=True)
    _wheel(release.commit.time_s, sources, own)
    script = f'chroot "$1" sh -c "$2" sh "$3" "$4" && cp --archive "$1{APPLICATION}" "$5"'
    inside = ("sh", "-c", script, "sh", f"{work}/merged", _OWN, target.python, _LOADS_ALL, str(to))
    run(*on(target, *in_overlay([root], work, *inside)))
    shutil.rmtree(work)


def _wheel(time_s: int, sources: Path, folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run("env", f"SOURCE_DATE_EPOCH={time_s}", *pip, "--wheel-dir", str(folder), str(sources))

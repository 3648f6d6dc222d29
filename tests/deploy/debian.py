"""The README's two commands on Debian releases: Debian's own python3, an ordinary user, a clean clone.

`python -m tests.deploy.debian [SUITE...] [--short | COMMAND...]`, as root. What is committed is tested.
Each root is built once and kept; its packages of Python come from a folder, named by a pip.conf in the root.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.builds import ROOT as PROJECT
from deploy.builds import BuildError, cached, in_overlay, run
from tests.deploy.layers import SOURCE_ONLY, NoDebianError, requirements

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}  # Debian's releases and their Python
PACKAGES = "make,python3,python3-venv"  # as the README says, and no more
COMMANDS = ("make demo", "make test")
# For CI, which runs everything on its own Python: what another Python can break, without what is long.
SHORT = ("make demo", """make test ARGS='-m "not real and not campaign and not package"'""")
WHEELS = "/wheels"
USER = "1000:1000"
HOME = "/home/owner"

# What every Debian has under /dev, /proc and /sys.
_MOUNTS = """set -e
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --bind -o ro /sys "$root/sys"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    for device in null zero full random urandom tty; do
      touch "$root/dev/$device"
      mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    # Not exec: who becomes another user is no longer ended with the one that started it.
    chroot "$@"
    exit $?
"""


def root_of(suite: str) -> Path:
    """A Debian with the README's packages, and the lock's of Python in a folder. Raises NoDebianError."""
    lock = (PROJECT / "requirements.lock").read_bytes()
    how = "".join(inspect.getsource(step) for step in (_build, _download, requirements))
    key = f"{suite} {PYTHONS[suite]} {PACKAGES} {SOURCE_ONLY} {how}".encode() + lock
    try:
        return cached(f"user-{suite}", key, lambda folder: _build(folder, suite)) / "root"
    except BuildError as error:
        raise NoDebianError(str(error)) from None


def _build(folder: Path, suite: str) -> None:
    root = folder / "root"
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", suite, str(root))
    _download(root / WHEELS.lstrip("/"), PYTHONS[suite])
    (root / "etc" / "pip.conf").write_text(f"[global]\nno-index = yes\nfind-links = {WHEELS}\n")


def _download(wheels: Path, python: str) -> None:
    """By this machine's pip, which knows this machine's index."""
    wanted = requirements((PROJECT / "requirements.lock").read_text(), python)
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
    wheels.mkdir()
    binary, source = wheels / "binary.lock", wheels / "source.lock"
    binary.write_text("".join(text for name, text in wanted.items() if name not in SOURCE_ONLY))
    source.write_text("".join(wanted[name] for name in SOURCE_ONLY))
    only_wheels = ("--only-binary=:all:", "--python-version", python)
    run(*download, *only_wheels, "-d", str(wheels), "-r", str(binary))
    run(*download, "--no-binary=:all:", "-d", str(wheels), "-r", str(source))


def played(suite: str, commands: tuple[str, ...]) -> bool:
    """Whether all of them succeed, one after another, in one clean clone. Raises NoDebianError."""
    root = root_of(suite)
    with tempfile.TemporaryDirectory(prefix="evse-debian-") as name:
        folder = Path(name)
        clone = folder / "upper" / HOME.lstrip("/") / "evse-bridge"
        subprocess.run(["git", "clone", "--quiet", "--no-local", PROJECT, clone], check=True)
        subprocess.run(["chown", "--recursive", USER, clone.parent], check=True)
        _settle(root / "etc", folder / "upper" / "etc")
        return all(_succeeds(suite, root, folder, command) for command in commands)


def _settle(before: Path, after: Path) -> None:
    """What an installer leaves beside the packages: a user, and the name localhost."""
    after.mkdir()
    (after / "passwd").write_text(f"{(before / 'passwd').read_text()}owner:x:{USER}::{HOME}:/bin/sh\n")
    (after / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


def _succeeds(suite: str, root: Path, folder: Path, command: str) -> bool:
    environment = ("env", "-i", f"HOME={HOME}", "PATH=/usr/bin:/bin", "LANG=C.UTF-8")
    as_user = (f"--userspec={USER}", f"{folder}/merged", *environment)
    in_clone = ("sh", "-c", f"cd {HOME}/evse-bridge && {command}")
    began_s = time.monotonic()
    done = subprocess.run(
        in_overlay([root], folder, "sh", "-c", _MOUNTS, "sh", f"{folder}/merged", *as_user, *in_clone),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    word = "succeeded" if done.returncode == 0 else f"FAILED ({done.returncode})"
    print(f"{suite}, as an ordinary user: `{command}` {word}, {time.monotonic() - began_s:.0f} s", flush=True)
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """1 when a command fails in one of the roots."""
    suites = [argument for argument in arguments if argument in PYTHONS] or list(PYTHONS)
    commands = tuple(argument for argument in arguments if argument not in PYTHONS) or COMMANDS
    if commands == ("--short",):
        commands = SHORT
    succeeded = [played(suite, commands) for suite in suites]
    return 0 if all(succeeded) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

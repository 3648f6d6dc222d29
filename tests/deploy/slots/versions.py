"""Versions for a box that was installed from the package: one as it is released, others made of it.

All of them are really signed. Kept outside the repository, as the packages are.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from bridge.jobs.manifest import SUFFIX
from deploy.builds import cached, run
from deploy.package import bundle
from deploy.package.__main__ import build
from deploy.package.commit import Commit, head
from deploy.package.release import Release
from deploy.package.target import Target

CONDUCT = "/etc/evse-bridge/conduct"  # of ODD, on the box: one word
# What stands at the top of a program of ODD.
ODD_BRIDGE = f"""
import os, threading
_conduct = open({CONDUCT!r}).read().strip()
if _conduct == "does not start":
    raise SystemExit("it does not start")
if _conduct == "crashes":
    threading.Timer(1.0, os._exit, [1]).start()
"""
ODD_SAFETY = f"""
import signal, time
if open({CONDUCT!r}).read().strip() == "does not tick":
    signal.signal(signal.SIGALRM, lambda *_: time.sleep(600))
    signal.alarm(3)
"""


@cache
def version(count: int) -> Commit:
    """The last commit, as if it were the one of this number."""
    return head(count)


RELEASED, NEXT, ODD = 2, 3, 4  # 1 is the package's


@dataclass(frozen=True, slots=True)
class Versions:
    """A folder with `NUMBER.tar.xz` of each and its manifest, and the key."""

    folder: Path
    target: Target

    def archive(self, number: int) -> Path:
        return self.folder / f"{number}.tar.xz"

    @property
    def secret(self) -> Path:
        return self.folder / "secret.pem"

    def public_key(self) -> bytes:
        key = load_pem_private_key(self.secret.read_bytes(), None).public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def versions(target: Target) -> Versions:
    """Built once for a commit. Raises BuildError."""
    key = f"{target} {version(RELEASED)} {ODD_BRIDGE} {ODD_SAFETY}".encode()
    folder = cached(f"versions-{target.suite}-{target.arch}", key, lambda to: _build(to, target))
    return Versions(folder, target)


def _build(to: Path, target: Target) -> None:
    made = Versions(to, target)
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(made.secret))
    signing = bundle.Signing((made.secret,))
    released = build(Release(target, version(RELEASED)), to, signing)
    content = to / "content"
    content.mkdir()
    run("tar", "--extract", f"--file={released}", f"--directory={content}")
    for name in ("", SUFFIX):
        Path(f"{released}{name}").rename(Path(f"{made.archive(RELEASED)}{name}"))
    _repack(made, content, NEXT)
    packages = next(content.glob("lib/python3*/site-packages"))
    _prepend(packages / "bridge", ODD_BRIDGE)
    _prepend(packages / "hal" / "safety", ODD_SAFETY)
    _repack(made, content, ODD)
    shutil.rmtree(content)


def _prepend(package: Path, text: str) -> None:
    """To the program of a package. What is compiled is believed without a look at the source, so it goes."""
    program = package / "__main__.py"
    head, future, rest = program.read_text().partition("from __future__ import annotations\n")
    program.write_text(f"{head}{future}{text}{rest}")
    for compiled in (package / "__pycache__").glob("__main__.*"):
        compiled.unlink()


def _repack(made: Versions, content: Path, number: int) -> None:
    """The same files as another version, quickly."""
    (metadata,) = content.glob("lib/python3*/site-packages/evse_bridge-*/METADATA")
    lines = metadata.read_text().splitlines(keepends=True)
    lines[next(at for at, line in enumerate(lines) if line.startswith("Version: "))] = (
        f"Version: {version(number).version}\n"
    )
    metadata.write_text("".join(lines))
    archive = made.archive(number)
    packing = ("tar", "--create", f"--directory={content}", "--owner=0", "--group=0")
    names = sorted(path.name for path in content.iterdir())
    run(*packing, "--use-compress-program=xz -0", f"--file={archive}", *names)
    sign(archive, made, number)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is said of an archive, where that is not the truth."""

    target: Target | None = None
    expires: date | None = None
    secret: Path | None = None


TRUE = Manifest()


def sign(archive: Path, made: Versions, number: int, said: Manifest = TRUE) -> None:
    """Writes the manifest of an archive."""
    release = Release(said.target or made.target, version(number))
    signed = bundle.manifest(release, archive, said.expires)
    key = bundle.private_key(said.secret or made.secret)
    archive.with_name(archive.name + SUFFIX).write_bytes(signed + bundle.signature(key, signed))

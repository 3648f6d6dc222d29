"""A second version for the image: its own programs with a higher number, as a signed bundle on a disk."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bridge import version
from deploy.image import card
from deploy.image.debian import SUITES
from deploy.package import bundle
from deploy.package.commit import Commit
from deploy.package.release import Release
from deploy.package.target import Target
from tests.image.inside import UPDATE_LABEL, digest

APPLICATION = "/usr/lib/evse-bridge/application"
TIME_S = 1_800_000_000  # of the files in the bundle


@dataclass(frozen=True, slots=True)
class Versions:
    """The image's version and the one above it, with what `digest` finds of each; the disk of its bundle, and
    the key that verifies it."""

    old: str
    new: str
    digests: dict[str, str]
    disk: Path
    key: Path


def made(image: Path, folder: Path) -> Versions:
    """Fills the folder, which is new. `image` has its suite in its name."""
    folder.mkdir()
    programs = _programs(image, folder)
    found = digest(programs)
    full, raised = _raise(programs)
    old, new = version.numbers(full), version.numbers(raised)
    digests = {old: found, new: digest(programs)}
    secret, key = _keys(folder)
    bundles = folder / "bundle"
    bundles.mkdir()
    release = Release(Target(_suite(image), "arm64"), Commit(raised, "0" * 40, TIME_S))
    bundle.build(release, programs, bundle.Signing((secret,)), bundles)
    disk = folder / "update.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", UPDATE_LABEL, "-d", bundles, disk, "96M"], check=True)
    return Versions(old, new, digests, disk, key)


def _suite(image: Path) -> str:
    [suite] = [suite for suite in SUITES if suite in image.name]
    return suite


def _programs(image: Path, folder: Path) -> Path:
    """Takes them out of the image's root, without mounting it."""
    device = f"{image}?offset={card.ROOT.start_mib * card.MIB}"
    subprocess.run(
        ["debugfs", "-R", f"rdump {APPLICATION} {folder}", device], check=True, capture_output=True
    )
    return folder / Path(APPLICATION).name


def _raise(programs: Path) -> tuple[str, str]:
    """Gives them the next number; returns the full version before and after."""
    [info] = programs.glob("lib/python3*/site-packages/evse_bridge-*.dist-info")
    metadata = info / "METADATA"
    text = metadata.read_text()
    found = re.search(r"^Version: ((?:\d+\.){3})(\d+)(.*)$", text, re.MULTILINE)
    assert found is not None, text[:300]
    full, raised = "".join(found.groups()), f"{found[1]}{int(found[2]) + 1}{found[3]}"
    metadata.write_text(text.replace(f"Version: {full}\n", f"Version: {raised}\n"))
    info.rename(info.with_name(info.name.replace(full, raised)))
    return full, raised


def _keys(folder: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    secret, public = folder / "secret.pem", folder / "firmware.pem"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return secret, public

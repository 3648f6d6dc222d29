"""Bundles for the tests: really packed and really signed, also such as nobody should make."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bridge.jobs.manifest import SUFFIX
from deploy.slots.bundle import ARCHIVE, Fits
from tests.bridge.jobs.archive import Signer
from tests.deploy.slots.box import NEW

FITS = Fits("bookworm", "x86_64")
FOR_THIS = f"suite {FITS.suite}\nmachine {FITS.machine}\n"


Packed = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", mode: int = 0o644, **changes: object) -> Packed:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    for each, value in changes.items():
        setattr(info, each, value)
    return info, content


def folder(name: str) -> Packed:
    return member(name, type=tarfile.DIRTYPE, mode=0o755)


def link(name: str, target: str) -> Packed:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def environment(version: str = NEW) -> list[Packed]:
    """The same as `box.environment`."""
    return [
        folder("bin"),
        link("bin/python", "/usr/bin/python3"),
        member("bin/evse-bridge", b"#!/bin/sh\n", 0o755),
        folder("lib"),
        link("lib64", "lib"),
        member("lib/bridge.py", f"VERSION = {version!r}\n".encode()),
    ]


def packed(members: Iterable[Packed], mode: str = "w:xz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tar:  # type: ignore[call-overload]
        for info, content in members:
            tar.addfile(info, io.BytesIO(content) if content else None)
    return made.getvalue()


@dataclass
class Maker:
    """The owner with a key, who puts bundles into a folder."""

    signer: Signer = field(default_factory=Signer)

    def put(
        self, where: Path, archive: bytes, version: str = NEW, box: str = FOR_THIS, name: str = ARCHIVE
    ) -> None:
        where.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(archive)
        (where / f"{name}{SUFFIX}").write_bytes(self.signer.manifest(archive, version, box=box))

"""Archives from real servers: only what is signed, whole and unchanged is ever given to the installer."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.jobs.attempt import InstallError, Patience, SignatureError, TooOldError, TransferError
from bridge.jobs.firmware import ARCHIVE, INSTALLER_LOG, MANIFEST, PARTIAL, FirmwareFolder, Installing
from bridge.jobs.manifest import SIZE_LIMIT
from tests.bridge.jobs.archive import Signer
from tests.bridge.jobs.servers import (
    Authority,
    HttpServer,
    closes_half_way,
    hangs,
    http_server,
    misbehaving,
)
from tests.spoiled import SPOILED, Spoiling

HARMLESS = {(MANIFEST, "cut_off"), ("firmware.pem", "cut_off")}  # of the line end that may be missing
ARCHIVE_BYTES = b"new" * 100_000
IMPATIENT = Patience(quiet_s=0.3, whole_s=5.0)
COPIES = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2]); print(sys.argv[3])"


@dataclass
class Box:
    """A firmware folder whose installer copies the archive to `installed`."""

    base: Path
    signer: Signer
    folder: FirmwareFolder

    def at(self, name: str) -> Path:
        return self.base / "firmware" / name

    @property
    def installed(self) -> Path:
        return self.base / "installed $(touch oops) here"  # a shell would trip over it


def box(base: Path, authority: Authority, *, installer: tuple[str, ...] | None = None) -> Box:
    signer = Signer()
    made = Box(base, signer, FirmwareFolder(Path(), Installing(None, ()), authority.client))
    copies = (sys.executable, "-c", COPIES, "{archive}", str(made.installed), "{version}")
    installing = Installing(signer.public_key(base), copies if installer is None else installer)
    made.folder = FirmwareFolder(base / "firmware", installing, authority.client, IMPATIENT)
    return made


def offer(server: HttpServer, signer: Signer, archive: bytes = ARCHIVE_BYTES) -> str:
    server.files = {"/box.tar": archive, "/box.tar.manifest": signer.manifest(ARCHIVE_BYTES)}
    return f"{server.base}/box.tar?token=t"


@pytest.mark.parametrize("tls", [False, True])
async def test_fetched_and_installed(folder: Path, authority: Authority, tls: bool) -> None:
    here = box(folder, authority)
    async with http_server(authority.server() if tls else None) as server:
        assert await here.folder.fetch(offer(server, here.signer)) == "1.2.0.0"
    assert [got.path for got in server.got] == ["/box.tar.manifest?token=t", "/box.tar?token=t"]
    await here.folder.install("1.2.0.0")
    assert here.installed.read_bytes() == ARCHIVE_BYTES
    assert here.at("installer.log").read_text() == "1.2.0.0\n"


@pytest.mark.parametrize("spoil", SPOILED)
async def test_whatever_stands_in_the_folder_an_update_is_fetched_and_installed(
    folder: Path, authority: Authority, spoil: Spoiling
) -> None:
    here = box(folder, authority)
    here.at("").mkdir()
    for name in (ARCHIVE, MANIFEST, PARTIAL, INSTALLER_LOG):
        here.at(name).write_text("x")
        spoil(here.at(name))
    async with http_server() as server:
        with contextlib.suppress(TransferError):  # what stands in place of the new file costs one try
            await here.folder.fetch(offer(server, here.signer))
        await here.folder.fetch(offer(server, here.signer))
    await here.folder.install("1.2.0.0")
    assert here.installed.read_bytes() == ARCHIVE_BYTES


@pytest.mark.parametrize("name", [ARCHIVE, MANIFEST, "firmware.pem"])
@pytest.mark.parametrize("spoil", SPOILED)
async def test_what_is_spoiled_since_it_was_fetched_is_not_installed(
    folder: Path, authority: Authority, spoil: Spoiling, name: str
) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        await here.folder.fetch(offer(server, here.signer))
    path = folder / name if name == "firmware.pem" else here.at(name)
    before = path.read_bytes()
    spoil(path)
    async with asyncio.timeout(30):
        if (name, spoil.__name__) in HARMLESS:
            assert before[-1:] == b"\n"
            await here.folder.install("1.2.0.0")
            return
        with pytest.raises((InstallError, SignatureError)):
            await here.folder.install("1.2.0.0")
    assert not here.installed.exists()


@pytest.mark.parametrize("least", ["1.2.0.1", "1.10.0.0", "2.0.0.0"])
async def test_what_is_too_old_is_not_downloaded(folder: Path, authority: Authority, least: str) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        with pytest.raises(TooOldError, match=f"version 1.2.0.0 is not downloaded: {least} or newer"):
            await here.folder.fetch(offer(server, here.signer), least)
    assert [got.path for got in server.got] == ["/box.tar.manifest?token=t"]
    assert list(here.at("").iterdir()) == []


async def test_whether_it_is_too_old_only_a_genuine_manifest_says(folder: Path, authority: Authority) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        with pytest.raises(SignatureError):
            await here.folder.fetch(offer(server, Signer()), "2.0.0.0")


@pytest.mark.parametrize("least", ["", "0.9.9.9", "1.2.0.0"])
async def test_the_least_version_and_newer_ones_are_downloaded(
    folder: Path, authority: Authority, least: str
) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        assert await here.folder.fetch(offer(server, here.signer), least) == "1.2.0.0"


async def test_a_stranger_s_signature(folder: Path, authority: Authority) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        with pytest.raises(SignatureError, match="not signed with the key"):
            await here.folder.fetch(offer(server, Signer()))
    assert not here.at(ARCHIVE).exists()


@pytest.mark.parametrize(
    "spoilt", [ARCHIVE_BYTES[:-1], ARCHIVE_BYTES + b"x", b"old" + ARCHIVE_BYTES[3:], b""]
)
async def test_an_archive_that_is_not_the_manifest_s(
    folder: Path, authority: Authority, spoilt: bytes
) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        with pytest.raises(SignatureError):
            await here.folder.fetch(offer(server, here.signer, spoilt))
    assert list(here.at("").iterdir()) == []


@pytest.mark.parametrize("how", ["version", "size", "garbage", "long", "huge", "other order"])
async def test_a_spoilt_manifest(folder: Path, authority: Authority, how: str) -> None:
    here = box(folder, authority)
    good = here.signer.manifest(ARCHIVE_BYTES)
    lines = good.splitlines(keepends=True)
    spoilt = {
        "version": good.replace(b"version 1.2", b"version 1.3"),
        "size": good.replace(b"size 3", b"size 4"),
        "garbage": b"\x00\xff" * 50,
        "long": good + b"#" * SIZE_LIMIT,
        "huge": here.signer.manifest(ARCHIVE_BYTES, size=10**11),
        "other order": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
    }
    async with http_server() as server:
        url = offer(server, here.signer)
        server.files["/box.tar.manifest"] = spoilt[how]
        with pytest.raises(SignatureError):
            await here.folder.fetch(url)
    assert len(server.got) == 1  # the archive itself is not asked for


async def test_no_key_no_update(folder: Path, authority: Authority) -> None:
    async with http_server() as server:
        here = FirmwareFolder(folder / "firmware", Installing(None, ()), authority.client, IMPATIENT)
        with pytest.raises(SignatureError, match=r"firmware\.public_key"):
            await here.fetch(offer(server, Signer()))


async def test_servers_that_fail(folder: Path, authority: Authority) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        url = offer(server, here.signer)
        del server.files["/box.tar"]
        with pytest.raises(TransferError, match="404"):
            await here.folder.fetch(url)
    urls = []
    for conduct in (hangs, closes_half_way):
        async with misbehaving(conduct) as port:
            urls.append(f"http://localhost:{port}/box.tar")
            with pytest.raises(TransferError, match="localhost"):
                await here.folder.fetch(urls[-1])
    with pytest.raises(TransferError, match="localhost"):
        await here.folder.fetch(urls[-1])  # nobody listens any more


async def test_a_full_disk_fails_the_download(folder: Path, authority: Authority) -> None:
    here = box(folder, authority)
    here.at("").mkdir()
    here.at(PARTIAL).symlink_to("/dev/full")
    async with http_server() as server:
        with pytest.raises(TransferError, match="No space left"):
            await here.folder.fetch(offer(server, here.signer))
        assert await here.folder.fetch(offer(server, here.signer)) == "1.2.0.0"  # there is space again


async def test_what_was_changed_on_the_disk_is_not_installed(folder: Path, authority: Authority) -> None:
    here = box(folder, authority)
    async with http_server() as server:
        await here.folder.fetch(offer(server, here.signer))
    with pytest.raises(SignatureError, match="version"):
        await here.folder.install("1.3.0.0")
    here.at(ARCHIVE).write_bytes(b"evil" + ARCHIVE_BYTES[4:])
    with pytest.raises(SignatureError, match="changed"):
        await here.folder.install("1.2.0.0")
    here.at(MANIFEST).unlink()
    with pytest.raises(InstallError, match="cannot be read"):
        await here.folder.install("1.2.0.0")
    assert not here.installed.exists()


@pytest.mark.parametrize(
    ("installer", "why"),
    [
        ((sys.executable, "-c", "import sys; print('no room'); sys.exit(3)"), "ended with 3: no room"),
        (("/nonexistent/installer", "{archive}"), "cannot be run"),
        ((), r"firmware\.installer"),
    ],
)
async def test_an_installer_that_fails(
    folder: Path, authority: Authority, installer: tuple[str, ...], why: str
) -> None:
    here = box(folder, authority, installer=installer)
    async with http_server() as server:
        await here.folder.fetch(offer(server, here.signer))
    with pytest.raises(InstallError, match=why):
        await here.folder.install("1.2.0.0")

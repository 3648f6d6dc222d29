"""`evse-bridge update` up to root's program, which a small one stands for: it says what it was given."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import settings
from bridge.cli.update import Installed, update
from bridge.folders import CommandError, MisuseError
from tests.bridge.jobs.archive import Signer
from tests.bridge.jobs.conftest import authority as authority
from tests.bridge.jobs.servers import closes_half_way, http_server, misbehaving

ARCHIVE = b"new" * 1000
REAL = """[central_system]
url = "wss://somewhere.example/ocpp"
[charge_point]
id = "CP1"
serial_number = "SN1"
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the command is root's")


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """Root's program writes down its arguments and what lies in the folder, and ends with 3."""
    updater = tmp_path / "updater"
    updater.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/given\nls "$(dirname "$2")" >> {tmp_path}/given\nexit 3\n'
    )
    updater.chmod(0o755)
    (tmp_path / "current").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / settings.FILE_NAME).write_text(REAL)
    return Installed(updater, tmp_path / "current", tmp_path / "etc", tmp_path / "run")


def given(installed: Installed) -> list[str]:
    return (installed.updater.parent / "given").read_text().splitlines()


@needs_root
@pytest.mark.parametrize("older", [False, True])
def test_a_file_and_its_manifest_are_handed_over(installed: Installed, tmp_path: Path, older: bool) -> None:
    archive = tmp_path / "box.tar.xz"
    archive.write_bytes(ARCHIVE)
    Path(f"{archive}.manifest").write_bytes(b"")
    assert update(str(archive), installed, allow_older=older) == 3
    assert given(installed)[0] == f"install {archive}" + " --allow-older" * older


@needs_root
@pytest.mark.parametrize("missing", ["box.tar.xz", "box.tar.xz.manifest"])
def test_both_must_be_there(installed: Installed, tmp_path: Path, missing: str) -> None:
    for name in {"box.tar.xz", "box.tar.xz.manifest"} - {missing}:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(
        MisuseError, match=f"{missing}: no such file; an archive and its manifest lie side by"
    ):
        update(str(tmp_path / "box.tar.xz"), installed, allow_older=False)
    assert not (tmp_path / "given").exists()


@needs_root
async def test_an_address_is_fetched_and_nothing_of_it_stays(installed: Installed) -> None:
    signer = Signer()
    signer.public_key(installed.config)
    async with http_server() as server:
        server.files = {"/box": ARCHIVE, "/box.manifest": signer.manifest(ARCHIVE)}
        assert await in_thread(f"{server.base}/box", installed) == 3
    path = given(installed)[0].split()[-1]
    assert given(installed)[1:] == ["archive", "archive.manifest"]
    assert not Path(path).parent.exists()


async def in_thread(url: str, installed: Installed) -> int:
    return await asyncio.to_thread(update, url, installed, allow_older=False)


@needs_root
async def test_what_cannot_be_fetched_is_said_in_words(installed: Installed) -> None:
    signer = Signer()
    signer.public_key(installed.config)
    async with http_server() as server:
        server.files = {"/box": ARCHIVE, "/box.manifest": Signer().manifest(ARCHIVE)}
        with pytest.raises(CommandError, match="not fetched: the manifest is not signed with the key"):
            await in_thread(f"{server.base}/box", installed)
        with pytest.raises(CommandError, match="not fetched: localhost answered 404"):
            await in_thread(f"{server.base}/none", installed)
        gone = server.base
    with pytest.raises(CommandError, match=r"not fetched: localhost: .*Cannot connect"):
        await in_thread(f"{gone}/box", installed)
    async with misbehaving(closes_half_way) as port:
        with pytest.raises(CommandError, match="not fetched: localhost: "):
            await in_thread(f"http://localhost:{port}/box", installed)


@needs_root
def test_a_box_without_the_package_is_refused(installed: Installed) -> None:
    installed.slots.rmdir()
    with pytest.raises(CommandError, match="was not installed from the package"):
        update("box.tar.xz", installed, allow_older=False)


@needs_root
def test_a_package_is_left_to_apt(installed: Installed) -> None:
    with pytest.raises(CommandError, match=r"/box\.deb: a package is installed by sudo apt install "):
        update("/box.deb", installed, allow_older=False)


def test_who_is_not_root_is_told_so() -> None:
    may_read = (
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    )  # this Python, in root's own folder
    as_nobody = ["setpriv", "--reuid=65534", "--clear-groups", *may_read] if os.geteuid() == 0 else []
    command = [sys.executable, "-I", "-m", "bridge.cli.main", "update", "/tmp/box.tar.xz"]
    done = subprocess.run([*as_nobody, *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "evse-bridge update replaces the programs of the box: use sudo\n",
    )


@needs_root
@pytest.mark.parametrize("what", ["/", "", "x" * 300, "HTTP://host/x", "a\nb"])
def test_a_name_that_no_archive_has(installed: Installed, what: str) -> None:
    with pytest.raises(
        MisuseError, match="no such file; an archive and its manifest lie side by side"
    ) as error:
        update(what, installed, allow_older=False)
    assert str(error.value).isprintable()


@needs_root
@pytest.mark.parametrize("url", ["http://[", "https://user:secret@[::1/x"])
def test_an_address_that_is_none(installed: Installed, url: str) -> None:
    with pytest.raises(CommandError, match="not fetched: this is no address: Invalid IPv6 URL"):
        update(url, installed, allow_older=False)


@needs_root
def test_root_s_program_is_not_there(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "box.tar.xz").touch()
    (tmp_path / "box.tar.xz.manifest").touch()
    installed.updater.unlink()
    with pytest.raises(CommandError, match="cannot be run: No such file or directory; install the package"):
        update(str(tmp_path / "box.tar.xz"), installed, allow_older=False)

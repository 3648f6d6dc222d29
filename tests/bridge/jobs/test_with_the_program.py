"""The bridge as a process, a Central System, real servers: uploads, and a signed archive that is run."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import shutil
import sys
import tarfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.compose import DATABASE_NAME
from bridge.core.now import timestamp
from bridge.core.reporting.observations import SOURCES
from bridge.demo.central_system import CentralSystem
from bridge.trial import TRIAL_NAME
from tests.bridge.jobs.archive import Signer
from tests.bridge.jobs.ftp_server import USER_IN_URL
from tests.bridge.jobs.servers import ftp_server, http_server
from tests.system import configured
from tests.system.programs import Programs

PATIENCE_S = 60.0
NEW_METADATA = b"Metadata-Version: 2.1\nName: evse-bridge\nVersion: 0.2.0\n"


@dataclass
class Program:
    """`bridge` alone; what an installer puts into `overlay` is found before what is installed here."""

    folder: Path
    process: Process | None = None

    @property
    def overlay(self) -> Path:
        return self.folder / "overlay"

    @property
    def reset(self) -> Path:
        return self.folder / "r" / "reset"

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bridge", *Programs(self.folder).arguments, "--mock",
                stdin=DEVNULL, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(self.overlay)},
            )  # fmt: skip

    async def ended(self) -> int:
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@contextlib.asynccontextmanager
async def living(folder: Path, central: CentralSystem, values: configured.Values) -> AsyncIterator[Program]:
    program = Program(folder)
    for path in (folder / "d", folder / "r", program.overlay):
        path.mkdir(exist_ok=True)
    (folder / "r" / "boot_id").write_text("boot-1\n")
    configured.write(folder / "c", {}, {"central_system.url": central.url, **values})
    await program.start()
    try:
        await central.until(lambda: central.registered, PATIENCE_S)
        yield program
    finally:
        await program.kill()


def statuses(central: CentralSystem, action: str) -> list[str]:
    return [request["status"] for request in central.requests(action)]


def archive() -> bytes:
    """A version whose only news is its number."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("evse_bridge-0.2.0.dist-info/METADATA")
        entry.size = len(NEW_METADATA)
        tar.addfile(entry, io.BytesIO(NEW_METADATA))
    return packed.getvalue()


@pytest.mark.real
async def test_diagnostics_behind_the_cloud(folder: Path) -> None:
    (folder / "files").mkdir()
    async with CentralSystem({}) as central, ftp_server(folder / "files") as port:
        async with living(folder, central, {}):
            location = f"ftp://{USER_IN_URL}@localhost:{port}"
            answer = await central.call("GetDiagnostics", {"location": location})
            told = ["Uploading", "Uploaded"]
            await central.until(
                lambda: statuses(central, "DiagnosticsStatusNotification") == told, PATIENCE_S
            )
        document = json.loads((folder / "files" / answer["fileName"]).read_bytes())
        assert answer["fileName"].startswith("diagnostics_MOCK0001_")
        assert {entry["StateId"] for entry in document} <= {source.id for source in SOURCES}
        assert {"StateId": 911, "ValueAsString": "0.1.0.0"}.items() <= document[-1].items()
        assert central.violations == []


@pytest.mark.real
async def test_diagnostics_natively_after_a_try_in_vain(folder: Path) -> None:
    async with CentralSystem({}) as central, http_server() as server:
        server.status = 503
        async with living(folder, central, {"zaptec.mode": "native"}):
            asked = {"location": f"{server.base}/in", "retries": 1, "retryInterval": 1}
            assert await central.call("GetDiagnostics", asked) == {"fileName": "diagnostics_log.txt"}
            await central.until(lambda: len(server.got) == 1, PATIENCE_S)
            server.status = 200
            told = ["Uploading", "UploadFailed", "Uploading", "Uploaded"]
            await central.until(
                lambda: statuses(central, "DiagnosticsStatusNotification") == told, PATIENCE_S
            )
        assert b" 911 SmartComputerSoftwareApplicationVersion 0.1.0.0\n" in server.got[1].parts["file"][2]
        assert central.violations == []


@contextlib.asynccontextmanager
async def killed_before_an_update(
    folder: Path, central: CentralSystem, version: str
) -> AsyncIterator[Program]:
    """The program was killed when an update to that version was scheduled, and is started again."""
    signer = Signer()
    signer.public_key(folder)
    values = {
        "zaptec.mode": "native",
        "firmware.public_key": str(folder / "firmware.pem"),
        "firmware.installer": [sys.executable, "-m", "tarfile", "-e", "{archive}", str(folder / "overlay")],
    }
    async with http_server() as server, living(folder, central, values) as program:
        server.files = {"/box.tar": archive(), "/box.tar.manifest": signer.manifest(archive(), version)}
        at = timestamp(datetime.now(UTC) + timedelta(seconds=4))
        asked = {"location": f"{server.base}/box.tar", "retrieveDate": at}
        assert await central.call("UpdateFirmware", asked) == {}
        await program.kill()
        await program.start()
        yield program


@pytest.mark.real
async def test_an_older_version_is_refused_by_the_program_that_starts_after_a_kill(folder: Path) -> None:
    async with CentralSystem({}) as central, killed_before_an_update(folder, central, "0.0.9") as program:
        told = ["Downloading", "InstallationFailed"]
        await central.until(lambda: statuses(central, "FirmwareStatusNotification") == told, PATIENCE_S)
        assert program.process is not None
        assert program.process.returncode is None
        assert list(program.overlay.iterdir()) == []
        assert "firmware 0.0.9.0 is not installed: 0.1.0.0, which runs, is newer" in program.log()


@pytest.mark.real
async def test_a_scheduled_update_survives_being_killed_and_is_installed(folder: Path) -> None:
    async with CentralSystem({}) as central:
        async with killed_before_an_update(folder, central, "0.2.0") as program:
            assert await program.ended() == 0
            assert program.reset.read_text() == "hard\n"
            program.reset.unlink()
            await program.start()
            told = ["Downloading", "Downloaded", "Installing", "Installed"]
            await central.until(lambda: statuses(central, "FirmwareStatusNotification") == told, PATIENCE_S)
        versions = [request["firmwareVersion"] for request in central.requests("BootNotification")]
        assert versions == ["0.1.0.0", "0.1.0.0", "0.2.0.0"]
        assert central.violations == []


@pytest.mark.real
@pytest.mark.parametrize("ends", ["well", "badly"])
async def test_what_came_of_a_trial_is_reported_when_it_is_over(folder: Path, ends: str) -> None:
    """By the new version when it has proven itself; else by the one that came back, with the old database."""
    trial, database = folder / "r" / TRIAL_NAME, folder / "d" / DATABASE_NAME
    async with CentralSystem({}) as central:
        async with killed_before_an_update(folder, central, "0.2.0") as program:
            assert await program.ended() == 0
            program.reset.unlink()
            copy = database.read_bytes()
            trial.write_text("0.2.0.0\n")
            await program.start()
            await central.until(lambda: len(central.requests("BootNotification")) == 3, PATIENCE_S)
            await asyncio.sleep(2.0)  # it would have said so
            told = ["Downloading", "Downloaded", "Installing"]
            assert statuses(central, "FirmwareStatusNotification") == told
            if ends == "badly":
                await program.kill()
                shutil.rmtree(program.overlay)
                program.overlay.mkdir()
                for left in database.parent.glob(f"{DATABASE_NAME}*"):
                    left.unlink()
                database.write_bytes(copy)
            trial.unlink()
            if ends == "badly":
                await program.start()
            told.append("Installed" if ends == "well" else "InstallationFailed")
            await central.until(lambda: statuses(central, "FirmwareStatusNotification") == told, PATIENCE_S)
        versions = [request["firmwareVersion"] for request in central.requests("BootNotification")]
        assert versions == ["0.1.0.0", "0.1.0.0", "0.2.0.0", "0.1.0.0"][: 3 if ends == "well" else 4]
        assert central.violations == []

"""The firmware folder: fetches an archive with its manifest, checks it, and runs the installer on it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import aiohttp

from bridge.core.zaptec import is_older
from bridge.jobs import manifest
from bridge.jobs.allowance import Allowance
from bridge.jobs.attempt import InstallError, Patience, SignatureError, Tls, TooOldError, TransferError
from bridge.jobs.manifest import Manifest
from bridge.jobs.transfer import failing_as_transfer, http_session, refused, without_credentials
from hal import durable

log = logging.getLogger(__name__)

ARCHIVE, PARTIAL, MANIFEST, INSTALLER_LOG = "archive", "archive.part", "archive.manifest", "installer.log"
CHUNK = 65_536
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe is not waited for
DOWNLOAD_PATIENCE = Patience(quiet_s=60.0, whole_s=3600.0)
INSTALLER_LIMIT_S = 1800.0
LOOK_S = 0.1
LOGGED_BYTES = 500  # bytes of what the installer said that go into our log


@dataclass(frozen=True, slots=True)
class Installing:
    """How an update is verified and installed: charge-point.toml's [firmware]."""

    public_key: Path | None
    command: tuple[str, ...]  # {archive} and {version} are filled in; no shell reads it


class FirmwareFolder:
    """The folder of one archive. The archive is checked again before it is installed."""

    def __init__(
        self,
        folder: Path,
        installing: Installing,
        tls: Tls,
        patience: Patience = DOWNLOAD_PATIENCE,
    ) -> None:
        self._folder = folder
        self._installing = installing
        self._tls = tls
        self._patience = patience

    async def fetch(self, url: str, least: str = "") -> str:
        """Fetches the archive and returns its version, checked.

        Raises: TransferError; SignatureError when what came is not genuine; TooOldError, before anything of
        the archive is fetched, when its manifest names a version older than `least`.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise TransferError(f"this is no address: {error}") from None
        with failing_as_transfer(parts, self._patience):
            self._folder.mkdir(parents=True, exist_ok=True)
            for name in (ARCHIVE, MANIFEST):
                _clear(self._path(name))
            allowance = Allowance()
            async with http_session(self._tls, self._patience, allowance) as session:
                signed = await self._fetch_manifest(session, parts)
                said = self._read(signed)
                if is_older(said.version, least):
                    raise TooOldError(said.version, least)
                allowance.grant(said.size)
                await self._fetch_archive(session, parts, said)
            self._path(MANIFEST).write_bytes(signed)
            self._path(PARTIAL).replace(self._path(ARCHIVE))
        return said.version

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _read(self, signed: bytes) -> Manifest:
        if self._installing.public_key is None:
            raise SignatureError(
                "nothing can be checked: charge-point.toml names no firmware.public_key, and there is no "
                "firmware.pem beside it"
            )
        return manifest.read(signed, self._installing.public_key, datetime.now(UTC))

    async def _fetch_manifest(self, session: aiohttp.ClientSession, parts: SplitResult) -> bytes:
        signed = b""
        async with _got(session, parts._replace(path=parts.path + manifest.SUFFIX)) as answer:
            async for chunk in answer.content.iter_chunked(CHUNK):
                signed += chunk
                if len(signed) > manifest.SIZE_LIMIT:
                    raise SignatureError(f"a manifest of more than {manifest.SIZE_LIMIT} bytes")
        return signed

    async def _fetch_archive(
        self, session: aiohttp.ClientSession, parts: SplitResult, said: Manifest
    ) -> None:
        """Puts never more on the disk than the manifest says."""
        size, digest = 0, hashlib.sha256()
        partial = self._path(PARTIAL)
        try:
            async with _got(session, parts) as answer:
                with os.fdopen(os.open(partial, _FRESH, 0o644), "wb") as file:
                    async for chunk in answer.content.iter_chunked(CHUNK):
                        size += len(chunk)
                        if size > said.size:
                            raise SignatureError(f"more than the {said.size} bytes of its manifest came")
                        digest.update(chunk)
                        await asyncio.to_thread(file.write, chunk)
            if (size, digest.hexdigest()) != (said.size, said.sha256):
                raise SignatureError(f"{size} bytes came that are not those of the manifest")
        except BaseException:
            _clear(partial)
            raise

    # Installing

    async def install(self, version: str) -> None:
        """Returns when the installer has ended well. It is not ended with us: it may restart us.

        Raises InstallError; SignatureError when what lies here is not the genuine archive of that version.
        """
        said = await asyncio.to_thread(self._checked)
        if said.version != version:
            raise SignatureError(f"the archive is version {said.version}, downloaded was {version}")
        if not self._installing.command:
            raise InstallError("charge-point.toml names no firmware.installer")
        filled = {"{archive}": str(self._path(ARCHIVE)), "{version}": version}
        command = [filled.get(part, part) for part in self._installing.command]
        await self._run(command)

    def _checked(self) -> Manifest:
        try:
            said = self._read(durable.read(self._path(MANIFEST), manifest.SIZE_LIMIT))
            if durable.is_no_file(self._path(ARCHIVE)):
                raise InstallError(f"the archive cannot be read: {self._path(ARCHIVE)} is no file")
            with self._path(ARCHIVE).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InstallError(f"the archive cannot be read: {error}") from None
        if digest != said.sha256:
            raise SignatureError("the archive was changed since it was downloaded")
        return said

    async def _run(self, command: list[str]) -> None:
        living = self._started(command)
        try:
            async with asyncio.timeout(INSTALLER_LIMIT_S):
                while (code := living.poll()) is None:  # noqa: ASYNC110 - see `_started`
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            living.kill()
            living.wait()
            raise InstallError(f"firmware.installer did not end in {INSTALLER_LIMIT_S:g} s") from None
        said = self._end_of_log()
        log.info("firmware.installer ended with %s: %s", code, said)
        if code != 0:
            raise InstallError(f"firmware.installer ended with {code}: {said}")

    def _end_of_log(self) -> str:
        with self._path(INSTALLER_LOG).open("rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - LOGGED_BYTES))
            return output.read(LOGGED_BYTES).decode(errors="replace").strip()

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Starts a process outside asyncio, which would end it with our loop. Raises InstallError."""
        _clear(self._path(INSTALLER_LOG))
        with self._path(INSTALLER_LOG).open("wb") as output:
            try:
                return subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            except OSError as error:
                raise InstallError(f"firmware.installer cannot be run: {error}") from None


def _clear(path: Path) -> None:
    """Removes whatever stands there: a damaged file system may show a folder or a pipe. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@asynccontextmanager
async def _got(session: aiohttp.ClientSession, parts: SplitResult) -> AsyncIterator[aiohttp.ClientResponse]:
    """Follows redirects: what counts is the signature."""
    url, headers = without_credentials(parts)
    async with session.get(url, headers=headers) as answer:
        if answer.status != 200:
            raise refused(answer, parts)
        yield answer

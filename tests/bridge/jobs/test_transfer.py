"""Uploads to real servers of all four protocols, and to those that fail."""

from __future__ import annotations

import ssl
from base64 import b64encode
from pathlib import Path

import pytest

from bridge.core.errand import Upload
from bridge.jobs.attempt import Patience, TransferError
from bridge.jobs.transfer import send
from tests.bridge.jobs.ftp_server import PASSWORD, USER, USER_IN_URL
from tests.bridge.jobs.servers import (
    Authority,
    closes_at_once,
    ftp_server,
    hangs,
    http_server,
    misbehaving,
)

pytestmark = pytest.mark.distribution

DOCUMENT = b'[{"StateId": 911}]'
PATIENCE = Patience(quiet_s=30.0, whole_s=60.0)
IMPATIENT = Patience(quiet_s=0.3, whole_s=1.0)


def upload(url: str, *, as_part: bool = False) -> Upload:
    return Upload(url, "diagnostics_CP é.json", DOCUMENT, as_part)


async def test_ftp_with_user_and_password(folder: Path) -> None:
    async with ftp_server(folder) as port:
        (folder / "in").mkdir()
        await send(upload(f"ftp://{USER_IN_URL}@localhost:{port}/in/box%201.json"), no_tls, PATIENCE)
    assert (folder / "in" / "box 1.json").read_bytes() == DOCUMENT


async def test_ftps(folder: Path, authority: Authority) -> None:
    (folder / "files").mkdir()
    async with ftp_server(folder / "files", authority.pem(folder)) as port:
        await send(upload(f"ftps://{USER_IN_URL}@localhost:{port}/box.json"), authority.client, PATIENCE)
        with pytest.raises(TransferError, match="TLS required"):  # the server takes nothing unencrypted
            await send(upload(f"ftp://{USER_IN_URL}@localhost:{port}/bare.json"), no_tls, PATIENCE)
    assert (folder / "files" / "box.json").read_bytes() == DOCUMENT
    assert not (folder / "files" / "bare.json").exists()


@pytest.mark.parametrize(
    ("path", "user"),
    [("box.json", "box%201:wrong"), ("full.json", USER_IN_URL), ("nowhere/box.json", USER_IN_URL)],
)
async def test_ftp_that_refuses_or_is_full(folder: Path, path: str, user: str) -> None:
    async with ftp_server(folder) as port:
        with pytest.raises(TransferError) as failed:
            await send(upload(f"ftp://{user}@localhost:{port}/{path}"), no_tls, PATIENCE)
    assert "wrong" not in str(failed.value)


async def test_http_posts_the_document_itself() -> None:
    async with http_server() as server:
        url = f"{server.base.replace('//', f'//{USER_IN_URL}@')}/in?token=t"
        await send(upload(url), no_tls, PATIENCE)
    (got,) = server.got
    assert (got.method, got.path, got.body) == ("POST", "/in?token=t", DOCUMENT)
    assert got.headers["Content-Type"] == "application/json"
    assert "diagnostics_CP%20%C3%A9.json" in got.headers["Content-Disposition"]
    assert got.headers["Authorization"] == f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


@pytest.mark.parametrize("status", [200, 204])
async def test_https_posts_a_part(authority: Authority, status: int) -> None:
    async with http_server(authority.server()) as server:
        server.status = status
        part = Upload(f"{server.base}/in", "diagnostics_log.txt", b"one line\n", as_part=True)
        await send(part, authority.client, PATIENCE)
    (got,) = server.got
    assert got.parts == {"file": ("diagnostics_log.txt", "text/plain", b"one line\n")}


async def test_an_unknown_certificate_is_refused(authority: Authority) -> None:
    async with http_server(authority.server()) as server:
        with pytest.raises(TransferError, match="certificate"):
            await send(upload(f"{server.base}/in"), ssl.create_default_context, PATIENCE)
    assert server.got == []


@pytest.mark.parametrize("status", [302, 307, 401, 500, 507])
async def test_what_is_not_2xx_has_failed(status: int) -> None:
    async with http_server() as server:
        server.status = status
        with pytest.raises(TransferError, match=f"localhost answered {status}"):
            await send(upload(f"{server.base}/in"), no_tls, PATIENCE)
    assert len(server.got) == 1  # no redirect is followed


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "ftps"])
async def test_a_server_that_hangs_is_left(scheme: str) -> None:
    async with misbehaving(hangs) as port:
        with pytest.raises(TransferError, match="localhost"):
            await send(upload(f"{scheme}://localhost:{port}/in.json"), ssl.create_default_context, IMPATIENT)


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "ftps"])
async def test_a_server_that_closes_has_failed(scheme: str) -> None:
    async with misbehaving(closes_at_once) as port:
        with pytest.raises(TransferError, match="localhost"):
            await send(upload(f"{scheme}://localhost:{port}/in.json"), ssl.create_default_context, PATIENCE)


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "ftps"])
async def test_nobody_listens(scheme: str) -> None:
    async with misbehaving(closes_at_once) as port:
        pass
    with pytest.raises(TransferError, match="localhost"):
        await send(upload(f"{scheme}://localhost:{port}/in.json"), ssl.create_default_context, PATIENCE)


def no_tls() -> ssl.SSLContext:
    """For addresses that need none; a session makes one nevertheless."""
    return ssl.create_default_context()

"""Whatever a server sends, an errand ends and takes little memory: every reply is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest

from bridge.core.errand import Upload
from bridge.jobs.allowance import ANSWER_LIMIT
from bridge.jobs.attempt import Patience, SignatureError, TransferError
from bridge.jobs.firmware import FirmwareFolder, Installing
from bridge.jobs.transfer import FTP_REPLIES_LIMIT, send
from tests.bridge.jobs.archive import Signer
from tests.bridge.jobs.servers import Authority, Misbehaviour, misbehaving
from tests.bridge.jobs.unkind import (
    FTP_FLOODS,
    HTTP_FLOODS,
    INTERIM,
    STATUS,
    dripping,
    flood,
    ftp_flood,
    ftp_replying,
    http_flood,
    little_memory,
)

PATIENT = Patience(quiet_s=60.0, whole_s=120.0)
QUIET = Patience(quiet_s=2.0, whole_s=60.0)  # a line without a code is awaited further
IMPATIENT = Patience(quiet_s=30.0, whole_s=1.0)
IS_ENOUGH = {"a body", "a body without a length", "a packed body"}
# Refused when it comes in one read with the status line, unread when it comes later: the kernel decides.
MAY_BE_ENOUGH = {"an extension of a chunk", "trailers"}
TOO_MUCH = f"sent more than the {ANSWER_LIMIT} bytes"


def tls() -> ssl.SSLContext:
    """For addresses that need none."""
    return ssl.create_default_context()


async def store(scheme: str, conduct: Misbehaviour, patience: Patience = PATIENT) -> None:
    async with misbehaving(conduct) as port:
        url = f"{scheme}://localhost:{port}/box.json"
        await send(Upload(url, "box.json", b"[]", as_part=False), tls, patience)


@pytest.mark.parametrize("name", FTP_FLOODS)
async def test_a_reply_by_ftp_without_end(name: str) -> None:
    with little_memory(), pytest.raises(TransferError):
        await store("ftp", ftp_flood(name))


async def test_what_is_too_much_by_ftp_is_said() -> None:
    with pytest.raises(TransferError, match=f"localhost sent replies of more than {FTP_REPLIES_LIMIT} bytes"):
        await store("ftp", ftp_flood("greeting"))


@pytest.mark.parametrize(
    "reply",
    [b"229 none", b"229 (|||99999|)", b"229 (|||0|)", b"229 (|||" + b"9" * 4000 + b"|)", b"\xff\xfe", b"22"],
)
async def test_a_passive_reply_that_means_nothing(reply: bytes) -> None:
    with pytest.raises(TransferError, match="localhost"):
        await store("ftp", ftp_replying({b"EPSV": reply + b"\r\n"}), QUIET)


@pytest.mark.parametrize("reply", [b"227 none", b"227 (1,2,3)", b"227 (1,2,3,4,999,999)", b"227 (a)"])
async def test_an_old_passive_reply_that_means_nothing(reply: bytes) -> None:
    with pytest.raises(TransferError, match="localhost"):
        await store("ftp", ftp_replying({b"EPSV": b"500 no\r\n", b"PASV": reply + b"\r\n"}), QUIET)


async def test_a_banner_in_another_alphabet_is_no_failure() -> None:
    replies = {
        b"": b"220-" + b"Gr\xfc\xdfe\r\n" * 100 + b"220 ready\r\n",
        b"STOR": b"150 go\r\n226 stored\r\n",
    }
    await store("ftp", ftp_replying(replies))


@pytest.mark.parametrize("name", sorted(HTTP_FLOODS.keys() - IS_ENOUGH - MAY_BE_ENOUGH))
async def test_an_answer_to_a_post_without_end(name: str) -> None:
    with little_memory(), pytest.raises(TransferError):
        await store("http", http_flood(name))


@pytest.mark.parametrize("name", sorted(IS_ENOUGH))
async def test_what_follows_a_good_answer_to_a_post_is_not_read(name: str) -> None:
    with little_memory():
        await store("http", http_flood(name))


@pytest.mark.parametrize("name", sorted(MAY_BE_ENOUGH))
async def test_what_follows_a_good_answer_to_a_post_takes_little_memory(name: str) -> None:
    with little_memory(), contextlib.suppress(TransferError):
        await store("http", http_flood(name))


@pytest.mark.parametrize(
    ("scheme", "first", "again"),
    [
        ("ftp", b"", b"2"),
        ("ftp", b"", b"220-slow\r\n"),
        ("ftp", b"220 ready\r\n", b"331-\r\n"),
        ("http", b"", INTERIM),
        ("http", STATUS, b"X-Header: slow\r\n"),
        ("http", b"", b"H"),
        ("https", b"", b"\x16"),
        ("ftps", b"220 ready\r\n", b"234-\r\n"),
    ],
)
async def test_a_server_that_drips_is_left_in_time(scheme: str, first: bytes, again: bytes) -> None:
    with pytest.raises(TransferError, match="localhost"):
        await store(scheme, dripping(first, again, 0.02), IMPATIENT)


async def fetch(folder: Path, signer: Signer, conduct: Misbehaviour) -> str:
    installing = Installing(signer.public_key(folder), ())
    async with misbehaving(conduct) as port:
        here = FirmwareFolder(folder / "firmware", installing, tls, PATIENT)
        return await here.fetch(f"http://localhost:{port}/box.tar")


@pytest.mark.parametrize("name", HTTP_FLOODS)
async def test_a_manifest_without_end(folder: Path, name: str) -> None:
    with little_memory(), pytest.raises((TransferError, SignatureError)):
        await fetch(folder, Signer(), http_flood(name))


@pytest.mark.parametrize("name", HTTP_FLOODS)
async def test_an_archive_without_end(folder: Path, name: str) -> None:
    signer = Signer()
    signed = signer.manifest(b"body" * 1000)
    first = flooding_after(signed, *HTTP_FLOODS[name])
    with little_memory(), pytest.raises((TransferError, SignatureError)):
        await fetch(folder, signer, first)
    assert list((folder / "firmware").iterdir()) == []


def flooding_after(manifest: bytes, first: bytes, again: bytes) -> Misbehaviour:
    """The manifest as it should be; then, for the archive, what has no end."""

    async def conduct(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            if b".manifest" not in request.partition(b"\r\n")[0]:
                await flood(writer, first, again)
                return
            writer.write(STATUS + b"Content-Length: %d\r\n\r\n" % len(manifest) + manifest)

    return conduct


async def test_too_much_by_http_is_said_also_below_tls(authority: Authority) -> None:
    conduct = http_flood("interim answers")
    async with misbehaving(conduct, authority.server()) as port:
        upload = Upload(f"https://localhost:{port}/", "box.json", b"[]", as_part=False)
        with pytest.raises(TransferError, match=TOO_MUCH):
            await send(upload, authority.client, PATIENT)
    with pytest.raises(TransferError, match=TOO_MUCH):
        await store("http", conduct)


async def test_redirects_without_end(folder: Path) -> None:
    async def conduct(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(TransferError, match="TooManyRedirects"):
        await fetch(folder, Signer(), conduct)

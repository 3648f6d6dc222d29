"""Uploads by FTP, FTPS, HTTP and HTTPS: one try each; the core decides about the next.

FTP is passive. ftps on port 990 is TLS from the first byte (implicit), elsewhere AUTH TLS (RFC 4217); the
data connection is encrypted in both. User and password of an address are used, and never shown.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import SplitResult, quote, unquote, urlsplit

import aioftp
import aiohttp

from bridge.core.errand import Upload
from bridge.jobs.allowance import Allowance
from bridge.jobs.attempt import Patience, Tls, TransferError

FTP_PORT = 21
IMPLICIT_FTPS_PORT = 990
ANONYMOUS = "anonymous"
FTP_LINE_LIMIT = 4096  # bytes; RFC 959 has no limit, and servers say a path of up to 4096 bytes at most
FTP_REPLIES_LIMIT = 64 * 2**10  # bytes of all replies of one session: a long banner, and a dozen replies
FTP_LINE_COST = 64  # bytes that a line counts more than it has: what it takes in memory, and time


async def send(upload: Upload, tls: Tls, patience: Patience) -> None:
    """Returns when the other side has confirmed all of it. Raises TransferError."""
    parts = urlsplit(upload.url)
    with failing_as_transfer(parts, patience):
        async with asyncio.timeout(patience.whole_s):
            if parts.scheme in ("http", "https"):
                await _post(upload, parts, tls, patience)
            else:
                await _store(upload, parts, tls, patience)


# aioftp, of a passive reply without an address, or with a port beyond 65535.
UNREADABLE = (ValueError, IndexError, OverflowError)


@contextmanager
def failing_as_transfer(parts: SplitResult, patience: Patience) -> Iterator[None]:
    """Turns what can go wrong out there into TransferError."""
    try:
        yield
    except TimeoutError:
        raise TransferError(f"{parts.hostname} did not answer or was too slow ({patience})") from None
    except aioftp.StatusCodeError as error:
        said = " ".join(error.info).strip()
        raise TransferError(f"{parts.hostname} answered {said}") from None
    except (aiohttp.ClientError, aioftp.AIOFTPException, OSError, EOFError, *UNREADABLE) as error:
        raise TransferError(f"{parts.hostname}: {_without_password(error, parts)}") from error


def _without_password(error: Exception, parts: SplitResult) -> str:
    said = f"{type(error).__name__} {error}"
    for secret in (parts.password, unquote(parts.password or ""), parts.query):
        if secret:
            said = said.replace(secret, "***")
    return said


def without_credentials(parts: SplitResult) -> tuple[str, dict[str, str]]:
    """Returns the address, and the headers that say what was in it: RFC 7617."""
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if parts.username is None:
        return bare, {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return bare, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def http_session(tls: Tls, patience: Patience, allowance: Allowance) -> aiohttp.ClientSession:
    """Makes one for each try: neither cookies nor connections outlive it. A body is never unpacked."""
    time_out = aiohttp.ClientTimeout(
        total=patience.whole_s, sock_connect=patience.quiet_s, sock_read=patience.quiet_s
    )
    return aiohttp.ClientSession(
        timeout=time_out,
        connector=aiohttp.TCPConnector(ssl=tls(), socket_factory=allowance.socket),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    )


async def _post(upload: Upload, parts: SplitResult, tls: Tls, patience: Patience) -> None:
    """Posts it. 2xx is success; a redirect is not followed, since it is no confirmation."""
    named = f"attachment; filename*=UTF-8''{quote(upload.file_name, safe='')}"
    url, headers = without_credentials(parts)
    body: aiohttp.FormData | bytes = upload.content
    if upload.as_part:
        body = aiohttp.FormData()
        body.add_field("file", upload.content, filename=upload.file_name, content_type="text/plain")
    else:
        headers |= {"Content-Type": "application/json", "Content-Disposition": named}
    async with (
        http_session(tls, patience, Allowance()) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        if not 200 <= answer.status <= 299:
            raise refused(answer, parts)


def refused(answer: aiohttp.ClientResponse, parts: SplitResult) -> TransferError:
    """Says what the server answered instead of what was wanted."""
    return TransferError(f"{parts.hostname} answered {answer.status} {answer.reason or ''}")


class _FtpClient(aioftp.Client):
    """Ends every connection it made: the library forgets the data connection of a refused upload.

    Reads so much of replies and no more: the library collects a reply of many lines without limit.
    """

    _data: asyncio.StreamWriter | None = None
    _replied = 0  # bytes

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """Returns code and rest of a line. Raises TransferError, ConnectionResetError, ValueError."""
        line = await self.stream.readline()
        if not line:
            raise ConnectionResetError("the server closed the connection")
        self._replied += len(line) + FTP_LINE_COST
        if self._replied > FTP_REPLIES_LIMIT:
            raise TransferError(f"{self.server_host} sent replies of more than {FTP_REPLIES_LIMIT} bytes")
        text = line.decode(errors="replace").rstrip()
        return aioftp.Code(text[:3]), text[3:]

    async def get_passive_connection(
        self, conn_type: str = "I", commands: Sequence[str] | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, self._data = await super().get_passive_connection(conn_type, commands)  # type: ignore[arg-type]
        return reader, self._data

    def drop(self) -> None:
        """Ends at once: whatever counts has been confirmed, or has failed."""
        for writer in (self._data, self._stream.writer if self._stream is not None else None):
            if writer is not None:
                writer.transport.abort()


async def _store(upload: Upload, parts: SplitResult, tls: Tls, patience: Patience) -> None:
    """RFC 1738 3.2.2: the path is relative to the folder of the user."""
    implicit = parts.scheme == "ftps" and parts.port == IMPLICIT_FTPS_PORT
    client = _FtpClient(
        socket_timeout=patience.quiet_s,
        connection_timeout=patience.quiet_s,
        ssl=tls() if implicit else None,
        limit=FTP_LINE_LIMIT,
    )
    try:
        await client.connect(parts.hostname or "", parts.port or FTP_PORT)
        if parts.scheme == "ftps" and not implicit:
            await client.upgrade_to_tls(tls())
        user, password = unquote(parts.username or ANONYMOUS), unquote(parts.password or "")
        await client.login(user, password or ANONYMOUS)
        async with client.upload_stream(unquote(parts.path)[1:]) as stream:
            await stream.write(upload.content)
    finally:
        client.drop()

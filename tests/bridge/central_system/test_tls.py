"""wss over real TLS: who is trusted, and one clear line for each certificate that is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from websockets.asyncio.server import serve

from bridge.central_system.handshake import SUBPROTOCOL, LinkSettings
from bridge.trust import Trust, TrustError, ca_file_fault, tls_context
from tests.bridge.central_system.listening import central, eventually, impatient, running
from tests.bridge.central_system.test_handshake import keep
from tests.spoiled import SPOILED, Spoiling, cut_off

pytestmark = pytest.mark.distribution

HOST = "localhost"
TODAY = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(tmp_path: Path, authority: trustme.CA) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@contextlib.asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[LinkSettings]:
    """A link's settings for a server that speaks TLS."""
    async with serve(keep, "127.0.0.1", 0, ssl=context, subprotocols=[SUBPROTOCOL]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield impatient(f"wss://{HOST}:{port}")


async def trouble(settings: LinkSettings, words: str) -> str:
    async with running(settings) as (link, heard):
        await eventually(lambda: words in link.trouble)
        assert heard.events == []
        return link.trouble


async def test_an_authority_of_our_own(authority: trustme.CA, ca_file: Path) -> None:
    async with (
        listening(server_side(authority.issue_cert(HOST))) as settings,
        running(replace(settings, tls=Trust(ca_file).context)) as (_, heard),
    ):
        await heard.opened()


@pytest.mark.parametrize("spoil", [each for each in SPOILED if each is not cut_off])
def test_whatever_stands_in_place_of_the_authorities_is_named(ca_file: Path, spoil: Spoiling) -> None:
    """At once: OpenSSL would wait for a pipe."""
    spoil(ca_file)
    with pytest.raises(TrustError, match=re.escape(str(ca_file))):
        Trust(ca_file).context()


async def test_nobody_else_is_trusted_then(ca_file: Path) -> None:
    async with listening(server_side(trustme.CA().issue_cert(HOST))) as settings:
        said = await trouble(
            replace(settings, tls=Trust(ca_file).context), "signed by an authority that is not known here"
        )
        assert "central_system.ca_file" in said


async def test_the_systems_authorities_do_not_know_it(authority: trustme.CA) -> None:
    async with listening(server_side(authority.issue_cert(HOST))) as settings:
        await trouble(
            replace(settings, tls=Trust(None).context),
            "signed by an authority that is not known here: name the PEM",
        )


async def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """An authority's own certificate is signed by itself."""
    own = trustme.CA()
    both = tmp_path / "server.pem"
    both.write_bytes(own.private_key_pem.bytes() + own.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    async with listening(context) as settings:
        said = await trouble(replace(settings, tls=Trust(None).context), "self-signed")
        assert "store it as a PEM file and name that in central_system.ca_file" in said


async def test_a_certificate_for_another_name(authority: trustme.CA, ca_file: Path) -> None:
    async with listening(server_side(authority.issue_cert("central.example"))) as settings:
        said = await trouble(replace(settings, tls=Trust(ca_file).context), f"is not for {HOST}")
        assert "set central_system.url to the name that is in the certificate" in said


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(-3, -1, "has expired (this box's clock says "), (1, 3, "is not valid yet (this box's clock says ")],
)
async def test_a_certificate_out_of_its_time(
    authority: trustme.CA, ca_file: Path, begins: int, ends: int, words: str
) -> None:
    days = [TODAY + timedelta(days=number) for number in (begins, ends)]
    certificate = authority.issue_cert(HOST, not_before=days[0], not_after=days[1])
    async with listening(server_side(certificate)) as settings:
        await trouble(replace(settings, tls=Trust(ca_file).context), words)


async def test_a_server_that_answers_tls_with_http() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"wss://{HOST}:{server.sockets[0].getsockname()[1]}"
        await trouble(impatient(url), "this port has no TLS: set central_system.url to ws://")


async def test_a_server_that_answers_tls_with_nothing() -> None:
    async with central() as central_system:
        settings = impatient(central_system.url.replace("ws:", "wss:"))
        await trouble(settings, "cut the connection off: perhaps this port has no TLS")


async def test_a_server_that_wants_tls(authority: trustme.CA) -> None:
    async with listening(server_side(authority.issue_cert(HOST))) as settings:
        await trouble(replace(settings, url=settings.url.replace("wss:", "ws:")), "or it needs wss://")


async def test_an_old_tls(authority: trustme.CA, ca_file: Path) -> None:
    context = server_side(authority.issue_cert(HOST))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(context) as settings:
        await trouble(replace(settings, tls=Trust(ca_file).context), "only versions older than 1.2")


async def test_a_ca_file_that_is_put_right_needs_no_restart(authority: trustme.CA, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    async with (
        listening(server_side(authority.issue_cert(HOST))) as settings,
        running(replace(settings, tls=Trust(path).context)) as (link, heard),
    ):
        await eventually(lambda: f"central_system.ca_file: {path}: cannot be read" in link.trouble)
        path.write_text("not yet")
        await eventually(lambda: "holds no certificate in PEM form" in link.trouble)
        authority.cert_pem.write_to_path(path)
        await heard.opened()


def test_what_is_wrong_with_a_ca_file(tmp_path: Path, ca_file: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    assert "cannot be read: No such file" in str(ca_file_fault(tmp_path / "nowhere.pem"))
    assert "cannot be read: is a folder, must be an ordinary file" in str(ca_file_fault(tmp_path))
    os.mkfifo(tmp_path / "fifo.pem")  # which would be waited for
    assert "cannot be read: is a FIFO, must be an ordinary file" in str(ca_file_fault(tmp_path / "fifo.pem"))
    assert str(ca_file_fault(empty)).startswith("holds no certificate in PEM form")
    assert ca_file_fault(ca_file) is None
    with pytest.raises(TrustError, match=r"central_system\.ca_file: .*nowhere\.pem: cannot be read"):
        Trust(tmp_path / "nowhere.pem").context()


def test_one_context_is_kept(ca_file: Path) -> None:
    trust = Trust(ca_file)
    context = trust.context()
    assert trust.context() is context
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    "context",
    [tls_context, Trust(None).context],
    ids=["made", "of the system"],
)
def test_tls_1_2_is_required_whatever_the_system_s_settings(context: Callable[[], ssl.SSLContext]) -> None:
    """Debian's Python leaves the least version to OpenSSL: there this fails when we do not set it."""
    assert context().minimum_version == ssl.TLSVersion.TLSv1_2

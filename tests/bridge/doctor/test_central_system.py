"""The way to the Central System: real servers that are there, away, wrong or refuse."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from bridge import settings
from bridge.central_system.handshake import connected
from bridge.demo.central_system import CentralSystem
from bridge.doctor import central_system as judge
from bridge.doctor.central_system import Certificate, Target
from bridge.doctor.check import Check, Result
from bridge.doctor.network import target
from bridge.doctor.programs import Running
from bridge.doctor.route import Route
from tests.bridge.central_system.listening import impatient
from tests.bridge.doctor.doctored import status

pytestmark = pytest.mark.distribution

NOW = datetime(2026, 7, 1, tzinfo=UTC)
OURSELVES = Running(os.getpid(), os.getuid(), 1.0)


def setup(url: str) -> settings.ChargePoint:
    """A charge point of that Central System."""
    return settings.ChargePoint(
        central_system=settings.CentralSystem(url=url),
        charge_point=settings.Nameplate(id="CP1", serial_number="1"),
    )


async def walked(url: str, bridge: Running | None = None, lamp: str = "ready") -> dict[str, Check]:
    """By the last part of the id."""
    route = Route(setup(url), bridge, status(lamp=lamp, wish_seq=0))
    checks = await asyncio.to_thread(lambda: list(route.checks()))
    return {check.id.rpartition(".")[2]: check for check in checks}


async def test_a_central_system_that_accepts() -> None:
    async with CentralSystem({}) as central_system:
        checks = await walked(central_system.url)
        assert {name: check.result for name, check in checks.items()} == {
            "dns": "ok", "tcp": "ok", "tls": "not checked", "ocpp": "ok",
        }  # fmt: skip
        assert central_system.connections == 1
        assert central_system.violations == []


async def test_a_bridge_that_holds_a_connection_is_left_alone() -> None:
    async with CentralSystem({}) as central_system:
        connection = await connected(replace(impatient(central_system.url), identity="CP1"))
        checks = await walked(central_system.url, OURSELVES)
        assert checks["ocpp"].result == "ok"
        assert checks["ocpp"].measured.startswith("the bridge is connected")
        assert central_system.connections == 1
        assert (await walked(central_system.url, OURSELVES, lamp="offline"))["ocpp"].result == "warning"
        await connection.close()


async def test_a_bridge_without_a_connection_is_told_that_there_could_be_one() -> None:
    async with CentralSystem({}) as central_system:
        check = (await walked(central_system.url, OURSELVES))["ocpp"]
    assert (check.result, check.measured) == ("warning", "accepted, but the bridge holds no connection")


@pytest.mark.parametrize(
    ("refuse", "words", "do"),
    [
        (HTTPStatus.UNAUTHORIZED, "requires a password (HTTP 401)", "the password"),
        (HTTPStatus.NOT_FOUND, "does not know this charge point or path", "charge_point.id"),
        (HTTPStatus.BAD_GATEWAY, "HTTP 502", "ask the operator of the Central System"),
    ],
)
async def test_a_refusal_says_what_to_compare(refuse: HTTPStatus, words: str, do: str) -> None:
    async with CentralSystem({}) as central_system:
        central_system.script.refuse = refuse
        check = (await walked(central_system.url))["ocpp"]
    assert check.result == "fault"
    assert words in check.measured
    assert do in check.do


@pytest.fixture
def free_port() -> Iterator[int]:
    """Bound, but nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_nobody_listens(free_port: int) -> None:
    checks = await walked(f"ws://127.0.0.1:{free_port}/ocpp")
    assert {name: check.result for name, check in checks.items()} == {
        "dns": "ok", "tcp": "fault", "ocpp": "not checked",
    }  # fmt: skip
    assert "Does the Central System run?" in checks["tcp"].do


async def test_a_name_without_an_address() -> None:
    checks = await walked("ws://central-system.invalid/ocpp")
    assert {name: check.result for name, check in checks.items()} == {"dns": "fault", "ocpp": "not checked"}
    assert "typing error" in checks["dns"].do


async def test_tls_where_there_is_none() -> None:
    async with CentralSystem({}) as central_system:
        checks = await walked(central_system.url.replace("ws:", "wss:"))
    assert {name: check.result for name, check in checks.items()} == {
        "dns": "ok", "tcp": "ok", "tls": "fault", "ocpp": "not checked",
    }  # fmt: skip
    assert "use ws://" in checks["tls"].do


def test_without_a_configuration_there_is_no_way() -> None:
    assert [check.result for check in Route(None, None, None).checks()] == ["not checked"]


def test_where_the_bridge_cannot_be_seen_nothing_is_tried() -> None:
    assert judge.unseen().result == "not checked"


@pytest.mark.parametrize(
    ("addresses", "result"),
    [
        (("127.0.0.1", "::1"), "not checked"),
        (("192.168.1.4",), "not checked"),
        (("fe80::1%eth0",), "not checked"),
        (("8.8.8.8",), "warning"),
        (("192.168.1.4", "8.8.8.8"), "warning"),
    ],
)
def test_unencrypted_only_at_home(addresses: tuple[str, ...], result: Result) -> None:
    assert judge.unencrypted(addresses).result == result


@pytest.mark.parametrize(("days", "result"), [(60, "ok"), (14, "ok"), (13, "warning")])
def test_a_certificate_ends(days: int, result: Result) -> None:
    check = judge.trusted(Certificate("TLSv1.3", "Some CA", NOW + timedelta(days=days)), NOW)
    assert check.result == result
    assert f"{days} days left" in check.measured


def test_a_certificate_that_is_not_trusted() -> None:
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_message = "self-signed certificate"
    check = judge.untrusted(error)
    assert (check.result, check.measured) == ("fault", "not trusted: self-signed certificate")
    assert "clock" in check.do


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("wss://a.example/ocpp", Target("a.example", 443, tls=True)),
        ("ws://a.example/ocpp", Target("a.example", 80, tls=False)),
        ("ws://[::1]:9000/", Target("::1", 9000, tls=False)),
    ],
)
def test_where_an_address_leads(url: str, expected: Target) -> None:
    assert target(url) == expected

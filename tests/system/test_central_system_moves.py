"""A Central System that comes back elsewhere, or with a certificate that is not right."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import trustme

from bridge import settings
from bridge.demo.central_system import CentralSystem
from tests.system import disk
from tests.system.configured import Values
from tests.system.disk import Disk
from tests.system.relay import HERE, Relay
from tests.system.world import CARD, TAGS, World, world

pytestmark = pytest.mark.real
NAME = "central-system.example"
ELSEWHERE = "127.0.0.2"
CA_FILE = "ca.pem"
TODAY = datetime.now(UTC)


async def ended_unseen(w: World) -> None:
    """The session ends while there is no way to the Central System."""
    await w.do("swipe", tag=CARD)
    await w.until(lambda: not w.observer.status.contactor_closed, "it stops")
    assert w.transaction.stops == []


async def told_afterwards(w: World) -> None:
    """Once, wholly, and as it was; it never had to register anew."""
    await w.until(lambda: w.transaction.stops, "StopTransaction")
    await w.until_status("Finishing")
    await w.leave()
    w.stopped_once("Local")
    await w.billed_rightly()
    assert len(w.central_system.ledger.boots) == 1


@pytest.mark.skipif(disk.missing() is not None, reason=str(disk.missing()))
async def test_its_name_leads_to_another_address() -> None:
    central_system = CentralSystem(TAGS, call_timeout_s=9.9)
    async with Relay(lambda: central_system.port) as relay:
        await relay.open()
        async with world(
            charge_point={"central_system.url": f"ws://{NAME}:{relay.port}/ocpp"},
            another=central_system,
            environment=lambda folder: disk.leading(folder, NAME, HERE),
        ) as w:
            await w.charge()
            await relay.close()
            await ended_unseen(w)
            await relay.open(ELSEWHERE)
            await w.until(lambda: w.run.times_said("connection refused"), "the old address is tried")
            connections = central_system.connections
            Disk(w.run.state.parent).lead(NAME, ELSEWHERE)
            await told_afterwards(w)
            assert central_system.connections == connections + 1


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed(w: World) -> ssl.SSLContext:
    """The certificate of an authority is signed by itself."""
    own = trustme.CA()
    both = w.run.state.parent / "own.pem"
    both.write_bytes(own.private_key_pem.bytes() + own.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


async def test_its_certificate_expires_while_the_box_runs() -> None:
    """Each cause is told in words, none is lived with, nothing is lost; a good one ends it by itself."""
    authority = trustme.CA()
    good = server_side(authority.issue_cert("localhost"))
    yesterday = TODAY - timedelta(days=1)
    expired = authority.issue_cert("localhost", not_before=yesterday - timedelta(days=9), not_after=yesterday)
    other = authority.issue_cert("elsewhere.example")
    central_system = CentralSystem(TAGS, call_timeout_s=9.9)
    async with Relay(lambda: central_system.port) as relay:
        await relay.open(tls=good)

        def trusting(folder: object) -> dict[str, str]:
            authority.cert_pem.write_to_path(f"{folder}/c/{CA_FILE}")
            return {}

        url = f"wss://localhost:{relay.port}/ocpp"
        charge_point: Values = {"central_system.url": url, "central_system.ca_file": CA_FILE}
        async with world(charge_point=charge_point, another=central_system, environment=trusting) as w:
            await w.charge()
            await relay.close()
            connections = central_system.connections
            bad = (
                (server_side(expired), "its certificate has expired (this box's clock says "),
                (server_side(other), "its certificate is not for localhost"),
                (self_signed(w), "its certificate is self-signed and not known here"),
            )
            for tls, words in bad:
                await relay.open(tls=tls)
                said = partial(w.run.times_said, f"{url}/MOCK0001: {words}")
                await w.until(said, words)
                await relay.close()
            assert central_system.connections == connections
            await ended_unseen(w)
            await relay.open(tls=good)
            await told_afterwards(w)


async def test_the_owner_gives_it_another_address() -> None:
    """What the old one has not taken goes to the new one, as it was; it is registered there first."""
    async with CentralSystem(TAGS, call_timeout_s=9.9) as new, world() as w:
        old = w.central_system
        transaction = await w.charge()
        await old.stop_listening()
        values = len(transaction.values)
        await w.until_charged_wh(300)
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.run.times_said("state Transaction -> Finishing"), "the row is written")
        assert await w.end() == 0
        path = w.run.config / settings.FILE_NAME
        path.write_text(path.read_text().replace(old.url, new.url))
        w.central_system = new
        await w.start()
        assert [boot["chargePointModel"] for boot in new.ledger.boots] == ["Zaptec Go OCPP"]
        await new.until(lambda: new.requests("StopTransaction"), timeout_s=60)
        (stop,) = new.requests("StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1, "Local")  # the old one's number: it is no other
        assert new.requests("StartTransaction") == []  # the old one has it
        told = new.requests("MeterValues")
        assert {value["transactionId"] for value in told} == {1}
        assert len(transaction.values) == values
        billed_wh = stop["meterStop"] - transaction.start["meterStart"]
        assert abs(billed_wh - await w.received_wh()) <= 21
        new.ledger.loose.clear()  # a stop without its start, as must be here

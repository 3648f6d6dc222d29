"""Tests and judges the way to the Central System; connects itself only while the bridge has no connection."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bridge import parts, settings
from bridge.doctor import central_system as judge
from bridge.doctor import network
from bridge.doctor.check import Check
from bridge.doctor.proc import connections
from bridge.doctor.programs import Running
from bridge.trust import tls_context
from hal.contract import Status

HELD_S = 2.0  # a refused handshake is over sooner; the bridge then waits before it tries again


class Route:
    """The way to the Central System of charge-point.toml, if that file could be read."""

    def __init__(
        self,
        setup: settings.ChargePoint | None,
        bridge: Running | None,
        status: Status | None,
        config_dir: Path = Path(),
    ) -> None:
        """Looks at `bridge`, its process, and at `status`, whose lamp shows whether the bridge is offline."""
        self._setup = setup
        self._tls = parts.trust(setup, config_dir).context if setup is not None else None
        self._bridge = bridge
        self._status = status

    def checks(self) -> Iterator[Check]:
        """Yields each step, as far as it goes."""
        if self._setup is None:
            yield judge.DNS.not_checked("charge-point.toml cannot be used")
            return
        where = network.target(self._setup.central_system.url)
        try:
            addresses = network.addresses(where)
        except OSError as error:
            yield judge.nameless(where, error)
            yield judge.OCPP.not_checked("no connection possible, see above")
            return
        yield judge.named(where, addresses)
        try:
            yield judge.reached(where, network.reached_s(where))
        except OSError as error:
            yield judge.unreached(where, error)
            yield judge.OCPP.not_checked("no connection possible, see above")
            return
        tls = _tls(where, addresses, self._tls or tls_context)
        yield tls
        if tls.result == "fault":
            yield judge.OCPP.not_checked("no connection possible, see above")
        else:
            yield self._ocpp(self._setup, where, addresses)

    def _ocpp(self, setup: settings.ChargePoint, where: judge.Target, addresses: tuple[str, ...]) -> Check:
        if self._bridge is not None:
            if self._held(self._bridge.uid, dict.fromkeys(addresses, where.port)):
                return judge.held(offline=self._status is not None and self._status.lamp == "offline")
        elif self._status is not None and self._status.wish_seq:
            return judge.unseen()
        tls = self._tls or tls_context
        tried = replace(parts.link_settings(setup, tls), password=parts.password(setup))
        return judge.judged(asyncio.run(network.tried(tried)), bridge_runs=self._bridge is not None)

    def _held(self, uid: int, remotes: dict[str, int]) -> bool:
        """Says whether one and the same connection is there at both ends of a while."""
        before = connections(uid, remotes)
        if before:
            time.sleep(HELD_S)
        return bool(before & connections(uid, remotes))


def _tls(where: judge.Target, addresses: tuple[str, ...], context: Callable[[], ssl.SSLContext]) -> Check:
    if not where.tls:
        return judge.unencrypted(addresses)
    try:
        return judge.trusted(network.certificate(where, context()), datetime.now(UTC))
    except OSError as error:
        return judge.untrusted(error)

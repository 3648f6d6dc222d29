"""PURE: judges the connection to the Central System, step by step."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from bridge.doctor.check import Check, Subject

DNS = Subject("central_system.dns", "host name", "has an address")
TCP = Subject("central_system.tcp", "TCP", "connects within 10 s")
TLS = Subject("central_system.tls", "TLS", "a trusted certificate")
ENDS_SOON = timedelta(days=14)
OCPP = Subject("central_system.ocpp", "OCPP", "accepted, ocpp1.6")


@dataclass(frozen=True, slots=True)
class Target:
    """The host and port that central_system.url names."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of a server, after it was verified."""

    protocol: str  # as TLSv1.3
    issuer: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Handshake:
    """The result of a handshake. `trouble` is empty if the server speaks OCPP 1.6J."""

    trouble: str = ""
    status: int | None = None  # of an HTTP answer that was no yes


def named(where: Target, addresses: tuple[str, ...]) -> Check:
    """Reports that the name has an address."""
    return DNS.ok(where.host if where.host in addresses else f"{where.host} is {', '.join(addresses[:3])}")


def nameless(where: Target, error: OSError) -> Check:
    """Reports that the name has no address."""
    do = "Check central_system.url for a typing error, and the network's name server (ping, resolvectl)."
    return DNS.fault(f"{where.host}: {error.strerror or error}", do)


def reached(where: Target, took_s: float) -> Check:
    """Reports that the port accepts TCP connections."""
    return TCP.ok(f"port {where.port} in {took_s * 1000:.0f} ms", {"tcp_s": round(took_s, 4)})


def unreached(where: Target, error: OSError) -> Check:
    """Reports why no TCP connection was made."""
    why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
    do = "Does the Central System run? Check the port in central_system.url, the network and the firewall."
    return TCP.fault(f"port {where.port}: {why}", do)


def unencrypted(addresses: tuple[str, ...]) -> Check:
    """Reports an unencrypted ws://, which is for a network of one's own."""
    if all(ip_address(address.partition("%")[0]).is_private for address in addresses):
        return TLS.not_checked("ws:// is not encrypted; it stays in a private network")
    return TLS.warning("ws:// is not encrypted", "Use wss:// so that card numbers and password stay secret.")


def trusted(found: Certificate, now: datetime) -> Check:
    """Reports a trusted certificate, and warns when it ends soon."""
    left_d = (found.ends - now).days
    measured = f"{found.protocol}, {found.issuer}, {left_d} days left"
    values = {"certificate_days_left": float(left_d)}
    if found.ends - now >= ENDS_SOON:
        return TLS.ok(measured, values)
    return TLS.warning(measured, "The operator of the Central System should renew its certificate.", values)


def untrusted(error: OSError) -> Check:
    """Reports a certificate that is not trusted, or that there is no TLS at all."""
    match error:
        case ssl.SSLCertVerificationError():
            do = "Is the clock right, and the host name? A private CA must be known to the system."
            return TLS.fault(f"not trusted: {error.verify_message}", do)
        case ssl.SSLError():
            do = "Has this port TLS? If not, use ws:// or the right port."
            return TLS.fault(f"no TLS: {error.reason or error}", do)
        case _:
            return TLS.fault(
                f"no TLS: {error.strerror or error}", "Run the doctor again; check the firewall."
            )


def held(*, offline: bool) -> Check:
    """Reports that the bridge holds a connection: no second is tried. `offline`: shown so on its lamp."""
    if offline:
        do = "Does the Central System know this charge point and its serial number? See the bridge's log."
        return OCPP.warning("the bridge is connected, but not accepted", do)
    return OCPP.ok("the bridge is connected; the doctor made no connection of its own")


def unseen() -> Check:
    """Reports that it is unknown whether the bridge is connected."""
    why = "whether the bridge is connected cannot be seen from here"
    return OCPP.not_checked(why, "Run the doctor on the box itself.")


def judged(handshake: Handshake, *, bridge_runs: bool) -> Check:
    """Judges a handshake of the doctor's own."""
    if handshake.trouble:
        return OCPP.fault(handshake.trouble, _do(handshake))
    if bridge_runs:
        do = "It tries again by itself; run the doctor again in two minutes, then read the bridge's log."
        return OCPP.warning("accepted, but the bridge holds no connection", do)
    return OCPP.ok("accepted, and closed again")


def _do(handshake: Handshake) -> str:
    match handshake.status:
        case 401 | 403:
            return (
                "Compare charge_point.id and the password with the Central System's entry. The doctor tries "
                "that of the file; the bridge an AuthorizationKey, if the Central System wrote one."
            )
        case 404:
            return "Compare central_system.url and charge_point.id with the Central System's entry."
        case None if "subprotocol" in handshake.trouble:
            return "At this address is no OCPP 1.6J: check the path of central_system.url."
        case None:
            return "Run the doctor again; read the log of the Central System."
        case _:
            return "Check the path of central_system.url; ask the operator of the Central System."

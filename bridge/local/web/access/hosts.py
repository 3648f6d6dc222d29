"""PURE: by which names the page may be opened, and whose requests those are.

A page of a stranger can give its own name the address of this box (DNS rebinding), and then ask in the
browser of the owner. Its name then stands in the request; it cannot borrow ours, nor any address.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

# Endings that nobody can register: RFC 6762, RFC 8375, ICANN's .internal, and what routers use.
PRIVATE_ENDINGS = (".local", ".home.arpa", ".internal", ".lan", ".home")


def own_names(hostname: str, more: Collection[str]) -> frozenset[str]:
    """Returns all names of this machine, in small letters."""
    host = hostname.split(".")[0].lower()
    own = {"localhost", host, hostname.lower(), *(f"{host}{ending}" for ending in PRIVATE_ENDINGS)}
    return frozenset(own | {each.lower().rstrip(".") for each in more} - {""})


def is_own(host: str, names: Collection[str]) -> bool:
    """Says whether a Host header (RFC 9110 7.2) means this machine: one of its names, or any address."""
    name = _name(host)
    return name is not None and (_address(name) is not None or name.rstrip(".") in names)


def same_origin(origin: str | None, host: str) -> bool:
    """Says whether an Origin header (RFC 6454 7) is that of the page itself; a program sends none."""
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower() and not parts.path


def is_loopback(address: str) -> bool:
    """Says whether the other end of a connection is on this machine."""
    found = _address(address)
    return found is not None and found.is_loopback


def network_of(address: str) -> str:
    """Returns what counts as one place: an address, of IPv6 the network of one customer (/64)."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return f"{found.exploded[:19]}::/64"
    return str(found) if found is not None else "?"


def _name(host: str) -> str | None:
    """Returns it without its port, in small letters; None: it is no host."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname if parts.port != 0 and parts.netloc == host and "@" not in host else None
    except ValueError:
        return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.split("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found

"""charge-point.toml: the identity of this charge point and its Central System. The bridge's own file.

A mock box and a real box never share one: the serial number of a mock box begins with MOCK and no other does,
so that neither can speak in the other's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bridge.core.configuration.keys import UNKNOWN, first_value_fault, known_keys
from bridge.core.errand import INTERVAL_LEAST_S
from bridge.core.password import LONGEST, SHORTEST
from bridge.core.setup import LostLimit, SurplusSetup
from bridge.core.zaptec import BEHAVIOURS, Mode
from hal import durable
from hal.configuration import migration, rewrite
from hal.configuration.file import MOST_BYTES, Broken, Fault, Rule, initial
from hal.configuration.rewrite import Table

FILE_NAME = "charge-point.toml"
MOCK_PREFIX = "MOCK"
EXAMPLE_URL = "wss://central-system.example/ocpp"  # RFC 2606: nobody is there
# What older versions said otherwise: every key of theirs counts as it did.
STEPS: tuple[migration.Step, ...] = ()

# What a new file says: `config check` asks for the two names of a real box.
REAL_VALUES = {"charge_point.id": "", "charge_point.serial_number": ""}
MOCK_VALUES = {
    "central_system.url": "ws://127.0.0.1:9000/ocpp",
    "charge_point.id": "MOCK0001",
    "charge_point.serial_number": "MOCK0001",
}


class _Section(msgspec.Struct, frozen=True):
    """Base of all sections; a docstring is the section's comment in the written file."""


class CentralSystem(_Section, frozen=True):
    """The OCPP 1.6J Central System."""

    # OCPP-J 1.6 3.1.1: the charge point's identity is added as the last part of the path.
    url: Annotated[
        str,
        Meta(
            pattern=r"^wss?://[^\s/?#@{}]+(/([^\s?#{}]|\{[dD][eE][vV][iI][cC][eE][iI][dD]\})*)?$",
            title="an address in quotes, ws://... or wss://..., without #, ?, blanks, user or password",
            description="without the id of the charge point, which is added at its end or put where "
            "{deviceId} stands",
            examples=[EXAMPLE_URL],
        ),
    ]
    # OCPP-J 1.6 6.2 and RFC 7617. Its longest AuthorizationKey has 40 characters.
    password: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]*$",
            max_length=LONGEST,
            description="for Basic authentication with the id; empty: none. If the Central System writes an "
            "AuthorizationKey, that counts until this value is changed",
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file of the authorities to trust instead of the system's, for wss:// and for "
            "transfers; a relative path counts from this folder"
        ),
    ] = ""
    accept_before_registration: Annotated[
        bool,
        Meta(description="allow charging before this Central System has accepted the box for the first time"),
    ] = False


class Nameplate(_Section, frozen=True, kw_only=True):
    """The identity of this charge point."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
            min_length=1,
            max_length=48,
            description="name of the charge point in the address (percent-encoded there)",
            examples=["CP0001"],
        ),
    ]
    # OCPP 1.6 6.3 BootNotification.req: CiString20, CiString20, CiString25.
    vendor: Annotated[
        str, Meta(min_length=1, max_length=20, description="the vendor that the Central System expects")
    ] = "Zaptec"
    model: Annotated[
        str, Meta(min_length=1, max_length=20, description="the model that the Central System expects")
    ] = "Zaptec Go OCPP"
    serial_number: Annotated[
        str, Meta(min_length=1, max_length=25, description="serial number of this box", examples=["SN0001"])
    ]


class Zaptec(_Section, frozen=True):
    """Which kind of Zaptec the box behaves like."""

    mode: Annotated[
        Mode,
        Meta(
            description="cloud: like a Zaptec behind Zaptec's cloud; native: like one that speaks OCPP itself"
        ),
    ] = "cloud"
    authorization_required: Annotated[
        bool, Meta(description="false: every car that is plugged in charges, without a card")
    ] = True


class Ocpp(_Section, frozen=True):
    """OCPP: first values of its configuration keys. What the Central System writes counts from then on."""

    keys: Annotated[
        dict[str, str | int | bool],
        Meta(description="First values of OCPP configuration keys, for example HeartbeatInterval = 300"),
    ] = {}

    @property
    def first_values(self) -> dict[str, str]:
        """Returns the values as OCPP writes them: text."""
        return {name: _ocpp_text(value) for name, value in self.keys.items()}


def _ocpp_text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Reset(_Section, frozen=True):
    """What a Reset of the Central System does."""

    hard: Annotated[
        Literal["restart", "reboot"], Meta(description="restart all programs, or reboot the Raspberry Pi")
    ] = "restart"


class Firmware(_Section, frozen=True):
    """Updates. Only what is signed with your key is installed: docs/firmware.md."""

    source: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s]+)?$",
            title="an address in quotes, http://... or https://..., or empty",
            description="address of the archive in mode cloud; in mode native the Central System sends it",
        ),
    ] = ""
    public_key: Annotated[
        str,
        Meta(
            description="PEM file of the Ed25519 key; a relative path counts from this folder; left out: "
            "firmware.pem, if it is there"
        ),
    ] = ""
    installer: Annotated[
        tuple[str, ...],
        Meta(
            description="command and its arguments, without a shell; {archive} and {version} are replaced; "
            "left out: the package's own"
        ),
    ] = ()
    allow_older: Annotated[
        bool, Meta(description="install a version that is older than the one that runs")
    ] = False


class Fallback(_Section, frozen=True):
    """The current limit while the Central System is away. Without these keys there is none."""

    central_system_lost_after_s: Annotated[
        float,
        Meta(
            ge=0, le=86_400, description="the limit begins after this time without a connection; 0: no limit"
        ),
    ] = 0.0
    central_system_lost_limit_a: Annotated[
        float, Meta(ge=0, le=80, description="the limit, A; below 6 charging pauses")
    ] = 6.0

    @property
    def lost_limit(self) -> LostLimit | None:
        """Returns the limit; None: its absence changes nothing."""
        if self.central_system_lost_after_s == 0:
            return None
        return LostLimit(self.central_system_lost_after_s, self.central_system_lost_limit_a)


class Solar(_Section, frozen=True):
    """Charging from the sun alone: what the house would feed into the grid. Needs [house] in wallbox.toml;
    docs/load-management.md"""

    surplus: Annotated[
        bool, Meta(description="true: the car gets only the surplus, at 6 A on each phase or more")
    ] = False
    min_on_s: Annotated[
        float, Meta(ge=0, le=86_400, description="once begun, charging goes on for so long, s")
    ] = 600.0
    min_off_s: Annotated[float, Meta(ge=60, le=86_400, description="once ended, it rests for so long, s")] = (
        300.0
    )
    grid_w: Annotated[
        float,
        Meta(ge=-20_000, le=20_000, description="W that may come from the grid; negative: always fed in"),
    ] = 0.0

    @property
    def setup(self) -> SurplusSetup | None:
        """Returns the settings of the surplus; None: the car does not wait for the sun."""
        return SurplusSetup(self.min_on_s, self.min_off_s, self.grid_w) if self.surplus else None


class Timing(_Section, frozen=True):
    """Times of the link. Only a mock box may have this section, to shorten them."""

    transaction_time_out_s: Annotated[
        float, Meta(ge=0.5, le=60, description="wait for the answer to a transaction's message")
    ] = 60.0
    registration_retry_s: Annotated[
        float, Meta(ge=0.1, le=120, description="wait before an unanswered BootNotification is sent again")
    ] = 120.0
    retry_interval_least_s: Annotated[
        int, Meta(ge=1, le=INTERVAL_LEAST_S, description="shortest retryInterval of an up- or download")
    ] = INTERVAL_LEAST_S
    back_off_first_s: Annotated[
        float, Meta(ge=0.05, le=1, description="first wait before connecting again")
    ] = 1.0
    back_off_max_s: Annotated[
        float, Meta(ge=0.05, le=60, description="longest wait before connecting again")
    ] = 60.0

    @property
    def shortened(self) -> bool:
        """Says whether any time is shortened, which is shown wherever the box is."""
        return self != Timing()


class ChargePoint(msgspec.Struct, frozen=True, kw_only=True):
    """This charge point: its id, its Central System, its OCPP settings."""

    central_system: CentralSystem
    charge_point: Nameplate
    zaptec: Zaptec = Zaptec()
    ocpp: Ocpp = Ocpp()
    reset: Reset = Reset()
    firmware: Firmware = Firmware()
    fallback: Fallback = Fallback()
    solar: Solar = Solar()
    timing: Timing = Timing()

    @property
    def is_mock(self) -> bool:
        """Says whether this is the file of a mock box."""
        return self.charge_point.serial_number.startswith(MOCK_PREFIX)


def load(path: Path, *, mock: bool, rules: Sequence[Rule] = ()) -> ChargePoint:
    """Reads the charge point of that file. Raises ConfigError with all its faults, those of `rules` too."""
    return _source(path, rules, mock=mock).load()


def migrated(path: Path, *, mock: bool) -> str | None:
    """Returns the text of that file for this version; None: nothing in it is of an older one.

    Raises ConfigError for what only a person can decide, and with all faults of the text.
    """
    return _source(path, (), mock=mock).migrated()


def _source(path: Path, rules: Sequence[Rule], *, mock: bool) -> migration.Source[ChargePoint]:
    read = partial(durable.read, path, MOST_BYTES)
    own: Rule = partial(_broken_rules, mock=mock)
    return migration.Source(read, ChargePoint, path.name, (own, *rules), STEPS)


def new_file(*, mock: bool) -> str:
    """Writes a commented charge-point.toml; a real one lacks its id and serial number."""
    return initial(ChargePoint, values=MOCK_VALUES if mock else REAL_VALUES, commented=("timing",))


def rewritten(table: Table, *, mock: bool) -> str | list[Fault]:
    """Returns a commented charge-point.toml with these values, or every fault of them."""
    return rewrite.rewritten(table, ChargePoint, file=FILE_NAME, rules=(partial(_broken_rules, mock=mock),))


def warnings(settings: ChargePoint) -> tuple[str, ...]:
    """Warns of what is allowed but seldom meant."""
    said = []
    firsts = {name.lower(): value for name, value in settings.ocpp.first_values.items()}
    free = not settings.zaptec.authorization_required or firsts.get("freecharging") == "true"
    if free and not firsts.get("freechargingidtag"):
        said.append(
            "free charging is on and FreeChargingIdTag is empty: transactions will carry an empty idTag, "
            "which many Central Systems refuse; set FreeChargingIdTag in [ocpp.keys]"
        )
    if settings.central_system.url.rstrip("/").endswith(f"/{settings.charge_point.id}"):
        said.append(
            "central_system.url ends with charge_point.id, but the id is added automatically; "
            "remove it from the url"
        )
    return (*said, *_access_warnings(settings.central_system))


def _access_warnings(central_system: CentralSystem) -> Iterator[str]:
    parts = urlsplit(central_system.url)
    if central_system.password and parts.scheme == "ws" and not _stays_here(parts.hostname or ""):
        yield (
            f"central_system.password goes to {parts.hostname} unencrypted, so others in the network can "
            "read it; use wss:// if the Central System has it"
        )
    if 0 < len(central_system.password) < SHORTEST:
        yield f"central_system.password is short: OCPP asks for {SHORTEST} to {LONGEST} characters"
    if central_system.ca_file and parts.scheme == "ws":
        yield "central_system.ca_file does nothing for a ws:// address; it counts for transfers only"


def _stays_here(host: str) -> bool:
    """Says whether it is this machine or the network at home: RFC 1918, RFC 4193, RFC 6762 and the like."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".lan", ".home.arpa")) or "." not in host
    return not address.is_global


def _broken_rules(settings: ChargePoint, *, mock: bool) -> Iterator[Broken]:
    yield from _identity(settings, mock=mock)
    yield from _first_values(settings)
    yield from _access(settings)
    if settings.firmware.installer and "{archive}" not in settings.firmware.installer:
        yield Broken(("firmware.installer",), "one of its arguments must be {archive}, the file to install")
    if settings.firmware.installer and not settings.firmware.public_key:
        yield Broken(
            ("firmware.installer",),
            "needs firmware.public_key, the key that must have signed what it installs",
        )
    if settings.timing.back_off_first_s > settings.timing.back_off_max_s:
        keys = ("timing.back_off_first_s", "timing.back_off_max_s")
        yield Broken(keys, f"must be at most timing.back_off_max_s = {settings.timing.back_off_max_s:g}")
    if settings.timing.shortened and not mock:
        yield Broken(("timing",), "only a mock box may have this section; remove it")


def _identity(settings: ChargePoint, *, mock: bool) -> Iterator[Broken]:
    """Lets a mock refuse a production configuration, and a real box that of a mock."""
    if mock and not settings.is_mock:
        why = f"is that of a real box, and a mock box must not use it; a mock's begins with {MOCK_PREFIX}"
        yield Broken(("charge_point.serial_number",), why)
    if settings.is_mock and not mock:
        why = f"is that of a mock box: {MOCK_PREFIX}...; give the real box its own, or start with --mock"
        yield Broken(("charge_point.serial_number",), why)


def _access(settings: ChargePoint) -> Iterator[Broken]:
    if settings.central_system.url == EXAMPLE_URL:
        yield Broken(("central_system.url",), "is the example; write the address of your Central System")
    yield from _port("central_system.url", settings.central_system.url)
    yield from _port("firmware.source", settings.firmware.source)
    identity = settings.charge_point.id
    if identity in (".", ".."):
        yield Broken(("charge_point.id",), "means a folder in an address; give it another name")
    if ":" in identity and settings.central_system.password:
        why = "must have no colon with central_system.password: RFC 7617 ends a name there"
        yield Broken(("charge_point.id", "central_system.password"), why)


def _port(key: str, url: str) -> Iterator[Broken]:
    """Demands one that TCP has: 16 bits, and 0 is none."""
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError as error:
        yield Broken((key,), f"is no address: {error}; a port is 1 to 65535")
        return
    if port == 0 or (url and not host):
        yield Broken((key,), "is no address: it needs a host, and its port is 1 to 65535")


def _first_values(settings: ChargePoint) -> Iterator[Broken]:
    behaviour = BEHAVIOURS[settings.zaptec.mode]
    for name, value in settings.ocpp.first_values.items():
        fault = first_value_fault(name, value, behaviour)
        if fault is not None:
            near = get_close_matches(name, known_keys(), n=1) if fault == UNKNOWN else []
            hint = f"; did you mean {near[0]}?" if near and near[0].lower() != name.lower() else ""
            yield Broken((f"ocpp.keys.{name}", "zaptec.mode"), f"{fault}{hint}")

"""The values of the configuration keys that are in force.

Values are text, as the Central System writes and reads them; the typed questions (`whole`, `is_on`, `text`)
are for the rest of the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from bridge.core.configuration import phase_rotation
from bridge.core.configuration.keys import KEYS, Key
from bridge.core.rows import Change, Remembered
from bridge.core.zaptec import Behaviour

ChangeAnswer = Literal["Accepted", "Rejected", "NotSupported"]
Source = Literal["default", "file", "stored"]  # of a value: our row, charge-point.toml, ChangeConfiguration

REMEMBERED_PREFIX = "key:"
# Names that a Zaptec which speaks OCPP itself knows although it does not list them: a write is Rejected.
UNLISTED = frozenset(
    name.lower()
    for name in (
        "AdditionalRootCertificateCheck",
        "BlinkRepeat",
        "CertificateSignedMaxChainSize",
        "CertificateStoreMaxLength",
        "CpoName",
    )
)


class _Entry(TypedDict):
    """OCPP 1.6 7.29 KeyValue."""

    key: str
    readonly: bool
    value: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A key as the owner sees it. `allowed`: what may be written, in words; empty: nothing."""

    name: str
    value: str
    read_only: bool
    source: Source
    allowed: str


class Configuration:
    """The values in force: what was changed, else what charge-point.toml gives first, else the row's own."""

    def __init__(
        self,
        behaviour: Behaviour,
        first_values: Mapping[str, str],
        remembered: Mapping[str, str],
        *,
        authorization_required: bool,
    ) -> None:
        self._behaviour = behaviour
        self._authorization_required = authorization_required
        firsts = {name.lower(): value for name, value in first_values.items()}
        self._keys = {key.name.lower(): key for key in KEYS if key.exists(behaviour)}
        self._values = {}
        self._sources: dict[str, Source] = {}
        for key in self._keys.values():
            stored, first = remembered.get(REMEMBERED_PREFIX + key.name), firsts.get(key.name.lower())
            value = first if stored is None else stored
            # A value of the other mode, or of an older version, is not carried along.
            kept = key.allowed(value, behaviour) if key.allowed and value is not None else None
            self._values[key.name] = kept if kept is not None else key.first_value(behaviour)
            given: Source = "file" if stored is None else "stored"
            self._sources[key.name] = given if kept is not None else "default"
        self._phases: int | None = None

    def wired(self, phases: int) -> None:
        """Notes how many phases the box has. A rotation that no such box can have is replaced."""
        self._phases = phases
        rotation = self.phase_rotation
        if rotation == phase_rotation.UNKNOWN or not phase_rotation.fits(rotation, phases):
            self._values["ConnectorPhaseRotation"] = phase_rotation.in_both(phase_rotation.usual(phases))
            self._sources["ConnectorPhaseRotation"] = "default"

    @property
    def phase_rotation(self) -> str:
        """Returns RST, and so on; of the one connector, and of the box."""
        return phase_rotation.rotation_of(self.text("ConnectorPhaseRotation")) or phase_rotation.UNKNOWN

    def whole(self, name: str) -> int:
        """Returns seconds, watts, watt-hours or pieces, by the key. Raises KeyError for a name of no row."""
        return int(self._values[name])

    def is_on(self, name: str) -> bool:
        """Returns a truth value. Raises KeyError for a name without a row."""
        return self._values[name] == "true"

    def text(self, name: str) -> str:
        """Returns the value as written. Raises KeyError for a name without a row."""
        return self._values[name]

    @property
    def free_charging(self) -> bool:
        """Says whether plugging in starts: the portal's authorization is off, or FreeCharging is on."""
        return not self._authorization_required or self.is_on("FreeCharging")

    @property
    def authorization_required(self) -> bool:
        return self._authorization_required

    def change(self, name: str, value: str) -> tuple[ChangeAnswer, tuple[Change, ...]]:
        """OCPP 1.6 5.3. Known but read-only, or a bad value: Rejected. Takes effect at once."""
        key = self._keys.get(name.lower())
        if key is None:
            unlisted = self._behaviour.mode == "native" and name.lower() in UNLISTED
            return "Rejected" if unlisted else "NotSupported", ()
        if key.allowed is None or self._is_read_only(key):
            return "Rejected", ()
        stored = key.allowed(value, self._behaviour)
        if stored is None or not self._fits_the_box(key, stored):
            return "Rejected", ()
        self._values[key.name] = stored
        self._sources[key.name] = "stored"
        return "Accepted", (Remembered(REMEMBERED_PREFIX + key.name, stored),)

    def report(self, wanted: list[str]) -> tuple[list[_Entry], list[str]]:
        """OCPP 1.6 5.8: (configurationKey entries, unknown names); none asked = all, in the table's order."""
        if not wanted:
            return [self._entry(key) for key in self._keys.values()], []
        known = [key for name in wanted if (key := self._keys.get(name.lower())) is not None]
        unknown = [name for name in wanted if name.lower() not in self._keys]
        return [self._entry(key) for key in dict.fromkeys(known)], unknown

    def shown(self) -> Iterator[Shown]:
        """Yields every key as it stands, in the table's order."""
        for key in self._keys.values():
            entry, words = self._entry(key), key.allowed.words(self._behaviour) if key.allowed else ""
            read_only = entry["readonly"]
            allowed = "" if read_only else words
            yield Shown(key.name, entry["value"], read_only, self._sources[key.name], allowed)

    def _entry(self, key: Key) -> _Entry:
        read_only = key.allowed is None or self._is_read_only(key)
        value = self._values[key.name]
        if key.allowed is not None and read_only:
            value = "false"  # both keys that can turn read-only read false while they are
        return {"key": key.name, "readonly": read_only, "value": value}

    def _fits_the_box(self, key: Key, stored: str) -> bool:
        rotation = phase_rotation.rotation_of(stored) if key.name == "ConnectorPhaseRotation" else None
        return rotation is None or phase_rotation.fits(rotation, self._phases)

    def _is_read_only(self, key: Key) -> bool:
        if key.name == "FreeCharging":
            return not self._authorization_required
        if key.name == "UnlockConnectorOnEVSideDisconnect":
            return self.is_on("LockCablePermanently")
        return False

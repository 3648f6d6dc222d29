"""What a charge point starts with: its fixed settings, and the values from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.core.charging_profile import ChargingProfile
from bridge.core.id_tag import IdTags, NoIdTags
from bridge.core.password import Password
from bridge.core.rows import DimmingRow, Sample, TransactionRow
from bridge.core.zaptec import Behaviour


@dataclass(frozen=True, slots=True)
class LostLimit:
    """`limit_a` holds from `after_s` without a registered link on; 0 pauses charging, nothing stops."""

    after_s: float
    limit_a: float


@dataclass(frozen=True, slots=True)
class SurplusSetup:
    """The owner's wish to charge from the sun. `grid_w` may come from the grid; negative: always fed in."""

    min_on_s: float
    min_off_s: float
    grid_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Provisioning:
    """The settings that do not change while the program runs."""

    behaviour: Behaviour
    boot_id: str  # of the Pi, simulated or real
    central_system_url: str  # where "once accepted" counts
    accept_before_registration: bool = False
    charge_point_id: str = ""  # in the address, and in the name of a diagnostics file
    firmware_version: str = ""  # four numbers: what runs now
    password: Password | None = None  # of charge-point.toml
    firmware_source: str = ""  # where a Zaptec behind its cloud takes updates from; empty: nowhere
    allows_older_firmware: bool = False  # the owner's word, against signed archives with known faults
    lost_limit: LostLimit | None = None  # the owner's, while the Central System is away
    surplus: SurplusSetup | None = None  # None: the car does not wait for the sun


@dataclass(frozen=True, slots=True)
class Memory:
    """The values from the store when the program started."""

    next_row_id: int = 1
    open_row: TransactionRow | None = None
    next_sample_seq: int = 0
    last_sample: Sample | None = None  # of the open row
    last_periodic: Sample | None = None  # its last of Transaction.Begin or Sample.Periodic
    undated: bool = False  # some row has moments without a date
    remembered: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[ChargingProfile, ...] = ()
    open_dimming: DimmingRow | None = None
    next_dimming_id: int = 1
    id_tags: IdTags = field(default_factory=NoIdTags)  # never copied: asked as long as the program runs


# Names of remembered values; configuration keys have a prefix of their own.
OPERATIVE = "operative"  # "false" after ChangeAvailability Inoperative
FINISHING = "finishing"  # present: a plug-in had its transaction; its value keeps the cable for a tag
STOPPING = "stopping"  # present: the open transaction is to stop, which is decided but not written yet
LIFE = "life"  # when the open transaction was last known to run, and its register
PLUG_IN = "plug_in"  # the one in which the open transaction began
ORDERLY = "orderly"  # the boot id in which the bridge was last asked to end
RESERVATION = "reservation"  # present: the connector is kept for somebody
OWNER_LIMIT = "owner_limit"  # present: the amps that the owner allows
ACCEPTED_AT = "accepted_at"  # the URL of the Central System that last accepted us

"""PURE: what crosses the socket of `hal.safety`: one JSON object a line, distinguished by its `type`.

The only module about the wallbox that `bridge` imports. Levels cross, edges do not: `Status` carries the
whole present state, so a lost or repeated message changes nothing. Every time is CLOCK_MONOTONIC in seconds,
which all processes of one machine share. Units are in the names.
"""

from __future__ import annotations

from typing import Literal

import msgspec

VERSION = 1
SOCKET_NAME = "hal.sock"  # in the runtime folder
BOLT_SOCKET_NAME = "bolt.sock"  # of the process that holds a solenoid; in the runtime folder too
BOOT_ID_FILE = "boot_id"  # in the runtime folder of a mock box: which boot of the simulated Pi this is
STATE_LOCK_NAME = "wallbox-state.lock"  # in the runtime folder: who may write the state of `hal.safety`
LINE_LIMIT = 65_536  # bytes; a longer line is dropped with its sender
WISH_LIFE_S = 15.0  # how far ahead a wish is valid; renewed every second
WISH_LIFE_RESTART_S = 60.0  # before a planned restart of the bridge; never more
HANG_LIMIT_S = 15  # so long a hung kernel may stand: the longest time-out of a Pi's watchdog (bcm2835_wdt)

# Ages and pauses that more than one process goes by.
STATUS_EVERY_S = 1.0  # at least so often
SILENT_S = 3.0  # without a Status for so long `hal.safety` is silent: two may be lost
FRESH_S = 3.0  # a Reading or Temperatures older than this is none
LOST_PAUSE_S = 60.0  # without a meter or thermometer 6 A for so long, then nothing

# Files that one process writes and another looks for.
MOCK_SOCKET_NAME = "mock.sock"  # of the mock wallbox; in the runtime folder
MOCK_STATE_FOLDER = "mock"  # of the simulated world; in the state folder
POWER_FILE = "power"  # of the mock wallbox, in the runtime folder: "on" or "off"
STATE_FILE = "wallbox-state.json"  # what outlasts `hal.safety`; in its state folder
WALLBOX_FILE = "wallbox.toml"  # in the configuration folder
KERNEL_BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id"  # which boot of a real Pi this is (random(4))

# Declared facts, in Status.notes, and what `real_time` says when nothing is missing.
NO_WATCHDOG_LINE = "no watchdog line for the contactor"
NO_RCM = "no residual current monitor"
RCM_WITHOUT_TEST = "residual current monitor without a test output"
REAL_TIME_GRANTED = "fifo, memory locked"

Role = Literal["bridge", "instruments", "observer", "tool"]
Cable = Literal["auto", "keep", "release", "permanent"]
Vehicle = Literal["A", "B", "C", "D", "E", "F"]
LockState = Literal["locked", "unlocked", "moving"]
Clears = Literal["itself", "unplug", "person"]
Phases = tuple[float, float, float]


class _Message(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower, kw_only=True):
    """Base of all messages; unknown fields are ignored so that versions may differ by additions."""


class Hello(_Message, frozen=True):
    """The first message of a client: its role and version."""

    role: Role
    version: int = VERSION


class FaultRef(msgspec.Struct, frozen=True):
    """Names one occurrence of a fault, so that clearing never clears a newer one."""

    id: str
    occurrence: int


class Wish(_Message, frozen=True):
    """Bridge to safety, each second and on change: what the bridge asks. It ends by itself."""

    limit_a: float  # 0 = do not charge
    cable: Cable
    lamp: str
    valid_until_s: float
    seq: int
    clear_faults: tuple[FaultRef, ...] = ()  # faults of `clears = person` only


class Fault(msgspec.Struct, frozen=True):
    """A fault that is present."""

    id: str
    occurrence: int
    since_s: float
    clears: Clears
    opens: bool  # of class *open*: the contactor may not be closed while it stands


class Counters(msgspec.Struct, frozen=True):
    """Counts since the start of `hal.safety`, unless a field says otherwise."""

    closings: int = 0  # in the life of the box
    openings_under_load: int = 0  # in the life of the box
    late_ticks: int = 0
    dropped_lines: int = 0  # garbage, over-long lines and full send buffers on the socket
    dropped_logs: int = 0
    last_open_ms: float | None = None  # command to mirror contact, of the last opening


class EvseView(msgspec.Struct, frozen=True, kw_only=True):
    """What `hal.core` shows of the box: the greater part of `Status`. A new field is declared here alone."""

    vehicle: Vehicle  # the last real one while the box itself drives F
    pilot_offer: str | float  # "x1", "F", or amps
    cable_present: bool  # proximity pilot; always true for a fixed cable
    cable_rating_a: float | None  # latched at plug-in
    lock: LockState | None  # None: a fixed cable has no lock
    contactor_commanded: bool
    contactor_closed: bool  # the mirror contact, not the command: a welded contactor reads true
    contactor_changed_at_s: float
    limits_a: dict[str, float]  # wish, cable, installation, temperature ...
    limited_by: str  # the name of the smallest
    withheld_by: tuple[str, ...]  # conditions of may_close that do not hold; empty while closed
    faults: tuple[Fault, ...]
    counters: Counters
    wish_seq: int  # the last wish obeyed; 0 = none since the start
    car_here: bool = False  # from plug-in until it has left: in A for 1 s, or the plug is out of the socket
    plug_ins: int = 0  # so often has the vehicle left A since the start: the number of the present plug-in
    stop_pressed: bool = False  # a stop button is or was pressed in the last second: ends the transaction
    notes: tuple[str, ...] = ()  # shortened timings of a mock box, other declared facts, what was measured


class Status(EvseView, frozen=True, tag_field="type", tag="status", kw_only=True):
    """Safety to all, on change and each second: the whole present state of the box."""

    version: int
    start_id: str  # new at every start of `hal.safety`
    seq: int
    at_s: float
    mock: bool
    real_time: str  # REAL_TIME_GRANTED, or in words what is missing
    lamp: str
    dimmed: bool | None = None  # the dimming input, as it reads now; None: this box has none


class Reading(_Message, frozen=True):
    """Instruments to all: the meter. Stale after FRESH_S: a stale reading is no reading."""

    at_s: float
    energy_wh: int
    power_w: float
    current_a: Phases
    voltage_v: Phases
    meter_serial: str | None = None


class HouseReading(_Message, frozen=True):
    """Instruments to all: the house meter. Stale after FRESH_S, as a Reading; what flows to the grid is
    negative. Currents in the order of the house's own phases; those that the meter has not are 0."""

    at_s: float
    current_a: Phases
    voltage_v: Phases
    power_w: float  # of all phases


class Temperatures(_Message, frozen=True):
    """What `hal.instruments` measured, sent to all."""

    at_s: float
    contacts_c: float | None = None
    soc_c: float | None = None


class Card(_Message, frozen=True):
    """Instruments to all: a card was presented. The one event; ignored when older than 5 s."""

    start_id: str  # of the instruments; with `seq` it tells repeats apart
    seq: int
    at_s: float
    id: str  # bare upper-case hex, at most 20 characters


class InstrumentBox(_Message, frozen=True):
    """Instruments to all, on change and every 10 s: what is connected and how it is."""

    meter: str | None
    meter_health: str  # "ok", or in words what is wrong; "implausible: ..." for values that cannot be
    meter_serial: str | None
    reader: str | None
    reader_health: str
    dropped_frames: int = 0  # card frames with a bad checksum or form
    thermometer_health: str = "none"  # "none": this box has none; "ok", or in words what is wrong
    lamp_health: str = "none"  # likewise
    pi_health: str = "ok"  # or "under-voltage: ...", or "not measured: ..."
    house_meter_health: str = "none"  # "none": this box has none; "ok", or in words what is wrong


class House(msgspec.Struct, frozen=True):
    """The house around the box, as wallbox.toml describes it: its main fuse, and where the box hangs."""

    fuse_a: float  # on each phase
    when_quiet_a: float  # what the box may take while the house meter is quiet
    phases: Literal[1, 3]  # that the house meter measures
    box_phase: Literal[1, 2, 3] = 1  # of the house, that feeds a box of one phase


class Box(_Message, frozen=True):
    """Safety to a client, once: what this wallbox is."""

    version: int
    phases: Literal[1, 3]
    nominal_voltage_v: float
    socket: bool  # False: a fixed cable
    installation_max_a: float
    mock: bool
    software: str
    serial: str | None = None
    house: House | None = None  # None: there is no house meter
    dimming_w: float | None = None  # what the grid operator leaves while he dims; None: no such input


class Request(_Message, frozen=True):
    """A tool to the role that owns the thing asked for; refused unless the contactor reads open."""

    id: str
    owner: Literal["safety", "instruments"]
    do: str
    argument: str = ""


class Answer(_Message, frozen=True):
    """The result of the Request with this id."""

    id: str
    ok: bool
    text: str
    measured: dict[str, float] = {}


Message = (
    Hello
    | Wish
    | Status
    | Reading
    | HouseReading
    | Temperatures
    | Card
    | InstrumentBox
    | Box
    | Request
    | Answer
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """Encodes a message as one line, with its newline."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes) -> Message:
    """Raises ValueError for anything that is not a message; its text names the field where there is one."""
    try:
        return _decoder.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None


class LineBuffer:
    """Cuts a byte stream into lines. A line over LINE_LIMIT raises ValueError: drop the connection."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Returns complete lines, without their newline."""
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > LINE_LIMIT or any(len(line) > LINE_LIMIT for line in lines):
            raise ValueError(f"a line of more than {LINE_LIMIT} bytes")
        return lines

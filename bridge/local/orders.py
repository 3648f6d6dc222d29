"""PURE: what crosses the bridge's own socket, bridge.sock: one JSON object a line, an order and its reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from bridge.core.charging_profile import ChargingProfile, Moment
from bridge.core.limits.charging_schedule import Circumstances
from bridge.core.rows import Session
from bridge.local.state.state import State
from hal.contract import FaultRef

SOCKET_NAME = "desk/bridge.sock"  # in the runtime folder; the folder is the bridge's
LINE_LIMIT = 65_536  # bytes of an order
RowId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what the store can ask for


class SendDataTransfer(msgspec.Struct, frozen=True, tag="DataTransfer", tag_field="order"):
    """OCPP 1.6 4.3, to the Central System; lengths are those of 6.17."""

    vendor_id: str
    message_id: str | None = None
    data: str | None = None

    @property
    def request(self) -> dict[str, str]:
        """Returns the payload of DataTransfer.req."""
        given = {"vendorId": self.vendor_id, "messageId": self.message_id, "data": self.data}
        return {name: value for name, value in given.items() if value is not None}


class ClearFaults(msgspec.Struct, frozen=True, tag="ClearFaults", tag_field="order"):
    """A person has looked at these faults of `hal.safety`, each by its occurrence."""

    faults: tuple[FaultRef, ...]


class ListSessions(msgspec.Struct, frozen=True, tag="ListSessions", tag_field="order"):
    """Asks for the next page of sessions: only the bridge can read the file."""

    after: RowId = 0  # ids above this one


class OfferAgain(msgspec.Struct, frozen=True, tag="OfferAgain", tag_field="order"):
    """Asks to send a dead letter to the Central System once more."""

    row_id: RowId


class ListProfiles(msgspec.Struct, frozen=True, tag="ListProfiles", tag_field="order"):
    """Asks for the charging profiles, and for what decides which of them counts."""


class ClearProfiles(msgspec.Struct, frozen=True, tag="ClearProfiles", tag_field="order"):
    """Asks to remove the charging profiles with these ids."""

    profile_ids: tuple[int, ...]


class LookAtState(msgspec.Struct, frozen=True, tag="LookAtState", tag_field="order"):
    """Asks what is so, and why the car charges or does not. It changes nothing."""


class CopyStore(msgspec.Struct, frozen=True, tag="CopyStore", tag_field="order"):
    """Asks for a whole copy of the store beside it (`copying.copy_beside`), which is the asker's: only
    the bridge can read its store. The reply's `data`, its path, is for commands of older versions."""


class StartCharging(msgspec.Struct, frozen=True, tag="StartCharging", tag_field="order"):
    """Asks to charge as if this card were presented at the box, with the same authorization. It never stops a
    session. Accepted: it is asked about, or it may charge; the State then says what comes of it."""

    id_tag: str


class StopCharging(msgspec.Struct, frozen=True, tag="StopCharging", tag_field="order"):
    """Asks to end the running session, whoever began it, or to forget who waits for a car. Rejected: there
    is neither."""


class SetOwnerLimit(msgspec.Struct, frozen=True, tag="SetOwnerLimit", tag_field="order"):
    """Sets the owner's own limit, which outlasts a restart. Below 6 A: a pause. None removes it."""

    limit_a: float | None


class ListKeys(msgspec.Struct, frozen=True, tag="ListKeys", tag_field="order"):
    """Asks for all configuration keys (OCPP 1.6 chapter 9) as they stand."""


class ListFrames(msgspec.Struct, frozen=True, tag="ListFrames", tag_field="order"):
    """Asks for the next page of the frames that memory still holds, the oldest first."""

    after: RowId = 0  # numbers above this one


class Identify(msgspec.Struct, frozen=True, tag="Identify", tag_field="order"):
    """Asks which bridge listens: the command may mean another one."""


Order = (
    SendDataTransfer
    | ClearFaults
    | ListSessions
    | OfferAgain
    | ListProfiles
    | ClearProfiles
    | LookAtState
    | CopyStore
    | StartCharging
    | StopCharging
    | SetOwnerLimit
    | ListKeys
    | ListFrames
    | Identify
)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order in the bridge; the command waits for the reply with this ticket."""

    ticket: int
    order: Order


class Reply(msgspec.Struct, frozen=True):
    """The result of an order. `status`: DataTransferStatus, or Accepted; None: it failed, `why` says why."""

    status: str | None = None
    data: str | None = None
    why: str = ""


class Page(msgspec.Struct, frozen=True):
    """A page of sessions, the oldest first; the last page is empty. `why` as in a Reply."""

    sessions: tuple[Session, ...] = ()
    why: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Which bridge it is, and how it is. A bridge of an older version says less: the defaults.

    A field is added, never changed or taken away: command and bridge may be of two versions.
    """

    database: str  # the file's path, resolved
    mock: bool
    version: str = ""  # four numbers
    store_open: bool = False  # it can be read, and takes what is decided
    central_system: str = ""  # accepted | reached | words why it is not
    trial: str = ""  # says in words that a new version is on trial; empty: none is


class Installed(msgspec.Struct, frozen=True):
    """The charging profiles at a moment, with that of a start that is waited for. `why` as in a Reply."""

    profiles: tuple[ChargingProfile, ...] = ()
    circumstances: Circumstances | None = None  # None: it failed
    at: Moment = 0
    caps_a: dict[str, float] = {}  # limits that no profile sets, by what sets them
    why: str = ""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration key. A secret has no value here."""

    name: str
    value: str | None  # None: it can only be written
    readonly: bool
    source: Literal[
        "default", "file", "stored"
    ]  # file: charge-point.toml; stored: the Central System wrote it
    meaning_en: str  # one line
    allowed: str = ""  # what may be written, in words; empty: nothing


class Keys(msgspec.Struct, frozen=True):
    """All keys, in the order of the documentation. `why` as in a Reply."""

    keys: tuple[Key, ...] = ()
    why: str = ""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame that was sent to the Central System or came from it. No secret is in it."""

    number: int  # since the bridge started, from 1
    at: str  # UTC in ISO 8601, by the clock of the machine
    direction: Literal["sent", "received"]
    kind: Literal["call", "result", "error", "unreadable"]
    action: str  # of an answer: that of its CALL; empty: not known
    identity: str  # OCPP-J's UniqueId
    payload: str  # JSON, cut to 4 kB; of an error: code, description, details


class Frames(msgspec.Struct, frozen=True):
    """A page of frames, the oldest first; the last page is empty. `why` as in a Reply."""

    frames: tuple[Frame, ...] = ()
    newest: int = 0  # the last number of all; below the one asked after: the bridge has been started anew
    why: str = ""


class Looked(msgspec.Struct, frozen=True):
    """What is so. `why` as in a Reply."""

    state: State | None = None  # None: it failed
    why: str = ""


Answered = Reply | Installed | Keys | Looked  # what the actor answers
ReplyKind = TypeVar("ReplyKind", Reply, Page, Identity, Installed, Keys, Frames, Looked)


def order(line: bytes) -> Order:
    """Raises ValueError for what is no order."""
    found: Order = _decoded(line, Order)
    return found


def reply(line: bytes, kind: type[ReplyKind]) -> ReplyKind:
    """Raises ValueError for what is no reply of this kind."""
    found: ReplyKind = _decoded(line, kind)
    return found


def _decoded(line: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(message: Order | Answered | Page | Identity | Frames) -> bytes:
    """Encodes a message as one line of JSON."""
    return msgspec.json.encode(message) + b"\n"

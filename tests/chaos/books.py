"""PURE: what the car received beside what the Central System was told. Our own store has no say here.

The meter's register is the axis: energy flows in plug-ins only, so each plug-in is a stretch of it, and the
sessions told must tile that stretch, each Wh once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf

from bridge.core.reporting.sign_of_life import EVERY_S
from bridge.demo.ledger import Payload, Transaction

REGISTER_WH = 10  # a step of the meter
TOLERANCE_WH = 1 + 2 * REGISTER_WH  # of one session: a step at each end, and float32 on the meter's wire
# From what a person does to the stop that comes of it: 10 s for an Authorize.conf that does not come, 6 s for
# the contactor, 5 s for the meter, and 1 s.
LEADS_TO_STOP = timedelta(seconds=22)
CUT = "PowerLoss"
REBOOT = "Reboot"
BOOTS = (CUT, REBOOT)
# So much older than the cut may the end of its session be: a sign of life waits for a meter that is silent.
SIGN_OF_LIFE = timedelta(seconds=EVERY_S + 60.0)
ENERGY = "Energy.Active.Import.Register"


@dataclass(frozen=True, slots=True)
class PlugIn:
    """One plug-in by the car's own ledger, as a stretch of the register."""

    began_wh: float
    ended_wh: float

    @property
    def received_wh(self) -> float:
        return self.ended_wh - self.began_wh


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that ends a transaction with this reason, by the clock of the box, in whole seconds.

    A power cut: PowerLoss, or Reboot if the bridge had left in order and the next one had not begun to act.
    """

    at: datetime
    reason: str


@dataclass(slots=True)
class Session:
    """All that was told under one key: connectorId, idTag, meterStart, timestamp."""

    start: Payload
    told: list[Transaction] = field(default_factory=list)  # one for each StartTransaction

    @property
    def stops(self) -> list[Payload]:
        return [stop for each in self.told for stop in each.stops]

    @property
    def values(self) -> list[Payload]:
        return [values for each in self.told for values in each.values]

    @property
    def name(self) -> str:
        start = self.start
        return f"session {start['idTag']} from {start['meterStart']} Wh at {start['timestamp']}"


@dataclass(frozen=True, slots=True)
class Estimates:
    """Sessions marked so in what the owner is shown, and how much one may be short of."""

    marked: frozenset[tuple[int, str]]  # meterStart and timestamp
    most_wh: float

    def of_wh(self, session: Session) -> float:
        """0 for all that are not marked."""
        key = (session.start["meterStart"], session.start["timestamp"])
        return self.most_wh if key in self.marked else 0.0


NONE = Estimates(frozenset(), 0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults` in words; lost and duplicated sessions are among them."""

    sessions: int
    lost: int
    duplicated: int
    repeated_starts: int  # messages beyond the first of their session
    repeated_stops: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions, lost {self.lost}, duplicated {self.duplicated}, "
            f"repeated messages {self.repeated_starts} + {self.repeated_stops}"
        )


def sessions_of(transactions: Iterable[Transaction]) -> list[Session]:
    """By their place on the register. Who never deduplicates makes a transaction of each message."""
    found: dict[tuple[object, ...], Session] = {}
    for told in transactions:
        start = told.start
        key = (start["connectorId"], start["idTag"], start["meterStart"], start["timestamp"])
        found.setdefault(key, Session(start)).told.append(told)
    return sorted(found.values(), key=_place)


def _place(session: Session) -> tuple[float, float, str]:
    """Its place on the register; of those that begin alike, one without energy came first."""
    stop_wh = session.stops[0]["meterStop"] if session.stops else inf
    return session.start["meterStart"], stop_wh, session.start["timestamp"]


def plug_ins_of(received_wh: Iterable[float], first_wh: float) -> list[PlugIn]:
    """From what the car received in each, in order, and the register before the first."""
    stretches: list[PlugIn] = []
    for wh in received_wh:
        stretches.append(PlugIn(first_wh, first_wh + wh))
        first_wh += wh
    return stretches


def judge(
    transactions: Iterable[Transaction],
    plug_ins: Sequence[PlugIn],
    happened: Sequence[Happened] | None,
    estimates: Estimates = NONE,
) -> Verdict:
    """`happened` None: the clock jumped, so times of different sessions, and reasons by time, say nothing.
    `estimates`: sessions that say of themselves that their meterStop is the last value before the end.
    """
    sessions = sessions_of(transactions)
    stopped = [session for session in sessions if session.stops]
    lost = [f"lost: {fault}" for fault in _lost(stopped, plug_ins)]
    duplicated = [f"duplicated: {fault}" for fault in _duplicated(stopped)]
    for session in sessions:
        if not session.stops:
            twin = _twin(session, stopped)
            duplicated += [f"duplicated: {session.name} is {twin.name}"] if twin else []
            lost += [f"lost: the end of {session.name}"] if twin is None else []
    faults = [*lost, *duplicated, *_energy(stopped, plug_ins, estimates)]
    for session in stopped:
        faults += [f"{session.name}: {fault}" for fault in _one(session)]
    if happened is not None:
        faults += _order(stopped)
        for session in stopped:
            faults += [f"{session.name}: {fault}" for fault in _reason(session, happened)]
    return Verdict(
        sessions=len(sessions),
        lost=len(lost),
        duplicated=len(duplicated),
        repeated_starts=sum(len(session.told) - 1 for session in sessions),
        repeated_stops=sum(len(session.stops) - 1 for session in stopped),
        faults=tuple(faults),
    )


def _energy_wh(session: Session) -> int:
    return int(session.stops[0]["meterStop"] - session.start["meterStart"])


def _of(plug_in: PlugIn, sessions: Iterable[Session]) -> list[Session]:
    """Those that bill more of it than a step of the register, or were cut before they could."""
    return [
        session
        for session in sessions
        if _common_wh(plug_in, session) > REGISTER_WH + 1 or _cut_soon(plug_in, session)
    ]


def _cut_soon(plug_in: PlugIn, session: Session) -> bool:
    within = (
        plug_in.began_wh - REGISTER_WH - 1 <= session.start["meterStart"] < plug_in.ended_wh - TOLERANCE_WH
    )
    return within and _energy_wh(session) <= TOLERANCE_WH and session.stops[0].get("reason") in BOOTS


def _common_wh(plug_in: PlugIn, session: Session) -> float:
    began_wh = max(plug_in.began_wh, session.start["meterStart"])
    return float(min(plug_in.ended_wh, session.stops[0]["meterStop"]) - began_wh)


def _lost(sessions: list[Session], plug_ins: Sequence[PlugIn]) -> Iterator[str]:
    for plug_in in plug_ins:
        if plug_in.received_wh > TOLERANCE_WH and not _of(plug_in, sessions):
            yield f"{plug_in.received_wh:.0f} Wh received from {plug_in.began_wh:.0f} Wh on"


def _energy(sessions: list[Session], plug_ins: Sequence[PlugIn], estimates: Estimates) -> Iterator[str]:
    billed_at_all: set[int] = set()
    for plug_in in plug_ins:
        those = _of(plug_in, sessions)
        billed_at_all.update(id(session) for session in those)
        billed_wh = sum(_energy_wh(session) for session in those)
        allowed_wh = sum(TOLERANCE_WH + estimates.of_wh(session) for session in those)
        if those and abs(billed_wh - plug_in.received_wh) > allowed_wh:
            names = ", ".join(session.name for session in those)
            yield f"{billed_wh} Wh billed for {plug_in.received_wh:.0f} Wh received: {names}"
        yield from _tiles(plug_in, those, estimates)
    for session in sessions:
        if id(session) not in billed_at_all and _energy_wh(session) > TOLERANCE_WH:
            yield f"{session.name}: {_energy_wh(session)} Wh that no car received"


def _tiles(plug_in: PlugIn, those: list[Session], estimates: Estimates) -> Iterator[str]:
    """Each session begins where the register stood when the one before it ended; overlaps are duplicates."""
    reached_wh, allowed_wh = plug_in.began_wh, float(TOLERANCE_WH)
    for session in those:
        if abs(session.start["meterStart"] - reached_wh) > allowed_wh:
            yield f"{session.name}: meterStart, but the register stood at {reached_wh:.0f} Wh"
        reached_wh = session.stops[0]["meterStop"]
        allowed_wh = TOLERANCE_WH + estimates.of_wh(session)
    if those and abs(plug_in.ended_wh - reached_wh) > allowed_wh:
        yield f"{those[-1].name}: meterStop {reached_wh} Wh, but the register stood at {plug_in.ended_wh:.0f}"


def _duplicated(sessions: list[Session]) -> Iterator[str]:
    for former, latter in pairwise(sorted(sessions, key=_place)):
        if former.stops[0]["meterStop"] > latter.start["meterStart"]:
            yield f"{former.name} and {latter.name} bill the same energy"


def _twin(session: Session, stopped: Iterable[Session]) -> Session | None:
    """The one that bills the energy which this one, never stopped, began to bill."""
    began_wh = session.start["meterStart"]
    return next((one for one in stopped if one.start["meterStart"] == began_wh and _energy_wh(one) > 0), None)


def _one(session: Session) -> Iterator[str]:
    start, stops = session.start, session.stops
    differing = {str({**stop, "transactionId": None}) for stop in stops}
    if len(differing) > 1:
        yield f"its stops differ: {sorted(differing)}"
    if stops[0]["meterStop"] < start["meterStart"]:
        yield f"meterStop {stops[0]['meterStop']} is below meterStart"
    if stops[0]["timestamp"] < start["timestamp"]:
        yield "it ends before it begins"
    yield from _values(session)


def _values(session: Session) -> Iterator[str]:
    """The first word after a restart goes before the queue; but time and energy have the same order."""
    start, stop = session.start, session.stops[0]
    sets = [one for values in session.values for one in values["meterValue"]]
    told = [
        (one["timestamp"], round(float(value["value"]) * (1000 if value["unit"] == "kWh" else 1)))
        for one in (*sets, *stop.get("transactionData", ()))
        for value in one["sampledValue"]
        if value.get("measurand") == ENERGY
    ]
    told.append((start["timestamp"], start["meterStart"]))
    told.append((stop["timestamp"], stop["meterStop"]))
    told.sort()
    energies = [energy_wh for _, energy_wh in told]
    if energies != sorted(energies):
        yield f"time and energy disagree: {told}"
    if told[0][0] < start["timestamp"] or told[-1][0] > stop["timestamp"]:
        yield f"values of {told[0][0]} to {told[-1][0]} for {start['timestamp']} to {stop['timestamp']}"


def _order(sessions: list[Session]) -> Iterator[str]:
    for former, latter in pairwise(sessions):
        if latter.start["timestamp"] < former.stops[0]["timestamp"]:
            yield f"{latter.name} begins before {former.name} has ended"


def _reason(session: Session, happened: Sequence[Happened]) -> Iterator[str]:
    """All times are whole seconds, cut off: where two are equal, either may have been first."""
    stop = session.stops[0]
    reason = stop.get("reason", "Local")  # OCPP 1.6 6.49: left out means Local
    began, ended = (datetime.fromisoformat(one["timestamp"]) for one in (session.start, stop))
    cuts = {each.reason for each in happened if each.reason in BOOTS and began < each.at < ended}
    if cuts and reason != (CUT if CUT in cuts else REBOOT):
        yield f"the power was cut in it ({', '.join(sorted(cuts))}), but its reason is {reason}"
    since = began if reason in BOOTS else max(began, ended - LEADS_TO_STOP)
    until = ended + SIGN_OF_LIFE if reason in BOOTS else ended
    if not any(each.reason == reason and since <= each.at <= until for each in happened):
        yield f"nothing happened for the reason {reason}"

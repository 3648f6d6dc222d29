"""PURE: what was charged in one month, by card: readings at start and stop, energy, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import ROUND_HALF_UP, Decimal

from bridge.cli.session_lines import lasted
from bridge.core.id_tag import same_tag
from bridge.core.now import is_dated
from bridge.core.rows import Session
from bridge.local.session_table import kwh
from hal.visible import visible

NO_EVIDENCE = (
    "The readings are those of the meter in the box. This is no evidence in the sense of calibration law "
    "(in Germany: Eichrecht): nothing is signed, and the values cannot be verified by others."
)
COLUMNS = (
    "id_tag", "session", "started_at", "stopped_at", "meter_start_kwh", "meter_stop_kwh", "energy_kwh",
    "estimated", "price_per_kwh", "amount", "currency",
)  # fmt: skip
_CENT = Decimal("0.01")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Price:
    """Is what one kWh costs."""

    per_kwh: Decimal
    currency: str = "EUR"

    def of(self, energy_wh: int) -> Decimal:
        """Returns the amount, rounded to a hundredth as in a shop."""
        return (self.per_kwh * energy_wh / 1000).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Month:
    """The sessions that began in it, by the clock of `zone`. None: the machine's own."""

    name: str  # 2026-11
    sessions: tuple[Session, ...]
    running: int  # that began in it and have not ended: they are in no sum
    undated: int  # that have no date: they are in no month
    zone: tzinfo | None

    @property
    def by_tag(self) -> dict[str, list[Session]]:
        """Groups the sessions by idTag; small and capital letters are the same."""
        groups: dict[str, list[Session]] = {}
        for session in self.sessions:
            groups.setdefault(session.row.id_tag.upper(), []).append(session)
        return dict(sorted(groups.items()))


def is_month(text: str) -> bool:
    """Says whether it is written as 2026-11."""
    return _MONTH.fullmatch(text) is not None


def month(name: str, tag: str | None, sessions: Sequence[Session], zone: tzinfo | None) -> Month:
    """Selects the sessions of a month, of one idTag or of all."""
    of_tag = [each for each in sessions if tag is None or same_tag(each.row.id_tag, tag)]
    dated = [each for each in of_tag if is_dated(each.row.started_at)]
    begun = [each for each in dated if f"{each.row.started_at.astimezone(zone):%Y-%m}" == name]
    ended = tuple(each for each in begun if each.energy_wh is not None)
    return Month(name, ended, len(begun) - len(ended), len(of_tag) - len(dated), zone)


def lines(found: Month, price: Price | None) -> Iterator[str]:
    """Yields the report for people, 60 columns wide but for long idTags."""
    for tag, sessions in found.by_tag.items():
        yield f"{found.name}, card {visible(tag) or '(none)'}"
        yield f"{'day':<8}  {'for':>6}  {'reading from':>12} {'to kWh':>10}  {'kWh':>8}" + _priced_head(price)
        for session in sessions:
            yield _line(session, found.zone, price)
        sum_wh = sum(each.energy_wh or 0 for each in sessions)
        amount = sum((price.of(each.energy_wh or 0) for each in sessions), Decimal(0)) if price else None
        yield f"{_count(len(sessions)):<41}  {kwh(sum_wh):>8}" + (f" {amount:>8}" if price else "")
        yield ""
    yield from _remarks(found)


def _line(session: Session, zone: tzinfo | None, price: Price | None) -> str:
    row, energy_wh = session.row, session.energy_wh or 0
    mark = "*" if row.stop_estimated or row.time_estimated else " "
    readings = f"{kwh(row.meter_start_wh):>12} {kwh(row.meter_stop_wh):>10}"
    day = f"{row.started_at.astimezone(zone):%d %H:%M}"
    text = f"{day:<8}{mark} {lasted(session):>6}  {readings}  {kwh(energy_wh):>8}"
    return text + (f" {price.of(energy_wh):>8}" if price else "")


def _priced_head(price: Price | None) -> str:
    return f" {price.currency:>8}" if price else ""


def _count(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"


def _remarks(found: Month) -> Iterator[str]:
    if not found.sessions:
        yield f"no session of {found.name} has ended"
    if any(each.row.stop_estimated or each.row.time_estimated for each in found.sessions):
        yield "* the energy or the time is estimated: evse-bridge sessions says which"
    if found.running:
        yield f"{_count(found.running)} of {found.name} not ended yet: in no sum"
    if found.undated:
        yield f"{_count(found.undated)} without a date, since nobody knew the time: in no month"
    yield NO_EVIDENCE


def rows(found: Month, price: Price | None) -> Iterator[list[str]]:
    """Yields the table for programs: a head, then a row for each session."""
    yield [*COLUMNS]
    for sessions in found.by_tag.values():
        for session in sessions:
            yield _texts(session, found.zone, price)


def _texts(session: Session, zone: tzinfo | None, price: Price | None) -> list[str]:
    row = session.row
    priced = (
        [str(price.per_kwh), str(price.of(session.energy_wh or 0)), price.currency] if price else [""] * 3
    )
    return [
        row.id_tag,
        str(row.row_id),
        row.started_at.astimezone(zone).isoformat(timespec="seconds"),
        row.stopped_at.astimezone(zone).isoformat(timespec="seconds") if row.stopped_at else "",
        kwh(row.meter_start_wh),
        kwh(row.meter_stop_wh),
        kwh(session.energy_wh),
        "yes" if row.stop_estimated or row.time_estimated else "no",
        *priced,
    ]

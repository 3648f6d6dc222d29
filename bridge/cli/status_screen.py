"""PURE: the State as a screen of text: one big sentence, why, and a line for each thing one asks about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bridge.local.state.headline import headline
from bridge.local.state.state import State
from bridge.local.why.reason import NothingToDo, Reason
from bridge.local.why.words import MOST, Words
from hal.visible import visible

WIDEST = 80  # a sentence that is wider is hard to read
LABEL = 10  # columns


def screen(state: State, say: Words, columns: int) -> Iterator[str]:
    """Yields the lines, none wider than `columns` (40 at least) or WIDEST."""
    width = _width(columns)
    yield from _head(state, say, width)
    for label, text in _rows(state, say):
        yield from _wrapped(text, label, width)


def _width(columns: int) -> int:
    return max(40, min(columns, WIDEST))


def _head(state: State, say: Words, width: int) -> Iterator[str]:
    yield from textwrap.wrap(f"{'MOCK ' * state.mock}{headline(state, say)}", width)
    yield ""


def reasons(state: State, say: Words, columns: int) -> Iterator[str]:
    """Yields the whole chain: what decides and what to do, then what would be next."""
    width = _width(columns)
    yield from _head(state, say, width)
    for number, reason in enumerate(state.why):
        yield from _wrapped(say.reason(reason), say.label("then") if number else say.label("why"), width)
        if not isinstance(reason.remedy, NothingToDo):
            yield from _wrapped(say.remedy(reason), say.label("do"), width)


def _rows(state: State, say: Words) -> Iterator[tuple[str, str]]:
    for number, reason in enumerate(state.why[:2]):
        if number == 0:
            yield say.label("why"), say.reason(reason)
            if not isinstance(reason.remedy, NothingToDo):
                yield say.label("do"), say.remedy(reason)
        elif state.charges:
            yield "", say.reason(reason)
    yield from _measured(state, say)
    if state.session is not None:
        yield say.label("session"), _session(state, say)
    if state.limits and not state.charges:
        least = state.limits[0]
        number_of = {} if least.profile_id is None else {"profile_id": least.profile_id}
        limited = Reason(
            id="limited",
            remedy=NothingToDo(),
            values={"name": least.name, "limit_a": least.limit_a, **number_of},
            until=least.until,
        )
        yield say.label("limit"), say.reason(limited)
    yield say.label("link"), _link(state, say)
    yield say.label("queue"), _queue(state, say)
    yield say.label("faults"), _faults(state, say)


def _measured(state: State, say: Words) -> Iterator[tuple[str, str]]:
    meter, phases = state.meter, state.box.phases
    if meter is None:
        yield say.label("meter"), say.label("unknown")
        return
    if not meter.fresh:
        yield say.label("meter"), say.label("stale", span=say.span(meter.age_s))
        return
    amps = meter.current_a[:phases]
    each = "  ".join(f"L{line} {say.number(amp)} A" for line, amp in enumerate(amps, start=1))
    yield say.label("current"), each if phases > 1 else f"{say.number(amps[0])} A"
    yield say.label("power"), f"{say.number(meter.power_w / 1000.0, 2)} kW"
    if state.box.contacts_c is not None:
        yield say.label("contacts"), f"{say.number(state.box.contacts_c, 0)} °C"


def _session(state: State, say: Words) -> str:
    session = state.session
    assert session is not None
    energy = f"{say.number(session.energy_wh / 1000.0, 2)} kWh"
    who = say.label("card", id_tag=visible(session.id_tag, MOST))
    return f"{energy}, {say.label('for', span=say.span(session.for_s))}, {who}"


def _link(state: State, say: Words) -> str:
    link = state.link
    name = "registered" if link.registered else "connected" if link.connected else "away"
    parts = [say.label(name)]
    if link.since_s is not None:
        parts[0] += f" {say.label('for', span=say.span(link.since_s))}"
    if link.heard_s is not None:
        parts.append(say.label("heard", span=say.span(link.heard_s)))
    return ", ".join(parts)


def _queue(state: State, say: Words) -> str:
    queue = state.queue
    if queue is None:
        return say.label("unknown")
    parts = []
    if queue.waiting:
        parts.append(say.label("waiting", count=str(queue.waiting)))
    if queue.dead_letters:
        parts.append(say.label("dead", count=str(queue.dead_letters)))
    return ", ".join(parts) or say.label("delivered")


def _faults(state: State, say: Words) -> str:
    """Names each by its id, which `clear` and the docs use, and in words."""
    faults = [
        f"{each.id}: {say.tongue.faults.get(each.id, (each.id, ''))[0]} ({say.span(each.for_s)})"
        for each in state.box.faults
    ]
    return "; ".join(visible(each, 4 * MOST) for each in faults) or say.label("none")


def _wrapped(text: str, label: str, width: int) -> list[str]:
    """Wraps it beside its label; a long word is cut, so that no line is wider."""
    head = label.ljust(LABEL)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * LABEL)

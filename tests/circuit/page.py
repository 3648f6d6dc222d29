"""The table of docs/wiring.md from tests/circuit/margins.json: what the last full run found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.circuit.budget import BUDGET_STATES, Budget
from tests.circuit.campaign import OFFERS
from tests.circuit.margins import DIVIDERS, LIMITS, Table

PAGE = Path(__file__).parents[2] / "docs" / "wiring.md"
STORED = Path(__file__).parent / "margins.json"
BEGIN, END = "<!-- written by `make circuit` -->", "<!-- end of what `make circuit` writes -->"
REFUSED_V = 0.1  # issue J: below this the circuit is refused, not the car


class Run(msgspec.Struct, frozen=True):
    """One full run; `tenth` is what its first boxes alone would give, for the test that runs only those."""

    seed: str
    draws: int
    date: str
    simulator: str
    full: dict[str, Table]
    tenth: dict[str, Table]
    budget: Budget


def stored() -> Run:
    """The run that the page shows."""
    return msgspec.json.decode(STORED.read_bytes(), type=Run)


def block(run: Run) -> str:
    """What stands between the two marks."""
    return "\n".join([BEGIN, *_budget(run), *_head(run), *_margins(run), *_errors(run), END])


def written(text: str, run: Run) -> str:
    """The page with this run's tables."""
    before, _, rest = text.partition(BEGIN)
    return before + block(run) + rest.partition(END)[2]


def _budget(run: Run) -> Iterator[str]:
    yield ""
    yield "How far one part alone, at the end of its tolerance, moves the judged volts at 6 A (V):"
    yield ""
    yield "| part | " + " | ".join(BUDGET_STATES) + " |"
    yield "|---|" + "---|" * len(BUDGET_STATES)
    for part, found in run.budget.items():
        yield f"| {part} | " + " | ".join(f"{found[state]:.3f}" for state in BUDGET_STATES) + " |"


def _head(run: Run) -> Iterator[str]:
    yield ""
    yield f"{run.draws} boxes drawn for each state and offer, seed `{run.seed}`, {run.simulator}, {run.date}."
    yield "The least margin in volts, with a divider of 0.1 % as computed / of 1 % set once by voltmeter."
    yield ""


def _margins(run: Run) -> Iterator[str]:
    for title, prefix in (("real cars", ""), ("the standard's whole band", "whole ")):
        yield f"| {title} | " + " | ".join(_offer(offer) for offer in OFFERS) + " |"
        yield "|---|" + "---|" * len(OFFERS)
        for limit in LIMITS:
            if prefix and limit.whole_v is None:
                continue
            cells = (_cell(run, str(offer), prefix + limit.name) for offer in OFFERS)
            yield f"| {limit.name} ({_edge(limit.edge_v)} V) | " + " | ".join(cells) + " |"
        yield ""


def _errors(run: Run) -> Iterator[str]:
    yield "| greatest error of the judged volts | " + " | ".join(_offer(offer) for offer in OFFERS) + " |"
    yield "|---|" + "---|" * len(OFFERS)
    for state in "ABCDE":
        cells = (_cell(run, str(offer), f"error {state}") for offer in OFFERS)
        yield f"| {state} | " + " | ".join(cells) + " |"
    yield ""


def _cell(run: Run, offer: str, name: str) -> str:
    values = [run.full[divider][offer].get(name) for divider in DIVIDERS]
    return " / ".join("–" if value is None else f"{value:.2f}".replace("-", "−") for value in values)


def _offer(offer: object) -> str:
    return f"{offer:g} A" if isinstance(offer, float) else str(offer)


def _edge(volts: float) -> str:
    return f"{volts:g}".replace("-", "−")

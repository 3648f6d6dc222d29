"""PURE: what is so, as page and REST interface give it: the State, and its sentences in one language."""

from __future__ import annotations

import msgspec

from bridge.local.state.headline import headline
from bridge.local.state.state import State
from bridge.local.why.words import Language, words


class Sentence(msgspec.Struct, frozen=True):
    """One reason in words, and what to do about it; empty: nothing."""

    id: str
    text: str
    what_to_do: str


class LimitNamed(msgspec.Struct, frozen=True):
    """Who sets a limit of the State, in words."""

    name: str
    text: str


class Told(msgspec.Struct, frozen=True):
    """What is so. `bridge`: ok, or a sentence why the charge point is away: all else is empty then.
    `faults` and `limits` are in the order of the State's."""

    state: State | None
    headline: str
    why: tuple[Sentence, ...]
    bridge: str
    faults: tuple[Sentence, ...] = ()
    limits: tuple[LimitNamed, ...] = ()


def told(state: State | None, away: str, language: Language) -> Told:
    """Says it in that language; times are those of the machine's own zone."""
    if state is None:
        return Told(None, "", (), away)
    says = words(language, state.at)
    sentences = tuple(Sentence(each.id, says.reason(each), says.remedy(each)) for each in state.why)
    faults = tuple(Sentence(each.id, *says.fault(each.id)) for each in state.box.faults)
    limits = tuple(LimitNamed(each.name, says.limit(each.name, each.profile_id)) for each in state.limits)
    return Told(state, headline(state, says), sentences, "ok", faults, limits)

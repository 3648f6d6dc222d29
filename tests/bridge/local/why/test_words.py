"""Every reason and remedy in both languages, and how values and times are said."""

from __future__ import annotations

import ast
import importlib
import re
from datetime import UTC
from pathlib import Path

import pytest

from bridge.core import limits
from bridge.local.why.english_faults import FAULTS
from bridge.local.why.reason import RaiseLimit, Reason, Remedy, Wait
from bridge.local.why.table import BEGINS, FLOWS, HINDRANCES
from bridge.local.why.why import why
from bridge.local.why.words import TONGUES, Language, Words, language_of, words
from tests.bridge.local.states import AT, CHARGING
from tests.bridge.local.why.test_table import FIRST

ROWS = (*HINDRANCES, BEGINS, *FLOWS)


def say(language: Language) -> Words:
    return words(language, AT, UTC)


def test_no_language_lacks_a_text_or_has_one_too_many() -> None:
    english, german = TONGUES["en"], TONGUES["de"]
    assert list(english.reasons) == list(german.reasons) == [row.id for row in ROWS]
    assert set(english.remedies) == set(german.remedies) == {kind.__name__ for kind in Remedy.__args__}
    assert set(english.faults) == set(german.faults) == set(FAULTS)
    for table in ("limits", "endings", "standings", "lacks", "clears", "statuses", "labels"):
        assert set(getattr(english, table)) == set(getattr(german, table)), table
    assert set(english.refusals) <= set(german.refusals)


def cap_names() -> set[str]:
    """Reads the name of each Cap that the core makes, by the first argument of each call."""
    found = set()
    for file in sorted(Path(limits.__path__[0]).glob("*.py")):
        module = importlib.import_module(f"{limits.__name__}.{file.stem}")
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cap":
                first = node.args[0]
                each = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {str(eval(ast.unparse(name), vars(module))) for name in each}
    return found


@pytest.mark.parametrize("language", TONGUES)
def test_each_limit_that_no_profile_sets_has_words(language: Language) -> None:
    names = cap_names()
    assert {"the main fuse", "the lost meter", "solar surplus", "dimming by the grid operator"} < names
    assert names <= set(TONGUES[language].limits)


@pytest.mark.parametrize("language", TONGUES)
def test_both_name_the_same_values(language: Language) -> None:
    names = {row: set(re.findall(r"{(\w+)}", text)) for row, text in TONGUES["en"].reasons.items()}
    assert names == {
        row: set(re.findall(r"{(\w+)}", text)) for row, text in TONGUES[language].reasons.items()
    }


@pytest.mark.parametrize("language", TONGUES)
@pytest.mark.parametrize("row", FIRST)
def test_every_value_stands_in_the_sentence(row: str, language: Language) -> None:
    (reason, *_) = why(FIRST[row][0])
    for text in (say(language).reason(reason), say(language).remedy(reason)):
        assert text.endswith(".")
        assert not set(text) & set("{}[]")
    told = say(language).reason(reason)
    assert ("04DDEEFF" in told) == ("04DDEEFF" in reason.values.values())
    if "limit_a" in reason.values and "{limit_a}" in TONGUES[language].reasons[row]:
        assert f"{reason.values['limit_a']:g} A".replace(".", TONGUES[language].decimal) in told


@pytest.mark.parametrize(
    ("language", "sentence", "remedy"),
    [
        ("en", "Charging profile 12 allows only 5.9 A until 22:00; a car needs 6 A.",
         "Wait until 22:00, or have the limit raised or removed where it was set."),
        ("de", "Ladeprofil 12 erlaubt bis 22:00 nur 5,9 A; ein Auto braucht 6 A.",
         "Bitte bis 22:00 warten, oder die Grenze dort anheben oder löschen lassen, wo sie gesetzt wurde."),
    ],
)  # fmt: skip
def test_a_profile_is_said_with_its_number_and_its_end(
    language: Language, sentence: str, remedy: str
) -> None:
    reason = next(each for each in why(FIRST["profile_limit"][0]) if each.id == "profile_limit")
    assert (say(language).reason(reason), say(language).remedy(reason)) == (sentence, remedy)


def test_without_an_end_nothing_is_said_of_one() -> None:
    reason = Reason(
        id="other_limit",
        remedy=RaiseLimit(name="house meter"),
        values={"name": "house meter", "limit_a": 0.0},
    )
    assert say("en").reason(reason) == "House meter allows only 0 A; a car needs 6 A."
    assert say("en").remedy(reason) == "Wait, or have the limit raised or removed where it was set."


@pytest.mark.parametrize(
    ("until", "english", "german"),
    [
        ("2026-05-01T22:00:00Z", "22:00", "22:00"),
        ("2026-05-02T06:00:00Z", "tomorrow at 06:00", "morgen um 06:00"),
        ("2026-05-09T06:00:00Z", "2026-05-09 at 06:00", "2026-05-09 um 06:00"),
        ("nonsense", None, None),
        (None, None, None),
    ],
)
def test_a_time_is_said_as_one_says_it(until: str | None, english: str | None, german: str | None) -> None:
    assert (say("en").moment(until), say("de").moment(until)) == (english, german)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (3599, "59 min"), (3900, "1 h 05 min"), (356_400, "4 d 3 h")],
)
def test_a_span_is_said_in_two_units(seconds: float, text: str) -> None:
    assert say("en").span(seconds) == text


def test_a_current_that_flows_is_said_with_what_limits_it() -> None:
    told = [say("de").reason(each) for each in why(CHARGING)]
    assert told == ["Die Installation erlaubt 16 A.", "Das Auto nimmt 10,7 A von 16 A, die es nehmen dürfte."]


def test_texts_of_others_are_one_visible_line() -> None:
    reason = Reason(
        id="refused", remedy=Wait(most_s=1.0), values={"id_tag": "\x1b[2J\n{until}", "why": "\u202e[x]"}
    )
    told = say("en").reason(reason)
    assert told.isprintable()
    assert "\\x1b[2J\\x0a{until}" in told  # what stands in a value is no place for another one


def test_what_a_newer_version_says_is_named() -> None:
    assert say("de").reason(Reason(id="new_row", remedy=Wait(most_s=1.0))) == "New row."


@pytest.mark.parametrize(
    ("names", "language"),
    [
        (("de_AT.UTF-8",), "de"), (("de",), "de"), ((None, "", "de_DE"), "de"), (("C", "de_DE"), "en"),
        (("en_GB.UTF-8",), "en"), (("den",), "en"), ((), "en"),
    ],
)  # fmt: skip
def test_the_language_is_that_of_the_first_name_that_says_one(
    names: tuple[str | None, ...], language: str
) -> None:
    assert language_of(*names) == language

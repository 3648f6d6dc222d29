"""From numbers to Card messages."""

from __future__ import annotations

import logging

import pytest

from hal.configuration.sections import Reader
from hal.contract import Card
from hal.instruments.card_reader.sense import Presentations, line_of


def presentations(*, reverse_bytes: bool = False) -> Presentations:
    return Presentations(Reader(model="pn532", port="unused", reverse_bytes=reverse_bytes))


def test_cards_are_numbered_and_a_showing_is_one() -> None:
    took = presentations()
    made = [
        took.feed(number, at_s) for number, at_s in (("0A0B0C0D", 1.0), ("0A0B0C0D", 2.9), ("04AABBCC", 3.0))
    ]
    assert made[1] is None
    first, other = made[0], made[2]
    assert isinstance(first, Card)
    assert isinstance(other, Card)
    assert [(card.seq, card.at_s, card.id) for card in (first, other)] == [
        (1, 1.0, "0A0B0C0D"), (2, 3.0, "04AABBCC"),
    ]  # fmt: skip
    assert first.start_id == other.start_id


def test_a_card_shown_again_after_two_seconds_of_absence_is_new() -> None:
    took = presentations()
    made = [took.feed("04AABBCC", at_s) for at_s in (0.0, 0.25, 0.5, 2.4, 4.4)]
    assert [card is not None for card in made] == [True, False, False, False, True]


@pytest.mark.parametrize("reverse_bytes", [False, True])
def test_a_card_that_a_probe_has_read_is_no_card_until_it_was_away(reverse_bytes: bool) -> None:
    took = presentations(reverse_bytes=reverse_bytes)
    took.seen("04AABBCC", 0.0)
    made = [took.feed("04AABBCC", at_s) for at_s in (0.5, 2.4, 4.4)]
    assert [card is not None for card in made] == [False, False, True]
    assert made[2] is not None
    assert made[2].seq == 1
    assert took.feed("0A0B0C0D", 4.5) is not None


def test_bytes_are_turned_around_and_an_odd_number_is_none() -> None:
    took = presentations(reverse_bytes=True)
    turned = took.feed("04AABBCC", 0.0)
    assert turned is not None
    assert turned.id == "CCBBAA04"
    assert took.feed("123", 1.0) is None
    assert took.odd == 1


@pytest.mark.parametrize("reverse_bytes", [False, True])
def test_a_made_up_uid_is_warned_of_once(caplog: pytest.LogCaptureFixture, reverse_bytes: bool) -> None:
    took = presentations(reverse_bytes=reverse_bytes)
    with caplog.at_level(logging.WARNING):
        for at_s, number in enumerate(("04AABBCC", "08112233", "08445566")):
            assert took.feed(number, float(at_s)) is not None
    assert [record.getMessage() for record in caplog.records] == [
        "08112233 is made up anew each time, as phones do: it cannot be known again"
    ]


def test_a_model_has_its_own_speed_unless_told_otherwise() -> None:
    bauds = {model: line_of(Reader(model=model, port="/dev/x"), None).baud for model in ("pn532", "id12la")}
    assert bauds == {"pn532": 115_200, "id12la": 9600}
    assert line_of(Reader(model="pn532", port="/dev/x", baud=9600), "/tmp/pty").baud == 9600
    assert line_of(Reader(model="pn532", port="/dev/x"), "/tmp/pty").port == "/tmp/pty"

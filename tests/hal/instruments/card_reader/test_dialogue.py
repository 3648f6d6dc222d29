"""Card framing and presence: pure, so every stream can be tried in any split."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hal.configuration.sections import Reader
from hal.instruments.card_reader.dialogue import (
    Framing,
    LineFraming,
    Listening,
    Presence,
    TagFraming,
    dialogue,
    framing,
    is_random,
    reverse_bytes,
)
from hal.instruments.card_reader.pn532 import Pn532
from hal.mock.serial.reader import tag_frame

TAG = "100086F444"
FRAME = b"\x02100086F44426\x03"  # as printed in the description of the module

ENDS = ["\x03", "\r\n\x03"]  # RDM6300; ID-12LA and ID-20LA

tags = st.text("0123456789ABCDEF", min_size=10, max_size=10)
noise = st.binary(max_size=30)
plain_noise = st.binary(max_size=30).map(lambda some: some.replace(b"\x02", b"\x00"))
LINE = Reader(model="line", port="unused", prefix="ID:", suffix=";", terminator="crlf")


def fed_in_pieces(cutter: Framing, stream: bytes, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    return [number for piece in pieces for number in cutter.feed(piece)]


def line(number: str, end: str = "\r\n") -> bytes:
    return f"ID:{number};{end}".encode()


def cutter_of(end: str) -> TagFraming:
    return TagFraming(end.encode())


def test_the_documented_frames() -> None:
    assert tag_frame(TAG, "\x03") == FRAME
    assert TagFraming(b"\x03").feed(FRAME) == [TAG]
    assert TagFraming(b"\r\n\x03").feed(b"\x02100086F44426\r\n\x03") == [TAG]


@pytest.mark.parametrize("end", ENDS)
@given(parts=st.lists(tags | noise), cuts=st.lists(st.integers(0, 400)))
def test_tag_frames_in_any_split_are_as_whole(end: str, parts: list[str | bytes], cuts: list[int]) -> None:
    stream = b"".join(part if isinstance(part, bytes) else tag_frame(part, end) for part in parts)
    whole, pieces = cutter_of(end), cutter_of(end)
    assert fed_in_pieces(pieces, stream, cuts) == whole.feed(stream)
    assert pieces.dropped == whole.dropped


@pytest.mark.parametrize("end", ENDS)
@given(shown=st.lists(st.tuples(plain_noise, tags)), rest=plain_noise)
def test_noise_between_frames_costs_no_card(end: str, shown: list[tuple[bytes, str]], rest: bytes) -> None:
    cutter = cutter_of(end)
    stream = b"".join(before + tag_frame(tag, end) for before, tag in shown) + rest
    assert cutter.feed(stream) == [tag for _, tag in shown]
    assert cutter.dropped == 0


@pytest.mark.parametrize("end", ENDS)
@given(shown=st.lists(st.tuples(noise, tags), min_size=1))
def test_noise_never_yields_a_card_that_was_not_shown(end: str, shown: list[tuple[bytes, str]]) -> None:
    stream = b"".join(before + tag_frame(tag, end) for before, tag in shown)
    heard = cutter_of(end).feed(stream + bytes(16))
    assert set(heard) <= {tag for _, tag in shown}
    assert heard[-1:] in ([], [shown[-1][1]])


@pytest.mark.parametrize("end", ENDS)
@given(tag=tags, at=st.integers(0, 13), byte=st.integers(0, 255))
def test_one_wrong_byte_is_no_card(end: str, tag: str, at: int, byte: int) -> None:
    frame = bytearray(tag_frame(tag, end))
    assume(frame[at] != byte)
    frame[at] = byte
    cutter = cutter_of(end)
    assert cutter.feed(bytes(frame) + bytes(16)) == []
    assert cutter.dropped == (0 if at == 0 else 1 + (byte == 2))


@pytest.mark.parametrize("end", ENDS)
@given(tag=tags, missing=st.integers(0, 13))
def test_a_lost_byte_is_no_card_and_the_next_frame_is_one(end: str, tag: str, missing: int) -> None:
    frame = tag_frame(tag, end)
    assert cutter_of(end).feed(frame[:missing] + frame[missing + 1 :] + frame) == [tag]


@pytest.mark.parametrize("end", ENDS)
def test_the_frame_of_another_model_is_no_card(end: str) -> None:
    other = ENDS[1 - ENDS.index(end)]
    cutter = cutter_of(end)
    assert cutter.feed(tag_frame(TAG, other) + bytes(16)) == []
    assert cutter.dropped == 1


@given(
    parts=st.lists(st.text("0123456789ABCDEF", max_size=24).map(line) | noise),
    cuts=st.lists(st.integers(0, 400)),
)
@pytest.mark.parametrize("terminator", ["cr", "lf", "crlf", "any"])
def test_lines_in_any_split_are_as_whole(
    terminator: Literal["cr", "lf", "crlf", "any"], parts: list[bytes], cuts: list[int]
) -> None:
    reader = Reader(model="line", port="unused", prefix="ID:", suffix=";", terminator=terminator)
    stream = b"".join(parts)
    whole, pieces = LineFraming(reader), LineFraming(reader)
    assert fed_in_pieces(pieces, stream, cuts) == whole.feed(stream)
    assert pieces.dropped == whole.dropped


@given(shown=st.lists(st.tuples(noise, st.text("0123456789ABCDEF", min_size=8, max_size=20))))
def test_noise_between_lines_costs_at_most_the_next_line(shown: list[tuple[bytes, str]]) -> None:
    stream = b"".join(before + b"\r\n" + line(number) for before, number in shown)
    assert LineFraming(LINE).feed(stream) == [number for _, number in shown]


@pytest.mark.parametrize(("terminator", "ends", "cards"), [
    ("cr", "\r", 1), ("cr", "\n", 0), ("lf", "\n", 1), ("lf", "\r\n", 0), ("crlf", "\r\n", 1),
    ("crlf", "\n", 0), ("any", "\r", 1), ("any", "\n", 1), ("any", "\r\n", 1),
])  # fmt: skip
def test_terminators(terminator: Literal["cr", "lf", "crlf", "any"], ends: str, cards: int) -> None:
    reader = Reader(model="line", port="unused", prefix="ID:", suffix=";", terminator=terminator)
    assert LineFraming(reader).feed(line("04AABBCC", ends)) == ["04AABBCC"] * cards


@pytest.mark.parametrize("bad", [
    b"04AABBCC;\r\n", b"ID:04AABBCC\r\n", b"ID:04AABB;\r\n", b"ID:04aabbcc;\r\n", b"ID:04AABBC\xc3\xa4;\r\n",
    b"ID:0102030405060708090A0B;\r\n", b"\xff" * 1000 + b"\r\n", b";\r\n",
])  # fmt: skip
def test_bad_lines_are_counted_and_the_next_is_good(bad: bytes) -> None:
    cutter = LineFraming(LINE)
    assert cutter.feed(bad + line("04AABBCC")) == ["04AABBCC"]
    assert cutter.dropped == 1


def test_an_alphabet_of_small_letters_gives_capital_ids() -> None:
    reader = Reader(model="line", port="unused", alphabet="0123456789abcdef")
    assert LineFraming(reader).feed(b"04aabbcc\n") == ["04AABBCC"]


@pytest.mark.parametrize(("model", "end"), [("rdm6300", ENDS[0]), ("id12la", ENDS[1])])
def test_the_model_chooses_the_framing(model: Literal["rdm6300", "id12la"], end: str) -> None:
    assert framing(Reader(model=model, port="unused")).feed(tag_frame(TAG, end)) == [TAG]


def test_a_reader_that_listens_is_asked_and_one_that_speaks_is_heard() -> None:
    assert isinstance(framing(LINE), LineFraming)
    assert isinstance(dialogue(Reader(model="pn532", port="unused")), Pn532)
    heard = dialogue(LINE)
    assert isinstance(heard, Listening)
    assert heard.health == ""
    heard.opened(1.0)
    assert (heard.health, heard.to_send()) == ("ok", b"")
    assert heard.feed(line("04AABBCC"), 2.0) == []
    assert heard.feed(b"", 3.0) == ["04AABBCC"]


@pytest.mark.parametrize(("number", "random"), [
    ("08AABBCC", True), ("04AABBCC", False), ("08112233445566", False), ("0800000000", False),
])  # fmt: skip
def test_a_uid_that_is_made_up(number: str, random: bool) -> None:
    assert is_random(number) is random


@pytest.mark.parametrize(("number", "reversed_number"), [
    ("04AABBCC", "CCBBAA04"), ("04112233445566", "66554433221104"), ("", ""), ("123", None),
])  # fmt: skip
def test_reverse_bytes(number: str, reversed_number: str | None) -> None:
    assert reverse_bytes(number) == reversed_number


@given(tag=tags)
def test_reversing_twice_changes_nothing(tag: str) -> None:
    once = reverse_bytes(tag)
    assert once is not None
    assert reverse_bytes(once) == tag


def test_a_card_is_new_after_two_seconds_without_it() -> None:
    presence = Presence(hold_s=2.0)
    seen = [(0.0, True), (0.05, False), (1.9, False), (3.8, False), (5.8, True)]
    assert [presence.present("A", at_s) for at_s, _ in seen] == [new for _, new in seen]


def test_another_card_is_new_at_once_and_the_first_is_not_new_again() -> None:
    presence = Presence(hold_s=2.0)
    assert [presence.present(card, 0.1 * at) for at, card in enumerate("AABBAB")] == [
        True, False, True, False, False, False,
    ]  # fmt: skip


@given(gaps_s=st.lists(st.floats(0, 1.99)), card=tags)
def test_a_card_that_keeps_coming_is_one_presentation(gaps_s: list[float], card: str) -> None:
    presence, now_s = Presence(hold_s=2.0), 100.0
    heard = [presence.present(card, now_s)]
    for gap_s in gaps_s:
        now_s += gap_s
        heard.append(presence.present(card, now_s))
    assert heard == [True] + [False] * len(gaps_s)

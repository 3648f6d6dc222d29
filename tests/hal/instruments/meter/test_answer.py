"""The answer is found among echo, noise and other units; what is missed is told as it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.instruments.meter.answer import found, missed
from tests.hal.instruments.meter.raw_meter import framed, refusal

REQUEST = framed(bytes((1, 4, 0, 0x34, 0, 2)))
ANSWER = framed(bytes((1, 4, 4, 0x46, 0x2C, 0x80, 0)))
LINK = "/dev/ttyUSB0"
NOISE = st.binary(max_size=40)


@given(before=NOISE, after=NOISE, echoes=st.booleans(), answer=st.sampled_from([ANSWER, refusal(REQUEST, 6)]))
def test_the_answer_is_found_whatever_is_around_it(
    before: bytes, after: bytes, echoes: bool, answer: bytes
) -> None:
    assert found(REQUEST, (REQUEST if echoes else b"") + before + answer + after) == answer


@given(cut=st.integers(0, len(ANSWER) - 1), before=NOISE)
def test_no_part_of_an_answer_is_one(cut: int, before: bytes) -> None:
    assert found(REQUEST, REQUEST + before + ANSWER[:cut]) == b""


@given(at=st.integers(0, len(ANSWER) - 1), bit=st.integers(0, 7))
def test_an_answer_with_a_flipped_bit_is_none(at: int, bit: int) -> None:
    flipped = bytearray(ANSWER)
    flipped[at] ^= 1 << bit
    assert found(REQUEST, bytes(flipped)) == b""


@pytest.mark.parametrize("other", [
    framed(bytes((2, 4, 4, 1, 2, 3, 4))),  # another unit
    framed(bytes((1, 3, 4, 1, 2, 3, 4))),  # another function
    framed(bytes((1, 4, 8, *range(8)))),  # another length
    framed(bytes((1, 0x83, 2))),  # a refusal of another function
    REQUEST,
])  # fmt: skip
def test_what_answers_another_question_is_passed_over(other: bytes) -> None:
    assert found(REQUEST, other) == b""
    assert found(REQUEST, other + ANSWER) == ANSWER


def test_a_million_bytes_of_noise_are_no_answer() -> None:
    noise = random.Random(485)
    heard = (noise.randbytes(256) for _ in range(4096))
    assert not any(found(REQUEST, each) for each in heard)


@pytest.mark.parametrize(("heard", "says"), [
    (b"", "no answer from unit 1 on /dev/ttyUSB0"),
    (REQUEST, "no answer from unit 1 on /dev/ttyUSB0; our own request came back: the adapter echoes, "
     "which does no harm"),
    (framed(bytes((7, 4, 4, 1, 2, 3, 4))), "no answer from unit 1 on /dev/ttyUSB0, but one of unit 7; check "
     "the unit of the meter"),
    (REQUEST + framed(bytes((1, 4, 8, *range(8)))), "unit 1 on /dev/ttyUSB0 answered another question; is it "
     "late, or does another master ask it?"),
    (REQUEST + b"\x01\x04\xff", "no whole answer from unit 1 on /dev/ttyUSB0, heard 01 04 ff; check baud "
     "rate, parity, wires"),
])  # fmt: skip
def test_what_is_missed_is_told_as_it_is(heard: bytes, says: str) -> None:
    assert missed(REQUEST, heard, LINK) == says

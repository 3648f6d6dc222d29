"""Frames of a PN532: the manual's own examples, any split, damage, and a second hand that wrote them too."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hal.instruments.card_reader.pn532_frames import (
    ACK,
    Ack,
    ErrorFrame,
    Frame,
    FrameBuffer,
    Nack,
    Response,
    command,
)
from hal.mock.serial.pn532 import framed

# As printed in descriptions of the protocol.
GET_FIRMWARE = bytes.fromhex("0000FF02FED4022A00")
SAM = bytes.fromhex("0000FF05FBD41401000116 00")
LIST = bytes.fromhex("0000FF04FCD44A0100E100")
RETRIES = bytes.fromhex("0000FF06FAD43205FF0102F300")
FIRMWARE = bytes.fromhex("0000FF06FAD50332010607E800")
ERROR = bytes.fromhex("0000FF01FF7F8100")
NACK = bytes.fromhex("0000FFFF0000")

contents = st.binary(min_size=1, max_size=40)
responses = st.tuples(st.integers(0, 255), contents)
noise = st.binary(max_size=30)
parts = st.lists(
    st.sampled_from([ACK, NACK, ERROR, FIRMWARE])
    | responses.map(lambda said: framed(bytes([0xD5, said[0]]) + said[1]))
    | noise
)


def fed_in_pieces(buffer: FrameBuffer, stream: bytes, cuts: list[int]) -> list[Frame]:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [frame for start, end in pairwise(edges) for frame in buffer.feed(stream[start:end])]


@pytest.mark.parametrize(("content", "frame"), [
    ("02", GET_FIRMWARE), ("14010001", SAM), ("4A0100", LIST), ("3205FF0102", RETRIES),
])  # fmt: skip
def test_commands_as_printed(content: str, frame: bytes) -> None:
    assert command(bytes.fromhex(content)) == frame


def test_answers_as_printed() -> None:
    told = FrameBuffer().feed(ACK + FIRMWARE + NACK + ERROR)
    assert told == [Ack(), Response(0x03, bytes.fromhex("32010607")), Nack(), ErrorFrame()]


@given(parts=parts, cuts=st.lists(st.integers(0, 400)))
def test_any_split_is_as_whole(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    whole, pieces = FrameBuffer(), FrameBuffer()
    assert fed_in_pieces(pieces, stream, cuts) == whole.feed(stream)
    assert pieces.dropped == whole.dropped


@given(said=st.lists(responses))
def test_what_another_hand_frames_is_read(said: list[tuple[int, bytes]]) -> None:
    stream = b"".join(framed(bytes([0xD5, code]) + content) for code, content in said)
    buffer = FrameBuffer()
    assert buffer.feed(stream) == [Response(code, content) for code, content in said]
    assert buffer.dropped == 0


@given(said=st.lists(st.tuples(noise, responses), min_size=1))
def test_noise_never_yields_an_answer_that_was_not_given(said: list[tuple[bytes, tuple[int, bytes]]]) -> None:
    stream = b"".join(before + framed(bytes([0xD5, code]) + content) for before, (code, content) in said)
    heard = FrameBuffer().feed(stream + bytes(300))
    given_answers = [Response(code, content) for _, (code, content) in said]
    assert [frame for frame in heard if isinstance(frame, Response) and frame not in given_answers] == []
    assert given_answers[-1] in heard


@given(code=st.integers(0, 255), content=contents, at=st.integers(3, 60), byte=st.integers(0, 255))
def test_one_wrong_byte_is_no_answer(code: int, content: bytes, at: int, byte: int) -> None:
    frame = bytearray(framed(bytes([0xD5, code]) + content))
    at = min(at, len(frame) - 2)  # the postamble says nothing
    assume(frame[at] != byte)
    frame[at] = byte
    buffer = FrameBuffer()
    heard = buffer.feed(bytes(frame) + bytes(300))
    assert Response(code, content) not in heard
    assert [one for one in heard if isinstance(one, Response)] == []


@pytest.mark.parametrize("frame", [
    command(b"\x02"),  # our own echo: no PN532 says D4
    framed(b"\xd5"),  # of no command
    framed(b"\x7f\x01"),
    bytes.fromhex("0000FF06FBD50332010607E800"),  # LCS
    bytes.fromhex("0000FF06FAD50332010607E900"),  # DCS
    bytes.fromhex("0000FFFFFF0002FED503280000"),  # an extended frame, which nothing we ask is answered with
])  # fmt: skip
def test_what_no_answer_looks_like_is_counted_and_skipped(frame: bytes) -> None:
    buffer = FrameBuffer()
    assert buffer.feed(frame + FIRMWARE) == [Response(0x03, bytes.fromhex("32010607"))]
    assert buffer.dropped >= 1


def test_a_false_start_is_forgotten_on_demand() -> None:
    buffer = FrameBuffer()
    assert buffer.feed(bytes.fromhex("0000FF20E0")) == []  # 33 bytes that never come
    buffer.clear()
    assert buffer.feed(ACK) == [Ack()]

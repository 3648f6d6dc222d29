"""A million bytes of noise with right check sums now and then: nothing that was said once is a card."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration.sections import Reader
from hal.instruments.card_reader.belief import QUIET_S, REPEATED_WITHIN_S
from hal.instruments.card_reader.dialogue import Dialogue, dialogue
from hal.mock.serial.pn532 import framed
from hal.mock.serial.reader import tag_frame

RDM6300 = Reader(model="rdm6300", port="unused")
ID12LA = Reader(model="id12la", port="unused")
LINE = Reader(model="line", port="unused")
PN532 = Reader(model="pn532", port="unused")
NOISY_BYTES = 1_000_000
PIECE = 50  # bytes at once
BYTE_S = 10 / 9600
ACK = bytes.fromhex("0000FF00FF00")

tags = st.text("0123456789ABCDEF", min_size=10, max_size=10)


def rdm6300_frame(chance: random.Random) -> bytes:
    return tag_frame(chance.randbytes(5).hex().upper(), "\x03")


def id12la_frame(chance: random.Random) -> bytes:
    return tag_frame(chance.randbytes(5).hex().upper(), "\r\n\x03")


def line_frame(chance: random.Random) -> bytes:
    return b"\n" + chance.randbytes(5).hex().upper().encode() + b"\r\n"


def pn532_frame(chance: random.Random) -> bytes:
    return ACK + framed(bytes((0xD5, 0x4B, 1, 1, 0, 4, 8, 4)) + chance.randbytes(4))


def noise(chance: random.Random, frame: Callable[[random.Random], bytes]) -> Iterator[bytes]:
    """Pieces of a stream without a pause; a frame with a right check sum in each third."""
    for _ in range(NOISY_BYTES // PIECE):
        made_up = frame(chance) if chance.random() < 1 / 3 else b""
        yield chance.randbytes(PIECE) + made_up + chance.randbytes(3)


def heard_from(talk: Dialogue, pieces: Iterator[bytes]) -> list[str]:
    """All that is believed, at the speed of the line."""
    now_s, heard = 100.0, []
    talk.opened(now_s)
    for piece in pieces:
        now_s += len(piece) * BYTE_S
        talk.to_send()
        heard += talk.feed(piece, now_s)
    return heard


@pytest.mark.parametrize(("reader", "frame"), [
    (RDM6300, rdm6300_frame), (ID12LA, id12la_frame), (LINE, line_frame), (PN532, pn532_frame),
], ids=lambda case: getattr(case, "model", None))  # fmt: skip
def test_noise_with_right_check_sums_is_no_card(
    reader: Reader, frame: Callable[[random.Random], bytes]
) -> None:
    chance = random.Random(reader.model)
    assert heard_from(dialogue(reader), noise(chance, frame)) == []


@given(tag=tags, gap_s=st.floats(0.0, 2 * REPEATED_WITHIN_S))
def test_an_rdm6300_is_believed_when_it_says_it_again_soon(tag: str, gap_s: float) -> None:
    talk, frame = dialogue(RDM6300), tag_frame(tag, "\x03")
    assert talk.feed(frame, 100.0) == []
    assert talk.feed(frame, 100.0 + gap_s) == ([tag] if 100.0 + gap_s - 100.0 <= REPEATED_WITHIN_S else [])


@pytest.mark.parametrize(("reader", "frame"), [
    (ID12LA, tag_frame("100086F444", "\r\n\x03")), (LINE, b"100086F444\r\n"), (LINE, b"100086F444\r"),
])  # fmt: skip
class TestSaidOnce:
    """What such a reader says is believed when it stood alone."""

    def test_a_frame_between_two_silences_is_a_card(self, reader: Reader, frame: bytes) -> None:
        talk = dialogue(reader)
        assert talk.feed(frame, 100.0) == []
        assert talk.feed(b"", 100.0 + QUIET_S / 2) == []
        assert talk.feed(b"", 100.001 + QUIET_S) == ["100086F444"]
        assert talk.feed(b"", 101.0) == []
        assert talk.pace_s < QUIET_S

    def test_in_pieces_of_a_busy_machine_too(self, reader: Reader, frame: bytes) -> None:
        talk = dialogue(reader)
        assert talk.feed(frame[:7], 100.0) == []
        assert talk.feed(frame[7:], 100.5) == []
        assert talk.feed(b"", 101.0) == ["100086F444"]

    @pytest.mark.parametrize("before", [b"\x00", b"", b"\xff\x02"])
    @pytest.mark.parametrize("after", [b"\x00", b"\r", b""])
    def test_a_byte_beside_it_is_noise(
        self, reader: Reader, frame: bytes, before: bytes, after: bytes
    ) -> None:
        talk = dialogue(reader)
        harmless = not before and (not after or (reader is LINE and after == b"\r"))
        assert talk.feed(before + frame + after, 100.0) == []
        assert talk.feed(b"", 101.0) == (["100086F444"] if harmless else [])

    def test_noise_some_milliseconds_before_or_after_is_noise(self, reader: Reader, frame: bytes) -> None:
        for parts in ((b"\x00", frame), (frame, b"\x00")):
            talk = dialogue(reader)
            heard = talk.feed(parts[0], 100.0) + talk.feed(parts[1], 100.02) + talk.feed(b"", 102.0)
            assert heard == []

    def test_one_that_repeats_without_a_pause_is_believed_all_the_same(
        self, reader: Reader, frame: bytes
    ) -> None:
        talk = dialogue(reader)
        assert talk.feed(frame, 100.0) == []
        assert talk.feed(frame, 100.05) == ["100086F444"]


@given(bursts=st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_bursts_of_any_bytes_never_raise(bursts: list[bytes]) -> None:
    for reader in (RDM6300, ID12LA, LINE, PN532):
        talk = dialogue(reader)
        talk.opened(100.0)
        for second, burst in enumerate(bursts):
            talk.to_send()
            talk.feed(burst, 101.0 + second)

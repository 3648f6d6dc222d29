"""The conversation with a PN532 against a model of the chip, in simulated time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.instruments.card_reader.pn532 import Pn532
from hal.mock.serial.pn532 import MockPn532, framed

STEP_S = 0.05
CARD = bytes.fromhex("04AABBCC")

uids = st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@dataclass
class Wire:
    """Driver and chip, joined by a line on which things happen to bytes."""

    chip: MockPn532 = field(default_factory=MockPn532)
    driver: Pn532 = field(default_factory=Pn532)
    now_s: float = 100.0
    cut: bool = False
    heard: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.driver.opened(self.now_s)

    def step(self, damage: bytes = b"") -> None:
        """A tick; `damage` comes before what the chip says."""
        sent = self.driver.to_send()
        said = b"" if self.cut else self.chip.receive(sent)
        self.heard += self.driver.feed(damage + said, self.now_s)
        self.now_s += STEP_S

    def pass_s(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.step()

    def show(self, uid: bytes | None) -> None:
        said = self.chip.present(uid)
        self.heard += self.driver.feed(said, self.now_s)


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.open()
    return wire


def test_it_is_woken_set_up_and_well(wire: Wire) -> None:
    assert wire.driver.health == ""
    wire.pass_s(1.0)
    assert (wire.chip.awake, wire.chip.configured, wire.chip.patience) == (True, True, 2)
    assert wire.driver.health == "ok"
    assert (wire.heard, wire.driver.dropped) == ([], 0)


@pytest.mark.parametrize("uid", ["04AABBCC", "04C31102F84D80", "04112233445566778899"])
def test_a_card_is_heard_as_long_as_it_is_there(wire: Wire, uid: str) -> None:
    wire.pass_s(1.0)
    wire.show(bytes.fromhex(uid))
    wire.pass_s(2.0)
    assert len(wire.heard) >= 4
    assert set(wire.heard) == {uid}
    wire.show(None)
    wire.pass_s(1.0)
    before = len(wire.heard)
    wire.pass_s(3.0)
    assert len(wire.heard) == before


@given(uid=uids, first_s=st.floats(0, 3), cuts=st.lists(st.integers(1, 200), max_size=20))
def test_any_split_of_what_the_chip_says(uid: bytes, first_s: float, cuts: list[int]) -> None:
    """The bytes come in pieces of whatever size; the card is the same."""
    wire = Wire()
    wire.open()
    wire.pass_s(first_s)
    wire.chip.present(uid)
    pieces = iter([*cuts, *[10_000] * 200])
    waiting = b""
    for _ in range(60):
        waiting += wire.chip.receive(wire.driver.to_send())
        size = next(pieces)
        wire.heard += wire.driver.feed(waiting[:size], wire.now_s)
        waiting = waiting[size:]
        wire.now_s += STEP_S
    assert set(wire.heard) == {uid.hex().upper()}


def live_through(noise: list[bytes], uid: bytes, at: int) -> None:
    """Noise step by step, a card from step `at` on: no other card is heard, and afterwards all is well."""
    wire, shown = Wire(), uid.hex().upper()
    wire.open()
    for step, damage in enumerate(noise):
        if step == at:
            wire.chip.present(uid)
        wire.step(damage)
    assert set(wire.heard) <= {shown}
    wire.pass_s(5.0)
    assert wire.heard[-1] == shown
    assert wire.driver.health == "ok"


@given(
    noise=st.dictionaries(st.integers(0, 59), st.binary(max_size=40), max_size=8),
    uid=uids,
    at=st.integers(0, 59),
)
def test_noise_never_yields_a_card_and_ends_without_harm(
    noise: dict[int, bytes], uid: bytes, at: int
) -> None:
    live_through([noise.get(step, b"") for step in range(60)], uid, at)


@pytest.mark.parametrize("alphabet", [range(256), (0x00, 0x00, 0xFF, 0x20, 0xE0, 0xD5, 0x4B)])
def test_noise_without_a_pause(alphabet: Sequence[int]) -> None:
    """Bytes at random, and such as frames begin with, at every step."""
    for seed in range(100):
        chance = random.Random(seed)
        noise = [bytes(chance.choices(alphabet, k=chance.randrange(41))) for _ in range(60)]
        live_through(noise, chance.randbytes(chance.choice((4, 7, 10))), chance.randrange(60))


def test_a_chip_that_lost_its_supply_is_woken_again(wire: Wire) -> None:
    wire.pass_s(1.0)
    wire.chip = MockPn532()
    wire.chip.present(CARD)
    wire.pass_s(3.0)
    assert wire.heard[-1:] == ["04AABBCC"]
    assert wire.driver.health == "ok"


def test_a_silent_chip_is_named_and_well_again_when_it_answers(wire: Wire) -> None:
    wire.pass_s(1.0)
    wire.cut = True
    wire.pass_s(2.5)
    assert wire.driver.health == "ok"
    wire.pass_s(1.0)
    assert "does not answer" in wire.driver.health
    wire.cut = False
    wire.pass_s(3.0)
    assert wire.driver.health == "ok"


def test_a_chip_that_never_answered_is_named() -> None:
    wire = Wire(cut=True)
    wire.open()
    wire.pass_s(2.9)
    assert wire.driver.health == ""
    wire.pass_s(0.3)
    assert "is it set to HSU" in wire.driver.health


def test_the_port_opened_again_begins_anew(wire: Wire) -> None:
    wire.pass_s(1.0)
    wire.chip = MockPn532()
    wire.open()
    assert wire.driver.health == ""
    wire.pass_s(0.5)
    assert wire.driver.health == "ok"


ACK = bytes.fromhex("0000FF00FF00")


def asked(driver: Pn532, now_s: float) -> None:
    """Wake, SAMConfiguration and RFConfiguration are over; InListPassiveTarget is out."""
    driver.opened(now_s)
    for code in (0x15, 0x33):
        driver.to_send()
        driver.feed(ACK + framed(bytes([0xD5, code])), now_s)
    driver.to_send()


OTHER = bytes.fromhex("04AABBCD")
NO_CARD = framed(bytes((0xD5, 0x4B, 0)))


def card(uid: bytes, *, tags: int = 1, length: int | None = None) -> bytes:
    size = len(uid) if length is None else length
    return framed(bytes([0xD5, 0x4B, tags, 1, 0, 4, 8, size]) + uid)


@pytest.mark.parametrize("said", [
    card(CARD),  # no ACK before it
    ACK + framed(bytes([0xD5, 0x15])),  # the answer to another command
    ACK + framed(b"\x7f"),  # an error frame
    bytes.fromhex("0000FFFF0000"),  # NACK
    ACK + card(CARD)[:-2] + b"\x00\x00",  # DCS
    ACK + card(CARD[:3]),  # no such size of UID
    ACK + card(CARD, length=7),  # longer than the frame
    ACK + card(CARD, tags=2),
])  # fmt: skip
def test_what_is_not_the_answer_is_no_card_and_is_counted(said: bytes) -> None:
    driver = Pn532()
    asked(driver, 1.0)
    assert driver.feed(said, 1.0) == []
    assert driver.dropped == 1


def test_the_answer_to_two_looks_in_a_row_is_a_card() -> None:
    driver, now_s = Pn532(), 1.0
    asked(driver, now_s)
    heard = []
    for uid in (CARD, OTHER, CARD, CARD, CARD, None, CARD, CARD):
        heard.append(driver.feed(ACK + (card(uid) if uid else NO_CARD), now_s))
        assert driver.feed(card(CARD), now_s) == []  # unasked
        now_s += 0.3
        driver.feed(b"", now_s)
        assert driver.to_send()
    assert heard == [[], [], [], ["04AABBCC"], ["04AABBCC"], [], [], ["04AABBCC"]]


def test_the_second_look_follows_at_once() -> None:
    driver = Pn532()
    asked(driver, 1.0)
    driver.feed(ACK + card(CARD), 1.0)
    driver.feed(b"", 1.051)
    assert driver.to_send()


def test_after_three_tries_it_wakes_the_chip() -> None:
    """Each further try begins with an ACK, which ends what the chip may still be doing."""
    driver, now_s = Pn532(), 1.0
    asked(driver, now_s)
    sent = []
    for _ in range(4):
        now_s += 0.51
        driver.feed(b"", now_s)
        sent.append(driver.to_send())
    list_again = ACK + bytes.fromhex("0000FF04FCD44A0100E100")
    wake = b"\x55\x55" + bytes(14) + bytes.fromhex("0000FF05FBD4140100011600")
    assert sent[:3] == [list_again, list_again, wake]

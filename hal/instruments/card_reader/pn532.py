"""PURE: the conversation with a PN532 (HSU): wakes it, sets it up, asks again and again for a card.

      opened, or no answer to three tries          answered                answered
    ───────────────────────────────────▶ SAM ───────────────▶ retries ───────────────▶ list ◀──┐
                                                                                       │ answered
                                                                                       ▼       │
                                                                                      rest ────┘ 0.25 s
Section and command numbers are those of NXP UM0701-02.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

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

# 7.2.11: HSU wakes by a byte with many edges; the chip's clock needs 2 ms, which 14 bytes take.
_WAKE = b"\x55\x55" + bytes(14)
_SAM = bytes.fromhex("14010001")  # 7.2.10 SAMConfiguration: normal mode, no time-out, IRQ
_RETRIES = bytes.fromhex("3205FF0102")  # 7.3.1 RFConfiguration, item 5: a list ends after 3 looks, not never
_LIST = bytes.fromhex("4A0100")  # 7.3.5 InListPassiveTarget: one card, 106 kbit/s type A
_NEXT = {_SAM: _RETRIES, _RETRIES: _LIST}
_UID_BYTES = (4, 7, 10)  # ISO/IEC 14443-3 6.5.4: single, double, triple size

_ANSWER_S = 0.5  # ACK within 15 ms; three looks for a card take less than 100 ms
_TRIES = 3
_REST_S = 0.25
_LOOK_AGAIN_S = 0.05  # after a card that was not there at the look before
_NO_ANSWER_S = 3.0  # two whole rounds of tries
_NO_ANSWER = "the PN532 does not answer; is it set to HSU (both switches off), are RX and TX crossed?"


@dataclass(frozen=True, slots=True)
class _Resting:
    """Waits until the next poll for a card."""

    until_s: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A command is sent and waits for its answer."""

    content: bytes
    at_s: float
    tries: int = 1
    acknowledged: bool = False


class Pn532:
    """The Dialogue of a PN532."""

    pace_s = 0.05
    asks = True

    def __init__(self) -> None:
        self.health = ""  # not known yet
        self._frames = FrameBuffer()
        self._strays = 0
        self._state: _Resting | _Asked = _Resting(0.0)
        self._heard_at_s = 0.0
        self._to_send = b""
        self._last_uid = ""  # of the look before; empty: no card

    @property
    def dropped(self) -> int:
        """Counts frames that were bad, or no answer to what was asked."""
        return self._frames.dropped + self._strays

    def opened(self, now_s: float) -> None:
        """Starts again: it may be another chip, or one that has slept."""
        self.health = self._last_uid = ""
        self._heard_at_s = now_s
        self._to_send = b""
        self._wake(now_s)

    def feed(self, received: bytes, now_s: float) -> list[str]:
        """Returns the UIDs that two looks in a row saw, as upper-case hex: an answer, its check sum included,
        may be made up. To be called as time passes, too, with nothing."""
        uids = [uid for frame in self._frames.feed(received) if (uid := self._take(frame, now_s))]
        self._pass(now_s)
        if now_s - self._heard_at_s >= _NO_ANSWER_S:
            self.health = _NO_ANSWER
        return uids

    def to_send(self) -> bytes:
        """Returns what is to be written now; it is given once."""
        sent, self._to_send = self._to_send, b""
        return sent

    def _wake(self, now_s: float) -> None:
        self._to_send += _WAKE
        self._ask(_SAM, now_s)

    def _ask(self, content: bytes, now_s: float, tries: int = 1) -> None:
        self._frames.clear()
        self._to_send += command(content)
        self._state = _Asked(content, now_s, tries)

    def _take(self, frame: Frame, now_s: float) -> str | None:
        """Returns the UID of a card, if the frame holds one."""
        match frame, self._state:
            case Ack(), _Asked(content, at_s, tries, False):
                self._state = _Asked(content, at_s, tries, acknowledged=True)
            case Response(code, answer), _Asked(content, acknowledged=True) if code == content[0] + 1:
                return self._answered(content, answer, now_s)
            case ((Ack() | Nack() | ErrorFrame() | Response()), _):
                self._strays += 1  # the time-out will ask again
            case never:
                assert_never(never)
        return None

    def _answered(self, content: bytes, answer: bytes, now_s: float) -> str | None:
        self._heard_at_s = now_s
        following = _NEXT.get(content)
        if following is not None:
            self._ask(following, now_s)
            return None
        self.health = "ok"
        uid = _uid(answer)
        self._strays += uid is None
        before, self._last_uid = self._last_uid, uid or ""
        is_new = bool(uid) and uid != before
        self._state = _Resting(now_s + (_LOOK_AGAIN_S if is_new else _REST_S))
        return None if is_new else uid

    def _pass(self, now_s: float) -> None:
        match self._state:
            case _Resting(until_s):
                if now_s >= until_s:
                    self._ask(_LIST, now_s)
            case _Asked(content, at_s, tries):
                if now_s - at_s >= _ANSWER_S:
                    self._again(content, tries, now_s)
            case never:
                assert_never(never)

    def _again(self, content: bytes, tries: int, now_s: float) -> None:
        if tries == _TRIES:
            self._wake(now_s)
            return
        self._to_send += ACK  # 6.2.1.3: ends what the chip may still be doing
        self._ask(content, now_s, tries + 1)


def _uid(answer: bytes) -> str | None:
    """Reads InListPassiveTarget's answer: NbTg, Tg, SENS_RES (2), SEL_RES, NFCIDLength, NFCID. "": no card.

    None: no such answer.
    """
    if answer[:1] == b"\x00":
        return ""
    if len(answer) < 6 or answer[:2] != b"\x01\x01" or answer[5] not in _UID_BYTES:
        return None
    uid = answer[6 : 6 + answer[5]]
    return uid.hex().upper() if len(uid) == answer[5] else None

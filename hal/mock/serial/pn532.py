"""PURE: a PN532 on its serial line (HSU), as its user manual describes it (NXP UM0701-02).

Written from the frame format alone; it shares nothing with the driver, so that both cannot be wrong alike.
"""

from __future__ import annotations

WAKES_AFTER = 10  # bytes of a wake-up: what follows the first edges within 2 ms is lost (7.2.11)


class MockPn532:
    """A PN532, asleep until it is woken. `uid` is the card in the field, or None."""

    def __init__(self) -> None:
        self.uid: bytes | None = None
        self.seen = False  # the card in the field has been reported
        self.awake = False
        self.configured = False  # SAMConfiguration: before it, no card is looked for
        self.patience = 0xFF  # MxRtyPassiveActivation: looks before it says "none"; FF: no limit
        self.looking = False  # InListPassiveTarget without an end
        self._buffer = bytearray()
        self._woken_by = 0

    def present(self, uid: bytes | None) -> bytes:
        """Puts another card in the field, or none; returns what the chip says to that at once."""
        self.uid, self.seen = uid, False
        if uid is not None and self.looking:
            self.looking = False
            return self._list()
        return b""

    def receive(self, sent: bytes) -> bytes:
        """Returns what the chip answers."""
        if not self.awake:
            sent = self._wake(sent)
        self._buffer += sent
        answers = bytearray()
        while (cut := self._next()) is not None:
            answers += self._obey(cut)
        return bytes(answers)

    def _wake(self, sent: bytes) -> bytes:
        """Returns the rest, once it is awake."""
        for position, byte in enumerate(sent):
            if self._woken_by or byte == 0x55:
                self._woken_by += 1
            if self._woken_by >= WAKES_AFTER:
                self.awake = True
                return sent[position + 1 :]
        return b""

    def _next(self) -> bytes | None:
        """Returns the next packet between its start code and its postamble: length, checks and all."""
        begin = self._buffer.find(b"\x00\xff")
        if begin < 0:
            del self._buffer[:-1]
            return None
        packet = bytes(self._buffer[begin + 2 :])
        if len(packet) < 3:
            return None
        size = 2 if packet[:2] in (b"\x00\xff", b"\xff\x00") else packet[0] + 3
        if len(packet) < size + 1:
            return None
        del self._buffer[: begin + 2 + size + 1]
        return packet[:size]

    def _obey(self, packet: bytes) -> bytes:
        if packet == b"\x00\xff":  # ACK from the host: give up what is under way
            self.looking = False
            return b""
        if (packet[0] + packet[1]) % 256 or sum(packet[2:]) % 256:
            return b""  # not understood, not acknowledged
        acknowledged = bytes((0, 0, 0xFF, 0x00, 0xFF, 0))
        return acknowledged + self._carry_out(packet[3], packet[4:-1])

    def _carry_out(self, code: int, parameters: bytes) -> bytes:
        self.looking = False
        match code:
            case 0x14 if parameters and parameters[0] == 0x01:
                self.configured = True
                return framed(bytes((0xD5, 0x15)))
            case 0x32 if len(parameters) == 4 and parameters[0] == 0x05:
                self.patience = parameters[3]
                return framed(bytes((0xD5, 0x33)))
            case 0x4A if self.configured and parameters == b"\x01\x00":
                return self._list()
            case _:
                return framed(b"\x7f")

    def _list(self) -> bytes:
        if self.uid is None:
            self.looking = self.patience == 0xFF
            return b"" if self.looking else framed(bytes((0xD5, 0x4B, 0)))
        self.seen = True
        size = len(self.uid)
        sense, select = (0x0344, 0x20) if size > 4 else (0x0004, 0x08)
        head = bytes((0xD5, 0x4B, 1, 1)) + sense.to_bytes(2, "big") + bytes((select, size))
        answer_to_select = bytes((0x05, 0x75, 0x77, 0x81, 0x02)) if select == 0x20 else b""
        return framed(head + self.uid + answer_to_select)


def framed(content: bytes) -> bytes:
    """Adds preamble, start code, length and complement, the content's complement and postamble."""
    length_check = (256 - len(content)) % 256
    content_check = (256 - sum(content) % 256) % 256
    return b"".join((bytes((0, 0, 255, len(content), length_check)), content, bytes((content_check, 0))))

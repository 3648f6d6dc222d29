"""A circuit diagram as SVG: symbols of IEC 60617 at places in a grid of 10, each drawing a list of data.

Every wire and every text is known with its place, so that a test sees where one crosses the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Literal

GRID = 10
TEXT_PX = 12
CHARACTER_PX = 6.7  # of a sans serif at 12; wider than most
Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
STYLE = """
.bg{fill:#fff}.w{stroke:#24292f;stroke-width:1.5;fill:none}.b{stroke:#24292f;stroke-width:1.5;fill:#fff}
.f{fill:#24292f;stroke:none}.u{fill:#ddf4ff;stroke:#24292f;stroke-width:1.5}
text{font:12px sans-serif;fill:#24292f}.v{fill:#0550ae}.h{font-weight:bold}
@media (prefers-color-scheme:dark){.bg{fill:#0d1117}.w{stroke:#e6edf3}.b{stroke:#e6edf3;fill:#0d1117}
.f{fill:#e6edf3}.u{fill:#12304f;stroke:#e6edf3}text{fill:#e6edf3}.v{fill:#79c0ff}}
""".strip()


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right
            and self.top < other.bottom and other.top < self.bottom
        )  # fmt: skip

    def inside(self) -> Box:
        """Without its edge, where its own wires end."""
        return Box(self.left + 3, self.top + 3, self.right - 3, self.bottom - 3)


@dataclass
class Drawing:
    """One diagram; places are in units of the grid."""

    name: str
    title: str
    description: str
    width: float
    height: float
    shapes: list[str] = field(default_factory=list)
    texts: list[tuple[str, Box]] = field(default_factory=list)
    solids: list[tuple[str, Box]] = field(default_factory=list)  # wires and bodies of symbols

    # What everything is made of

    def wire(self, *points: Point) -> None:
        """A line through these places."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.shapes.append(f'<polyline class="w" points="{path}"/>')
        for (x1, y1), (x2, y2) in pairwise(points):
            self._solid("wire", min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    def link(self, a: Point, b: Point) -> None:
        """IEC 60617-02-12-01: a mechanical link, dashed."""
        points = f'x1="{_n(a[0])}" y1="{_n(a[1])}" x2="{_n(b[0])}" y2="{_n(b[1])}"'
        self.shapes.append(f'<line class="w" stroke-dasharray="4 3" {points}/>')
        self._solid("link", min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))

    def text(self, at: Point, text: str, anchor: Anchor = "start", kind: str = "") -> None:
        """A line of text; `at` is its base line. Nothing for no text."""
        if not text:
            return
        self.shapes.append(
            f'<text x="{_n(at[0])}" y="{_n(at[1])}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}'
            f"{'' if anchor == 'start' else f' text-anchor={chr(34)}{anchor}{chr(34)}'}>{escape(text)}</text>"
        )
        width = len(text) * CHARACTER_PX * (1.08 if kind == "h" else 1)
        left = at[0] * GRID - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        base = at[1] * GRID
        self.texts.append((text, Box(left, base - TEXT_PX * 0.75, left + width, base + TEXT_PX * 0.2)))

    def dot(self, at: Point) -> None:
        """Two wires that are joined."""
        self.shapes.append(f'<circle class="f" cx="{_n(at[0])}" cy="{_n(at[1])}" r="3"/>')

    def block(
        self, left: float, top: float, width: float, height: float, *lines: str, kind: str = "b"
    ) -> None:
        """A box with text in its middle; the first line is its name."""
        self.shapes.append(
            f'<rect class="{kind}" x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" '
            f'height="{_n(height)}" rx="2"/>'
        )
        self._solid("block", left, top, left + width, top + height, hollow=True)
        first = top + height / 2 - (len(lines) - 1) * 0.75 + 0.4
        for number, line in enumerate(lines):
            self.text((left + width / 2, first + number * 1.5), line, "middle", "h" if number == 0 else "")

    def arrow(self, *points: Point) -> None:
        """A wire with a head at its end, along the grid."""
        self.wire(*points)
        (x1, y1), (x, y) = points[-2:]
        along = ((x > x1) - (x < x1), (y > y1) - (y < y1))
        across = (-along[1], along[0])
        back = [(x - along[0] + s * 0.4 * across[0], y - along[1] + s * 0.4 * across[1]) for s in (1, -1)]
        self._polygon([(x, y), *back])

    # Two-terminal parts, from one place to another

    def resistor(self, a: Point, b: Point, name: str, value: str = "") -> None:
        """IEC 60617-04-01-01: a rectangle."""
        self._two(a, b, 3.0, name, value, self._body)

    def coil(self, a: Point, b: Point, name: str, value: str = "") -> None:
        """IEC 60617-07-15-01: the coil of a relay, a wide rectangle."""
        self._two(a, b, 2.0, name, value, lambda m, f: self._body(m, f, half=1.6))

    def capacitor(self, a: Point, b: Point, name: str, value: str = "") -> None:
        """IEC 60617-04-02-01: two plates."""
        self._two(a, b, 0.8, name, value, self._plates)

    def diode(self, a: Point, b: Point, name: str, value: str = "", *, zener: bool = False) -> None:
        """IEC 60617-05-03-01 and -03: from anode to cathode."""
        self._two(a, b, 1.6, name, value, lambda m, f: self._diode(m, f, zener=zener))

    def contact(self, a: Point, b: Point, name: str, value: str = "", *, opens: bool = False) -> None:
        """IEC 60617-07-02-01 and -03: a make contact, or a break contact; from above to below."""
        x, y = a[0], (a[1] + b[1]) / 2
        self.wire(a, (x, y - 1.2))
        self.wire((x, y + 1.2), b)
        self.wire((x, y + 1.2), (x + (0.3 if opens else -1.0), y - 1.2))
        if opens:
            self.wire((x, y - 1.2), (x + 0.6, y - 1.2))
        self._label(a, b, name, value)

    # Others

    def ground(self, at: Point, name: str = "0 V") -> None:
        """IEC 60617-02-15-04: the common 0 V."""
        x, y = at
        self.wire((x - 0.9, y), (x + 0.9, y))
        self.text((x, y + 1.4), name, "middle")

    def supply(self, at: Point, name: str) -> None:
        """A supply: a bar with its name above."""
        x, y = at
        self.wire((x - 0.9, y), (x + 0.9, y))
        self.text((x, y - 0.5), name, "middle")

    def terminal(self, at: Point, name: str, anchor: Anchor = "end") -> None:
        """IEC 60617-03-02-02: where a wire leaves the drawing; its name stands before or behind it."""
        x, y = at
        self.shapes.append(f'<circle class="b" cx="{_n(x)}" cy="{_n(y)}" r="3"/>')
        self.text((x + (0.8 if anchor == "start" else -0.8), y + 0.4), name, anchor, "h")

    def amplifier(self, at: Point, name: str, *, plus_above: bool = True) -> None:
        """IEC 60617-12-28-01 in the usual triangle; inputs at (0, -1) and (0, 1), output at (5, 0)."""
        x, y = at
        points = [(x, y - 2.5), (x, y + 2.5), (x + 5, y)]
        self._polygon(points, "b")
        self._solid("amplifier", x, y - 1.2, x + 3, y + 1.2, hollow=True)
        above, below = ("+", "−") if plus_above else ("−", "+")
        self.text((x + 0.3, y - 0.6), above)
        self.text((x + 0.3, y + 1.4), below)
        self.text((x + 3.2, y + 3.0), name, "start")

    def buffer(self, at: Point, name: str) -> None:
        """A Schmitt-trigger buffer; input at (0, 0), output at (3, 0)."""
        x, y = at
        self._polygon([(x, y - 1.7), (x, y + 1.7), (x + 3, y)], "b")
        self.text((x + 1.5, y + 3.0), name, "middle")

    def transistor(self, at: Point, name: str) -> None:
        """IEC 60617-05-05-13: an n-channel MOSFET; gate (0, 0), drain (2.4, -2), source (2.4, 2)."""
        x, y = at
        self.wire((x, y), (x + 1.2, y))
        self.wire((x + 1.2, y - 1), (x + 1.2, y + 1))
        for top, bottom in ((-1.3, -0.6), (-0.35, 0.35), (0.6, 1.3)):
            self.wire((x + 1.6, y + top), (x + 1.6, y + bottom))
        self.wire((x + 1.6, y - 0.95), (x + 2.4, y - 0.95), (x + 2.4, y - 2))
        self.wire((x + 1.6, y + 0.95), (x + 2.4, y + 0.95), (x + 2.4, y + 2))
        self.wire((x + 1.6, y), (x + 2.4, y), (x + 2.4, y + 0.95))
        self._polygon([(x + 1.6, y), (x + 2.2, y - 0.3), (x + 2.2, y + 0.3)])
        self.text((x + 3.2, y + 0.4), name)

    def svg(self) -> str:
        """The file, for eyes and for those who read it aloud."""
        size = f'width="{_n(self.width)}" height="{_n(self.height)}"'
        box = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" '
            f'aria-labelledby="t d"><title id="t">{escape(self.title)}</title>'
            f'<desc id="d">{escape(self.description)}</desc><style>{STYLE}</style>'
            f'<rect class="bg" {size}/>'
        )
        return "\n".join([head, *self.shapes, "</svg>", ""])

    def crossings(self) -> Iterator[str]:
        """Names each text that a wire, a symbol or another text crosses or that leaves the drawing, and each
        part through which a wire runs."""
        for what, body in self.solids:
            for other, wire in self.solids:
                if (what, other) == ("body", "wire") and body.inside().meets(wire):
                    yield f"{self.name}: a wire runs through a part at {body.left:g}, {body.top:g}"
        edge = Box(0, 0, self.width * GRID, self.height * GRID)
        for number, (text, box) in enumerate(self.texts):
            for what, solid in self.solids:
                if box.meets(solid):
                    yield f"{self.name}: {text!r} is crossed by a {what}"
            for other, its in self.texts[number + 1 :]:
                if box.meets(its):
                    yield f"{self.name}: {text!r} meets {other!r}"
            if box.left < edge.left or box.right > edge.right or box.top < 0 or box.bottom > edge.bottom:
                yield f"{self.name}: {text!r} leaves the drawing"

    # Inside

    def _two(self, a: Point, b: Point, length: float, name: str, value: str, body: object) -> None:
        (x1, y1), (x2, y2) = a, b
        middle = ((x1 + x2) / 2, (y1 + y2) / 2)
        along = ((x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1))
        half = length / 2
        self.wire(a, (middle[0] - along[0] * half, middle[1] - along[1] * half))
        self.wire((middle[0] + along[0] * half, middle[1] + along[1] * half), b)
        body(middle, along)  # type: ignore[operator]
        self._label(a, b, name, value)

    def _label(self, a: Point, b: Point, name: str, value: str) -> None:
        """Above a part that lies; to the right of one that stands."""
        x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        if a[1] == b[1]:
            self.text((x, y - 1.3), f"{name} {value}".strip(), "middle", "v" if value else "")
        elif value:
            self.text((x + 2.0, y - 0.3), name)
            self.text((x + 2.0, y + 1.1), value, "start", "v")
        else:
            self.text((x + 2.0, y + 0.4), name)

    def _body(self, middle: Point, along: Point, half: float = 0.6) -> None:
        x, y = middle
        length = 1.5 if half < 1 else 1.0
        dx, dy = (length, half) if along[0] else (half, length)
        self.shapes.append(
            f'<rect class="b" x="{_n(x - dx)}" y="{_n(y - dy)}" width="{_n(2 * dx)}" height="{_n(2 * dy)}"/>'
        )
        self._solid("body", x - dx, y - dy, x + dx, y + dy)

    def _plates(self, middle: Point, along: Point) -> None:
        x, y = middle
        for side in (-0.4, 0.4):
            if along[0]:
                self.wire((x + side, y - 1.2), (x + side, y + 1.2))
            else:
                self.wire((x - 1.2, y + side), (x + 1.2, y + side))

    def _diode(self, middle: Point, along: Point, *, zener: bool) -> None:
        (x, y), (ax, ay) = middle, along
        across = (-ay, ax)

        def at(forward: float, aside: float) -> Point:
            return x + ax * forward + across[0] * aside, y + ay * forward + across[1] * aside

        self._polygon([at(-0.8, -0.8), at(-0.8, 0.8), at(0.8, 0)], "b")
        bar = [at(0.8, -0.9), at(0.8, 0.9)]
        self.wire(*([at(0.3, -0.9), *bar] if zener else bar))
        self._solid("body", x - 0.9, y - 0.7, x + 0.9, y + 0.7)

    def _polygon(self, points: list[Point], kind: str = "f") -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.shapes.append(f'<polygon class="{kind}" points="{path}"/>')

    def _solid(self, what: str, x1: float, y1: float, x2: float, y2: float, *, hollow: bool = False) -> None:
        """`hollow`: only its four sides, text may stand inside."""
        sides = (
            [(x1, y1, x2, y1), (x1, y2, x2, y2), (x1, y1, x1, y2), (x2, y1, x2, y2)]
            if hollow and what == "block"
            else []
            if hollow
            else [(x1, y1, x2, y2)]
        )
        for a, b, c, d in sides:
            self.solids.append((what, Box(a * GRID - 1, b * GRID - 1, c * GRID + 1, d * GRID + 1)))


def _n(grid: float) -> str:
    """A place in pixels, as short as can be."""
    return f"{grid * GRID:.1f}".removesuffix(".0")

"""Mutants of the bridge, found in its source: each is one place where it says or decides something else.

Which of them are taken is drawn by `seed`, and a draw does not change when other code does: each candidate is
drawn by a hash of what it is, not by its place in a list.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bridge/core", "bridge/central_system")
# Not part of the pure world that scenarios are played in: sockets, certificates, words for the log; and what
# an uploaded file holds, which is judged by tests/bridge/core/reporting/test_observations.py.
NOT_PLAYED = frozenset({"link", "handshake", "trouble", "credentials", "observations"})
NO_SUCH_PART = "the pure box has no such part: docs/faults.md is held to this row by tests/docs"
ROWS_WITHOUT_PART = (
    "contactor_cycling", "thermometer_lost", "rcm_test_failed", "emergency_stop", "stop_circuit",
    "under_voltage", "hal_restarting", "watchdog_line",
)  # fmt: skip
OUR_BUG = "needs a bug of ours: tests/bridge/test_raising.py"
# (module, function, what stands there or elsewhere in its line): why no scenario can hear it.
NOT_HEARD = {
    ("frames", "_error", ""): "how a CALLERROR is worded, for the log",
    ("frames", "_short", ""): "how long a log line gets",
    ("requests", "failed", "InternalError"): OUR_BUG,
    ("requests", "let_go", "InternalError"): OUR_BUG,
    ("schemas", "module", "OccurenceConstraintViolation"): "no request has minItems or maxItems",
    ("meter_log", "started", "MeterValueSampleInterval"): "the next step takes the key's value anyhow",
    ("id_tag", "at", "Expired"): "whatever is not Accepted refuses alike; the word is never told",
    (
        "firmware",
        "step",
        "InstallationFailed",
    ): "24 hours are too long: tests/bridge/core/maintenance/test_firmware.py",
    **dict.fromkeys((("faults", "module", f'"{row}"') for row in ROWS_WITHOUT_PART), NO_SUCH_PART),
}

ENUMERATIONS = (
    ("Accepted", "Rejected"),
    ("Scheduled", "Accepted"),
    ("NotSupported", "Rejected"),
    ("Unlocked", "UnlockFailed"),
    ("Occupied", "Faulted"),
    ("Failed", "VersionMismatch"),
    ("Unknown", "Accepted"),
    ("UnknownVendorId", "Accepted"),
    ("Pending", "Rejected"),
    ("Invalid", "Blocked", "Expired", "ConcurrentTx"),
    ("Available", "Unavailable"),
    ("Preparing", "Available"),
    ("Charging", "SuspendedEV", "SuspendedEVSE"),
    ("Finishing", "Available"),
    ("Reserved", "Available"),
    ("Local", "Remote", "EVDisconnected", "DeAuthorized", "UnlockCommand", "SoftReset", "HardReset"),
    ("PowerLoss", "Reboot", "Other", "EmergencyStop"),
    ("Uploading", "Uploaded", "UploadFailed"),
    ("Downloading", "Downloaded", "DownloadFailed"),
    ("Installing", "Installed", "InstallationFailed"),
    ("Transaction.Begin", "Transaction.End", "Sample.Periodic", "Sample.Clock", "Trigger"),
    ("PowerMeterFailure", "InternalError", "ConnectorLockFailure", "EVCommunicationError", "OtherError"),
    ("FormationViolation", "ProtocolError", "PropertyConstraintViolation", "TypeConstraintViolation"),
    ("OccurenceConstraintViolation", "PropertyConstraintViolation"),
    ("NotImplemented", "NotSupported"),
    ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"),
    ("Absolute", "Relative", "Recurring"),
    ("Daily", "Weekly"),
    ("Full", "Differential"),
    ("Soft", "Hard"),
    ("Operative", "Inoperative"),
    ("true", "false"),
)
OTHER = {
    value: family[(at + 1) % len(family)]
    for family in reversed(ENUMERATIONS)
    for at, value in enumerate(family)
}
QUESTIONS = ("is_on", "whole", "text")  # that the core asks of the configuration
NO_DEEDS = ("note", "notes", "_notes", "assert_never")  # words for the log, and what is never reached


@dataclass(frozen=True, slots=True)
class Seeded:
    """The bytes from `start` to `end` of `path` become `new`."""

    path: str
    inside: str  # the function or class
    kind: str
    line: int
    start: int
    end: int
    old: str
    new: str
    which: int  # of several that read the same in there

    @property
    def name(self) -> str:
        """What is drawn by."""
        return f"{self.path}:{self.inside}: {self.kind}: {self.old} -> {self.new or 'nothing'} ({self.which})"

    @property
    def module(self) -> str:
        """Its last name."""
        return Path(self.path).stem

    @property
    def line_text(self) -> str:
        """The line in which it stands."""
        return (ROOT / self.path).read_text(encoding="utf-8").splitlines()[self.line - 1]

    @property
    def shown(self) -> str:
        """For a person."""
        old, new = (" ".join(text.split())[:48] for text in (self.old, self.new or "nothing"))
        return f"{self.path.removeprefix('bridge/')}:{self.line} {self.inside}: {self.kind}: {old} -> {new}"

    def applied(self) -> str:
        """The module's source with it."""
        source = (ROOT / self.path).read_bytes()
        return (source[: self.start] + self.new.encode() + source[self.end :]).decode()


def draw(seed: str, count: int, first_values: Callable[[str], str | None], *, deep: bool) -> list[Seeded]:
    """`first_values`: a key's, unless it is read-only. `deep`: conditions, numbers and steps too, beside what
    is said and asked."""
    found = candidates(SAID + (DECIDED if deep else ()), first_values)
    heard = [each for each in found if not _is_unheard(each)]
    return sorted(heard, key=lambda each: sha256(f"{seed} {each.name}".encode()).digest())[:count]


def candidates(kinds: tuple[str, ...], first_values: Callable[[str], str | None]) -> list[Seeded]:
    """All that can be changed, heard or not."""
    return [each for path in _modules() for each in _Source(path, first_values).candidates(kinds)]


def _is_unheard(mutant: Seeded) -> bool:
    there = mutant.module, mutant.inside
    said = mutant.old + mutant.line_text
    return any(there == (module, inside) and what in said for module, inside, what in NOT_HEARD)


def _modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.stem not in NOT_PLAYED and path.name != "__init__.py":
                yield path


class _Source:
    """One module, and what in it can be changed."""

    def __init__(self, path: Path, first_values: Callable[[str], str | None]) -> None:
        self._path = path.relative_to(ROOT).as_posix()
        self._text = path.read_bytes()
        self._first_values = first_values
        self._begins = [0]
        for line in self._text.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))
        self._count: Counter[str] = Counter()

    def candidates(self, kinds: tuple[str, ...]) -> Iterator[Seeded]:
        for node, inside in _walk(ast.parse(self._text), "module"):
            for kind in kinds:
                for start, end, new in _FINDERS[kind](self, node):
                    yield self._seeded(kind, inside, start, end, new)

    def _seeded(self, kind: str, inside: str, start: int, end: int, new: str) -> Seeded:
        old = self._text[start:end].decode()
        same = f"{inside} {kind} {old}"
        self._count[same] += 1
        line = self._text.count(b"\n", 0, start) + 1
        return Seeded(self._path, inside, kind, line, start, end, old, new, self._count[same])

    # Each finder: (start, end, new) of what it would change in this node

    def answer(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """Another word of the same enumeration."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in OTHER:
            yield *self._span(node), f'"{OTHER[node.value]}"'

    def swapped(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """Two answers change places."""
        if isinstance(node, ast.IfExp):
            one, other = self._of(node.body), self._of(node.orelse)
            yield *self._span(node), f"{other} if {self._of(node.test)} else {one}"

    def field(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """A field of a message, or of anything else with names, is missing."""
        if not isinstance(node, ast.Dict):
            return
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                start, end = self._span(key)[0], self._span(value)[1]
                comma = end + len(self._text[end:]) - len(self._text[end:].lstrip(b" \n"))
                yield start, comma + 1 if self._text[comma : comma + 1] == b"," else end, ""

    def key(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """A configuration key is ignored: its first value counts for ever."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1):
            return
        name = node.args[0]
        if node.func.attr in QUESTIONS and isinstance(name, ast.Constant) and isinstance(name.value, str):
            value = self._first_values(name.value)
            if value is None:  # read-only: nobody can tell
                return
            literals = {"is_on": str(value == "true"), "whole": value, "text": repr(value)}
            yield *self._span(node), literals[node.func.attr]

    def condition(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """The other way round."""
        if isinstance(node, ast.If):
            yield *self._span(node.test), f"not ({self._of(node.test)})"

    def number(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """A named number is doubled."""
        value = node.value if isinstance(node, ast.Assign) else None
        if isinstance(value, ast.Constant) and type(value.value) in (int, float):
            yield *self._span(value), f"2 * {self._of(value)}"

    def step(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """Something is not done."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            said = ast.unparse(node.value.func)
            if not any(word in said.split(".") for word in NO_DEEDS):
                yield *self._span(node), "pass"

    def _span(self, node: ast.AST) -> tuple[int, int]:
        lines = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        columns = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        start, end = (self._begins[line - 1] + column for line, column in zip(lines, columns, strict=True))
        return start, end

    def _of(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._text[start:end].decode()


_FINDERS: dict[str, Callable[[_Source, ast.AST], Iterator[tuple[int, int, str]]]] = {
    "answer": _Source.answer,
    "swapped": _Source.swapped,
    "field": _Source.field,
    "key": _Source.key,
    "condition": _Source.condition,
    "number": _Source.number,
    "step": _Source.step,
}
SAID = ("answer", "swapped", "field", "key")
DECIDED = ("condition", "number", "step")


def _walk(node: ast.AST, inside: str) -> Iterator[tuple[ast.AST, str]]:
    """What is carried out: neither types nor docstrings."""
    for name, child in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for each in child if isinstance(child, list) else [child]:
            if not isinstance(each, ast.AST) or _is_no_deed(each):
                continue
            named = isinstance(each, ast.FunctionDef | ast.ClassDef)
            within = each.name if named else inside  # type: ignore[attr-defined]
            yield each, within
            yield from _walk(each, within)


def _is_no_deed(node: ast.AST) -> bool:
    """A docstring, or a `Literal[...]`."""
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    literal = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
    return docstring or literal

"""Who may import whom, read from the sources: one folder is one process, or pure."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("hal", "bridge", "deploy/slots")

# What a pure module may use of the standard library: nothing that reads a clock, sleeps, or does I/O.
PURE_STANDARD = {
    "__future__", "abc", "bisect", "cmath", "collections", "collections.abc", "dataclasses", "datetime",
    "decimal", "difflib", "enum", "fractions", "functools", "heapq", "html", "inspect", "ipaddress",
    "itertools", "json", "math", "operator", "re", "statistics", "string", "struct", "textwrap",
    "tomllib", "traceback", "typing", "urllib.parse",
}  # fmt: skip
PURE_OTHERS = ("msgspec", "ocpp", "fastjsonschema", "prometheus_client")
CLOCKS = {f"{of}.{read}" for of in ("datetime", "date") for read in ("now", "utcnow", "today")}

# The word PURE that begins a docstring is read here, for the module or for all in the package;
# these must say it.
MUST_SAY_PURE = (
    "hal.contract", "hal.configuration.sections", "hal.configuration.rules", "hal.core.*", "hal.mock.plant.*",
    "bridge.actor", "bridge.core.*", "bridge.central_system.frames", "bridge.central_system.conversation",
    "bridge.central_system.outbox", "bridge.central_system.lane", "bridge.central_system.operations.*",
    "deploy.slots.steps",
)  # fmt: skip
# The schemas are files of the ocpp package; of ssl the errors are judged; random is seeded.
PURE_EXCEPTIONS = {
    "bridge.central_system.schemas": {"importlib.resources"},
    "bridge.doctor.central_system": {"ssl"},
    **{f"hal.mock.plant.{module}": {"random"} for module in ("copper", "pilot_line", "plant")},
}

NOT_IN_SAFETY = (
    "asyncio",
    "concurrent",
    "multiprocessing",
    "pymodbus",
    "rich",
    "serial",
    "threading",
    "typer",
)

# Who alone may import it.
SOLE_IMPORTERS = {
    "aioftp": ("bridge.jobs.*",),
    "aiohttp": ("bridge.jobs.*", "bridge.local.web.*", "bridge.local.messages.hook"),
    "aiomqtt": ("bridge.local.mqtt.connection", "bridge.local.mqtt.publisher"),
    "cryptography": ("bridge.backup.*", "bridge.jobs.*", "bridge.local.web.certificate"),
    "websockets": (
        "bridge.central_system.handshake",
        "bridge.central_system.link",
        "bridge.central_system.trouble",
        "bridge.demo.central_system",
    ),
    "paho": ("bridge.local.mqtt.connection",),
    "prometheus_client": ("bridge.local.metrics.*",),
    "typer": ("bridge.cli.*",),
    "rich": ("bridge.doctor.screen", "bridge.demo.screen"),
    "sqlite3": ("bridge.store.*", "bridge.local.history.*"),
    "gpiozero": ("hal.safety.*", "hal.instruments.*", "hal.mock.pi.board"),
    "lgpio": ("hal.safety.*", "hal.instruments.lamp.lines"),
    "pymodbus": ("hal.instruments.*", "hal.mock.*"),
    "systemd": ("hal.logs",),
    "serial": ("hal.instruments.*", "hal.mock.*"),
}

OF_HAL_FOR_BRIDGE = (
    "hal", "hal.contract", "hal.configuration.file", "hal.configuration.migration",
    "hal.configuration.rewrite", "hal.configuration.toml_lines", "hal.durable", "hal.ending",
    "hal.found_meters", "hal.logs", "hal.notify", "hal.visible",
)  # fmt: skip

# Root's program for updates: few things of the others, and nobody imports it.
OF_OTHERS_FOR_SLOTS = (
    "bridge.core.maintenance.outcome", "bridge.core.zaptec", "bridge.jobs.attempt", "bridge.jobs.manifest",
    "bridge.local.exchange", "bridge.local.orders", "bridge.outcome", "bridge.version", "hal.contract",
    "hal.durable", "hal.instruments.meter.energy_file", "hal.logs", "hal.safety.state.file", "hal.visible",
)  # fmt: skip

# From top to bottom; an arrow points to a lower floor or stays in its room. `bridge.core` is pure: it stands
# below store and settings, which carry its types.
FLOORS = (
    ("bridge.__main__", "bridge.cli"),
    ("bridge.setup",),
    ("bridge.doctor", "bridge.demo", "bridge.backup"),
    ("bridge.run",),
    ("bridge.app",),
    ("bridge.compose",),
    ("bridge.parts", "bridge.inbox", "bridge.awaited_store"),
    ("bridge.config_migration",),
    ("bridge.config_files",),
    ("bridge.actor",),
    ("bridge.guard", "bridge.recorder"),
    ("bridge.undo", "bridge.events", "bridge.effects"),
    ("bridge.central_system", "bridge.local", "bridge.jobs", "bridge.hal_client", "bridge.mock_client"),
    ("bridge.boot",),
    (
        "bridge.store",
        "bridge.settings",
        "bridge.clock",
        "bridge.reset",
        "bridge.folders",
        "bridge.outcome",
        "bridge.trial",
        "bridge.trust",
        "bridge.version",
    ),
    ("bridge.core",),
)
# The rooms of `bridge.core`, likewise; below them the nouns that all share.
CORE_FLOORS = (
    ("bridge.core.charge_point",),
    ("bridge.core.wish", "bridge.core.remembered_values"),
    ("bridge.core.transaction", "bridge.core.maintenance"),
    ("bridge.core.authorization", "bridge.core.limits", "bridge.core.reporting"),
    ("bridge.core.premises",),
    ("bridge.core.configuration",),
    ("bridge.core.calendar", "bridge.core.session", "bridge.core.setup"),
    ("bridge.core.box_view",),
    ("bridge.core.decisions",),
    ("bridge.core.rows",),
    ("bridge.core.charging_profile", "bridge.core.id_tag"),
    (
        "bridge.core.outgoing",
        "bridge.core.now",
        "bridge.core.password",
        "bridge.core.service",
        "bridge.core.errand",
    ),
    ("bridge.core.zaptec",),
)

HAL_CORE_FLOORS = (
    ("hal.core.evse",),
    ("hal.core.view", "hal.core.faults"),
    ("hal.core.supervision", "hal.core.self_tests"),
    ("hal.core.contactor", "hal.core.plug"),
    ("hal.core.control_pilot",),
    ("hal.core.rules", "hal.core.persistent_state", "hal.core.tally"),
    ("hal.core.signals", "hal.core.steady", "hal.core.budget"),
)
SAFETY_FLOORS = (
    ("hal.safety.__main__",),
    ("hal.safety.loop",),
    ("hal.safety.lines", "hal.safety.server", "hal.safety.state", "hal.safety.requests", "hal.safety.status"),
    ("hal.safety.configured", "hal.safety.health", "hal.safety.bolt", "hal.safety.safe_outputs"),
    ("hal.safety.companion", "hal.safety.journal", "hal.safety.allowance", "hal.safety.real_time"),
)
INSTRUMENTS_FLOORS = (
    ("hal.instruments.__main__", "hal.instruments.find"),
    ("hal.instruments.senses",),
    (
        "hal.instruments.meter",
        "hal.instruments.card_reader",
        "hal.instruments.lamp",
        "hal.instruments.temperature",
    ),
    ("hal.instruments.link", "hal.instruments.requests", "hal.instruments.box_teller"),
    ("hal.instruments.pausing", "hal.instruments.paths"),
)
MOCK_FLOORS = (
    ("hal.mock.__main__",),
    ("hal.mock.control",),
    ("hal.mock.serial", "hal.mock.hang", "hal.mock.machine"),
    ("hal.mock.simulated_box",),
    ("hal.mock.pi", "hal.mock.world_file"),
    ("hal.mock.plant",),
)
BUILDINGS = {
    "bridge": FLOORS,
    "bridge.core": CORE_FLOORS,
    "hal.core": HAL_CORE_FLOORS,
    "hal.safety": SAFETY_FLOORS,
    "hal.instruments": INSTRUMENTS_FLOORS,
    "hal.mock": MOCK_FLOORS,
}

# Processes of hal: what a folder may import of hal.
ROOMS = {
    "hal.core.*": ("hal.contract", "hal.core.*"),
    "hal.safety.*": (
        "hal.contract",
        "hal.durable",
        "hal.lgpio_module",
        "hal.repeats",
        "hal.visible",
        "hal.configuration.*",
        "hal.notify",
        "hal.core.*",
        "hal.safety.*",
        "hal.mock.*",
    ),
    "hal.instruments.*": (
        "hal.contract",
        "hal.durable",
        "hal.ending",
        "hal.found_meters",
        "hal.lgpio_module",
        "hal.configuration.*",
        "hal.logs",
        "hal.notify",
        "hal.instruments.*",
        "hal.mock.*",
    ),
    "hal.mock.*": (
        "hal.contract",
        "hal.durable",
        "hal.ending",
        "hal.logs",
        "hal.configuration.*",
        "hal.core.*",
        "hal.mock.*",
        "hal.instruments.*",
    ),
}


@dataclass(frozen=True)
class Import:
    """One imported module, as far as it can be told from the source."""

    name: str
    line: int


def fits(module: str, patterns: tuple[str, ...]) -> bool:
    """`a.b` is that module; `a.b.*` the package and all in it."""
    return any(
        module == pattern.removesuffix(".*") or (pattern.endswith(".*") and module.startswith(pattern[:-1]))
        for pattern in patterns
    )


def imports(source: str, ours: set[str]) -> list[Import]:
    """Also those inside functions. `from a import b` is a.b where that is a module of ours, else a."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.append(Import(whole if whole in ours else base, node.lineno))
    return found


def pure_of(sources: dict[str, str]) -> set[str]:
    """The modules that say PURE themselves, or whose package does."""
    say_so = {
        module
        for module, source in sources.items()
        if (ast.get_docstring(ast.parse(source)) or "").startswith("PURE")
    }
    return {module for module in sources if any(fits(module, (f"{one}.*",)) for one in say_so)}


def violations(module: str, source: str, ours: set[str], pure: set[str]) -> list[str]:
    """What is wrong with this module, one line each."""
    found = []
    for one in imports(source, ours):
        if module in pure and not _is_pure(module, one.name, pure):
            found.append(f"{module}:{one.line} imports {one.name}: a pure module")
        for rule in (_relative, _sides, _safety, _sole, _floors, _rooms):
            found += [f"{module}:{one.line} imports {one.name}: {why}" for why in rule(module, one.name)]
    if module in pure:
        found += _clocks(module, source)
    return found


def _relative(module: str, name: str) -> Iterator[str]:
    if name.startswith("."):
        yield "imports are absolute"


def _is_pure(module: str, name: str, pure: set[str]) -> bool:
    known = name in PURE_STANDARD or name.split(".")[0] in PURE_OTHERS
    return known or name in pure or name in PURE_EXCEPTIONS.get(module, ())


def _sides(module: str, name: str) -> Iterator[str]:
    if fits(module, ("bridge.*",)) and fits(name, ("hal.*",)) and name not in OF_HAL_FOR_BRIDGE:
        yield f"bridge knows only {', '.join(OF_HAL_FOR_BRIDGE)}"
    if fits(module, ("hal.*",)) and fits(name, ("bridge.*",)):
        yield "hal knows nothing of bridge"
    if fits(module, ("deploy.*",)) and fits(name, ("bridge.*", "hal.*")) and name not in OF_OTHERS_FOR_SLOTS:
        yield f"root's program knows only {', '.join(OF_OTHERS_FOR_SLOTS)}"
    if not fits(module, ("deploy.*",)) and fits(name, ("deploy.*",)):
        yield "nobody imports root's program"


def _safety(module: str, name: str) -> Iterator[str]:
    if fits(module, ("hal.safety.*",)) and name.split(".")[0] in NOT_IN_SAFETY:
        yield "not in the process of the reflexes"


def _sole(module: str, name: str) -> Iterator[str]:
    importers = SOLE_IMPORTERS.get(name.split(".")[0])
    if importers and not fits(module, importers):
        yield f"only {', '.join(importers)} may"


def _floor(module: str, floors: tuple[tuple[str, ...], ...]) -> tuple[int, str] | None:
    """Which one, and which of its rooms."""
    for number, floor in enumerate(floors):
        for room in floor:
            if fits(module, (f"{room}.*",)):
                return number, room
    return None


def _floors(module: str, name: str) -> Iterator[str]:
    for building, floors in BUILDINGS.items():
        inside = all(fits(each, (f"{building}.*",)) and each != building for each in (module, name))
        if inside:
            yield from _downward(module, name, floors)


def _downward(module: str, name: str, floors: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    here, there = _floor(module, floors), _floor(name, floors)
    if here is None or there is None:
        yield f"{module if here is None else name} stands on no floor"
    elif there[0] < here[0] or (there[0] == here[0] and there != here):
        yield "arrows point down the floors"


def _rooms(module: str, name: str) -> Iterator[str]:
    for room, allowed in ROOMS.items():
        if fits(module, (room,)) and fits(name, ("hal.*",)) and not fits(name, ("hal", *allowed)):
            yield f"{room} may import only {', '.join(allowed)} of hal"


def _clocks(module: str, source: str) -> list[str]:
    return [
        f"{module}:{node.lineno} reads the clock: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and _last_two(ast.unparse(node)) in CLOCKS
    ]


def _last_two(dotted: str) -> str:
    return ".".join(dotted.split(".")[-2:])


def _product() -> dict[str, str]:
    """Module name -> source of what a box runs."""
    found = {}
    for path in sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def _reached(start: Callable[[str], bool], sources: dict[str, str]) -> set[str]:
    """Modules of ours that those modules load, however late."""
    reached: set[str] = set()
    waiting = [module for module in sources if start(module)]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [one.name for one in imports(sources[module], set(sources)) if one.name in sources]
    return reached


def test_every_import_is_allowed() -> None:
    sources = _product()
    pure = pure_of(sources)
    found = [
        line for module, source in sources.items() for line in violations(module, source, set(sources), pure)
    ]
    assert not found, "\n".join(found)


def circle(sources: dict[str, str]) -> list[str]:
    """Modules of which each imports the next, and the last the first; empty: there is no circle."""
    arrows = {module: [each.name for each in imports(sources[module], set(sources))] for module in sources}
    done: set[str] = set()

    def found(module: str, way: list[str]) -> list[str]:
        if module in way:
            return way[way.index(module) :]
        if module in done or module not in arrows:
            return []
        for name in arrows[module]:
            if round_trip := found(name, [*way, module]):
                return round_trip
        done.add(module)
        return []

    return next((round_trip for module in arrows if (round_trip := found(module, []))), [])


def test_no_modules_import_each_other() -> None:
    assert circle(_product()) == []


def test_a_circle_is_found_where_only_types_are_imported_too() -> None:
    late = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import x"
    sources = {"a": "import b", "b": "def f():\n    from c import y", "c": late, "d": "import a"}
    assert sorted(circle(sources)) == ["a", "b", "c"]
    assert circle({**sources, "c": ""}) == []


def test_every_room_of_the_core_stands_on_a_floor() -> None:
    named = {room for floor in CORE_FLOORS for room in floor}
    there = {".".join(module.split(".")[:3]) for module in _product() if module.startswith("bridge.core.")}
    assert named == there


def test_nothing_that_safety_loads_brings_what_it_must_not_have() -> None:
    sources = _product()
    found = [
        f"hal.safety loads {module}, which imports {one.name} (line {one.line})"
        for module in _reached(lambda module: fits(module, ("hal.safety.*",)), sources)
        for one in imports(sources[module], set(sources))
        if one.name.split(".")[0] in NOT_IN_SAFETY
    ]
    assert not found, "\n".join(found)


def test_what_must_be_pure_says_so() -> None:
    sources = _product()
    silent = {module for module in sources if fits(module, MUST_SAY_PURE)} - pure_of(sources)
    missing = [one for one in MUST_SAY_PURE if one.removesuffix(".*") not in sources]
    assert not silent, f"must say PURE, or be in a package that does: {sorted(silent)}"
    assert not missing, f"must be pure, but are not there: {missing}"


# Each socket has such a limit and a name of its own.
OF_ANY_SOCKET = {"LINE_LIMIT", "SOCKET_NAME", "VERSION"}


def constants(source: str) -> set[str]:
    """Those of the module, private or not, without their underscore."""
    targets = [
        target
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return {name.lstrip("_") for name in names if name.isupper()}


def test_what_two_processes_share_is_declared_once() -> None:
    sources = _product()
    shared = constants(sources.pop("hal.contract")) - OF_ANY_SOCKET
    found = {f"{module}: {name}" for module, source in sources.items() for name in constants(source) & shared}
    assert not found, f"hal/contract.py has it already, import it: {sorted(found)}"


def test_a_cancelled_wait_ends() -> None:
    """Python 3.11's wait_for swallows a cancellation that comes together with what it waits for: a program
    that was told to end then lives on. `asyncio.timeout` does not."""
    found = [module for module, source in _product().items() if "asyncio.wait_for(" in source]
    assert not found, f"use asyncio.timeout in {found}"


LATE = ("aioftp", "aiohttp", "aiomqtt", "cryptography", "prometheus_client")  # 18 MiB that only errands need


def test_an_idle_bridge_loads_no_library_for_errands() -> None:
    script = f"import sys, bridge.app; print([name for name in {LATE} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


OURS = {
    "deploy.slots.steps",
    "hal", "hal.contract", "hal.configuration.wallbox_file", "hal.core", "hal.core.evse",
    "hal.core.plug.lock", "hal.mock.simulated_box", "hal.mock.plant.rcm", "hal.instruments.meter.poll",
    "bridge", "bridge.app", "bridge.core", "bridge.core.session",
    "bridge.core.limits.limit", "bridge.core.transaction.connector", "bridge.store.database",
}  # fmt: skip
PURE_OURS = pure_of(
    {
        "hal.core": '"""PURE: all of it."""',
        "hal.core.evse": "",
        "hal.core.plug.lock": "",
        "hal.mock.plant.rcm": '"""PURE: itself."""',
        "bridge.core": '"""PURE: all of it."""',
        "bridge.core.session": '"""Not pure by a word in its middle: PURE."""',
        "bridge.store.database": '"""It says nothing of PURE."""',
    }
)


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("hal.core.evse", "import time", "a pure module"),
        ("hal.core.evse", "def f():\n    import asyncio", "a pure module"),
        ("hal.core.evse", "from hal.mock import box", "a pure module"),
        ("hal.core.evse", "from datetime import datetime\nx = datetime.now()", "reads the clock"),
        ("hal.mock.plant.rcm", "import random", "a pure module"),
        ("bridge.core.session", "import logging", "a pure module"),
        ("bridge.core.session", "from bridge.store.database import x", "a pure module"),
        ("hal.core.plug.lock", "import hal.core.evse", "arrows point down"),
        ("bridge.store.database", "from hal.configuration.wallbox_file import load", "bridge knows only"),
        ("bridge.store.database", "from hal.configuration import wallbox_file", "bridge knows only"),
        ("hal.safety.loop", "from bridge.core import session", "hal knows nothing"),
        ("hal.safety.loop", "import threading", "not in the process"),
        ("hal.safety.loop", "from hal.instruments import meters", "may import only"),
        ("hal.instruments.meter.poll", "import hal.core.evse", "may import only"),
        ("bridge.local.state", "import websockets.asyncio.client", "only bridge.central_system.handshake"),
        ("bridge.app", "import typer", "only bridge.cli"),
        ("bridge.core.session", "from bridge import app", "arrows point down"),
        ("bridge.central_system.link", "from bridge.hal_client import x", "arrows point down"),
        ("bridge.core.session", "from bridge.core.limits import limit", "arrows point down"),
        ("bridge.core.limits.limit", "from bridge.core.transaction import connector", "arrows point down"),
        ("bridge.core.limits.limit", "from bridge.core.reporting.status import x", "arrows point down"),
        (
            "bridge.core.reporting.reports",
            "from bridge.core.transaction.connector import x",
            "arrows point down",
        ),
        ("bridge.core.maintenance.x", "from bridge.core.transaction import connector", "arrows point down"),
        ("bridge.core.transaction.connector", "import bridge.core.charge_point", "arrows point down"),
        ("bridge.core.now", "def f():\n    from bridge.core.session import x", "arrows point down"),
        ("bridge.core.nowhere", "from bridge.core import session", "stands on no floor"),
        ("bridge.nowhere", "from bridge.core import session", "stands on no floor"),
        ("bridge.store.database", "from . import x", "imports are absolute"),
        ("deploy.slots.boot", "from bridge.store import database", "root's program knows only"),
        ("bridge.app", "from deploy.slots import steps", "nobody imports root's program"),
    ],
)
def test_a_violation_is_found(module: str, source: str, why: str) -> None:
    found = violations(module, source, OURS, PURE_OURS)
    assert any(why in line for line in found), found


def test_what_is_allowed_is_not_found() -> None:
    source = "import json\nfrom bridge.core import session\nfrom hal import contract\n"
    assert violations("bridge.store.database", source, OURS, PURE_OURS) == []
    assert violations("bridge.core.reporting.status", source, OURS, PURE_OURS) == []
    down = "from bridge.core.limits.limit import x\nfrom bridge.core.transaction import stop"
    assert violations("bridge.core.transaction.connector", down, OURS, PURE_OURS) == []


# Where texts of others are made visible: whatever is logged passes `hal.logs`, and the terminal one function.
SOLE_CALLERS = {
    "basicConfig": ("hal.logs",),
    "StreamHandler": ("hal.logs",),
    "JournalHandler": ("hal.logs",),
    "addHandler": (),
    "echo": ("bridge.cli.main", "bridge.cli.mock"),
}


def calls_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id


def test_every_log_passes_the_one_border_of_texts() -> None:
    found = [
        f"{module} calls {name}"
        for module, source in _product().items()
        for name in calls_of(source)
        if module not in SOLE_CALLERS.get(name, (module,))
    ]
    assert not found, found
    (echo,) = re.findall(r"typer\.echo\(.*", _product()["bridge.cli.main"])
    assert echo.startswith("typer.echo(visible(")


def test_one_place_makes_contexts_of_tls() -> None:
    """So that there is one place to require TLS 1.2, to check names and certificates; one shows our own."""
    making = re.compile(r"create_default_context|ssl\.SSLContext\(|_create_unverified|ssl=True")
    sources = [path for folder in ("bridge", "hal") for path in (ROOT / folder).rglob("*.py")]
    found = {path.name for path in sources if making.search(path.read_text())}
    assert found == {"certificate.py", "trust.py"}

"""`evse-bridge mock`: moves the simulated wallbox of `evse-bridge run --mock`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.folders import CommandError, of_running
from bridge.mock_client import ask
from hal.visible import visible

LINE_MOST = 2_000

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="MOCK: control the simulated wallbox.")

RuntimeDir = Annotated[
    Path | None, typer.Option("--runtime-dir", help="Folder of mock.sock.", show_default=False)
]

PLAIN_VERBS = {
    "plug-in": "Connect the car. It takes energy as soon as current is offered.",
    "plug-out": "Disconnect the car. Refused while the lock holds the plug.",
    "unplug-at-car": "Unplug the cable at the car; it stays in the socket.",
    "ready": "Let the car ask for energy again.",
    "pause": "Let the car ask for no energy until `ready`.",
    "power-cut": "Switch the mains off. Every line falls, all programs are killed.",
    "power-on": "Switch the mains on: the box boots.",
}


class Kernel(StrEnum):
    """What happens to the outputs of a dead program."""

    keeps = "keeps"
    releases = "releases"


class Phases(StrEnum):
    """On how many phases the car's charger draws current."""

    one = "1"
    three = "3"


def _say(runtime_dir: Path | None, request: dict[str, Any]) -> None:
    answer = ask(of_running((None, None, runtime_dir), mock=True).runtime, request)
    typer.echo(f"MOCK {' '.join(str(word) for word in request.values())}: ok", err=bool(answer))
    if answer:
        typer.echo(json.dumps(answer, indent=2))


def _plain(verb: str) -> Callable[[RuntimeDir], None]:
    def command(runtime_dir: RuntimeDir = None) -> None:
        _say(runtime_dir, {"do": verb})

    return command


for _verb, _text in PLAIN_VERBS.items():
    app.command(_verb, help=f"MOCK: {_text}")(_plain(_verb))


@app.command()
def swipe(tag: str, runtime_dir: RuntimeDir = None) -> None:
    """MOCK: Present a card to the reader."""
    _say(runtime_dir, {"do": "swipe", "tag": tag})


@app.command()
def fault(name: str, runtime_dir: RuntimeDir = None) -> None:
    """MOCK: Begin a fault. An unknown name lists all names."""
    _say(runtime_dir, {"do": "fault", "name": name})


@app.command()
def clear(name: str, runtime_dir: RuntimeDir = None) -> None:
    """MOCK: End a fault."""
    _say(runtime_dir, {"do": "clear", "name": name})


@app.command()
def car(
    phases: Annotated[Phases | None, typer.Option(show_default=False)] = None,
    amps: Annotated[
        float | None,
        typer.Option(help="Highest current per phase.", min=6, max=80, show_default=False),
    ] = None,
    runtime_dir: RuntimeDir = None,
) -> None:
    """MOCK: Change the car's charger. An option that is left out stays as it is."""
    given = {"phases": None if phases is None else int(phases), "amps": amps}
    _say(runtime_dir, {"do": "car"} | {name: value for name, value in given.items() if value is not None})


@app.command()
def house(
    load_a: Annotated[
        list[float] | None,
        typer.Argument(metavar="[L1 L2 L3]", min=0, max=400, show_default=False),
    ] = None,
    solar_w: Annotated[
        float | None,
        typer.Option("--solar-w", help="What the roof gives, W.", min=0, max=100_000, show_default=False),
    ] = None,
    runtime_dir: RuntimeDir = None,
) -> None:
    """MOCK: Set what the house draws, and what its roof gives.

    Amperes on each phase; one number means all three. What is left out stays as it is. The box must have a
    house meter ([house] in wallbox.toml).
    """
    given: dict[str, Any] = {} if solar_w is None else {"solar_w": solar_w}
    if load_a:
        if len(load_a) not in (1, 3):
            raise CommandError(f"MOCK house: {len(load_a)} loads: must be one, or three for L1, L2 and L3")
        given["load_a"] = load_a * 3 if len(load_a) == 1 else load_a
    _say(runtime_dir, {"do": "house"} | given)


@app.command()
def kernel(policy: Kernel, runtime_dir: RuntimeDir = None) -> None:
    """MOCK: Choose what becomes of a dead program's outputs."""
    _say(runtime_dir, {"do": "kernel", "policy": str(policy)})


@app.command()
def copper(
    parts: Annotated[list[str] | None, typer.Argument(metavar="[PART=VALUE]...", show_default=False)] = None,
    draw: Annotated[
        int | None, typer.Option(metavar="SEED", help="Draw all parts within their tolerances.")
    ] = None,
    nominal: Annotated[
        bool, typer.Option("--nominal", help="Set all parts as in the reference circuit.")
    ] = False,
    runtime_dir: RuntimeDir = None,
) -> None:
    """MOCK: Set tolerances, hum, noise and bounce. Shows all of them.

    For example: source_high_v=11.4 hum_v=2 hum_hz=50. An unknown part is answered with the list.
    """
    given = dict(_part(text) for text in parts or ())
    _say(runtime_dir, {"do": "copper", "parts": given, "draw": draw, "nominal": nominal})


def _part(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CommandError(f"MOCK copper: {text}: must be PART=VALUE with a number, as hum_v=2")
    return name, number


@app.command("cp-open")
def cp_open(
    ms: Annotated[float, typer.Argument(min=0.5, max=60_000)],
    runtime_dir: RuntimeDir = None,
) -> None:
    """MOCK: Open the pilot's contact once, for MS milliseconds."""
    _say(runtime_dir, {"do": "cp-open", "ms": ms})


@app.command()
def disturb(
    name: Annotated[str, typer.Argument(metavar="INPUT")], pattern: str, runtime_dir: RuntimeDir = None
) -> None:
    """MOCK: Make samples of an input bad. PATTERN is of 0 and 1, one digit each 10 ms; 0 ends it."""
    _say(runtime_dir, {"do": "disturb", "input": name, "pattern": pattern})


@app.command("kernel-hang")
def kernel_hang(
    bites_after_s: Annotated[
        float | None,
        typer.Argument(metavar="[SECONDS]", min=0, max=3600, show_default=False),
    ] = None,
    runtime_dir: RuntimeDir = None,
) -> None:
    """MOCK: Stop all programs of the Pi. After SECONDS, if given, a watchdog reboots it."""
    given = {} if bites_after_s is None else {"bites_after_s": bites_after_s}
    _say(runtime_dir, {"do": "kernel-hang"} | given)


@app.command()
def state(runtime_dir: RuntimeDir = None) -> None:
    """MOCK: Print the whole state of box and car, as JSON."""
    _say(runtime_dir, {"do": "state"})


@app.command("central-system")
def central_system(
    port: Annotated[
        int, typer.Option(help="Where it listens, on this machine only.", min=1, max=65535)
    ] = 9000,
) -> None:
    """MOCK: Run a small Central System. It is the demo's, for a try-out; it shows each message."""
    from bridge.demo import alone

    alone.run(port, lambda line: typer.echo(f"MOCK {visible(line, LINE_MOST)}"))

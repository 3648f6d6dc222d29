"""`evse-bridge`: what a person or a unit starts. Every command imports what it needs when it runs.

Exit codes: 0; 1 it failed; 2 a wrong configuration or a wrong use. An error is one clear line, no traceback.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import mock as mock_commands
from bridge.cli.folders import CliError, chosen

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="An OCPP 1.6J charge point for a wallbox on a Raspberry Pi.",
)
config_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Write and check the two configuration files."
)
app.add_typer(config_app, name="config")
app.add_typer(mock_commands.app, name="mock")

ConfigDir = Annotated[
    Path | None,
    typer.Option("--config-dir", help="Folder of wallbox.toml and charge-point.toml.", show_default=False),
]
StateDir = Annotated[
    Path | None, typer.Option("--state-dir", help="Folder of all that lasts.", show_default=False)
]
RuntimeDir = Annotated[
    Path | None, typer.Option("--runtime-dir", help="Folder of the sockets.", show_default=False)
]
Mock = Annotated[bool, typer.Option("--mock", help="MOCK: the simulated wallbox.")]


@config_app.command()
def init(config_dir: ConfigDir = None, mock: Mock = False) -> None:
    """Write both files, commented. Files that are there stay as they are."""
    from bridge.cli import config

    for line in config.init(chosen(config_dir, None, None, mock=mock).config, mock=mock):
        typer.echo(f"{'MOCK ' * mock}{line}")


@config_app.command()
def check(config_dir: ConfigDir = None, mock: Mock = False) -> None:
    """List every fault of both files: file, line, key, value and what is allowed."""
    from bridge.cli import config

    for line in config.check(chosen(config_dir, None, None, mock=mock).config, mock=mock):
        typer.echo(f"{'MOCK ' * mock}{line}")


@app.command()
def run(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Run all programs in the foreground."""
    from bridge.cli import run as runner

    folders = chosen(config_dir, state_dir, runtime_dir, mock=mock)
    raise typer.Exit(runner.run(folders, new_config=mock and config_dir is None))


@app.command()
def safety(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Run hal.safety alone: the wallbox's reflexes."""
    _become("hal.safety", config_dir, state_dir, runtime_dir, mock=mock)


@app.command()
def instruments(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Run hal.instruments alone: meter, card reader, temperatures."""
    _become("hal.instruments", config_dir, state_dir, runtime_dir, mock=mock)


@app.command()
def bridge(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Run the bridge alone: the charge point."""
    _become("bridge", config_dir, state_dir, runtime_dir, mock=mock)


@app.command()
def datatransfer(
    vendor: Annotated[str, typer.Argument(help="vendorId.", show_default=False)],
    message: Annotated[str, typer.Argument(help="messageId; empty: none.", show_default=False)],
    data: Annotated[str | None, typer.Argument(help="What it carries.", show_default=False)] = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Send a DataTransfer to the Central System through the running bridge; 0: Accepted."""
    from bridge.cli import data_transfer
    from bridge.local.orders import SendDataTransfer

    runtime = chosen(None, None, runtime_dir, mock=mock).runtime
    for line in data_transfer.send(runtime, SendDataTransfer(vendor, message or None, data)):
        typer.echo(f"{'MOCK ' * mock}{line}")


@app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Somebody has looked; do not ask.")] = False,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
) -> None:
    """Clear the faults that only a person may clear (welded contactor, emergency stop ...)."""
    from bridge.cli.clear import clear as cleared

    def sure(faults: list[str]) -> bool:
        for line in faults:
            typer.echo(f"{'MOCK ' * mock}{line}")
        return yes or typer.confirm("Have you looked at each, and put it right?")

    for line in cleared(chosen(None, None, runtime_dir, mock=mock).runtime, sure):
        typer.echo(f"{'MOCK ' * mock}{line}")


def _become(
    module: str, config_dir: Path | None, state_dir: Path | None, runtime_dir: Path | None, *, mock: bool
) -> None:
    """This process turns into that program, without the memory of a command line."""
    folders = chosen(config_dir, state_dir, runtime_dir, mock=mock)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-I", "-u", "-m", module, *folders.arguments])


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running to play with.")] = False,
) -> None:
    """MOCK: A whole charging session, shown live."""
    from bridge.cli.demo import command as shown

    raise typer.Exit(shown.run(keep=keep))


@app.command()
def doctor(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
    no_card: Annotated[bool, typer.Option("--no-card", help="Do not ask for a card.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="The cable lock may move; do not ask.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object; nobody is asked anything.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write a commissioning sheet (HTML) there.", show_default=False),
    ] = None,
) -> None:
    """Check everything of an installed box; each line says what was measured and what to do."""
    from bridge.cli.doctor import command as doctors

    options = doctors.Options(card=not no_card, yes=yes, json=json, sheet=report)
    raise typer.Exit(doctors.run(chosen(config_dir, state_dir, runtime_dir, mock=mock), options))


@app.command()
def sessions(
    config_dir: ConfigDir = None,
    state_dir: StateDir = None,
    runtime_dir: RuntimeDir = None,
    mock: Mock = False,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Only what the Central System does not know wholly.")
    ] = False,
    resend: Annotated[
        int | None, typer.Option("--resend", metavar="ID", help="Offer a session given up again.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write CSV there.", show_default=False)
    ] = None,
) -> None:
    """List what was charged, and whether the Central System knows it."""
    from bridge.cli import sessions as shown

    folders = chosen(config_dir, state_dir, runtime_dir, mock=mock)
    if resend is not None:
        typer.echo(shown.resend(folders, resend))
        return
    listed = shown.listed if export is None else partial(shown.export, file=export)
    for line in listed(folders, undelivered=undelivered):
        typer.echo(f"{'MOCK ' * mock}{line}")


def main() -> None:
    """The console script."""
    try:
        app()
    except CliError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

"""`evse-bridge`: what a person or a unit starts. Every command imports what it needs when it runs.

Exit codes: 0; 1 it failed; 2 a wrong configuration or a wrong use; 3 of `why`: no current flows, of `setup`:
it goes on after a reboot. An error is one clear line, no traceback.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from functools import partial
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bridge.backup.judging import Refusal
from bridge.cli import mock as mock_commands
from bridge.cli.options import (
    Answering,
    AsJson,
    ConfigDir,
    Examining,
    Looking,
    Mock,
    PassphraseFile,
    Running,
    Where,
    spread,
)
from bridge.folders import CommandError, MisuseError, chosen, is_there
from hal.visible import visible

PROGRAM = "evse-bridge"
LINE_MOST = 10_000  # characters on a terminal
ORDER = (
    "status", "why", "start", "stop", "limit", "sessions", "report", "profiles", "keys", "frames",
    "page-code", "doctor", "clear", "setup", "config", "update", "backup", "restore", "datatransfer",
    "demo", "mock", "run", "bridge", "safety", "instruments",
)  # fmt: skip


class ProfileAction(StrEnum):
    """What is done with charging profiles, if they are not to be listed."""

    clear = "clear"


class InOrder(TyperGroup):
    """Lists what an owner needs first."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's own
        """Returns the names as `--help` shows them; what has no place comes last."""
        return sorted(self.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    cls=InOrder,
    context_settings={"help_option_names": ["-h", "--help"]},
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


def _print_version(asked: bool) -> None:
    if asked:
        from bridge import version

        _say(version.full())
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read what stands before a command."""


@config_app.command()
def init(config_dir: ConfigDir = None, mock: Mock = False) -> None:
    """Write both files with comments. A file that exists stays as it is."""
    from bridge import config_files

    for line in config_files.init(chosen(config_dir, None, None, mock=mock).config, mock=mock):
        _say(line, mock=mock)


@config_app.command()
def check(config_dir: ConfigDir = None, mock: Mock = False) -> None:
    """List every fault of the files. Each line names file, line, key, value and what is allowed."""
    from bridge import config_files

    folder = chosen(config_dir, None, None, mock=mock).config
    for line in config_files.check(folder, mock=mock, owner=True):
        _say(line, mock=mock)


@config_app.command()
def migrate(
    config_dir: ConfigDir = None,
    mock: Mock = False,
    json: Annotated[
        bool, typer.Option("--json", help="Change nothing: print the new texts as JSON, for an update.")
    ] = False,
) -> None:
    """Change files of an older version into files of this one. It shows each change, and keeps both."""
    from bridge import config_migration

    folder = chosen(config_dir, None, None, mock=mock).config
    if json:
        _say_whole(dumps(config_migration.texts(folder, mock=mock)))
        return
    for line in config_migration.migrate(folder, mock=mock):
        _say(line, mock=mock)


@app.command()
@spread
def run(where: Where) -> None:
    """Run all programs of the box, without systemd."""
    from bridge.cli import backup as backups
    from bridge.run import command as runner

    folders = where.folders()
    for line in backups.finish_interrupted(folders):
        _say(line, mock=folders.mock)
    raise typer.Exit(runner.run(folders, new_config=where.mock and where.config_dir is None))


@app.command()
@spread
def safety(where: Where) -> None:
    """Run only hal.safety: control pilot, contactor, cable lock."""
    _become("hal.safety", where)


@app.command()
@spread
def instruments(where: Where) -> None:
    """Run only hal.instruments: meter, cards, lamp."""
    _become("hal.instruments", where)


@app.command()
@spread
def bridge(where: Where) -> None:
    """Run only the bridge: the OCPP charge point."""
    _become("bridge", where)


@app.command()
@spread
def datatransfer(
    vendor: Annotated[str, typer.Argument(help="vendorId.", show_default=False)],
    message: Annotated[str, typer.Argument(help='messageId; "" for none.', show_default=False)],
    data: Annotated[
        str | None, typer.Argument(help="The data field; leave it out for none.", show_default=False)
    ] = None,
    *,
    running: Running,
) -> None:
    """Send a DataTransfer to the Central System. The running bridge sends it; exit code 0: Accepted."""
    from bridge.cli import data_transfer
    from bridge.cli.asking import is_mock
    from bridge.local.orders import SendDataTransfer

    mock = running.mock or is_mock(running.folder())
    for line in data_transfer.send(running.folder(), SendDataTransfer(vendor, message or None, data)):
        _say(line, mock=mock)


@app.command()
@spread
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: a person has looked at the box.")] = False,
    *,
    running: Running,
) -> None:
    """Clear faults that only a person may clear. It shows each, a welded contactor for example, and asks."""
    from bridge.cli.asking import is_mock
    from bridge.cli.clear import clear as cleared

    mock = running.mock or is_mock(running.folder())

    def sure(faults: list[str]) -> bool:
        for line in faults:
            _say(line, mock=mock)
        return yes or _agreed("Have you looked at each of them, and removed its cause?")

    for line in cleared(running.folder(), sure):
        _say(line, mock=mock)


def _become(module: str, where: Where) -> None:
    """Turns this process into that program, without the memory of a command line."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-I", "-u", "-m", module, *where.folders().arguments])


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running, to play with.")] = False,
) -> None:
    """MOCK: Show a whole charging session."""
    from bridge.demo import command as shown

    raise typer.Exit(shown.run(keep=keep))


@app.command()
@spread
def doctor(where: Where, examining: Examining) -> None:
    """Check every part of a running box. Each line says what was measured and what to do."""
    from bridge.cli.asking import identity
    from bridge.doctor import command as doctors

    options = doctors.Options(
        lambda runtime_dir: identity(runtime_dir).version,
        card=not examining.no_card,
        yes=examining.yes,
        json=examining.json,
        sheet=examining.report,
    )
    raise typer.Exit(doctors.run(where.running(), options))


@app.command()
@spread
def setup(
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", metavar="FILE", help="Ask nothing: take the answers from a file.", show_default=False
        ),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring config.txt and cmdline.txt back.")] = False,
    *,
    where: Where,
) -> None:
    """Set up this box from boot files to the Central System. It shows each change before it makes it."""
    from bridge.cli.asking import identity
    from bridge.setup import command as setups
    from bridge.setup.steps import Options

    options = Options(lambda runtime_dir: identity(runtime_dir).version, answers=answers, undo=undo)
    folders = setups.meant((where.config_dir, where.state_dir, where.runtime_dir), mock=where.mock)
    raise typer.Exit(setups.run(folders, options))


@app.command()
@spread
def status(
    looking: Looking,
    watch: Annotated[bool, typer.Option("--watch", help="Draw again each second, until Ctrl-C.")] = False,
    *,
    running: Running,
) -> None:
    """Say what the box does, and why it charges or does not."""
    from bridge.cli import looking as look

    say = look.words_of(looking.language)
    if watch:
        look.watch(running.folder(), say, json=looking.json)
        return
    for line in look.status(running.folder(), say, json=looking.json):
        _say(line)


@app.command()
@spread
def why(looking: Looking, *, running: Running) -> None:
    """Say why the car charges or does not, and what to do. Exit code 0: current flows; 3: none does."""
    from bridge.cli import looking as look

    state = look.seen(running.folder())
    for line in look.why(state, look.words_of(looking.language), json=looking.json):
        _say(line)
    raise typer.Exit(0 if state.charges else look.NO_CURRENT)


@app.command()
@spread
def start(
    id_tag: Annotated[
        str, typer.Argument(metavar="ID_TAG", help="That of the card, as your operator knows it.")
    ],
    *,
    running: Running,
) -> None:
    """Ask to charge, as if this card were held to the box."""
    from bridge.cli import ordering

    _say(ordering.start(running.folder(), id_tag))


@app.command()
@spread
def stop(running: Running) -> None:
    """Stop charging, whoever has started it."""
    from bridge.cli import ordering

    _say(ordering.stop(running.folder()))


@app.command()
@spread
def limit(
    amps: Annotated[
        str, typer.Argument(metavar="AMPS|off", help="At most so much, on each phase; 0 pauses.")
    ],
    *,
    running: Running,
) -> None:
    """Set your own limit, which lasts until it is off. The least of all limits counts."""
    from bridge.cli import ordering

    _say(ordering.limit(running.folder(), amps))


@app.command()
@spread
def keys(json: AsJson = False, *, running: Running) -> None:
    """List the OCPP keys: value, who set it, and what it does."""
    from bridge.cli import ordering

    for line in ordering.keys(running.folder(), json=json):
        _say_whole(line) if json else _say(line)


@app.command()
@spread
def frames(
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help="Only frames with this text.", show_default=False)
    ] = "",
    json: AsJson = False,
    *,
    running: Running,
) -> None:
    """List the newest messages of the Central System's link."""
    from bridge.cli import ordering

    for line in ordering.frames(running.folder(), text, json=json):
        _say_whole(line) if json else _say(line)


@app.command()
@spread
def sessions(
    where: Where,
    undelivered: Annotated[
        bool,
        typer.Option("--undelivered", help="Only sessions that the Central System does not have completely."),
    ] = False,
    resend: Annotated[
        int | None,
        typer.Option("--resend", metavar="ID", help="Send the dead letter with this number again."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write a CSV file.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List all sessions in local time. Each says what the Central System lacks."""
    from bridge.cli import sessions as shown
    from bridge.cli.meant import meant

    folders = where.running()
    if json:
        sys.stdout.write(f"{shown.as_json(folders, undelivered=undelivered)}\n")  # ASCII, of any length
        return
    mock = meant(folders).mock
    if resend is not None:
        _say(shown.resend(folders, resend), mock=mock)
        return
    listed = shown.listed if export is None else partial(shown.export, file=export)
    for line in listed(folders, undelivered=undelivered):
        _say(line, mock=mock)


@app.command("page-code")
@spread
def page_code(
    where: Where,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove passwords and tokens of the page: one was forgotten.")
    ] = False,
) -> None:
    """Show the code for the first password of the page."""
    from bridge.cli import page_code as page

    folders = where.running()
    for line in page.forget(folders) if forget else page.shown(folders):
        _say(line, mock=folders.mock)


@app.command()
@spread
def report(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="As 2026-11.", show_default=False)],
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="ID_TAG", help="Only this card.", show_default=False)
    ] = None,
    price: Annotated[
        str | None, typer.Option("--price", help="Of one kWh, for example 0.30.", show_default=False)
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="Of the price.")] = "EUR",
    export: Annotated[
        Path | None, typer.Option("--export", help="Write a CSV file.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    *,
    where: Where,
) -> None:
    """Sum up a month by card: readings, energy, and what it costs. It is no evidence in calibration law."""
    from bridge.cli import report as reports
    from bridge.cli.meant import meant

    folders, wanted = where.running(), reports.Wanted(month, tag, price, currency)
    if json:
        sys.stdout.write(f"{reports.as_json(folders, wanted)}\n")  # ASCII, of any length
        return
    told = reports.shown(folders, wanted) if export is None else [reports.export(folders, wanted, export)]
    mock = meant(folders).mock
    for line in told:
        _say(line, mock=mock)


@app.command()
@spread
def profiles(
    action: Annotated[
        ProfileAction | None, typer.Argument(metavar="clear", help="Remove them.", show_default=False)
    ] = None,
    profile_id: Annotated[
        int | None, typer.Argument(metavar="ID", help="Only this one; else all.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before they are removed.")] = False,
    *,
    where: Where,
) -> None:
    """List charging profiles, or clear them. Each line says what it limits, and which counts now."""
    from bridge.cli import profiles as shown
    from bridge.cli.meant import meant

    folders = where.running()
    mock = meant(folders).mock

    def sure(them: list[str]) -> bool:
        for line in them:
            _say(line, mock=mock)
        return yes or _agreed("Remove them? The Central System is not informed, and may set them again.")

    lines = shown.listed(folders) if action is None else [shown.clear(folders, profile_id, sure)]
    for line in lines:
        _say(line, mock=mock)


@app.command()
def update(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL", help="The archive; its manifest lies beside it.", show_default=False
        ),
    ],
    allow_older: Annotated[
        bool, typer.Option("--allow-older", help="Also a version older than the one that runs.")
    ] = False,
) -> None:
    """Install a signed version as soon as no car charges. One that does not prove itself is taken back."""
    from bridge.cli import update as updates

    raise typer.Exit(updates.update(what, updates.Installed(), allow_older=allow_older))


@app.command()
@spread
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Is written; one that exists is kept.")],
    move: Annotated[
        bool,
        typer.Option("--move", help="Move to another box: from now on this one sends nothing any more."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    *,
    where: Where,
) -> None:
    """Write all of this box into an encrypted file. It may run; with --move it must not charge."""
    from bridge.cli import backup as backups

    backups.ended_in_words()
    folders = where.running()
    backups.require_rights(folders)
    make = backups.move if move else backups.back_up
    for line in make(folders, file.absolute(), backups.new_passphrase(passphrase_file)):
        _say(line, mock=folders.mock)


@app.command()
@spread
def restore(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Written by `backup`.", show_default=False)
    ] = None,
    finish: Annotated[bool, typer.Option("--finish", help="End a restore that was interrupted.")] = False,
    passphrase_file: PassphraseFile = None,
    *,
    answers: Answering,
    where: Where,
) -> None:
    """Put a backup on this box: all of it or nothing. What was here before is kept."""
    from bridge.cli import backup as backups

    backups.ended_in_words()
    folders = where.running()
    if finish == (file is not None):
        raise MisuseError("name the FILE of a backup, or say --finish")
    backups.require_rights(folders)
    if file is not None and not is_there(file):
        raise MisuseError(f"{file}: no such file that can be read")

    def sure(refusal: Refusal) -> bool:
        if sys.stdin is None or not sys.stdin.isatty():
            return False
        _say(refusal, mock=folders.mock)
        return typer.confirm(f"Go on ({refusal.option})?")

    if file is None:
        lines = backups.finish(folders)
    else:
        content = backups.opened(file.absolute(), backups.passphrase(passphrase_file))
        lines = backups.restore(folders, content, answers.given(), sure)
    for line in lines:
        _say(line, mock=folders.mock)


def _agreed(question: str) -> bool:
    """Asks at the terminal. Raises CommandError when nobody answers: Ctrl-C, no input, its end."""
    try:
        if sys.stdin is not None:
            return typer.confirm(question)
    except typer.Abort:
        _say("")  # ends the line of the question
    raise CommandError("nothing was cleared; without a terminal, --yes asks nothing")


def _say(line: str, *, mock: bool = False, err: bool = False) -> None:
    """Writes one line, whatever others have put into it."""
    typer.echo(visible(f"{'MOCK ' * mock}{line}", LINE_MOST), err=err)


def _say_whole(line: str) -> None:
    """Writes one line of JSON, of any length. It is ASCII: what is none to see is escaped."""
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Runs the console script: a CommandError becomes its text on stderr and its exit code."""
    try:
        app(prog_name=PROGRAM)  # also where it is started as a module
    except CommandError as error:
        for line in str(error).splitlines():
            _say(line, err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

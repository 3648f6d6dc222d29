"""`evse-bridge page-code`: the code with which the first password of the page is set."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.folders import CommandError, Folders, unusable
from bridge.local.web.access.kept import CODE_FILE_NAME, FILE_NAME
from bridge.run.programs import LOCAL_FOLDER
from hal import durable


def shown(folders: Folders) -> Iterator[str]:
    """Yields the code, or why there is none. Raises CommandError."""
    folder = folders.state / LOCAL_FOLDER
    try:
        yield durable.read(folder / CODE_FILE_NAME, 64).decode("ascii", "replace").strip()
    except FileNotFoundError:
        if (folder / FILE_NAME).exists():
            yield "a password is set, so there is no code; `page-code --forget` removes the password"
            return
        raise CommandError(
            f"{folder / CODE_FILE_NAME}: there is no code yet: evse-local makes it when it starts"
        ) from None
    except OSError as error:
        raise unusable(error, "--state-dir") from None


def forget(folders: Folders) -> Iterator[str]:
    """Removes passwords and tokens of the page, and says what to do then. Raises CommandError."""
    try:
        (folders.state / LOCAL_FOLDER / FILE_NAME).unlink(missing_ok=True)
    except OSError as error:
        raise unusable(error, "--state-dir") from None
    yield "passwords and tokens of the page are removed"
    again = "sudo systemctl restart evse-local" if folders.by_units else "start `evse-bridge run` again"
    yield f"{again}; then `page-code` shows a new code"

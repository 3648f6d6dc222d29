"""A model of lgpio 0.2.2 as far as we use it, installed as a module of that name below a folder.

Its import makes a FIFO in the working directory and opens it, as the real one does (tried: 0.2.2.0): where
that is read-only or full it raises FileNotFoundError. Chip 0 is there. Each line that is claimed is written
to `claimed` beside the module; a number in `busy` is refused.
"""

from __future__ import annotations

from pathlib import Path

SOURCE = """\
import os
from pathlib import Path

HERE = Path(__file__).parent


class error(Exception):
    pass


try:
    if os.path.exists(".lgd-nfy0"):
        os.unlink(".lgd-nfy0")
    os.mkfifo(".lgd-nfy0")
    handle = 0
except OSError:
    handle = -3
_file = os.open(f".lgd-nfy{handle}", os.O_RDWR)


def gpiochip_open(chip):
    if chip != 0:
        raise error("can not open gpiochip")
    return 7


def gpio_claim_output(opened, line, level):
    busy = HERE / "busy"
    if busy.exists() and str(line) in busy.read_text().split():
        raise error("GPIO busy")
    with (HERE / "claimed").open("a") as claimed:
        claimed.write(f"{opened} {line} {level}\\n")
    return 0
"""


def install(folder: Path) -> None:
    """The module, to be found with `folder` on sys.path."""
    folder.mkdir()
    (folder / "lgpio.py").write_text(SOURCE)

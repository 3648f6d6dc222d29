"""A real FTP server in a process of its own: `python -m tests.bridge.jobs.ftp_server FOLDER [CERTIFICATE]`.

Prints its port. User `box 1`, password `p@ss/word`; what is uploaded lies in FOLDER. `full.json` is on a
disk without space. With a certificate: AUTH TLS, and nothing without it.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import IO, Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of asyncore, on which it stands
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.filesystems import AbstractedFS
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer

USER = "box 1"
PASSWORD = "p@ss/word"
USER_IN_URL = "box%201:p%40ss%2Fword"


class FullDisk(AbstractedFS):  # type: ignore[misc]
    """A file named `full.json` is written to a disk without space."""

    def open(self, filename: str, mode: str) -> IO[Any]:
        if Path(filename).name == "full.json":
            return Path("/dev/full").open(mode, buffering=0)
        opened: IO[Any] = super().open(filename, mode)
        return opened


def main(folder: str, certificate: str | None = None) -> None:
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, folder, perm="elw")
    kind = TLS_FTPHandler if certificate else FTPHandler
    kind.authorizer = authorizer
    kind.abstracted_fs = FullDisk
    if certificate:
        kind.certfile = certificate
        kind.tls_control_required = kind.tls_data_required = True
    server = FTPServer(("127.0.0.1", 0), kind)
    print(server.address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

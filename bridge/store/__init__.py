"""What lasts: transaction rows, their samples, the messages not yet delivered, and remembered values.

`Database` is the whole store, synchronous; `writer.Writer` is the same store for the event loop, written by
one thread (an fsync was seen to take 158 ms). Both read through `Reads`; both raise `StoreError`, and
`ChangeError` for what is a bug of the caller.
"""

from bridge.store.database import Database
from bridge.store.errors import ChangeError, StoreError
from bridge.store.reads import Reads

__all__ = ["ChangeError", "Database", "Reads", "StoreError"]

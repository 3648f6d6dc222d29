"""The conversation with the Central System. Only `handshake.py` and `link.py` know sockets and tasks."""

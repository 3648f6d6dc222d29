"""The conversation with the Central System. Only `link.py` knows sockets, tasks and a clock."""

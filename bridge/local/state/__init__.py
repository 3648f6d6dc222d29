"""PURE: one model of what is so, for every face of the owner: command line, page, messages."""

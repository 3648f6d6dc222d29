"""The command line: thin, with late imports; the only place of typer."""

"""`evse-bridge doctor`: the installer's one command."""

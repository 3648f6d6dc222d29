"""`evse-bridge run`: the programs of one box, kept running as systemd would."""

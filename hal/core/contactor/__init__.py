"""PURE: the contactor: its commands, its mirror contact, and the trip when it is welded."""

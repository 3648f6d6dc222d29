"""wallbox.toml: the parts of this wallbox. It belongs to root; only `hal` reads it."""

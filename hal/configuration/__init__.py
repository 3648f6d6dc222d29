"""wallbox.toml: what this wallbox is made of. Root's file, read only by `hal`."""

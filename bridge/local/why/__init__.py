"""PURE: why the car charges or does not: the chain of hindrances as a table, in English and German."""

"""The Raspberry Pi below the programs: which board it is, and what its firmware reads at a boot."""

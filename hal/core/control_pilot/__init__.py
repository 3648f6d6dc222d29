"""PURE: the control pilot: its levels, the vehicle state behind them, and what it offers."""

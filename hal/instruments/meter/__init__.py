"""The energy meter: any make over Modbus, and the one count that never runs back."""

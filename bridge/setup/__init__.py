"""`evse-bridge setup`: takes a Raspberry Pi from the installed package to a wallbox that charges."""

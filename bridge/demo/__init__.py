"""`evse-bridge demo`: a whole charging session on the mock wallbox, shown live."""

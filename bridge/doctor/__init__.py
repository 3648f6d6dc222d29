"""`evse-bridge doctor`: checks every part of a box for the installer."""

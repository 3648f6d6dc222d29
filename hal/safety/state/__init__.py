"""What outlasts `hal.safety`: its file, the process that writes it, and who may."""

"""The socket of `hal.safety`: its clients, who they may be, and what is relayed."""

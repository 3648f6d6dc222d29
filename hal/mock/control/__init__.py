"""mock.sock: how the simulated world is moved and seen."""

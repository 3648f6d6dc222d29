"""mock.sock: the control of the simulated world."""

"""What the plots are drawn from."""

"""The owner's side: what the commands of this machine ask of the running bridge."""

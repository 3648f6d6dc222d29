"""Messages: what an owner must know, said once when it begins and once when it ends."""

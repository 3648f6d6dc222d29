"""The page and the REST interface: the only part of the owner's side that strangers can reach."""

"""The card reader: from its bytes to presented cards."""

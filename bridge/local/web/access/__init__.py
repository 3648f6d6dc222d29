"""Who may do what on the page: passwords, sessions, tokens, and how often somebody may try."""

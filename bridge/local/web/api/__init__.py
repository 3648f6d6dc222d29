"""The REST interface, /api/v1: one table of operations, from which requests, answers and document come."""

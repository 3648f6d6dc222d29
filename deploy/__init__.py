"""Root's programs on a box (`slots`), and what builds package and image."""

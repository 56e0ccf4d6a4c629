"""Nouns: everything that is written on a topic or in a table."""

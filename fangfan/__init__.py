"""Doors: what a person types or opens."""

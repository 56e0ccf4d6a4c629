"""Benchmarks: what a report costs, stage by stage, and how soon an alert can be read. Nothing here passes or fails."""

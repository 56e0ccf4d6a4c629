"""Actors: the only place with Faust, Kafka, RocksDB, the clock, the environment, logs and metrics."""

"""Verbs: the pure path of a record, read downwards.

normalise   bytes -> Report, RegistryChange or Rejection     streams.normalise
place       Report -> its household's partition              streams.topics, streams.persons
household   (facts, Report) -> facts                         streams.household
assess      facts -> Assessment                              streams.assess, streams.rules, streams.ledger
alert       (thread, Assessment) -> transition               streams.alerts
publish     transition -> bytes                              schemas.codec
"""

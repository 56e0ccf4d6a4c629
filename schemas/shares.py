"""What workers tell each other when their group shares out the partitions; travels inside Kafka's group protocol.

Workers of neighbouring releases share one group: fields are only added at the end.
"""

import msgspec


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What a worker brings: partitions it works on, those it follows, and those it once had the state of.

    ``standby``: it is ready to follow partitions of others. ``generation``: that of the group which gave it what it works on.
    """

    owned: tuple[int, ...] = ()
    follows: tuple[int, ...] = ()
    holds: tuple[int, ...] = ()
    standby: bool = False
    generation: int = 0


class Share(msgspec.Struct, frozen=True, array_like=True):
    """What a worker is given beside its partitions: those of others that it follows."""

    follows: tuple[int, ...] = ()

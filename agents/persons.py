"""The person index of one partition: whose household a person belongs to, and reports that wait until somebody knows."""

from agents.overlay import read
from agents.reading import Record
from agents.store import PARKED, PERSON, Store
from agents.work import Headers, Outgoing, Work
from schemas import codec
from schemas.registry import PersonClaim, PersonState
from streams.free_text import kept
from streams.persons import household_of, merge_claim
from streams.topics import Topic, partition_of


class Persons:
    """Reads and changes the index within one batch."""

    def __init__(self, partition: int, partitions: int, store: Store, work: Work) -> None:
        """Bind a partition's store to the batch under way."""
        self._partition, self._partitions, self._store, self._work = partition, partitions, store, work

    def find(self, person: str, record: Record, origin: Headers) -> str | None:
        """Return the household of a person's report; where it is not known here, send the report on or let it wait."""
        where = partition_of(person, self._partitions)
        if where != self._partition:
            sent = Outgoing(Topic.PERSONS, where, person.encode(), kept(record.value), record.timestamp, origin)
            self._work.outgoing.append(sent)
            return None
        state = self._person(person)
        household = household_of(state)
        if household is not None:
            return household
        self._work.changes[_parked_key(person, state.parked)] = codec.encode_parked(
            record.timestamp, kept(record.value), origin
        )
        state.parked += 1
        self._work.changes[PERSON + person.encode()] = codec.encode_person(state)
        self._work.tally.parked += 1
        return None

    def claim(self, claim: PersonClaim) -> None:
        """Take in what a registry entry says of a person; reports that waited for it go to their household, in order."""
        before = self._person(claim.person_id)
        state = merge_claim(before, claim)
        household = household_of(state)
        if household is not None:
            for number in range(state.released, state.parked):
                self._release(_parked_key(claim.person_id, number), household)
            state.released = state.parked
        self._work.changes[PERSON + claim.person_id.encode()] = codec.encode_person(state)

    def _release(self, key: bytes, household: str) -> None:
        data = read(self._store, self._work, key)
        if data is None:
            return
        timestamp, value, headers = codec.decode_parked(data)
        where = partition_of(household, self._partitions)
        self._work.outgoing.append(Outgoing(Topic.REROUTED, where, household.encode(), value, timestamp, headers))
        self._work.tally.rerouted["person"] += 1
        self._work.changes[key] = None
        self._work.tally.parked -= 1

    def _person(self, person: str) -> PersonState:
        data = read(self._store, self._work, PERSON + person.encode())
        return codec.decode_person(data) if data is not None else PersonState({})


def _parked_key(person: str, number: int) -> bytes:
    return PARKED + person.encode() + b"\0" + number.to_bytes(6, "big")

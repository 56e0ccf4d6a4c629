"""The index of links of one partition: whom an area event reaches, now and when a household is linked later."""

from agents.overlay import entries
from agents.store import EVENT, LINK, Store
from agents.work import Headers, Outgoing, Work
from schemas import codec
from schemas.areas import AreaNotice, LinkClaim
from schemas.household import Facts
from streams import free_text
from streams.areas import counts_no_more, link_claims, reaches, report_of, told_later
from streams.topics import Topic, partition_of


class Areas:
    """Reads and changes the index within one batch. It lies in the store and changelog of the person index."""

    def __init__(self, partition: int, partitions: int, store: Store, work: Work) -> None:
        """Bind a partition's store to the batch under way."""
        self._partition, self._partitions, self._store, self._work = partition, partitions, store, work

    def tell(self, household: str, before: Facts, after: Facts) -> None:
        """Send what changed of a household's links to where they are kept."""
        for claim in link_claims(household, before, after):
            where = partition_of(claim.link, self._partitions)
            self._work.outgoing.append(Outgoing(Topic.PERSONS, where, claim.link.encode(), codec.encode_link(claim)))

    def hear(self, notice: AreaNotice, value: bytes, timestamp: int, origin: Headers) -> None:
        """Keep an event and send it to every household linked now; where its links are not kept here, send it on."""
        where = partition_of(notice.link, self._partitions)
        if where != self._partition:
            self._work.outgoing.append(
                Outgoing(Topic.PERSONS, where, notice.link.encode(), free_text.kept(value), timestamp, origin)
            )
            return
        kept = _key(EVENT, notice.link)
        for key, data in entries(self._store, self._work, kept).items():
            if counts_no_more(codec.decode_area(data)[0].occurred_at, notice.occurred_at):
                self._work.changes[key] = None
        self._work.changes[kept + notice.event.event_id.encode()] = codec.encode_area(notice, timestamp, origin)
        prefix = _key(LINK, notice.link)
        for key, area in entries(self._store, self._work, prefix).items():
            self._send(notice, key[len(prefix) :].decode(), area.decode(), timestamp, origin)

    def link(self, claim: LinkClaim) -> None:
        """Take in that a household is linked, and send it what is kept of events; or that it is not any more."""
        key = _key(LINK, claim.link) + claim.household_id.encode()
        if not claim.linked:
            self._work.changes[key] = None
            return
        self._work.changes[key] = claim.area_code.encode()
        kept = [codec.decode_area(data) for data in entries(self._store, self._work, _key(EVENT, claim.link)).values()]
        for notice, timestamp, origin in sorted(kept, key=lambda each: told_later(each[0])):
            self._send(notice, claim.household_id, claim.area_code, timestamp, origin)

    def _send(self, notice: AreaNotice, household: str, area: str, timestamp: int, origin: Headers) -> None:
        if reaches(notice.event.area_code, area):
            where, value = partition_of(household, self._partitions), report_of(notice.event, household, area)
            self._work.outgoing.append(Outgoing(Topic.REROUTED, where, household.encode(), value, timestamp, origin))
            self._work.tally.rerouted["area"] += 1


def _key(kind: bytes, link: str) -> bytes:
    return kind + link.encode() + b"\0"

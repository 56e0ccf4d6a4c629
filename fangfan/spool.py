"""Sorts more records than memory holds into files by household, person or link: each part can be computed by itself."""

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from streams.area_arrivals import Heard, Linked
from streams.arrivals import Arrival, Claimed

_encoder = msgspec.msgpack.Encoder()
_arrivals = msgspec.msgpack.Decoder(list[Arrival])
_claims = msgspec.msgpack.Decoder(list[Claimed])
_events = msgspec.msgpack.Decoder(list[Heard])
_links = msgspec.msgpack.Decoder(list[Linked])


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder of files by kind and part; each process appends to its own, a whole frame at a time."""

    folder: Path
    parts: int

    def part_of(self, name: str) -> int:
        """Return the part that a household, person or link belongs to."""
        return zlib.crc32(name.encode()) % self.parts

    def add_arrivals(self, kind: str, arrivals: Iterable[Arrival]) -> None:
        """Put records into the parts of whom they reach."""
        self._add(kind, ((each.reaches, each) for each in arrivals))

    def add_claims(self, claims: Iterable[Claimed]) -> None:
        """Put claims into the parts of their persons."""
        self._add("claims", ((each.claim.person_id, each) for each in claims))

    def add_events(self, events: Iterable[Heard]) -> None:
        """Put area events into the parts of the links they follow."""
        self._add("events", ((each.notice.link, each) for each in events))

    def add_links(self, links: Iterable[Linked]) -> None:
        """Put what households say of links into the parts of these."""
        self._add("links", ((each.claim.link, each) for each in links))

    @property
    def eventful(self) -> bool:
        """Whether there is any area event."""
        return any(self._where("events", part).exists() for part in range(self.parts))

    def arrivals(self, kind: str, part: int) -> list[Arrival]:
        """Return the records of a part, in no order."""
        return [each for frame in self._frames(kind, part) for each in _arrivals.decode(frame)]

    def claims(self, part: int) -> list[Claimed]:
        """Return the claims of a part, in no order."""
        return [each for frame in self._frames("claims", part) for each in _claims.decode(frame)]

    def events(self, part: int) -> list[Heard]:
        """Return the area events of a part, in no order."""
        return [each for frame in self._frames("events", part) for each in _events.decode(frame)]

    def links(self, part: int) -> list[Linked]:
        """Return what households say of the links of a part, in no order."""
        return [each for frame in self._frames("links", part) for each in _links.decode(frame)]

    def _add(self, kind: str, named: Iterable[tuple[str, Any]]) -> None:
        by_part: dict[int, list[Any]] = {}
        for name, each in named:
            by_part.setdefault(self.part_of(name), []).append(each)
        for part, members in by_part.items():
            frame = _encoder.encode(members)
            folder = self._where(kind, part)
            folder.mkdir(exist_ok=True)
            with (folder / str(os.getpid())).open("ab") as file:
                file.write(len(frame).to_bytes(8, "big") + frame)

    def _frames(self, kind: str, part: int) -> Iterator[bytes]:
        folder = self._where(kind, part)
        for path in folder.iterdir() if folder.exists() else ():
            with path.open("rb") as file:
                while head := file.read(8):
                    yield file.read(int.from_bytes(head, "big"))

    def _where(self, kind: str, part: int) -> Path:
        return self.folder / f"{kind}.{part}"

"""A partition's store as the batch under way has changed it: what a batch wrote is read before what is stored."""

from agents.store import Store
from agents.work import Work


def read(store: Store, work: Work, key: bytes) -> bytes | None:
    """Return a key's value, None where there is none."""
    return work.changes[key] if key in work.changes else store.get(key)


def entries(store: Store, work: Work, prefix: bytes) -> dict[bytes, bytes]:
    """Return what stands under a prefix, by key in order."""
    changed = {key: value for key, value in work.changes.items() if key.startswith(prefix)}
    found = {key: value for key, value in store.scan(prefix) if key not in changed}
    found |= {key: value for key, value in changed.items() if value is not None}
    return dict(sorted(found.items()))

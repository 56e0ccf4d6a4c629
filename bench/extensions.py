"""What each extension of the first contract adds to a report, in one process, beside the plain job."""

import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from agents.collector import tune_collector
from agents.due_index import DueIndex
from agents.households import Households
from agents.policies import Judge
from agents.reading import Record as Taken
from agents.settings import DEFAULT_POLICY
from agents.store import Store
from agents.work import Work
from bench import extended
from bench.load import NOW, Record
from bench.report import table
from fangfan.sent import Sent
from streams.policies import BEGINNING, FILE, Version, policies_of
from streams.policy import Policy
from streams.policy_parse import parse_policy
from streams.topics import Topic

BATCH: Final = 1_500
"""Records of a batch: what a lane takes in one turn when much is waiting."""
STAMP: Final = int(NOW.timestamp())
HALF_WAY: Final = NOW.date().toordinal() - 60
"""The ordinal day on which a second version takes effect."""
CHANGELOG: Final = "changelog"
AGAIN: Final = (Topic.PERSONS, Topic.REROUTED)
"""Topics that lanes write and read."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Extension:
    """One way to run the job: what it changes in the policy and in what is reported, and what stands beside it."""

    name: str
    change: Callable[[Document], None] = lambda _: None
    reported: Callable[[list[Sent]], list[Sent]] = list
    ticks: bool = False
    shadow: bool = False
    versions: int = 1


@dataclass(slots=True)
class Measured:
    """CPU µs a report of each round, and records sent a report."""

    cpu_us: list[float] = field(default_factory=list)
    sent: float = 0.0


def _areas(document: Document) -> None:
    document["rules"]["scale-risk"]["enabled"] = True


def _shares(document: Document) -> None:
    document["rules"]["scale-risk"] |= {"enabled": True, "share": Decimal("0.1")}


def _window(document: Document) -> None:
    document["rules"]["noise"]["window-days"] = 7


def _everything(document: Document) -> None:
    _shares(document)
    _window(document)


EXTENSIONS: Final = (
    Extension("plain: reports, ledger, evidence"),
    Extension("area alerts by number (as in the default policy)", _areas),
    Extension("area alerts by share: every household is counted", _shares),
    Extension("a window that damps", _window),
    Extension(f"signals: {extended.SIGNAL_SHARE:.0%} of the reports carry one", reported=extended.signals),
    Extension(f"cases: steps of {extended.CASE_SHARE:.0%} of the households", reported=extended.cases),
    Extension(
        f"area events: one to {extended.EVENT_EACH} reports, {extended.GROWERS_SHARE:.0%} of the households linked",
        reported=extended.area_events,
    ),
    Extension("ticks: the index of due households", ticks=True),
    Extension("a second version, in effect half-way", versions=2),
    Extension("a shadow policy", shadow=True),
    Extension("all of these", _everything, extended.everything, ticks=True, shadow=True, versions=2),
)


def document_of(extension: Extension, version: int = 1, line: str = "") -> Document:
    """Return the default policy without area alerts and window, as an extension changes it, under another version's number."""
    document = tomllib.loads(DEFAULT_POLICY.read_text("utf-8"), parse_float=Decimal)
    document["rules"]["scale-risk"]["enabled"] = False
    extension.change(document)
    document["version"] = str(version)
    if line:
        document["rules"]["income-drop"]["fires-from"] = Decimal(line)
    return document


def policy_of(extension: Extension, version: int = 1, line: str = "") -> Policy:
    """Return what such a document says."""
    return parse_policy(document_of(extension, version, line), "bench", [])


def judge_of(extension: Extension, middle: int) -> Judge:
    """Return what judges: one version, or another from an ordinal day on, and a shadow where there is one."""
    versions = [Version(policy_of(extension), BEGINNING, FILE, None, b"")]
    if extension.versions > 1:
        versions.append(Version(policy_of(extension, 2, "0.35"), middle, 0, STAMP * 10**9, b""))
    shadow = policy_of(extension, 3, "0.25") if extension.shadow else None
    return Judge(policies_of(tuple(versions)), shadow, STAMP * 10**9)


def run(
    extension: Extension, registry: Sequence[tuple[str, Taken]], reports: Sequence[tuple[str, Taken]], middle: int
) -> tuple[float, float]:
    """Take in everything; return CPU µs and records sent a report, of the reports alone."""
    with tempfile.TemporaryDirectory(prefix="fangfan-bench-") as folder:
        store, judge = Store(Path(folder)), judge_of(extension, middle)
        index = DueIndex(store, (CHANGELOG,), judge) if extension.ticks else None
        job = Households(0, 1, "", store, judge, index=index)
        _take(job, store, registry, walks=judge.walks)
        tune_collector()
        began = time.process_time()
        sent = _take(job, store, reports, walks=judge.walks)
        used = time.process_time() - began
        store.close()
    return used / len(reports) * 1e6, sent / len(reports)


def _take(job: Households, store: Store, records: Sequence[tuple[str, Taken]], *, walks: bool) -> int:
    """Batch by batch, with a slice of the households to be judged again beside each, and what was moved or told in the next."""
    sent, told = 0, list[tuple[str, Taken]]()
    for start in range(0, len(records), BATCH):
        done = [job.run([*records[start : start + BATCH], *told], STAMP * 10**9)]
        if walks and (piece := job.slice(STAMP * 10**9)) is not None:
            done.append(piece)
        told = [each for work in done for each in _told(work)]
        for work in done:
            assert not work.tally.rejections, work.tally.rejections
            sent += len(work.outgoing)
            store.write([*work.changes.items(), *work.index.items()], {}, work.tally.new_households)
    return sent


def _told(work: Work) -> list[tuple[str, Taken]]:
    """Return what a lane reads again of what a batch sent."""
    return [
        (each.topic.value, Record(0, STAMP * 1_000, each.key, each.value, [])) for each in work.outgoing if each.topic in AGAIN
    ]


def taken(sent: list[Sent]) -> tuple[list[tuple[str, Taken]], list[tuple[str, Taken]]]:
    """Return the registry, and all else that was sent, as a lane gets them."""
    records: list[tuple[str, Taken]] = [
        (each.topic, Record(at, STAMP * 1_000, each.key.encode(), each.payload, [])) for at, each in enumerate(sent)
    ]
    households = Topic.HOUSEHOLDS
    return [each for each in records if each[0] == households], [each for each in records if each[0] != households]


def measure(sent: list[Sent], rounds: int) -> str:
    """Return the table: medians of the rounds, and the medians of each round's ratio."""
    given = {each.reported: taken(each.reported(sent)) for each in EXTENSIONS}
    found = {each.name: Measured() for each in EXTENSIONS}
    for number in range(rounds):
        print(f"... one process, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for each in EXTENSIONS:  # side by side, so that a slow moment of the machine meets all of them
            used, found[each.name].sent = run(each, *given[each.reported], HALF_WAY)
            found[each.name].cpu_us.append(used)
    plain = found[EXTENSIONS[0].name]
    rows = [
        [name, f"{statistics.median(each.cpu_us):.1f}",
         f"{statistics.median(a / b for a, b in zip(each.cpu_us, plain.cpu_us, strict=True)):.2f}", f"{each.sent:.2f}"]
        for name, each in found.items()
    ]  # fmt: skip
    return table(["what is on", "CPU µs/report", "of plain", "records sent a report"], rows)

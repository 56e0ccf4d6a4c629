"""Sends what stands in files: what is wrong goes to a rejects file with row, column and reason."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agents.settings import Settings
from agents.topics import MAX_INPUT_BYTES
from fangfan import removals
from fangfan.cells import CellError
from fangfan.confirming import Confirming
from fangfan.mapping import Mapping, to_report
from fangfan.options import on_broker, stopped
from fangfan.rejects import Refused, forget, write
from fangfan.tables import FileError, Header, Row, read_lines, read_table
from schemas.areas import AreaNotice
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from schemas.reports import Report
from streams.free_text import kept
from streams.identity import has_identity_number
from streams.normalise import Message, normalise
from streams.topics import TOPIC_OF, Topic

LINES: Final = frozenset({".jsonl", ".ndjson", ".json"})
TABLES: Final = frozenset({".csv", ".xlsx"})
REFUSED_ZH: Final = {
    RejectionCode.NULL_VALUE: "没有内容",
    RejectionCode.NOT_UTF8: "不是UTF-8",
    RejectionCode.NOT_JSON: "不是JSON",
    RejectionCode.NOT_AN_OBJECT: "不是JSON对象",
    RejectionCode.DUPLICATE_KEY: "字段重复",
    RejectionCode.MISSING_FIELD: "缺少内容",
    RejectionCode.WRONG_TYPE: "类型不符",
    RejectionCode.INVALID_VALUE: "取值不合要求",
    RejectionCode.UNKNOWN_FACT: "事实类型不明",
    RejectionCode.FACT_NOT_ALLOWED: "该渠道不可报告此类事实",
    RejectionCode.WRONG_SCHEMA: "报告类型不符",
    RejectionCode.IDENTITY_NUMBER: "含身份证号码",
    RejectionCode.FUTURE_EVENT: "发生时间在未来",
    RejectionCode.INVALID_KEY: "户编号不合要求",
    RejectionCode.INTERNAL_ERROR: "内部错误",
}
"""Why a row is refused, for whoever sent it; the English words that follow are more exact."""

NO_HEADER: Final = "表头不全（首个非空行视为表头），缺少 the header, which is the first row that is not empty, lacks"

MOST_BYTES: Final = MAX_INPUT_BYTES - 1_024
"""What a record's value may take: around it stand its key and the batch's header."""
TURN: Final = 200
"""After so many rows others have a turn, Ctrl-C among them: nothing waits where rows are only refused."""


@dataclass(slots=True)
class Outcome:
    """What became of all rows; ``done`` where all were read and what was sent is confirmed."""

    begun: bool = False
    done: bool = False
    confirmed: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)


class Ready(NamedTuple):
    """A record as it is sent; a ``timestamp`` (ms) where it is not that of the moment."""

    topic: Topic
    key: bytes
    value: bytes | None
    timestamp: int | None = None


Item = Ready | Refused


def read_file(path: Path, mapping: Mapping, now: datetime) -> Iterator[Item]:
    """Yield what a file holds, row by row: a valid record, or why there is none.

    Raises:
        FileError: the file as a whole cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in LINES:
        for number, line in read_lines(path):
            yield _checked(line, Refused(path.name, "", number, "", ""), None, mapping)
    elif suffix in TABLES:
        yield from _read_rows(path, mapping, now)
    else:
        raise FileError(f"{path}: 文件类型不支持 takes .csv, .xlsx, .jsonl, .ndjson or .json")


def _read_rows(path: Path, mapping: Mapping, now: datetime) -> Iterator[Item]:
    """Yield the rows of a table; of a sheet by whose header none could be right, one refusal."""
    lacking: list[str] = []
    for row in read_table(path):
        if isinstance(row, Header):
            lacking = mapping.lacking(row.columns)
            if lacking:
                yield Refused(path.name, row.sheet, 0, "", f"{NO_HEADER} {'; '.join(lacking)}")
        elif not lacking:
            where = Refused(path.name, row.sheet, row.number, "", "")
            try:
                value = orjson.dumps(to_report(row, mapping, now))
            except CellError as error:
                yield replace(where, column=error.column, reason=error.reason)
                continue
            yield _checked(value, where, row, mapping)


def _checked(value: bytes, where: Refused, row: Row | None, mapping: Mapping) -> Item:
    """Read a record as the worker will, so that what would be dead-lettered is refused here."""

    def refused(path: str, reason: str) -> Refused:
        column = mapping.column_of(path.rpartition(".")[2], row) if row is not None else path
        return replace(where, column=column, reason=reason)

    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return refused("$", "不是一个JSON对象 is not one JSON object")
    schema = document.get("schema") if isinstance(document, dict) else None
    removes = schema == removals.SCHEMA
    topic = Topic.HOUSEHOLDS if removes else TOPIC_OF.get(schema) if isinstance(schema, str) else None
    if topic is None:
        return refused("$.schema", "报告类型不明 must be one of " + ", ".join([*TOPIC_OF, removals.SCHEMA]))
    now = int(time.time() * 1000)
    message = removals.sendable(value, now) if removes else normalise(topic, None, value, now)
    if isinstance(message, Rejection):
        choices = _choices(document, message, mapping) if row is not None else ""
        found = refused(message.field, f"{REFUSED_ZH[message.code]} {message.message}{choices}")
        if row is not None and message.code is RejectionCode.IDENTITY_NUMBER:  # the record does not say where
            return replace(found, column="、".join(_with_identity_numbers(row)) or found.column)
        return found
    ready = _ready(topic, message, value)
    if ready is None:
        return refused("$.schema", "不是报告 is not a report")
    if len(ready.value or b"") > MOST_BYTES:
        return refused("$", f"记录过大 is larger than {MOST_BYTES:,} bytes")
    return ready


def _ready(topic: Topic, message: Message, value: bytes) -> Ready | None:
    """Return a record that was read as it is sent, None where nobody but a worker sends such."""
    match message:
        case AreaNotice():  # keyed by what it is about, so that what is said of one thing keeps its order
            return Ready(topic, message.event.about.encode(), kept(value))
        case RegistryChange(entry=None):
            return Ready(topic, message.household_id.encode(), None, removals.timestamp_of(message))
        case RegistryChange():
            return Ready(topic, message.household_id.encode(), kept(value))
        case Report():
            return Ready(topic, str(message.household_id or message.person_id).encode(), kept(value))
        case _:
            return None


def _with_identity_numbers(row: Row) -> list[str]:
    return [column for column, cell in row.cells.items() if has_identity_number(cell.encode())]


def _choices(report: dict[str, Any], found: Rejection, mapping: Mapping) -> str:
    """Return what a row's fact may say instead, where it said something outside of a closed set."""
    field = found.field.removeprefix("$.facts[0].")
    if field == found.field or found.code not in (RejectionCode.INVALID_VALUE, RejectionCode.UNKNOWN_FACT):
        return ""
    (fact,) = report["facts"]
    choices = mapping.choices(fact["type"], field)
    return f": 可填 one of {'、'.join(choices)}" if choices else ""


def publish_files(files: list[Path], settings: Settings, mapping: Mapping, rejects: Path, console: Console) -> int:
    """Send all files; returns 0 only where every row went. One broken file does not hold up the others."""
    outcome = Outcome()
    try:
        on_broker(settings, lambda _: _publish(files, settings, mapping, console, outcome), list(TOPIC_OF.values()))
    except KeyboardInterrupt:
        raise stopped() from None
    finally:  # also of what broke off people want to know how far it went
        if outcome.begun:
            _tell(outcome, settings, files, rejects, console)
    return 1 if outcome.refused else 0


def _tell(outcome: Outcome, settings: Settings, files: list[Path], rejects: Path, console: Console) -> None:
    """Write the rejects file and show what went and what did not."""
    table = Table("topic 主题", "confirmed 已送达")
    for topic, count in sorted(outcome.confirmed.items()):
        table.add_row(topic.removeprefix(settings.topic_prefix), str(count))
    console.print(table if outcome.confirmed else "nothing was sent 未发送任何内容")
    if outcome.refused:
        whole = sum(not each.row for each in outcome.refused)
        rows = len(outcome.refused) - whole
        counts = [f"{rows} rows 行"] * bool(rows) + [f"{whole} whole files or sheets 整个文件或工作表"] * bool(whole)
        console.print(f"refused 未发送: {', '.join(counts)}, see {rejects}", style="red")
        for each in outcome.refused[:5]:
            console.print(f"  {each.where}: {each.reason}", highlight=False, markup=False)
    if not outcome.done:
        console.print("not all was read: publish the same files again, what arrives twice counts once "
                      "未发完，请再次发送同样的文件，重复送达只计一次", style="red")  # fmt: skip
    if outcome.refused:
        write(rejects, outcome.refused)
    elif outcome.done:
        forget(rejects, {path.name for path in files})


async def _publish(files: list[Path], settings: Settings, mapping: Mapping, console: Console, outcome: Outcome) -> None:
    async with Confirming(settings) as sending:
        outcome.begun, outcome.confirmed = True, sending.confirmed
        with Progress(console=console) as progress:
            for path in files:
                task = progress.add_task(path.name, total=None)
                items = progress.track(read_file(path, mapping, datetime.now(UTC)), task_id=task)
                try:
                    await _send(sending, settings, items, outcome)
                except FileError as error:
                    outcome.refused.append(Refused(path.name, "", 0, "", str(error).removeprefix(str(path)).lstrip(" :")))
                progress.update(task, total=progress.tasks[task].completed or 1)
    outcome.done = True


async def _send(sending: Confirming, settings: Settings, items: Iterable[Item], outcome: Outcome) -> None:
    for number, item in enumerate(items):
        if number % TURN == 0:
            await asyncio.sleep(0)
        if isinstance(item, Refused):
            outcome.refused.append(item)
        else:
            await sending.send(settings.topic(item.topic), item.value, item.key, sent_at=item.timestamp)

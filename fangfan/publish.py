"""Sends reports and area events from files: what is wrong goes to a rejects file with row, column and reason."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agents.settings import Settings
from fangfan.cells import CellError
from fangfan.confirming import Confirming
from fangfan.mapping import Mapping, to_report
from fangfan.options import fail, on_broker
from fangfan.tables import FileError, Row, read_lines, read_table
from schemas.areas import AreaNotice
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from schemas.reports import Report
from streams.free_text import kept
from streams.identity import mask_identity_numbers
from streams.normalise import normalise
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


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not sent."""

    file: str
    sheet: str
    row: int
    column: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of all rows; ``done`` where all were read and what was sent is confirmed."""

    begun: bool = False
    done: bool = False
    confirmed: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)


Item = tuple[Topic, bytes, bytes] | Refused


def read_file(path: Path, mapping: Mapping, now: datetime) -> Iterator[Item]:
    """Yield what a file holds, row by row: a valid record (topic, key, value), or why there is none.

    Raises:
        FileError: the file as a whole cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in LINES:
        for number, line in read_lines(path):
            yield _checked(line, Refused(path.name, "", number, "", ""), None, mapping)
    elif suffix in TABLES:
        for row in read_table(path):
            where = Refused(path.name, row.sheet, row.number, "", "")
            try:
                value = orjson.dumps(to_report(row, mapping, now))
            except CellError as error:
                yield Refused(where.file, where.sheet, where.row, error.column, error.reason)
                continue
            yield _checked(value, where, row, mapping)
    else:
        raise FileError(f"{path}: takes .csv, .xlsx, .jsonl, .ndjson or .json")


def _checked(value: bytes, where: Refused, row: Row | None, mapping: Mapping) -> Item:
    """Read a record as the worker will, so that what would be dead-lettered is refused here."""

    def refused(path: str, reason: str) -> Refused:
        name = path.rpartition(".")[2]
        column = mapping.column_of(name, row) if row is not None else path
        return Refused(where.file, where.sheet, where.row, mask_identity_numbers(column.encode()).decode(), reason)

    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return refused("$", "不是一个JSON对象 is not one JSON object")
    schema = document.get("schema") if isinstance(document, dict) else None
    topic = TOPIC_OF.get(schema) if isinstance(schema, str) else None
    if topic is None:
        return refused("$.schema", "报告类型不明 must be one of " + ", ".join(TOPIC_OF))
    message = normalise(topic, None, value, int(time.time() * 1000))
    if isinstance(message, Rejection):
        choices = _choices(document, message, mapping) if row is not None else ""
        return refused(message.field, f"{REFUSED_ZH[message.code]} {message.message}{choices}")
    value = kept(value) or b""
    if isinstance(message, AreaNotice):  # keyed by what it is about, so that what is said of one thing keeps its order
        return topic, message.event.about.encode(), value
    if isinstance(message, Report | RegistryChange):
        person = message.person_id if isinstance(message, Report) else None
        return topic, str(message.household_id or person).encode(), value
    return refused("$.schema", "不是报告 is not a report")


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
        raise fail("stopped 已中断") from None
    finally:  # also of what broke off people want to know how far it went
        if outcome.begun:
            _tell(outcome, settings, rejects, console)
    return 1 if outcome.refused else 0


def _tell(outcome: Outcome, settings: Settings, rejects: Path, console: Console) -> None:
    """Write the rejects file and show what went and what did not."""
    if outcome.refused:
        with rejects.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "sheet", "row", "column", "reason"])
            writer.writerows((each.file, each.sheet, each.row, each.column, each.reason) for each in outcome.refused)
    table = Table("topic 主题", "confirmed 已送达")
    for topic, count in sorted(outcome.confirmed.items()):
        table.add_row(topic.removeprefix(settings.topic_prefix), str(count))
    console.print(table)
    if outcome.refused:
        console.print(f"refused 未发送: {len(outcome.refused)} rows, see {rejects}", style="red")
        for each in outcome.refused[:5]:
            console.print(f"  {each.file} {each.sheet} row {each.row}, {each.column}: {each.reason}", highlight=False)
    if not outcome.done:
        console.print("not all was read: publish the same files again, what arrives twice counts once "
                      "未发完，请再次发送同样的文件，重复送达只计一次", style="red")  # fmt: skip


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
                    outcome.refused.append(Refused(path.name, "", 0, "file", str(error)))
                progress.update(task, total=progress.tasks[task].completed or 1)
    outcome.done = True


async def _send(sending: Confirming, settings: Settings, items: Iterable[Item], outcome: Outcome) -> None:
    for item in items:
        if isinstance(item, Refused):
            outcome.refused.append(item)
        else:
            topic, key, value = item
            await sending.send(settings.topic(topic), value, key)

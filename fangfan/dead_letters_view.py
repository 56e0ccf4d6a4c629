"""How dead letters look to people: as a table, one by one, as JSON Lines; and what becomes of them."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan.bytes_view import plain, safe, safe_json, value_lines
from fangfan.dead_letters import county_of
from fangfan.looks import grid
from fangfan.redrive import Plan
from schemas.dead_letters import DeadLetter, Handle, Redriven
from streams.redrive import Going, Staying, Why, marks, source_of

WHY: Final = {
    Why.REDRIVEN: "sent back before 已重投",
    Why.MASKED: "masked 已脱敏",
    Why.REFUSED: "refused again 仍不合格",
    Why.NO_SOURCE: "no source 来源不明",
}


def fate(letter: DeadLetter, marker: Redriven | None) -> Text:
    """Return what became of a dead letter, and whether it is a failure for the second time."""
    text = Text()
    if marker is not None and marks(marker, letter):
        text.append(f"sent back 已重投 {marker.redriven_at[:16]}", "green")
    else:
        text.append("open 待处理", "yellow")
    if letter.redriven_from is not None:
        text.append(f"\nfailed again 再次失败, was {letter.redriven_from}", "bold red")
    return text


def source(letter: DeadLetter) -> str:
    """Return where a record lay: topic, partition, offset."""
    return f"{safe(letter.source_topic) or '?'}:{_or_unknown(letter.source_partition)}:{_or_unknown(letter.source_offset)}"


def _or_unknown(number: int | None) -> str:
    return "?" if number is None else str(number)


def letters_table() -> Table:
    """Return an empty table of dead letters."""
    shown = grid()
    shown.add_column("dead letter 死信", no_wrap=True)
    shown.add_column("failed at 时间", no_wrap=True)
    shown.add_column("error 原因", ratio=2, overflow="fold")
    shown.add_column("source 来源", ratio=1, overflow="fold")
    shown.add_column("bytes 字节", justify="right", no_wrap=True)
    shown.add_column("state 状态", ratio=1)
    return shown


def add_letter(shown: Table, letter: DeadLetter, marker: Redriven | None) -> None:
    """Add a dead letter to the table."""
    error = Text(safe(letter.code), "bold").append(f" {safe(letter.field)}\n{safe(letter.message)}", "not bold")
    when = Text(f"{safe(letter.failed_at[:10])}\n{safe(letter.failed_at[11:19])}")
    size = str(len(letter.value)) if letter.value is not None else "null"
    shown.add_row(str(letter.handle), when, error, Text(source(letter)), size, fate(letter, marker))


def counts_table(counts: Counter[tuple[str, str]], still_open: Counter[tuple[str, str]]) -> Table:
    """Return how many dead letters there are by code and source topic, and how many of them were never sent back."""
    shown = grid("code 代码", "topic 主题")
    shown.add_column("count 条数", justify="right")
    shown.add_column("open 待处理", justify="right")
    for (code, topic), count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        shown.add_row(Text(safe(code)), Text(safe(topic)), str(count), str(still_open[code, topic]))
    return shown


def as_json(letter: DeadLetter, marker: Redriven | None, *, values: bool) -> str:
    """Return a dead letter as one line of JSON; with its value it is what a person repairs and gives to redrive.

    A value that is one JSON object stands as it was sent; other text stands as a JSON text; what is not UTF-8 as base64.
    """
    line: dict[str, Any] = {
        "dead_letter": str(letter.handle), "failed_at": letter.failed_at, "code": letter.code, "field": letter.field,
        "message": letter.message,
        "source": {"topic": letter.source_topic, "partition": letter.source_partition, "offset": letter.source_offset},
        "county": county_of(letter), "size": None if letter.value is None else len(letter.value),
        "redriven_from": None if letter.redriven_from is None else str(letter.redriven_from),
        "redriven": marker if marker is not None and marks(marker, letter) else None,
    }  # fmt: skip
    line |= _part("key", letter.key)
    if values:
        document = _object(letter.value)
        line |= _part("value", letter.value) if document is None else {"value": document}
    return safe_json(orjson.dumps(line, default=_builtin))


def _builtin(value: Any) -> Any:
    if isinstance(value, Redriven):
        return {name: getattr(value, name) for name in value.__struct_fields__ if name not in ("schema", "failed_at")}
    raise TypeError


def _object(value: bytes | None) -> orjson.Fragment | None:
    """Return a JSON object byte for byte but for line breaks and tabs, which in JSON stand only where a space may."""
    try:
        if not isinstance(orjson.loads(value or b""), dict):
            return None
    except orjson.JSONDecodeError:
        return None
    return orjson.Fragment((value or b"").translate(bytes.maketrans(b"\t\r\n", b"   ")))


def _part(name: str, data: bytes | None) -> dict[str, Any]:
    try:
        return {name: None if data is None else data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data or b"").decode()}


def show_letter(screen: Console, letter: DeadLetter, marker: Redriven | None, prefix: str) -> None:
    """Print everything about one dead letter, with the field in error where the value is JSON."""
    screen.rule(Text(f"dead letter 死信 {letter.handle}", "bold"), align="left")
    rows = Table.grid(padding=(0, 2))
    error = f"{safe(letter.code)} at {safe(letter.field)}: {safe(letter.message)}"
    for name, text in (
        ("failed at 时间", Text(safe(letter.failed_at))),
        ("error 原因", Text(error, "bold red")),
        ("source 来源", Text(source(letter)).append("" if source_of(letter, prefix) else " (no input topic)", "red")),
        ("county 县", Text(county_of(letter) or "unknown 未知")),
        ("state 状态", fate(letter, marker)),
        ("key 键", Text(plain(letter.key))),
        ("value 值", Text("null 空" if letter.value is None else f"{len(letter.value)} bytes 字节")),
    ):
        rows.add_row(Text(name, "dim"), text)
    if marker is not None and marks(marker, letter):
        there = f"{marker.topic}:{marker.partition}:{marker.offset}, {'repaired' if marker.repaired else 'as it was'}"
        rows.add_row(Text("sent to 重投至", "dim"), Text(f"{there}, {marker.times} ×"))
    screen.print(rows)
    if letter.value is not None:
        for line in value_lines(letter.value, letter.field):
            screen.print(line, soft_wrap=True)


def plan_table(rows: Iterable[tuple[DeadLetter, Going | Staying]], lines: Mapping[Handle, int]) -> Table:
    """Return what would become of dead letters, one by one, with the lines of a file that named them."""
    shown = grid("dead letter 死信", "code 代码")
    shown.add_column("what becomes of it 处理", ratio=1, overflow="fold")
    for letter, verdict in rows:
        if isinstance(verdict, Going):
            how = "repaired 修正后" if verdict.repaired else "as it was 原样"
            words = Text(f"→ {verdict.topic.value}, {how}, key {plain(verdict.key)}", "green")
        else:
            words = Text(f"stays 保留: {safe(verdict.reason)}", "yellow" if verdict.why is Why.REDRIVEN else "red")
        line = f"line 行 {lines[letter.handle]}: " if letter.handle in lines else ""
        shown.add_row(str(letter.handle), Text(safe(letter.code)), Text(line).append(words))
    return shown


def summary(plan: Plan, *, sent: bool) -> Table:
    """Return the counts of a plan, or of what was done."""
    shown = grid()
    shown.add_column("dead letters 死信")
    shown.add_column("count 条数", justify="right")
    if sent:
        shown.add_row("sent back 已重投", str(plan.sent))
        shown.add_row("not reached 未完成", str(len(plan.going) - plan.sent))
    else:
        for topic, count in sorted(plan.topics.items()):
            shown.add_row(f"→ {topic.value}", str(count))
    for why, count in sorted(plan.staying.items()):
        shown.add_row(WHY[why], str(count))
    if plan.missing:
        shown.add_row("not there 不存在", str(len(plan.missing)))
    return shown

"""One HTML page that needs nothing from elsewhere: light, printable, in Chinese and English. What reports have in common."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

STYLE: Final = """
:root { --ink: #1d2733; --dim: #5d6b7a; --rule: #dfe4ea; --soft: #f5f7f9; --old: #a9b4c0; --new: #1f5f8b;
  --added: #c4501b; --removed: #1f8a70; --red: #c62828; --orange: #e07b00; --yellow: #d9a400; --blue: #2a6fc9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 32px 28px 56px; color: var(--ink); background: #fff; font: 15px/1.55
  -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC",
  "Microsoft YaHei", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h1 small, h2 small { color: var(--dim); font-weight: 400; margin-left: .5em; }
h2 { font-size: 18px; margin: 38px 0 10px; padding-bottom: 6px; border-bottom: 1px solid var(--rule); }
p { margin: 6px 0; } .dim { color: var(--dim); }
.tiles { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; margin: 20px 0 6px; }
.tile { background: var(--soft); border-radius: 8px; padding: 12px 16px; }
.tile b { display: block; font-size: 24px; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile span { color: var(--dim); font-size: 13px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; margin: 8px 0; }
th { text-align: right; font-weight: 600; color: var(--dim); border-bottom: 1px solid var(--rule); padding: 5px 8px;
  vertical-align: bottom; font-size: 13px; line-height: 1.3; }
td { text-align: right; padding: 4px 8px; border-bottom: 1px solid #eef1f4; }
th:first-child, td:first-child { text-align: left; }
tr.sum td { font-weight: 600; }
td.up { color: var(--added); } td.down { color: var(--removed); } td.same { background: var(--soft); }
svg { width: 100%; height: auto; display: block; margin: 10px 0 4px; }
svg .label { fill: var(--ink); font-size: 13px; } svg .value { fill: var(--dim); font-size: 12px;
  paint-order: stroke; stroke: #fff; stroke-width: 3px; }
svg .grid { stroke: var(--rule); } svg .axis { stroke: var(--dim); }
svg .mark { stroke: var(--added); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .old { fill: var(--old); } svg .new { fill: var(--new); }
svg .added { fill: var(--added); } svg .removed { fill: var(--removed); }
svg .red { fill: var(--red); } svg .orange { fill: var(--orange); }
svg .yellow { fill: var(--yellow); } svg .blue { fill: var(--blue); }
i.red, i.orange, i.yellow, i.blue { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 6px; }
i.red { background: var(--red); } i.orange { background: var(--orange); } i.yellow { background: var(--yellow); }
i.blue { background: var(--blue); }
@media print { body { padding: 0; max-width: none; font-size: 11px; }
  table, th { font-size: 10px; } h2 { break-after: avoid; }
  svg, tr { break-inside: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { size: A4; margin: 14mm; } }
"""

Cell = str | tuple[str, str]
"""The words of a cell, or its class and its words. Words are escaped; a class is one of :data:`STYLE`."""


def page(zh: str, en: str, *parts: str) -> str:
    """Return a whole page from its title and parts that are HTML already."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(zh)} {escape(en)}</title>'
    body = f"<h1>{escape(zh)}<small>{escape(en)}</small></h1>" + "".join(parts)
    return f'<!doctype html><html lang="zh-CN"><head>{head}<style>{STYLE}</style></head><body>{body}</body></html>\n'


def section(zh: str, en: str, *parts: str) -> str:
    """Return a heading and what stands under it."""
    return f"<h2>{escape(zh)}<small>{escape(en)}</small></h2>" + "".join(parts)


def note(words: str) -> str:
    """Return a paragraph in small print."""
    return f'<p class="dim">{escape(words)}</p>'


def tiles(numbers: Iterable[tuple[str, str]]) -> str:
    """Return numbers that are seen first, each with what it counts."""
    made = (f"<div class=tile><b>{escape(number)}</b><span>{escape(words)}</span></div>" for number, words in numbers)
    return '<div class="tiles">' + "".join(made) + "</div>"


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, total: Sequence[Cell] | None = None) -> str:
    """Return a table; a line break in a header is kept. ``total`` is its last row."""
    head = "".join("<th>" + escape(words).replace("\n", "<br>") + "</th>" for words in header)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    last = f'<tr class="sum">{"".join(map(_cell, total))}</tr>' if total is not None else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}{last}</tbody></table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    style, words = cell
    if style in ("red", "orange", "yellow", "blue"):
        return f'<td><i class="{style}"></i>{escape(words)}</td>'
    return f'<td class="{style}">{escape(words)}</td>'

"""Charts as inline SVG for pages that need nothing from elsewhere: columns by month, bars to both sides of a middle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 960
"""All charts are drawn this wide and scale with the page."""
TICKS: Final = 5
NUMBER_WIDTH: Final = 60
LABELLED_COLUMNS: Final = 14
"""Up to so many groups every column carries its number; with more, only the axis and the titles do."""
LABELLED_GROUPS: Final = 18


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind: what they are, the class that colours them (``page.STYLE``), one value a label."""

    name: str
    style: str
    values: Sequence[int]


def columns(title: str, labels: Sequence[str], series: Sequence[Series], height: int = 300) -> str:
    """Return groups of columns, one group a label, side by side by series."""
    left, bottom, top = 56, height - 34, 26
    step = nice_step(max((value for each in series for value in each.values), default=0))
    ceiling = step * max(1, -(-max((value for each in series for value in each.values), default=0) // step))
    drawn = [_grid_line(left, bottom - (bottom - top) * at / ceiling, f"{at:,}") for at in range(0, ceiling + 1, step)]
    group = (WIDTH - left - 8) / max(1, len(labels))
    wide = min(38.0, group * 0.8 / max(1, len(series)))
    every = -(-len(labels) // LABELLED_GROUPS) if labels else 1
    for number, label in enumerate(labels):
        middle = left + group * (number + 0.5)
        for at, each in enumerate(series):
            value = each.values[number]
            tall = (bottom - top) * value / ceiling
            x = middle + (at - len(series) / 2) * wide
            drawn.append(_rectangle(each, f"{label} {each.name}: {value:,}", x + 1, bottom - tall, wide - 2, tall))
            if value and len(labels) <= LABELLED_COLUMNS:
                drawn.append(text(x + wide / 2, bottom - tall - 5, f"{value:,}", "middle", "value"))
        if number % every == 0:
            drawn.append(text(middle, bottom + 19, label, "middle"))
    return _svg(title, height, [*_legend(series), *drawn])


def both_sides(title: str, labels: Sequence[str], removed: Series, added: Series) -> str:
    """Return a bar a label: what goes to the left of the middle, what comes to the right, with their numbers."""
    row, top, label_width = 26, 30, 250
    height = top + row * len(labels) + 8
    most = [max(each.values, default=0) for each in (removed, added)]
    scale = (WIDTH - label_width - 2 * NUMBER_WIDTH) / max(1, sum(most))
    middle = label_width + NUMBER_WIDTH + scale * most[0]
    drawn = [f'<line class="axis" x1="{middle:.1f}" y1="{top - 4}" x2="{middle:.1f}" y2="{height - 4}"/>']
    for number, label in enumerate(labels):
        y = top + row * number
        gone, come = removed.values[number], added.values[number]
        drawn.append(text(0, y + 17, label, "start"))
        left, right = scale * gone, scale * come
        drawn.append(_rectangle(removed, f"{label} {removed.name}: {gone:,}", middle - left, y + 4, left, row - 8))
        drawn.append(_rectangle(added, f"{label} {added.name}: {come:,}", middle, y + 4, right, row - 8))
        if gone:
            drawn.append(text(middle - left - 6, y + 17, f"−{gone:,}", "end", "value"))
        if come:
            drawn.append(text(middle + right + 6, y + 17, f"+{come:,}", "start", "value"))
    return _svg(title, height, [*_legend([removed, added]), *drawn])


def bars(
    title: str, labels: Sequence[str], series: Sequence[Series], *, words: Callable[[int], str] = "{:,}".format,
    mark: tuple[int, str] | None = None,
) -> str:  # fmt: skip
    """Return a bar a label, made of all series one after the other, with the number they come to.

    ``words`` writes a number; ``mark`` is a value that all bars are compared with, and what it is.
    """
    row, top, left = 26, 30 if len(series) > 1 or mark is not None else 6, 250
    height = top + row * len(labels) + 8
    totals = [sum(each.values[number] for each in series) for number in range(len(labels))]
    most = max((*totals, mark[0] if mark is not None else 0), default=0) or 1
    scale = (WIDTH - left - 90) / most
    drawn, numbers = [], []
    for number, label in enumerate(labels):
        x, y = float(left), top + row * number
        drawn.append(text(0, y + 17, label, "start"))
        for each in series:
            wide = max(0, each.values[number]) * scale
            drawn.append(_rectangle(each, f"{label} {each.name}: {words(each.values[number])}", x, y + 4, wide, row - 8))
            x += wide
        numbers.append(text(x + 6, y + 17, words(totals[number]), "start", "value"))
    if mark is not None:
        x = left + mark[0] * scale
        drawn.append(f'<line class="mark" x1="{x:.1f}" y1="{top - 2}" x2="{x:.1f}" y2="{height - 6}"/>')
        drawn.append(text(x, top - 8, f"{mark[1]} {words(mark[0])}", "middle"))
    return _svg(title, height, [*(_legend(series) if len(series) > 1 else ()), *drawn, *numbers])


def nice_step(most: int) -> int:
    """Return the step of a scale of whole numbers: 1, 2 or 5 times a power of ten, about five of them up to ``most``."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * TICKS >= most:
                return step * factor
        step *= 10


def text(x: float, y: float, words: str, anchor: str, style: str = "label") -> str:
    """Return words at a place."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _grid_line(left: int, y: float, words: str) -> str:
    return f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>' + text(left - 8, y + 4, words, "end")


def _rectangle(series: Series, words: str, x: float, y: float, width: float, height: float) -> str:
    shape = f'<rect class="{series.style}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}">'
    return f"{shape}<title>{escape(words)}</title></rect>"


def _legend(series: Sequence[Series]) -> list[str]:
    """Return the names of series with their colours, from the left of the top line."""
    drawn, x = [], 56.0
    for each in series:
        drawn.append(f'<rect class="{each.style}" x="{x:.1f}" y="2" width="12" height="12"/>')
        drawn.append(text(x + 18, 13, each.name, "start"))
        x += 40 + sum(14 if ord(letter) > 0x2E7F else 7.5 for letter in each.name)
    return drawn


def _svg(title: str, height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        + "".join(drawn)
        + "</svg>"
    )

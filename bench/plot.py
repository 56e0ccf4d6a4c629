"""Charts as SVG, without a library: one series of bars, the numbers on them."""

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LEFT, RIGHT = 720, 26, 230, 110
INK, BAR, PAPER = "#24292f", "#2f6f9f", "#ffffff"


def bars(title: str, note: str, values: Sequence[tuple[str, float, str]]) -> str:
    """Return a chart of horizontal bars: each a name, a value (0 or more) and how it is written."""
    height = 64 + ROW * len(values)
    most = max((value for _, value, _ in values), default=0) or 1
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        f'<text x="12" y="22" font-size="15" font-weight="bold" fill="{INK}">{escape(title)}</text>',
    ]
    for at, (name, value, written) in enumerate(values):
        y = 36 + ROW * at
        length = (WIDTH - LEFT - RIGHT) * value / most
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end" fill="{INK}">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y + 3}" width="{length:.1f}" height="{ROW - 8}" fill="{BAR}"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 16}" fill="{INK}">{escape(written)}</text>',
        ]
    lines += [f'<text x="12" y="{height - 10}" font-size="10" fill="{INK}">{escape(note)}</text>', "</svg>"]
    return "\n".join(lines) + "\n"

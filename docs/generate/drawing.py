"""Boxes, words, arrows and curves as SVG. Colours are the text's own and two that colour-blind people can tell apart."""

from collections.abc import Iterable, Sequence
from typing import Final

BLUE: Final = "#1f77b4"
ORANGE: Final = "#e66100"
Point = tuple[float, float]


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """An SVG of its own; its colour is a grey that reads on both grounds where it is not set by the page."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" color="#607d8b" font-family="sans-serif" role="img">'
    return "\n".join([head, f"<title>{title}</title>", *parts, "</svg>"]) + "\n"


def box(x: float, y: float, width: float, height: float, text: str, *, strong: bool = False, colour: str = "currentColor") -> str:
    """A named part."""
    edge = f'rx="5" fill="none" stroke="{colour}" stroke-width="{2 if strong else 1.2}"'
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" {edge}/>' + words(x + width / 2, y + height / 2 + 5, text, size=13)


def words(x: float, y: float, text: str, colour: str = "currentColor", *, size: int = 12, end: bool = False) -> str:
    """A line of text around a point, or up to it."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" text-anchor="{"end" if end else "middle"}">{text}</text>'


def arrow(points: Sequence[Point], colour: str = "currentColor") -> str:
    """A line with a head at its end."""
    (x0, y0), (x1, y1) = points[-2:]
    length = max(abs(x1 - x0), abs(y1 - y0))
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    head = [(x1, y1), (x1 - 6 * ux + 3 * uy, y1 - 6 * uy + 3 * ux), (x1 - 6 * ux - 3 * uy, y1 - 6 * uy - 3 * ux)]
    return curve(points, colour) + f'<polygon points="{_spelt(head)}" fill="{colour}"/>'


def curve(points: Iterable[Point], colour: str, dash: str = "") -> str:
    """A line through points."""
    return f'<polyline points="{_spelt(points)}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"/>'


def axes(left: float, below: str, beside: str, last: int) -> list[str]:
    """Axes of a small plot."""
    ticks = [words(left + 72 * i, 224, str(i), size=10) for i in range(last + 1)]
    lines = curve([(left, 22), (left, 210), (left + 300, 210)], "currentColor")
    return [lines, *ticks, words(left + 150, 242, below, size=11), words(left + 100, 14, beside, size=11)]


def _spelt(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def tile(corner: Point, size: Point, shade: float) -> str:
    """A small rectangle, darker for more."""
    place = f'x="{corner[0]}" y="{corner[1]}" width="{size[0]}" height="{size[1]}"'
    return f'<rect {place} fill="{BLUE}" fill-opacity="{shade:.2f}" stroke="{BLUE}" stroke-width=".6"/>'

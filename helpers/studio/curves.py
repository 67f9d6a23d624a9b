"""The distances of a painting as a drawing that needs no library in the browser. Chapter 06."""

import math

COLOURS = {"content": "", "style": "6 3", "tv": "2 3"}     # term: dashes; its colour is in page.css
LOW, HIGH = -2.5, 1.0                                      # powers of ten that the drawing shows
POINTS = 200


def fine(history):
    """The records of the fine size: each counts one further, while coarse ones repeat the number before them."""
    kept = []
    for record in history:
        if record["evaluation"] > (kept[-1]["evaluation"] if kept else 0):
            kept.append(record)
    return kept


def curves(history, changes, width=360, height=92):
    """The content, style and smoothness distances over the evaluations as SVG text, logarithmic.

    history: records {"evaluation", "content", "style", "tv"}; changes: evaluations at which a control was moved, each
    a thin line. Fewer than two records give "".
    """
    if len(history) < 2:
        return ""
    rows = [*history[:-1:max(1, len(history) // POINTS)], history[-1]]
    first, last = rows[0]["evaluation"], rows[-1]["evaluation"]

    def x(evaluation):
        return 30 + (width - 120) * (evaluation - first) / max(1, last - first)

    def y(value):
        share = (math.log10(max(value, 1e-9)) - LOW) / (HIGH - LOW)
        return height - 8 - (height - 18) * min(max(share, 0), 1)

    marks = "".join(f'<path class="mark" d="M{x(n):.1f},8V{height - 8}"/>'
                    for n in sorted(set(changes)) if first <= n <= last)
    scale = "".join(f'<path class="grid" d="M30,{y(v):.1f}H{width - 90}"/>'
                    f'<text x="26" y="{y(v) + 4:.1f}" text-anchor="end">{v:g}</text>' for v in (0.01, 0.1, 1, 10))
    lines, ends = "", []
    for name, dashes in COLOURS.items():
        points = " ".join(f"{x(row['evaluation']):.1f},{y(row[name]):.1f}" for row in rows)
        lines += f'<polyline class="{name}" stroke-dasharray="{dashes}" points="{points}"/>'
        ends.append((y(rows[-1][name]) + 4, name))
    below = 0.0
    for end, name in sorted(ends):             # names that would lie over each other move down
        below = max(end, below + 13)
        word = "smoothness" if name == "tv" else name
        lines += f'<text class="{name}" x="{width - 86}" y="{below:.1f}">{word}</text>'
    words = ", ".join(f"{name} {rows[-1][name]:.3g}" for name in COLOURS)
    return (f'<svg role="img" aria-label="Distances over {last} evaluations, now {words}" '
            f'viewBox="0 0 {width} {height}">{scale}{marks}{lines}</svg>')

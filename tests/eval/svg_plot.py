"""Small plots as SVG text: curves and bars."""
from xml.sax.saxutils import escape

import numpy as np

COLOURS = ("#2f6fb0", "#e08a2e", "#7a7a7a", "#4a9a4a", "#b04a6f", "#7a5ab0")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 72, 20, 64, 48


def words(x, y, text, size=12, anchor="start", colour="#222", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}"{more}>{escape(text)}</text>\n')


def line(x0, y0, x1, y1, colour, more=""):
    return (f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}"'
            f'{more}/>\n')


def page(height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox='
            f'"0 0 {WIDTH} {height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
            + words(16, 26, title, 15, more=' font-weight="bold"') + body + "</svg>\n")


def ticks(low, high):
    """About five round numbers."""
    step = 10 ** np.floor(np.log10((high - low) / 4))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 6)
    marks = np.arange(np.ceil(low / step - 1e-9), high / step + 1e-9) * step
    return [float(v) + 0.0 for v in marks]      # -0.0 becomes 0.0


def curves(title, lines, x_name, y_name, logarithmic=False, band=None, levels=()):
    """`lines`: {name: (xs, ys)}; `band`: (from, to) on the x axis, shaded."""
    every_x = np.concatenate([np.asarray(x, float) for x, _ in lines.values()])
    every_y = np.concatenate([np.asarray(y, float) for _, y in lines.values()])
    x0, x1 = every_x.min(), every_x.max()
    if logarithmic:
        y0, y1 = (10.0 ** f(np.log10(max(v, 1e-4))) for f, v in ((np.floor, every_y.min()),
                                                                 (np.ceil, every_y.max())))
        y1 = max(y1, 10 * y0)
        marks = [10.0 ** k for k in range(round(np.log10(y0)), round(np.log10(y1)) + 1)]
    else:
        y0, y1 = min(every_y.min(), 0), max(every_y.max(), 1) * 1.05
        marks = ticks(y0, y1)

    def px(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * (x - x0) / (x1 - x0)

    def py(y):
        part = np.log(max(y, y0) / y0) / np.log(y1 / y0) if logarithmic else (y - y0) / (y1 - y0)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part
    body = ""
    if band:
        left, right = px(max(band[0], x0)), px(min(band[1], x1))
        body += (f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" '
                 f'height="{HEIGHT - TOP - BOTTOM}" fill="#f1f4f8"/>\n')
    for y in marks:
        body += line(LEFT, py(y), WIDTH - RIGHT, py(y), "#ddd")
        body += words(LEFT - 8, py(y) + 4, f"{y:g}", 11, "end", "#666")
    for y in levels:
        body += line(LEFT, py(y), WIDTH - RIGHT, py(y), "#a33", ' stroke-dasharray="5 4"')
    for x in ticks(x0, x1):
        body += words(px(x), HEIGHT - BOTTOM + 18, f"{x:g}", 11, "middle", "#666")
    body += words((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_name, 12, "middle", "#444")
    body += words(16, TOP - 10, y_name, 11, colour="#666")
    for k, (name, (xs, ys)) in enumerate(lines.items()):
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in zip(xs, ys))
        colour = COLOURS[k % len(COLOURS)]
        body += f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>\n'
        body += line(200 + 150 * k, TOP - 14, 222 + 150 * k, TOP - 14, colour, ' stroke-width="3"')
        body += words(228 + 150 * k, TOP - 10, name)
    return page(HEIGHT, title, body)


def bars(title, values, limit):
    """`values`: {name: 0..1}; a line at `limit`."""
    row, left = 26, 150
    height = 44 + row * len(values) + 30

    def px(v):
        return left + (WIDTH - left - 60) * v
    body = ""
    for k, (name, v) in enumerate(values.items()):
        y = 44 + row * k
        body += words(left - 8, y + 17, name, 12, "end")
        body += (f'<rect x="{left}" y="{y + 4}" width="{max(px(v) - left, 1):.1f}" '
                 f'height="{row - 8}" fill="{COLOURS[0 if k == 0 else 2]}"/>\n')
        body += words(px(v) + 5, y + 17, f"{v:.2f}", 11)
    body += line(px(limit), 40, px(limit), 44 + row * len(values), "#a33",
                 ' stroke-dasharray="5 4"')
    body += words(px(limit), height - 10, f"{limit:g}", 11, "middle", "#a33")
    return page(height, title, body)

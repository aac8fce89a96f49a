"""What compare_peers.py measured, as figures, tables and a plot."""
import json
import math
import os
import statistics
import textwrap
from xml.sax.saxutils import escape

TITLE = {"ncnn": "ncnn Vulkan", "onnxruntime": "ONNX Runtime"}
COLOUR = {"ncnn": "#2f6fb0", "onnxruntime": "#e08a2e"}
AIM = {"ncnn": 5.0, "wide": 0.60, "whole": 0.45, "memory": 1.2}


def median(values):
    return statistics.median(list(values))


def figures(net):
    """The figures of a network that was measured."""
    info, rounds = net["info"], net["rounds"]
    unit = "cpu_ms" if info["cpu"] else "wall_ms"
    ran = {"mien": {}} | {k: p for k, p in net["peers"].items() if "lacking" not in p}
    wide = [i for i, step in enumerate(info["steps"]) if step["wide"]]
    wide_mac = sum(info["steps"][i]["mac"] for i in wide)
    weights = info["weight_bytes"]
    found = {
        "ms": {k: median(r[k][unit] for r in rounds) for k in ran},
        "wall_ms": {k: median(r[k]["wall_ms"] for r in rounds) for k in ran},
        "speed": {k: median(r[k][unit] / r["mien"][unit] for r in rounds)
                  for k in ran if k != "mien"},
        "whole": median(2e-6 * info["mac"] / r["steps"]["ms"] / r["steps"]["peak"]
                        for r in rounds),
        "peak": median(r["steps"]["peak"] for r in rounds),
        "steps_ms": median(r["steps"]["ms"] for r in rounds),
        "wide_mac": wide_mac,
        "memory": weights + info["activation_bytes"],
        "memory_bound": weights + info["bound_bytes"],
    }
    if wide_mac:
        found["wide"] = median(
            2e-6 * wide_mac / sum(r["steps"]["step_ms"][i] for i in wide) / r["steps"]["peak"]
            for r in rounds)
    return found


def one_line(net):
    if "lacking" in net:
        return f"{net['name']}: {net['lacking']}"
    f = figures(net)
    line = f"{net['name']}: {f['ms']['mien']:.2f} ms, {100 * f['whole']:.0f} % of the peak"
    if "wide" in f:
        line += f" ({100 * f['wide']:.0f} % on wide 3x3 layers)"
    for name, peer in net["peers"].items():
        line += f"; {TITLE[name]} " + (peer["lacking"] if "lacking" in peer else
                                       f"{f['ms'][name]:.2f} ms, {times(f['speed'][name])}")
    return line


def times(ratio):
    """A ratio to two digits."""
    digits = max(0, 1 - math.floor(math.log10(ratio))) if ratio > 0 else 0
    return f"{ratio:.{digits}f}x"


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def head(cells):
    return row(cells) + "|" + "---|" * len(cells) + "\n"


def aimed(text, reached):
    return f"**{text}**" if reached else text


def paragraph(*sentences):
    return textwrap.fill(" ".join(sentences), 100, break_on_hyphens=False,
                         break_long_words=False) + "\n\n"


def peers_table(nets, peers):
    cells = ["network", "size", "GMAC", "mien ms"]
    for name in peers:
        cells += [f"{TITLE[name]} ms", f"speed, mien / {TITLE[name]}"]
    text = head(cells + ["wall ms, mien, " + ", ".join(TITLE[n] for n in peers)])
    for net in nets:
        info, f = net["info"], figures(net)
        cells = [net["name"], f"{info['width']}x{info['height']}", f"{info['mac'] * 1e-9:.3f}",
                 number(f["ms"]["mien"])]
        for name in peers:
            peer = net["peers"].get(name, {"lacking": "not asked for"})
            setting = f" ({peer['setting']})" if peer.get("setting") else ""
            cells += ["-", peer["lacking"]] if "lacking" in peer else \
                     [number(f["ms"][name]) + setting,
                      aimed(times(f["speed"][name]), f["speed"][name] >= AIM.get(name, 1))]
        wall = [number(f["wall_ms"][k]) if k in f["wall_ms"] else "-" for k in ["mien"] + peers]
        text += row(cells + [", ".join(wall)])
    return text


def share_table(nets):
    text = head(["network", "dispatches", "ms", "3x3 layers of 16 channels and more",
                 "their share of the work", "whole network"])
    for net in nets:
        f = figures(net)
        wide = aimed(f"{100 * f['wide']:.0f} %", f["wide"] >= AIM["wide"]) if "wide" in f else "-"
        text += row([net["name"], str(net["info"]["dispatches"]), number(f["steps_ms"]), wide,
                     f"{100 * f['wide_mac'] / net['info']['mac']:.0f} %",
                     aimed(f"{100 * f['whole']:.0f} %", f["whole"] >= AIM["whole"])])
    return text


def memory_table(nets):
    text = head(["network", "weights MB", "activations MB", "bound MB", "ratio"])
    for net in nets:
        f, info = figures(net), net["info"]
        ratio = f["memory"] / f["memory_bound"]
        text += row([net["name"], f"{info['weight_bytes'] * 1e-6:.2f}",
                     f"{info['activation_bytes'] * 1e-6:.2f}",
                     f"{f['memory_bound'] * 1e-6:.2f}",
                     aimed(f"{ratio:.3f}", ratio <= AIM["memory"])])
    return text


def error_table(nets, peers):
    text = head(["network", "mien"] + [TITLE[n] for n in peers])
    for net in nets:
        cells = [net["name"], f"{net['max_abs_error']:.1e}"]
        for name in peers:
            error = net["peers"].get(name, {}).get("max_abs_error")
            cells.append("-" if error is None else f"{error:.1e}")
        text += row(cells)
    return text


def machine(report, nets):
    info = nets[0]["info"]
    packages = ", ".join(f"{k} {v}" for k, v in report["packages"].items())
    return (f"{report['date']}, commit {report['commit']}: {report['cpu']}, {report['cores']} "
            f"cores; {info['device']}, driver {info['driver']}; {packages}; {report['threads']} "
            f"threads each; medians of {report['rounds']} rounds; load of the machine at the start "
            f"{report['load']}.")


def markdown(report):
    nets = [n for n in report["networks"] if "lacking" not in n]
    lacking = [n for n in report["networks"] if "lacking" in n]
    if not nets:
        return "# Benchmarks\n\n" + "".join(f"- {n['name']}: {n['lacking']}\n" for n in lacking)
    peers = [k for k in TITLE if any(k in n["peers"] for n in nets)]
    cpu = nets[0]["info"]["cpu"]
    peak = median(figures(n)["peak"] for n in nets)
    text = "# Networks against the peers\n\n" + paragraph(
        f"Written by `{report['command'] or 'tests/bench/compare_peers.py'}`.",
        machine(report, nets))
    text += "![Speed of mien against its peers](bench.svg)\n\n" + paragraph(
        "A run takes a picture as planar floats in the host's memory and leaves the results",
        "there; each program is a process of its own and warm, and they run in turns, on the same",
        "noise. Milliseconds are medians",
        "of CPU time, all threads of the process (other work on the machine changes it less than "
        "the clock); ratios are" if cpu else "by the wall clock; ratios are",
        "the median of the rounds' ratios, above 1 where mien is faster. ncnn runs on the same",
        "Vulkan device, with the setting that is fastest for the network (in brackets; its own",
        "choice is `default`). ONNX Runtime runs on the CPU itself" + (
            ", which Mesa's CPU driver for Vulkan cannot use as well: it has neither fused "
            "multiply-add nor vectors of 512 bits." if cpu else "."),
        f"In bold: at least {AIM['ncnn']:g} times as fast as ncnn, or faster than ONNX Runtime.")
    text += peers_table(nets, peers) + "\n"
    if lacking:
        text += "Not measured:\n\n" + "".join(f"- {n['name']}: {n['lacking']}\n"
                                             for n in lacking) + "\n"
    text += "## Share of the device's peak\n\n" + paragraph(
        "The peak is what a chain of multiply-adds reaches (each counts as two operations), best",
        f"of five, measured in every round between the layers: {peak:.1f} GFLOP",
        "a core-second" if cpu else "a second", "here. In bold:",
        f"{100 * AIM['wide']:.0f} % and more on 3x3 layers with 16 and more channels in and out,",
        f"{100 * AIM['whole']:.0f} % over the whole network; copies to and from the host are not",
        "counted. A layer done as Winograd's F(4x4,3x3) counts with the multiply-adds of the",
        "direct convolution, four times what it does, so that a share may pass 100 %.")
    text += share_table(nets) + "\n## Device memory\n\n" + paragraph(
        "Weights and the piece of memory in which all activations lie. The bound is the weights",
        "and the most that lives during one step: no placement can do with less. In bold: at most",
        f"{AIM['memory']:g} times that.")
    text += memory_table(nets) + "\n## Agreement\n\n" + paragraph(
        "Largest difference from ONNX Runtime's results. A peer that is off by more than 2 % of",
        "the largest value is not compared; mien that is off by more than 0.1 % is an error, where",
        "its kernels hold halves (on GPUs, see gpu.md) by more than 2 %.")
    return text + error_table(nets, [p for p in peers if p != "onnxruntime"])


# ---- the plot ----

LEFT, RIGHT, TOP, ROW, BAR, WIDTH = 150, 70, 96, 44, 15, 860


def text_at(x, y, words, size=13, anchor="start", colour="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}">{escape(words)}</text>\n')


def plot(report):
    nets = [n for n in report["networks"] if "lacking" not in n]
    peers = [k for k in TITLE if any(k in n["peers"] for n in nets)]
    speeds = [figures(n)["speed"] for n in nets]
    every = [v for s in speeds for v in s.values()] + [1]
    ticks = [m * 10 ** e for e in range(-3, 4) for m in (1, 2, 5)]
    low = max([t for t in ticks if t <= min(every) * 0.8] or ticks[:1])  # labels want room
    high = min([t for t in ticks if t >= max(every) * 1.2] or ticks[-1:])

    def x_of(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / math.log(high / low)

    height = TOP + ROW * len(nets) + 46
    bottom = TOP + ROW * len(nets)
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans, Helvetica, Arial, '
           f'sans-serif">\n<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n')
    out += text_at(20, 30, "Speed of mien against its peers", 18, weight="bold")
    if nets:
        info = nets[0]["info"]
        out += text_at(20, 52, f"{info['device']}, {report['threads']} threads; ratio of "
                       f"{'CPU' if info['cpu'] else 'wall'} times, logarithmic", 12,
                       colour="#666")
    for i, name in enumerate(peers):
        x = 20 + 190 * i
        out += f'<rect x="{x}" y="64" width="12" height="12" fill="{COLOUR[name]}"/>\n'
        out += text_at(x + 18, 75, "against " + TITLE[name], 12)
    out += "".join(f'<rect x="0" y="{TOP + ROW * i}" width="{WIDTH}" height="{ROW}" '
                   f'fill="#f6f7f9"/>\n' for i in range(0, len(nets), 2))
    out += text_at(x_of(1) + 6, TOP - 6, "mien is faster \u2192", 11, colour="#666")
    if x_of(1) - LEFT > 90:
        out += text_at(x_of(1) - 6, TOP - 6, "\u2190 the peer is faster", 11, "end", "#666")
    for t in [t for t in ticks if low <= t <= high * 1.001]:
        strong = t == 1
        out += (f'<line x1="{x_of(t):.1f}" y1="{TOP}" x2="{x_of(t):.1f}" y2="{bottom}" '
                f'stroke="{"#444" if strong else "#e2e2e2"}" stroke-width="1"/>\n')
        out += text_at(x_of(t), bottom + 18, f"{t:g}\u00d7", 11, "middle", "#666")
    for i, (net, speed) in enumerate(zip(nets, speeds)):
        y = TOP + ROW * i
        out += text_at(LEFT - 10, y + ROW / 2 + 4, net["name"], 13, "end")
        for k, name in enumerate(peers):
            top = y + ROW / 2 - BAR * len(peers) / 2 + BAR * k
            if name not in speed:
                out += text_at(x_of(1) + 6, top + BAR - 4, "not compared", 11, colour="#999")
                continue
            a, b = sorted((x_of(1), x_of(speed[name])))
            out += (f'<rect x="{a:.1f}" y="{top + 1:.1f}" width="{max(b - a, 1):.1f}" '
                    f'height="{BAR - 2}" fill="{COLOUR[name]}"/>\n')
            label = times(speed[name]).replace("x", "\u00d7")
            faster = speed[name] >= 1
            out += text_at(b + 5 if faster else a - 5, top + BAR - 4, label, 11,
                           "start" if faster else "end", "#222")
    return out + "</svg>\n"


def write(report, folder):
    for name, text in (("bench.json", json.dumps(report, indent=1) + "\n"),
                       ("bench.md", markdown(report)), ("bench.svg", plot(report))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)

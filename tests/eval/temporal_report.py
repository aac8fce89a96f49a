"""What temporal_scores.py found: means over clips, the limits, tables, plots as SVG."""
import json
import os
import re

import numpy as np

import svg_plot
from temporal_limits import LIMITS, REAL_LIMITS
from temporal_scores import GLUED, IDEAL, OUTPUT, PER_FRAME

PARTS = ("E", "T", "F", "G")
NEVER = "never"
# Title, key, digits, what a figure is multiplied with.
COLUMNS = (("NTRE", "ntre", 3, 1), ("worst", "ntre worst", 3, 1),
           ("steady", "ntre steady", 3, 1), ("clean", "ntre clean", 3, 1),
           ("warping error out / in", "warp ratio", 2, 1), ("worst", "warp ratio worst", 2, 1),
           ("tOF px", "tof", 2, 1), ("flicker", "flicker", 2, 1), ("fine", "fine flicker", 2, 1),
           ("moving", "flicker moving", 2, 1), ("ghost", "ghost", 2, 1),
           ("lag px", "lag", 2, 1), ("after a cut", "ghost cut", 2, 1), ("90 % ms", "t90", 0, 1000),
           ("drift %", "landmark drift", 2, 1), ("untouched %", "untouched", 3, 100),
           ("E", "E", 2, 1), ("T", "T", 2, 1), ("F", "F", 2, 1),
           ("F fresh", "F fresh", 2, 1), ("G", "G", 2, 1), ("J", "J", 2, 1),
           ("p10", "J p10", 2, 1))
LEGEND = """Mean over the clips, `worst` of them. NTRE: what is new in R = output - input from one
frame to the next, carried by the motion, as a share of R; `steady`: what it were if the output did
not change at all; `clean`: against the input without its noise, which else is part of R. Warping
error: of the output over that of the input (squares). tOF: how far the output's optical flow is
from the input's. Flicker: levels rms of 3-15 Hz in patches on the still face, `fine`: in single
pixels, `moving`: in patches on moving faces. Ghost: levels rms that shine through on and behind a
hand, or after a cut or a change of person. Lag: pixels by which the output lies behind the exact
motion, of the worst clip. 90 %: of a parameter's step. Drift: of landmarks, in percent of the
outer-eye distance. Untouched: samples outside the effect's area that are bit-identical. `glued`: a
video frame's effect that goes along with the points of the face."""


def mean(values):
    values = [v for v in values if v is not None]
    return float(np.mean(values)) if values else None


def worst(values):
    return max((v for v in values if v is not None), default=None)


def summary(clips, name):
    """One output's figures over all clips that have it."""
    rows = [(c["kind"], c["figures"][name]) for c in clips.values() if name in c["figures"]]
    moving = [f for kind, f in rows if kind != "step"]
    if not moving:
        return None

    def column(key, kinds=None):
        return [f.get(key) for kind, f in rows if kinds is None or kind in kinds]
    out = {k: mean(column(k)) for k in (
        "ntre", "ntre steady", "ntre clean", "warp ratio", "tof", "landmark shift",
        "landmark drift", "untouched", "face seen", "F fresh", *PARTS)}
    real = all(kind == "real" for kind, _ in rows)
    still = ("real",) if real else ("still",)
    out |= {"lag": worst(column("lag")),
            "flicker": mean(column("flicker", still)),
            "fine flicker": mean(column("fine flicker", still)),
            "flicker moving": None if real else mean(
                [f.get("flicker") for kind, f in rows if kind != "still"]),
            "ntre worst": worst(column("ntre")), "warp ratio worst": worst(column("warp ratio")),
            "ghost": worst(column("ghost", ("hand",))),
            "ghost cut": worst(column("ghost", ("cut", "swap")))}
    steps = column("t90", ("step",))
    out["t90"] = None if not steps else NEVER if None in steps else max(steps)
    out["gates"] = worst_of_each(g for f in moving for g in f["gates"])
    known = [out[p] for p in PARTS if out[p] is not None]
    out["J"] = None if out["E"] is None else 0.0 if out["gates"] else \
        float(np.prod(known) ** (1 / len(known)))
    each = [f["J"] for f in moving if f["J"] is not None]
    out["J p10"] = float(np.percentile(each, 10)) if each else None
    return out


def worst_of_each(gates):
    """One text of each kind, which differ in their numbers."""
    found = {}
    for text in gates:
        kind, number = re.sub(r"[0-9.]+", "", text), float(re.search(r"[0-9.]+", text).group())
        found[kind] = max(found.get(kind, (0, "")), (number, text))
    return [text for _, text in found.values()]


def summaries(clips):
    names = list(dict.fromkeys(n for c in clips.values() for n in c["figures"]))
    names = [n for n in (OUTPUT, PER_FRAME) if n in names] + \
        [n for n in names if n not in (OUTPUT, PER_FRAME, IDEAL)] + [n for n in (IDEAL,)
                                                                     if n in names]
    found = {n: summary(clips, n) for n in names}
    return {n: s for n, s in found.items() if s}


def beyond(key, value, limit):
    """Does a figure miss its limit? J has to be above it."""
    if value is None or limit is None:
        return False
    return value == NEVER or (value < limit if key == "J" else value > limit)


def misses(figures, limits, where, complete=False):
    """Lines that name what lies beyond its limit; with `complete` also what was not measured."""
    out = [f"{where}: there is no {key}" for key in limits
           if complete and figures.get(key) is None]
    out += [f"{where}: {key} {cell(figures[key], 3)}, the limit is {limit:g}"
           for key, limit in limits.items() if beyond(key, figures.get(key), limit)]
    return out + [f"{where}: {g}" for g in figures.get("gates", [])]


# Tables.

def cell(value, digits, times=1):
    if value is None:
        return "-"
    return value if value == NEVER else f"{value * times:.{digits}f}"


def table(head, rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


def outputs_table(result):
    used = [c for c in COLUMNS if any(s.get(c[1]) is not None for s in result["means"].values())]
    rows = [[name, *(cell(s.get(key), digits, times) for _, key, digits, times in used)]
            for name, s in result["means"].items()]
    return table(["", *(c[0] for c in used)], rows)


def clips_table(result):
    keys = [("NTRE", "ntre", 3), ("warping error", "warp ratio", 2), ("tOF px", "tof", 2),
            ("flicker", "flicker", 2), ("fine", "fine flicker", 2), ("ghost", "ghost", 2),
            ("lag px", "lag", 2), ("shift %", "landmark shift", 2),
            ("drift %", "landmark drift", 2), ("E", "E", 2), ("T", "T", 2), ("F", "F", 2),
            ("G", "G", 2), ("J", "J", 2)]
    rows = [[name, *(cell(c["figures"][OUTPUT].get(k), d) for _, k, d in keys),
             cell(c["figures"].get(PER_FRAME, {}).get("ntre"), 3)]
            for name, c in result["clips"].items() if c["kind"] != "step"]
    return table(["clip", *(k[0] for k in keys), "per frame: NTRE"], rows)


def markdown(result):
    text = f"# Temporal consistency: {result['title']}\n\n{LEGEND}\n\n" + outputs_table(result)
    broken = [f"- {n}: {'; '.join(s['gates'])}" for n, s in result["means"].items() if s["gates"]]
    if broken:
        text += "\nGates that fail (J = 0):\n\n" + "\n".join(broken) + "\n"
    text += "\n## Every clip\n\n" + clips_table(result)
    if result["missed"]:
        text += "\nMissed:\n\n" + "\n".join(f"- {m}" for m in result["missed"]) + "\n"
    return text


# Plots.

def spectrum_plot(result, kind):
    """Of all clips of a kind, or None."""
    lines = {}
    for c in result["clips"].values():
        for name, (hertz, power) in c["spectra"].items() if c["kind"] == kind else ():
            lines.setdefault(name, []).append((hertz, power))
    if not lines:
        return None
    curves = {name: (v[0][0][1:], np.sqrt(np.mean([p for _, p in v], 0))[1:])
              for name, v in lines.items()}
    return svg_plot.curves(f"Flicker of patches on the face, {kind}: {result['title']}", curves,
                           "Hz", "levels rms a bin", logarithmic=True, band=(3, 15))


def response_plot(result):
    for c in result["clips"].values():
        if c["kind"] == "step":
            curves = {k: ([(t - c["step"] + 1) * 1000 / 30 for t in range(len(v))], v)
                      for k, v in c["response"].items()}
            return svg_plot.curves(f"Answer to a step: {result['title']}", curves, "ms",
                                   "share of the step", levels=(0.9,))
    return None


def joint_plot(result):
    bars = {n: s["J"] for n, s in result["means"].items()
            if s["J"] is not None and n not in (IDEAL, GLUED)}
    return svg_plot.bars(f"Joint score J: {result['title']}", bars, LIMITS["J"]) if bars else None


def plots(result):
    kinds = dict.fromkeys(c["kind"] for c in result["clips"].values())
    found = {f"spectrum-{k}": spectrum_plot(result, k) for k in kinds if k in ("still", "walk",
                                                                               "real")}
    found |= {"response": response_plot(result), "joint": joint_plot(result)}
    return {k: v for k, v in found.items() if v}


def finished(title, clips, real, complete=False):
    """`complete`: all clips of a set were scored, so that no figure may lack."""
    result = {"title": title, "clips": clips, "means": summaries(clips)}
    figures = result["means"][OUTPUT]
    result["missed"] = misses(figures, REAL_LIMITS if real else LIMITS, title, complete)
    return result


def write(result, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "temporal.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(folder, "temporal.md"), "w", encoding="utf-8") as file:
        file.write(markdown(result))
    for name, text in plots(result).items():
        with open(os.path.join(folder, name + ".svg"), "w", encoding="utf-8") as file:
            file.write(text)

"""Contact sheet of the gaze network on people it never saw: look at it before believing figures."""
import os

import cv2
import numpy as np

import content_pictures
import gaze_apply
import gaze_evaluate
import gaze_eyes
import gaze_pairs
import gaze_patch
import visible_faces

ZOOM = 3
TURNS = ((-15, 0), (15, 0), (0, 10), (0, -12))
DRAWN, REAL = 16, 10


def _tile(patch, zoom=ZOOM):
    return cv2.resize((np.clip(patch, 0, 1) * 255).astype(np.uint8), None, fx=zoom, fy=zoom,
                      interpolation=cv2.INTER_CUBIC)


def _word(tile, text):
    cv2.putText(tile, text, (3, 12), 0, 0.4, (255, 255, 0), 1, cv2.LINE_AA)
    return tile


def drawn(net, source, rng, count):
    """Rows: seen, corrected, truth, their difference x 4, matte, turned to four sides."""
    rows, layers = [], source.layers
    for i in range(count):
        rec = gaze_pairs.draw(source, rng) if i % 2 else gaze_evaluate.draw_face(
            [layers[int(rng.integers(len(layers)))]], source,
            gaze_evaluate.there_and_here(gaze_pairs.pick_gaze(rng)), rng)[0]
        rec.gaze[1] = rec.gaze[1] * 0 if i % 2 == 0 else rec.gaze[1]
        seen = gaze_pairs.exposed(rec, 0, rng)
        truth = rec.looks[1].astype(np.float32) / 255
        top = gaze_evaluate.top_of(rec, 0, seen)
        dull = gaze_apply.without(seen, top)
        state, flow, blend = net(dull, rec.gaze[1], 1.0, rec.turn)
        out = gaze_apply.compose(seen, flow, blend, top, rec.gaze[1] - state[:2])
        tiles = [seen, out, truth, 0.5 + 2 * (out - truth), np.repeat(blend[..., :1], 3, 2)]
        for turn in TURNS:
            wanted = gaze_patch.directions(*turn)
            tiles.append(gaze_apply.compose(seen, *net(dull, wanted, 1.0, rec.turn)[1:], top,
                                            wanted - state[:2]))
        row = np.hstack([_tile(t) for t in tiles])
        true, own = np.rad2deg(rec.gaze[0]), np.rad2deg(state[:2])
        rows.append(_word(row, "true %.0f %.0f  seen %.0f %.0f  sure %.2f/%.2f open %.2f/%.2f" % (
            *true, *own, rec.sure[0], state[2], rec.open, state[3])))
    return rows


def _eyes_of(rgb, points, side=420):
    """Both eyes of a face at the picture's own pixels, enlarged to one size."""
    m = gaze_patch.for_opencv(gaze_patch.matrix(points, 0))
    middle = (points[33, :2] + points[263, :2]) / 2 - 0.5
    turn = m[:, :2] / np.hypot(*m[0, :2])
    width = 1.5 * gaze_patch.axes(points)[1]
    turn = turn * side / width
    view = np.column_stack([turn, np.array([side / 2, side * 0.2]) - turn @ middle])
    return cv2.warpAffine(rgb, view, (side, int(side * 0.4)), flags=cv2.INTER_CUBIC,
                          borderMode=cv2.BORDER_REPLICATE)


def real(net, rgb, points, name):
    """Row: the picture, corrected, the difference x 4, turned to four sides."""
    out, states = gaze_apply.correct(net, rgb, points, strength=1.0)
    views = [_eyes_of(p, points) for p in (rgb, out)]
    change = np.clip(128 + 4 * (views[1].astype(np.int16) - views[0]), 0, 255).astype(np.uint8)
    tiles = [_word(views[0].copy(), name), _word(views[1].copy(), "  ".join(
        "%.0f %.0f (%.2f %.2f)" % (*np.rad2deg(s[:2] * m), s[2], s[3])
        for s, m in zip(states, gaze_apply.MIRRORS))), change]
    for turn in TURNS:
        tiles.append(_eyes_of(gaze_apply.correct(net, rgb, points, turn=turn)[0], points))
    return np.hstack(tiles)


def pictures(data, held_out=True):
    """Held-out photographs: of each kind some, and those with glasses first."""
    label = gaze_eyes.visible_data.read_glasses()
    for kind, found in sorted(content_pictures.find(data).items()):
        if kind not in visible_faces.KINDS:
            continue
        named = [(p, "%s/%s" % (kind, os.path.splitext(os.path.basename(p.path))[0])) for p in found
                 if p.held_out == held_out]
        named.sort(key=lambda n: label.get(n[1], 0) != 1)
        worn = sum(label.get(n, 0) == 1 for _, n in named)
        half = min(worn, REAL // 2)
        yield from named[:half]
        yield from named[worn::max(1, (len(named) - worn) // (REAL - half))][:REAL - half]


def write(net, source, o, path):
    """PATH with drawn eyes, and beside it PATH-real with photographs."""
    rng = np.random.default_rng(gaze_evaluate.SEED)
    cv2.imwrite(path, np.vstack(drawn(net, source, rng, DRAWN))[:, :, ::-1])
    finder, rows = visible_faces.Finder(o.models), []
    for picture, name in pictures(os.path.join(o.shared, "data")):
        rgb = picture.read()
        points = None if rgb is None else gaze_eyes.face_points(finder, rgb)
        if points is not None and gaze_patch.axes(points)[1] > 50:
            rows.append(real(net, rgb, points, name))
    stem, suffix = os.path.splitext(path)
    cv2.imwrite(stem + "-real" + suffix, np.vstack(rows)[:, :, ::-1])

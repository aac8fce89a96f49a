"""Pictures in mesh coordinates: the texture of the mean face (core/face/mean_face.c), N x N.

Positions follow age_faces.py: the middle of the first pixel or texel is 0.5.
"""
import os
import re

import cv2
import numpy as np

import evaluate
import visible_masks

N = 384                 # texels a side of the bank: a little finer than the square's pixels
TEXELS, MAP = 256, 128  # of the network's and of the library's maps (core/face/face_maps.h)
MESH = 468


def _numbers(text, count):
    values = [float(v) for v in re.findall(r"-?\d*\.?\d+", text.replace("f", ""))]
    return np.array(values).reshape(-1, count)


def _read():
    path = os.path.join(evaluate.REPO, "core", "face", "mean_face.c")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    triangles = _numbers(text.split("triangles[898][3] = {")[1].split("};")[0], 3).astype(int)
    points = _numbers(text.split(".point = {")[1].split(".weight")[0], 3)
    uv = _numbers(text.split(".uv = {")[1].split(".triangles")[0], 2)
    assert len(points) == MESH and len(uv) == MESH and len(triangles) == 898
    return triangles, points, uv


TRIANGLES, MEAN, UV = _read()


def _sense(p):
    a, b, c = (p[TRIANGLES[:, k]] for k in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _drawn(places, shape):
    """Of each triangle drawn at `places` (468 x 2) that is not turned away: its three points, the
    box of pixels around it, their weights in it [h,w,3] and which of them are inside."""
    h, w = shape
    sense = _sense(places)
    low = places[TRIANGLES].min(1)
    high = places[TRIANGLES].max(1)
    first = np.maximum(np.ceil(low - 0.5), 0).astype(int)
    last = np.minimum(np.floor(high - 0.5), (w - 1, h - 1)).astype(int)
    for k in np.flatnonzero((sense > 0) & (last >= first).all(1)):
        a, b, c = places[TRIANGLES[k]]
        (x0, y0), (x1, y1) = first[k], last[k]
        x = np.arange(x0, x1 + 1) + 0.5
        y = np.arange(y0, y1 + 1)[:, None] + 0.5
        w1 = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / sense[k]
        w2 = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / sense[k]
        weights = np.dstack([1 - w1 - w2, w1, w2])
        yield (TRIANGLES[k], (slice(y0, y1 + 1), slice(x0, x1 + 1)), weights,
               (weights >= -1e-5).all(2))


def raster(places, shape, values, depth=None):
    """Values of the points (468 x c), linear over the triangles drawn at `places` (468 x 2); the
    nearest wins where they overlap, those turned away are not drawn. Returns ([h,w,c], drawn)."""
    out = np.zeros((*shape, values.shape[1]), np.float32)
    nearest = np.full(shape, np.inf, np.float32)
    for t, box, weights, inside in _drawn(places, shape):
        z = weights @ depth[t] if depth is not None else np.zeros(inside.shape)
        inside = inside & (z < nearest[box])
        nearest[box][inside] = z[inside]
        out[box][inside] = (weights @ values[t])[inside]
    return out, np.isfinite(nearest)


def _table(n):
    """Of each texel of n x n: three points and their weights, and whether it is on the mesh.
    Beside it the nearest point stands for a texel, as in face_maps.c."""
    ids = np.zeros((n, n, 3), np.int32)
    weights = np.zeros((n, n, 3), np.float32)
    cover = np.zeros((n, n), bool)
    for t, box, share, inside in _drawn(UV * n, (n, n)):
        ids[box][inside] = t
        weights[box][inside] = share[inside]
        cover[box] |= inside
    y, x = np.nonzero(~cover)
    d = (UV[:, 0] * n - x[:, None] - 0.5) ** 2 + (UV[:, 1] * n - y[:, None] - 0.5) ** 2
    ids[y, x] = d.argmin(1)[:, None]
    weights[y, x] = (1, 0, 0)
    return ids, weights, cover


IDS, WEIGHTS, COVER = _table(N)
MAP_IDS, MAP_WEIGHTS, MAP_COVER = _table(MAP)


def spread(values):
    """Of the points (468 x c) to [N,N,c]."""
    return np.einsum("yxkc,yxk->yxc", values[IDS], WEIGHTS).astype(np.float32)


def places(points):
    """[TEXELS,TEXELS,2]: where in the picture the network's texels lie, by the library's map."""
    at = np.einsum("yxkc,yxk->yxc", points[:MESH, :2].astype(np.float32)[MAP_IDS], MAP_WEIGHTS)
    return cv2.resize(at.astype(np.float32), (TEXELS, TEXELS), interpolation=cv2.INTER_LINEAR)


def texture(image, points):
    """[h,w,3] -> [TEXELS,TEXELS,3], what the network sees."""
    at = places(points) - np.float32(0.5)
    return cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)


def blur(x, sigma):
    return cv2.GaussianBlur(x, (0, 0), sigma)


def smooth(x, low, high):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def facing(points):
    """Cosine between skin and camera, 468."""
    p = points[:MESH].astype(np.float64)
    normals = np.zeros((MESH, 3))
    a, b, c = (p[TRIANGLES[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    for k in range(3):
        np.add.at(normals, TRIANGLES[:, k], faces)
    return normals[:, 2] / (np.linalg.norm(normals, axis=1) + 1e-9)


def unwrap(image, points):
    """Float picture [h,w,c] -> ([N,N,c], how well each texel is seen 0..1)."""
    at = spread(points[:MESH, :2].astype(np.float32)) - np.float32(0.5)
    texture = cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_REPLICATE)
    seen = smooth(facing(points), 0.12, 0.42)[:, None]
    return texture, blur(spread(seen)[..., 0], 3) * COVER


def wrap(maps, points, shape):
    """[n,n,c] -> what lies at each pixel of a picture of `shape`; 0 beside the face."""
    at, drawn = raster(points[:MESH, :2], shape, (UV * len(maps)).astype(np.float32),
                       points[:MESH, 2])
    at -= np.float32(0.5)
    seen = cv2.remap(maps, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    return seen.reshape(*shape, -1) * drawn[..., None]


def polygon(*outlines, grow=0, soft=0):
    """Mask of outlines of mesh points."""
    mask = np.zeros((N, N), np.float32)
    for outline in outlines:
        mask = np.maximum(mask, visible_masks.polygon((N, N), (UV * N)[list(outline)] - 0.5))
    if grow:
        mask = visible_masks.grown(mask, grow)
    return blur(mask, soft) if soft else mask

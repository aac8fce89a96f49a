"""What is bare face, where the eyes' glasses would be: masks from the mesh points and the colours.

All masks are float32 0..1 of the face's picture. The oval of the mesh runs over a fringe as if it
were skin, so hair on the forehead is found by colour and taken out. Beards stay in.
"""
import cv2
import numpy as np

# core/face_points.c
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
# Canonical indices of the same mesh: both brows' upper edge, from the left of the picture.
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
# Inner face that no hair reaches: temples at the eyes' height, cheeks, chin.
INNER = (107, 336, 334, 300, 353, 446, 340, 352, 376, 433, 416, 434, 430, 431, 262, 428, 199, 208,
         32, 211, 210, 214, 192, 213, 147, 123, 111, 226, 124, 70, 105)
EYES = ((33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
        (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382))


def polygon(shape, points):
    """Filled, smooth edge. `points` n x 2 pixels."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(np.asarray(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def face_size(points):
    """Length of the line from brow to chin, pixels: stays when the head turns."""
    return float(np.linalg.norm(points[9] - points[152]))


def axes(points):
    """Unit vectors to the picture's right and down of the face."""
    right = points[263] - points[33]
    right = right / max(np.linalg.norm(right), 1e-3)
    return right, np.array([-right[1], right[0]], np.float32)


def oval(shape, points):
    return polygon(shape, points[list(OVAL)])


def grown(mask, pixels):
    """Dilated (or eroded, below 0) by so many pixels."""
    n = 2 * int(round(abs(pixels))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n))
    return (cv2.dilate if pixels > 0 else cv2.erode)(mask, disc)


def hair(image, points):
    """Hair over the forehead and the temples, by two colour mixtures (GrabCut): the inner face
    against what lies above it. Nothing where both are of one colour (bald heads)."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    p = points / 2
    size = face_size(p)
    whole, inner = oval(half.shape, p) > 0.5, polygon(half.shape, p[list(INNER)]) > 0.5
    _, down = axes(p)
    height = (np.stack(np.meshgrid(*[np.arange(n) for n in half.shape[1::-1]]), -1)
              - p[168]) @ down                      # below the bridge of the nose
    above = grown(whole.astype(np.uint8), 0.45 * size) > 0
    outside = ~(grown(whole.astype(np.uint8), 0.06 * size) > 0)
    label = np.full(half.shape[:2], cv2.GC_PR_FGD, np.uint8)
    label[outside & above & (height < 0.1 * size)] = cv2.GC_BGD
    label[inner | (height > 0.1 * size)] = cv2.GC_FGD
    used = above & ((height < 0.35 * size) | inner)
    if (label[used] == cv2.GC_BGD).sum() < 50 or (label[used] == cv2.GC_FGD).sum() < 50:
        return np.zeros(image.shape[:2], np.float32)
    lab = cv2.cvtColor(half, cv2.COLOR_RGB2LAB)
    ys, xs = np.where(used)
    box = (slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1))
    part = np.ascontiguousarray(label[box])
    cv2.setRNGSeed(1)
    cv2.grabCut(np.ascontiguousarray(lab[box]), part, None, np.zeros((1, 65)), np.zeros((1, 65)),
                3, cv2.GC_INIT_WITH_MASK)
    found = np.zeros(half.shape[:2], bool)
    found[box] = (part == cv2.GC_PR_BGD) & whole[box]
    found = _unlike_skin(found, lab, inner)
    mask = cv2.resize(found.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return (cv2.GaussianBlur(mask, (0, 0), 1.2) > 0.5).astype(np.float32)


def _unlike_skin(found, lab, inner):
    """Only pieces of some size whose colour is not the skin's."""
    skin = np.median(lab[inner].astype(np.float32), 0)
    spread = np.abs(lab[inner] - skin).mean(0) + 1
    count, label, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    kept = np.zeros_like(found)
    for i in range(1, count):
        piece = label == i
        d = lab[piece].astype(np.float32).mean(0) - skin
        unlike = np.abs(d) / spread
        if stats[i, 4] >= 8 and (unlike.max() > 2.2 or -d[0] > 30):
            kept |= piece
    return kept


def bare(image, points):
    """Uncovered face of a picture without occluders other than hair."""
    return oval(image.shape, points) * (1 - hair(image, points))


def unsure(points, shape):
    """Where the edge of the face is a matter of taste: along the oval, the forehead's end."""
    size = face_size(points)
    whole = oval(shape, points)
    ring = grown(whole, 0.07 * size) - grown(whole, -0.05 * size)
    _, down = axes(points)
    lifted = polygon(shape, points[list(OVAL)] - down * 0.12 * size)
    return np.clip(np.maximum(ring, lifted - whole), 0, 1)


def glasses_region(shape, points):
    """Where lenses and frames sit: both eyes' surroundings and the bridge."""
    right, down = axes(points)
    mask = np.zeros(shape[:2], np.float32)
    for eye in EYES:
        e = points[list(eye)]
        centre, width = e.mean(0), np.ptp(e @ right)
        t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        lens = (centre + 0.12 * width * down + np.outer(np.cos(t), right) * 0.85 * width
                + np.outer(np.sin(t), down) * 0.62 * width)
        mask = np.maximum(mask, polygon(shape, lens))
    bridge = [points[a] + s * 0.06 * np.linalg.norm(points[133] - points[362]) * down
              for a, s in ((133, -1), (362, -1), (362, 1), (133, 1))]
    return np.maximum(mask, polygon(shape, bridge))

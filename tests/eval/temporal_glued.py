"""What a video's scores would be of an effect that does not change at all on the face: that of one
frame, which goes along with the face's points. What its scores lack is the measure's own: motion by
optical flow is not quite that of points."""
import cv2
import numpy as np

from face_render import delaunay

FINE = 4    # bits of a pixel's fraction


def places(now, then, triangles, size):
    """Where each pixel of a picture of `size` (columns, rows) lies when the points `now`, n x 2, go
    to `then`, and whether it lies in one of the triangles at all."""
    label = np.full(size[::-1], -1, np.float32)
    for k, corners in enumerate(now[triangles]):
        cv2.fillConvexPoly(label, np.round((corners - 0.5) * (1 << FINE)).astype(np.int32),
                           float(k), cv2.LINE_8, FINE)
    corners = np.concatenate([now[triangles], np.ones((len(triangles), 3, 1))], 2)
    good = np.abs(np.linalg.det(corners)) > 1e-3
    maps = np.zeros((len(triangles) + 1, 3, 2))
    maps[:-1][good] = np.linalg.solve(corners[good], then[triangles[good]])
    inside = label >= 0
    label = label.astype(int)
    inside[inside] = good[label[inside]]
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    at = np.stack([x, y, np.ones_like(x)], -1)
    return np.einsum("hwj,hwji->hwi", at, maps[label]).astype(np.float32), inside


class Glued:
    """Of a Face, its video and what was made of that. In each stretch with one face the middle
    frame's effect is taken."""

    def __init__(self, face, video, made):
        self.points, self.video, self.made = face.points, video, made
        self.source = {t: (start + end) // 2 for start, end in face.runs()
                       for t in range(start, end)}
        self.held = None, None, None     # which frame's; what was added to it; its triangles

    def at(self, t, now):
        """The output for the input `now`, frame t."""
        source = self.source.get(t)
        if source is None:
            return now
        then = self.points[source][:468, :2]
        if self.held[0] != source:
            added = self.made.rgb(source) - self.video.rgb(source)
            self.held = source, added, delaunay(then)
        where, inside = places(self.points[t][:468, :2], then, self.held[2], self.video.size)
        where -= 0.5
        added = cv2.remap(self.held[1], where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        return now + np.where(inside[..., None], added, 0)

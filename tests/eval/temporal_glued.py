"""What a video's scores would be of an effect that does not change at all on the face: that of one
frame, which goes along with the face's points. What its scores lack is the measure's own: motion by
optical flow is not quite that of points."""
import cv2
import numpy as np

from face_render import carried_by, delaunay

BESIDE = np.array([[0, 0, -9], [0, 0, -9]])     # where what is beside the face comes from: nowhere


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
        _, added, triangles = self.held
        where = carried_by(self.points[t][:468, :2], then, triangles, range(len(triangles)),
                           BESIDE, self.video.size).astype(np.float32) - np.float32(0.5)
        return now + cv2.remap(added, where, None, cv2.INTER_LINEAR)

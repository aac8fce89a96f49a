"""The network on whole pictures, as the runtime does it but for its blending over time.

The change is found at 256x256 in the face's square, put back into the picture and faded out along
the mesh's outline; what of the picture is finer than the square's pixels is kept or taken back.
"""
import cv2
import numpy as np
import onnxruntime

import age_atlas as atlas
import age_faces
from age_faces import SIDE
from age_network import YEARS

RIM = 0.05              # of the mesh's width, over which the change fades


def rim():
    """[N,N]: 0 at the mesh's outline, 1 inside."""
    inside = np.pad(atlas.COVER, 1).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return atlas.smooth(depth, 0, RIM * atlas.N).astype(np.float32)


class Network:
    def __init__(self, path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, settings)
        self.rim = rim()

    def change(self, square, years):
        """[256,256,3] 0..1 -> [256,256,4]"""
        plane = np.full((1, SIDE, SIDE), years / YEARS, np.float32)
        x = np.concatenate([square.transpose(2, 0, 1).astype(np.float32), plane])[None]
        return self.session.run(None, {"square": x})[0][0].transpose(1, 2, 0)

    def aged(self, rgb, points, square, years):
        """RGB uint8 of the picture's size; `square` is a Roi (age_faces.face_square)."""
        m = age_faces.matrix_to(square, SIDE)
        seen = age_faces.cut(rgb, m, SIDE).astype(np.float32) / 255
        out = self.change(seen, years)

        def back(x):
            return cv2.warpAffine(np.ascontiguousarray(x), age_faces.for_opencv(m),
                                  rgb.shape[1::-1],
                                  flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        fade = atlas.wrap(self.rim, points, rgb.shape[:2])
        x = rgb.astype(np.float32) / 255
        fine = (x - back(seen)) * back(out[..., 3])[..., None]
        x = x + (back(out[..., :3]) + fine) * fade
        return np.clip(255 * x + 0.5, 0, 255).astype(np.uint8)

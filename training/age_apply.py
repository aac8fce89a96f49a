"""The network on whole pictures, as the runtime does it but for its blending over time.

The face's square is cut out at 256x256, its texture made of that; the change of the texture is put
back into the square, faded out along the mesh's outline and where the skin turns away, and from
there into the picture; what of the picture is finer than the square's pixels is kept or taken back.
"""
import cv2
import numpy as np
import onnxruntime

import age_atlas as atlas
import age_faces
import visible_masks
from age_atlas import MAP, TEXELS
from age_faces import SIDE
from age_network import YEARS
from age_teacher import LIPS_INNER

RIM = 7                     # texels of the library's maps over which the change fades
FACING = (0.12, 0.35)       # cosines between skin and camera where it is not and fully shown


def rim():
    """[TEXELS,TEXELS]: 0 beside the mesh, 1 inside (mi_texel.share)."""
    inside = np.pad(atlas.MAP_COVER, 1).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    share = atlas.smooth(depth, 0, RIM).reshape(MAP, MAP).astype(np.float32)
    return cv2.resize(share, (TEXELS, TEXELS), interpolation=cv2.INTER_LINEAR)


def shown(points):
    """[SIDE,SIDE,1]: how far the skin at each pixel of the square faces the camera, 0 between
    the lips; points in pixels of the square."""
    turned = atlas.smooth(atlas.facing(points), *FACING)[:, None]
    front, _ = atlas.raster(points[:atlas.MESH, :2], (SIDE, SIDE), turned, points[:atlas.MESH, 2])
    mouth = visible_masks.polygon((SIDE, SIDE), points[list(LIPS_INNER), :2] - 0.5)
    return front * (1 - mouth[..., None])


def put_back(rgb, square, points, texture_change, strength):
    """The picture, RGB uint8, with what a change of the texture [TEXELS,TEXELS,4] makes of it."""
    m = age_faces.matrix_to(square, SIDE)
    inside = _in_square(points, square, m)
    seen = age_faces.cut(rgb, m, SIDE).astype(np.float32) / 255
    model = atlas.wrap(texture_change * strength[..., None], inside, (SIDE, SIDE)) * shown(inside)

    def back(x):
        return cv2.warpAffine(np.ascontiguousarray(x, np.float32), age_faces.for_opencv(m),
                              rgb.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    x = rgb.astype(np.float32) / 255
    x = x + back(model[..., :3]) + (x - back(seen)) * back(model[..., 3])[..., None]
    return np.clip(255 * x + 0.5, 0, 255).astype(np.uint8)


def _in_square(points, square, m):
    scale = SIDE / square.side
    return np.column_stack([points[:, :2] @ m[:, :2].T + m[:, 2], points[:, 2] * scale])


def texture(rgb, points, square):
    """What the network sees, 0..1."""
    m = age_faces.matrix_to(square, SIDE)
    seen = age_faces.cut(rgb, m, SIDE)
    return atlas.texture(seen, _in_square(points, square, m)).astype(np.float32) / 255


class Network:
    def __init__(self, path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, settings)
        self.rim = rim()

    def change(self, picture, years):
        """[TEXELS,TEXELS,3] 0..1 -> [TEXELS,TEXELS,4]"""
        plane = np.full((1, TEXELS, TEXELS), years / YEARS, np.float32)
        x = np.concatenate([picture.transpose(2, 0, 1).astype(np.float32), plane])[None]
        return self.session.run(None, {"texture": x})[0][0].transpose(1, 2, 0)

    def aged(self, rgb, points, square, years):
        """RGB uint8 of the picture's size; `square` is a Roi (age_faces.face_square)."""
        change = self.change(texture(rgb, points, square), years)
        return put_back(rgb, square, points, change, self.rim)

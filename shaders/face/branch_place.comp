// Where a refining branch of the mesh network looks: from the box around a subset of the points,
// turned so that the line from `left` to `right` is level and enlarged by 1.5, the map from a pixel
// of the branch's size x size grid to a pixel of the feature map, which has one pixel for four of
// the mesh network's picture. At `to`: (xx, xy, x0, 0), (yx, yy, y0, 0).
// The operator is MediaPipe's landmarks_to_transform_matrix, version 2; core/face/face_refine.c
// does the same on the host.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 1) in;
#include "face/face.glsl"

const float PIXEL = 0.25; // of the feature map, a pixel of the picture
const float MORE = 1.5;

vec2 point(int i)
{
    int at = p.points + 3 * i;
    return PIXEL * vec2(texelFetch(arena_float, at).x, texelFetch(arena_float, at + 1).x);
}

void main()
{
    vec2 line = point(p.right) - point(p.left);
    float n = length(line); // cosine and sine of the turn, without functions of loose accuracy
    float c = n > 0.0 ? line.x / n : 1.0, s = n > 0.0 ? -line.y / n : 0.0;
    vec2 low = vec2(3.4e38), high = vec2(-3.4e38);
    for (int i = 0; i < p.count; i++) {
        vec2 q = point(int(texelFetch(arena_float, 4 * p.subset + i).x));
        q = vec2(c * q.x - s * q.y, s * q.x + c * q.y);
        low = min(low, q);
        high = max(high, q);
    }
    vec2 middle = 0.5 * (low + high), scale = (high - low) * (MORE / float(p.size));
    // back: the turn the other way round
    middle = vec2(c * middle.x + s * middle.y, -s * middle.x + c * middle.y);
    vec4 m = vec4(c * scale.x, s * scale.y, -s * scale.x, c * scale.y);
    float half_size = 0.5 * float(p.size);
    arena_store[p.to] = vec4(m.x, m.y, middle.x - half_size * (m.x + m.y), 0);
    arena_store[p.to + 1] = vec4(m.z, m.w, middle.y - half_size * (m.z + m.w), 0);
}

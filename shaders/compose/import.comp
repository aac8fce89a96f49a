// Frame bytes -> low-resolution picture: a SCALE x SCALE box mean a pixel, as R'G'B' 0..1 with
// the luma in the fourth channel, from the frame's pixel (view_x, view_y) on. Pixels beyond the
// frame repeat its border.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "frame_uniform.glsl"

// Words in which SCALE bytes lie that start at a multiple of SCALE.
const int WORDS = SCALE == 2 || SCALE == 1 ? 1 : SCALE % 4 == 0 ? SCALE / 4 : (SCALE + 6) / 4;

// Sum of luma bytes of one row of the block.
float luma_row(int row, int x)
{
    int at = p.plane0 + row * p.pitch0 + x, shift = (at & 3) * 8, last = p.width - 1 - x;
    uint w[6];
    [[unroll]] for (int i = 0; i < 6; i++)
        w[i] = i < WORDS ? texelFetch(frame_in, (at >> 2) + i).x : 0;
    float sum = 0.0, v = 0.0;
    [[unroll]] for (int i = 0; i < 16; i++)
        if (i < SCALE) {
            // the bytes from `at` on, but for a shift by 32
            uint four = SCALE % 4 == 0 ? w[i / 4]
                                       : w[i / 4] >> shift | w[i / 4 + 1] << (31 - shift) << 1;
            v = i <= last ? byte_of(four, i % 4) : v;
            sum += v;
        }
    return sum;
}

float luma_row_yuy2(int row, int x)
{
    float sum = 0.0;
    for (int i = 0; i < SCALE; i++)
        sum += byte_at(row * p.pitch0 + min(x + i, p.width - 1) * 2);
    return sum;
}

// Mean chroma of the block whose centre has the luma position (cx, cy).
vec2 chroma_block(float cx, float cy)
{
    int rows_a_sample = FORMAT == YUY2 ? 1 : 2;
    float ux = (cx - p.site_x) / 2.0;
    float uy = FORMAT == YUY2 ? cy : (cy - p.site_y) / 2.0;
    int nx = max(SCALE / 2, 1), ny = max(SCALE / rows_a_sample, 1);
    if (nx <= 1) {
        int x = int(floor(ux)), y = int(floor(uy));
        vec2 f = vec2(ux - float(x), uy - float(y));
        vec2 top = mix(chroma(x, y), chroma(x + 1, y), f.x);
        return f.y == 0.0 ? top : mix(top, mix(chroma(x, y + 1), chroma(x + 1, y + 1), f.x), f.y);
    }
    int x0 = int(floor(ux - float(nx - 1) * 0.5 + 0.5));
    int y0 = int(floor(uy - float(ny - 1) * 0.5 + 0.5));
    vec2 sum = vec2(0);
    for (int j = 0; j < ny; j++)
        for (int i = 0; i < nx; i++)
            sum += chroma(x0 + i, y0 + j);
    return sum / float(nx * ny);
}

void main()
{
    int lx = int(gl_GlobalInvocationID.x), ly = int(gl_GlobalInvocationID.y);
    if (lx >= p.low_w || ly >= p.low_h)
        return;
    // A low-resolution pixel that lies beyond the frame repeats the last one.
    int x = u.view_x + min(lx, (p.width - 1 - u.view_x) / SCALE) * SCALE;
    int y = u.view_y + min(ly, (p.height - 1 - u.view_y) / SCALE) * SCALE;
    vec3 rgb = vec3(0);
    float luma = 0.0;
    if (FORMAT >= RGBA) {
        for (int j = 0; j < SCALE; j++)
            for (int i = 0; i < SCALE; i++)
                rgb += rgb_of(word(min(y + j, p.height - 1) * p.pitch0 +
                                   min(x + i, p.width - 1) * 4));
        rgb /= float(SCALE * SCALE);
        luma = luma_of_rgb(rgb);
    } else {
        for (int j = 0; j < SCALE; j++) {
            int row = min(y + j, p.height - 1);
            luma += FORMAT == YUY2 ? luma_row_yuy2(row, x) : luma_row(row, x);
        }
        luma = (luma / float(SCALE * SCALE) - p.y_offset) * p.y_scale;
        float centre = float(SCALE - 1) * 0.5;
        vec2 c = (chroma_block(float(x) + centre, float(y) + centre) - 128.0) * p.c_scale;
        rgb = clamp(rgb_of_ycc(vec3(luma, c)), vec3(0), vec3(1));
    }
    store(p.low + ly * p.low_w + lx, vec4(rgb, luma));
}

// The descriptor slots of every pipeline (core/vk/mvk.h) and how tensors lie in them.
//
// A tensor is NC4HW4: quads of channels as vec4, element (quad, y, x) at
// at + (quad * h + y) * w + x, `at` counted in vec4 from the start of the arena.
// Loads go through texel buffers: on lavapipe a storage-buffer load costs several times as much,
// lane by lane. The first vec4 of the arena is zero, so that loads outside a zero-padded tensor
// need no branch: their index is clamped to 0. The second vec4 is waste: stores that must not
// happen go there.
#ifndef SLOTS_GLSL
#define SLOTS_GLSL

#ifndef ARENA_ACCESS
#define ARENA_ACCESS
#endif
layout(set = 0, binding = 0) ARENA_ACCESS buffer arena_block
{
    vec4 arena_store[];
};
#ifdef LANES8
// The same memory: lavapipe stores lane by lane and number by number, and half as many numbers are
// worth their packing.
layout(set = 0, binding = 0) ARENA_ACCESS buffer arena_pair_block
{
    dvec2 arena_pairs[];
};
#endif
const int WASTE = 1;
layout(set = 0, binding = 1) uniform samplerBuffer arena_vec4;
layout(set = 0, binding = 2) uniform samplerBuffer arena_float;
layout(set = 0, binding = 3) uniform samplerBuffer weights;
layout(set = 0, binding = 7) uniform usamplerBuffer weight_bits;

void store(int at, vec4 v)
{
#ifdef LANES8
    arena_pairs[at] = dvec2(packDouble2x32(floatBitsToUint(v.xy)),
                            packDouble2x32(floatBitsToUint(v.zw)));
#else
    arena_store[at] = v;
#endif
}

#endif

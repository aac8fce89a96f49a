// Multiply-add peak of the device: ten independent chains of scalars, as many as hide the latency
// and still fit the registers of a CPU driver. The factor comes from memory, so nothing folds,
// and keeps the values where no denormals arise.
#version 460
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer arena_block
{
    float value[];
};
layout(push_constant) uniform push_block
{
    int rounds;
};

void main()
{
    uint i = gl_GlobalInvocationID.x;
    float k = value[0], m = value[1], x[10];
    [[unroll]] for (int c = 0; c < 10; c++)
        x[c] = k + float(c) + float(i) * 1e-3;
    for (int r = 0; r < rounds; r++)
        [[unroll]] for (int n = 0; n < 8; n++)
            [[unroll]] for (int c = 0; c < 10; c++)
                x[c] = x[c] * m + k;
    float sum = 0.0;
    [[unroll]] for (int c = 0; c < 10; c++)
        sum += x[c];
    value[4 + i] = sum;
}

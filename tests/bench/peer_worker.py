#!/usr/bin/env python3
"""Runs a network with a peer of mien, told what to do by compare_peers.py.

    peer_worker.py onnxruntime CxHxW FILE.onnx THREADS OUTPUT ...
    peer_worker.py ncnn CxHxW FILE.param THREADS DEVICE SETTING COUNT

The commands are bench_net's (--serve): info, input FILE, run N, output K FILE; one line of JSON
comes back for each. What is timed is a run from a picture in the host's memory to results there.
A call from Python costs some microseconds, which count for the peer.
"""
import json
import os
import sys
import time

import numpy as np

# How ncnn may run on Vulkan; compare_peers.py takes what is fastest. By itself it takes fp16
# wherever a device has it, which on CPU drivers is slow. Tried too on lavapipe, none of them ahead
# of "fp32" by more than noise: bf16, without subgroup operations, GEMM, packing or single Winograd
# sizes.
FP32 = {"use_fp16_packed": False, "use_fp16_storage": False, "use_fp16_arithmetic": False}
SETTINGS = {"default": {}, "fp32": FP32,
            "fp32, no Winograd": {**FP32, "use_winograd_convolution": False}}


class OnnxRuntime:
    def __init__(self, path, threads, *outputs):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(threads)
        options.inter_op_num_threads = 1
        # threads that wait actively would be counted as work
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options,
                                                    providers=["CPUExecutionProvider"])
        self.names = list(outputs) or [self.session.get_outputs()[0].name]
        self.binding = self.session.io_binding()
        self.version = onnxruntime.__version__

    def set_input(self, picture):
        self.binding.bind_cpu_input(self.session.get_inputs()[0].name, picture[None])
        for name in self.names:
            self.binding.bind_output(name, "cpu")

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def output(self, k):
        return self.binding.copy_outputs_to_cpu()[k][0]

    def info(self):
        return {"version": self.version, "device": "CPU"}


class Ncnn:
    def __init__(self, param, threads, device, setting, count):
        import ncnn
        self.ncnn = ncnn
        names = [ncnn.get_gpu_info(i).device_name() for i in range(ncnn.get_gpu_count())]
        if device not in names:
            sys.exit(f"ncnn does not see '{device}' (but {', '.join(names) or 'no device'})")
        self.net = ncnn.Net()
        options = self.net.opt
        options.use_vulkan_compute = True
        options.num_threads = int(threads)
        options.openmp_blocktime = 0
        for name, value in SETTINGS[setting].items():
            setattr(options, name, value)
        self.net.set_vulkan_device(names.index(device))
        if self.net.load_param(param) or self.net.load_model(param[:-len("param")] + "bin"):
            sys.exit(f"ncnn cannot load {param}")
        self.count, self.device = int(count), device

    def set_input(self, picture):
        self.picture = picture  # the Mat only looks at it
        self.input = self.ncnn.Mat(picture)

    def run(self):
        extractor = self.net.create_extractor()
        extractor.input("in0", self.input)
        self.result = [extractor.extract(f"out{k}") for k in range(self.count)]

    def output(self, k):
        status, value = self.result[k]
        if status:
            sys.exit(f"ncnn could not compute output {k}")
        return np.array(value)

    def info(self):
        return {"version": self.ncnn.__version__, "device": self.device}


def answer(peer, words, shape):
    if words[0] == "info":
        return peer.info()
    if words[0] == "input":
        peer.set_input(np.fromfile(words[1], np.float32).reshape(shape))
        return {}
    if words[0] == "run":
        runs = int(words[1])
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(runs):
            peer.run()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {"cpu_ms": cpu * 1e3 / runs, "wall_ms": wall * 1e3 / runs}
    if words[0] == "output":
        np.ascontiguousarray(peer.output(int(words[1])), np.float32).tofile(words[2])
        return {}
    sys.exit(f"'{words[0]}' is no command")


def main():
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # ncnn prints about devices
    shape = [int(n) for n in sys.argv[2].split("x")]
    peer = {"onnxruntime": OnnxRuntime, "ncnn": Ncnn}[sys.argv[1]](*sys.argv[3:])
    for line in sys.stdin:
        json.dump(answer(peer, line.split(), shape), replies)
        replies.write("\n")
        replies.flush()
    os._exit(0)  # ncnn's way out of Vulkan is not always clean


if __name__ == "__main__":
    main()

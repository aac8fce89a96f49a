#!/usr/bin/env python3
"""Tests of the comparison with the peers: its figures, its refusals, and a short run.

    check_bench.py BENCH_NET MODELS

ncnn is not among the packages of tests/requirements.txt: the run says so in its place.
"""
import json
import os
import subprocess
import sys
import tempfile
import xml.dom.minidom

try:
    import numpy as np
    import onnx
    import onnxruntime  # noqa: F401, what peer_worker.py needs
except ImportError as error:
    print(f"skipped: {error}; see tests/requirements.txt")
    sys.exit(77)

import bench_networks
import bench_report
import compare_peers

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORKS = ("face-visible", "gaze", "johnson-4")  # gaze: 8 channels, not square, 3 outputs


def made_up():
    """A network whose figures can be worked out by hand."""
    steps = [{"node": "a", "kernel": 0, "mac": 3e6, "wide": True},
             {"node": "b", "kernel": 1, "mac": 1e6, "wide": False}]
    info = {"device": "toy", "driver": "toy 1", "cpu": True, "width": 8, "height": 4, "mac": 4e6,
            "steps": steps, "dispatches": 2, "weight_bytes": 1000, "activation_bytes": 1200,
            "bound_bytes": 1000,
            "input": [3, 4, 8], "outputs": [[3, 4, 8]]}
    rounds = []
    for slow in (1, 3, 1):  # another program runs during the second round
        rounds.append({"mien": {"cpu_ms": 2.0 * slow, "wall_ms": 1.0},
                       "ncnn": {"cpu_ms": 12.0 * slow, "wall_ms": 9.0},
                       "steps": {"peak": 40 / slow, "ms": 0.4 * slow,
                                 "step_ms": [0.2 * slow, 0.25 * slow]}})
    return {"name": "toy", "info": info, "rounds": rounds, "max_abs_error": 1e-6,
            "peers": {"ncnn": {"setting": "fp32", "max_abs_error": 1e-5},
                      "onnxruntime": {"lacking": "computes something else"}}}


def check_figures():
    f = bench_report.figures(made_up())
    assert f["ms"] == {"mien": 2.0, "ncnn": 12.0}, f
    assert abs(f["speed"]["ncnn"] - 6) < 1e-9 and "onnxruntime" not in f["speed"], f
    assert abs(f["whole"] - 2e-6 * 4e6 / 0.4 / 40) < 1e-9, f     # 8 MFLOP in 0.4 ms of 40 GFLOP/s
    assert abs(f["wide"] - 2e-6 * 3e6 / 0.2 / 40) < 1e-9, f
    assert (f["memory"], f["memory_bound"]) == (2200, 2000), f
    assert [bench_report.times(v) for v in (0.123, 0.99, 1.0, 5.04, 17.4, 230)] == \
        ["0.12x", "0.99x", "1.0x", "5.0x", "17x", "230x"]
    report = {"networks": [made_up(), {"name": "gone", "lacking": "no such file"}],
              "date": "2026-01-01", "commit": "0", "cpu": "toy", "cores": 1, "threads": 2,
              "packages": {}, "rounds": 3, "load": 0, "command": "toy"}
    text = bench_report.markdown(report)
    for part in ("**6.0x**", "computes something else", "- gone: no such file", "**50 %**",
                 "**75 %**", "**1.100**"):
        assert part in text, (part, text)
    picture = xml.dom.minidom.parseString(bench_report.plot(report)).toxml()
    assert "6.0\u00d7" in picture and "not compared" in picture


def check_networks(models):
    names = bench_networks.DEFAULT
    assert len(set(names)) == len(names)
    shipped = [f[:-len(".onnx")] for f in os.listdir(models) if f.endswith(".onnx")]
    assert set(shipped) <= set(names), f"not compared: {set(shipped) - set(names)}"
    with tempfile.TemporaryDirectory() as empty:
        for name in names:
            if name not in bench_networks.JOHNSON:
                lacking = bench_networks.network(name, empty, empty).lacking
                fetched = name in bench_networks.FIXED and name not in bench_networks.OURS
                assert name in lacking and ("fetch_faces" in lacking) == fetched, lacking


def check_order():
    """What pnnx writes for SpaceToDepth is put right, and nothing else."""
    text = ["Reorg a 1 1 0 1 0=2 1=0", "PixelShuffle b 1 1 1 2 0=2 1=0"]
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4, 2, 2])
    for op, wanted in (("SpaceToDepth", "Reorg a 1 1 0 1 0=2 1=1"), ("Relu", text[0])):
        node = onnx.helper.make_node(op, ["x"], ["y"])
        with tempfile.TemporaryDirectory() as folder:
            model, param = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.param")
            onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "m", [value], [])),
                      model)
            with open(param, "w") as file:
                file.write("\n".join(text) + "\n")
            compare_peers.order_channels(model, param)
            with open(param) as file:
                assert file.read().splitlines() == [wanted, text[1]], op


class Answers:
    """A worker that has computed `values`."""

    def __init__(self, values):
        self.values = np.array(values, np.float32)

    def outputs(self, _shapes, _folder):
        return [self.values]


def check_agreement():
    contest = compare_peers.Contest.__new__(compare_peers.Contest)
    contest.info, contest.folder = {"outputs": [[1, 1, 2]]}, ""
    contest.ours = Answers([10, 0.005])
    contest.wanted = [np.array([10, 0], np.float32)]
    assert 0.004 < contest.agreement(contest.ours) < 0.006
    assert contest.agreement(Answers([10, 0.1])) > 0.09
    for wrong in (Answers([10, 0.3]), Answers([float("nan"), 0])):
        try:
            contest.agreement(wrong)
        except compare_peers.Failed as error:
            assert "something else" in str(error)
        else:
            raise AssertionError("a wrong result passed")
    contest.ours = Answers([10, 0.1])
    try:
        contest.agreement(contest.ours)
    except compare_peers.Failed:
        pass
    else:
        raise AssertionError("mien is to be held to more than its peers")


def check_run(bench_net, models):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "compare_peers.py"), "--bench-net",
                        bench_net, "--models", models, "--out", folder, "--rounds", "1",
                        *NETWORKS], check=True)
        with open(os.path.join(folder, "bench.json")) as file:
            report = json.load(file)
        xml.dom.minidom.parse(os.path.join(folder, "bench.svg"))
        text = open(os.path.join(folder, "bench.md")).read()
    assert [net["name"] for net in report["networks"]] == list(NETWORKS)
    gaze = report["networks"][NETWORKS.index("gaze")]["info"]
    assert gaze["input"] == [8, 64, 96] and "| gaze | 96x64 |" in text, gaze
    assert gaze["outputs"] == [[4, 1, 1], [2, 64, 96], [3, 64, 96]], gaze
    for net in report["networks"]:
        f = bench_report.figures(net)
        assert net["name"] in text
        assert f["speed"]["onnxruntime"] > 0 and 0 < f["whole"] < 2, f
        assert f["memory"] <= 1.2 * f["memory_bound"], f
        assert net["max_abs_error"] < 1e-4, net["max_abs_error"]
    bad = subprocess.run([bench_net, "--serve", os.path.join(models, "face-visible.onnx"), "96",
                          "96"], input="jump\n", capture_output=True, text=True, check=False)
    assert bad.returncode == 1 and "'jump' is no command" in bad.stderr, bad


def main():
    check_figures()
    check_networks(sys.argv[2])
    check_order()
    check_agreement()
    check_run(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()

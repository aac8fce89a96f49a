#!/usr/bin/env python3
"""Compares mien's networks with its peers, ncnn on the same Vulkan device and ONNX Runtime on the
CPU, and writes a table and a plot. tests/bench/run_bench.sh is the command for people.

    compare_peers.py --bench-net PROGRAM --models FOLDER --out FOLDER [--rounds N] [--quick]
                     [--peers LIST] [--threads N] [--device NAME] [--command TEXT] [NETWORK ...]

Every program is a process of its own that has loaded and run the network before anything is
timed. They are then timed in turns, a few runs each, round by round: what else the machine does
falls on all of them, and a ratio is the median of the rounds' ratios. A peer whose results differ
is not compared. FOLDER gets bench.json, bench.md and bench.svg.
"""
import argparse
import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx

import bench_networks
import bench_report
from peer_worker import SETTINGS

TURN_MS = 80           # a turn has as many runs as take about this long
TOLERANCE = 0.02       # of the largest value: a peer that is further off computes something else
OURS_TOLERANCE = 1e-3
HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """Why something is not compared."""


class Worker:
    """A process that runs one network; see bench_net.c and peer_worker.py."""

    def __init__(self, words, errors):
        self.errors = errors
        with open(errors, "w") as stderr:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=stderr, text=True)

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.process.wait()
            with open(self.errors) as text:
                said = [t.strip() for t in text if t.strip()]
            raise Failed(said[-1] if said else f"ended with {self.process.returncode}")
        return json.loads(line)

    def outputs(self, shapes, folder):
        path, found = os.path.join(folder, "output"), []
        for k, shape in enumerate(shapes):
            self.ask(f"output {k} {path}")
            found.append(np.fromfile(path, np.float32).reshape(-1))
            if found[-1].size != np.prod(shape):
                raise Failed(f"output {k} has {found[-1].size} values, not {np.prod(shape)}")
        return found

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def order_channels(model, param):
    """pnnx takes SpaceToDepth for PyTorch's PixelUnshuffle, whose channels are in another order,
    and makes it ncnn's Reorg of mode 0. ncnn does ONNX's order as mode 1."""
    if all(node.op_type != "SpaceToDepth" for node in onnx.load(model).graph.node):
        return
    with open(param) as file:
        lines = file.read().splitlines()
    lines = [re.sub(r" 1=0$", " 1=1", line) if line.startswith("Reorg ") else line
             for line in lines]
    with open(param, "w") as file:
        file.write("\n".join(lines) + "\n")


class Contest:
    """One network and the workers that run it."""

    def __init__(self, net, options, folder):
        self.net, self.options, self.folder = net, options, folder
        self.stack = contextlib.ExitStack()
        self.count = 0
        words = [options.bench_net, "--serve"] + ["--frame"] * net.frame
        words += ["--device", options.device] if options.device else []
        words += [net.path, str(net.width), str(net.height)]
        self.ours = self.start(words + list(net.outputs))
        self.info = self.ours.ask("info")
        self.shape = self.info["input"]
        self.input = os.path.join(folder, "input")
        np.random.RandomState(3).uniform(0, 1, self.shape).astype(np.float32).tofile(self.input)
        self.ours.ask(f"input {self.input}")
        self.ours.ask("run 1")

    def start(self, words):
        self.count += 1
        worker = Worker(words, os.path.join(self.folder, f"errors{self.count}"))
        self.stack.callback(worker.close)
        return worker

    def peer(self, kind, *words):
        shape = "x".join(str(n) for n in self.shape)
        worker = self.start([sys.executable, os.path.join(HERE, "peer_worker.py"), kind, shape,
                             *words])
        worker.ask(f"input {self.input}")
        worker.ask("run 1")
        return worker

    def onnxruntime(self):
        return self.peer("onnxruntime", self.net.path, str(self.options.threads),
                         *self.net.outputs), ""

    def ncnn(self):
        """ncnn with the setting that suits it best here."""
        param = self.convert()
        found, said = {}, ""
        for setting in SETTINGS:
            worker = None
            try:
                worker = self.peer("ncnn", param, str(self.options.threads), self.info["device"],
                                   setting, str(len(self.info["outputs"])))
                self.agreement(worker)
                worker.ask("run 1")
                found[setting] = min(worker.ask("run 1")["cpu_ms" if self.info["cpu"] else
                                                         "wall_ms"] for _ in range(3)), worker
            except Failed as error:
                said = said or f"{setting}: {error}"
                if worker:
                    worker.close()
        if not found:
            raise Failed(said)
        best = min(found, key=lambda setting: found[setting][0])
        for setting, (_, worker) in found.items():
            if setting != best:
                worker.close()
        return found[best][1], best

    def convert(self):
        """ONNX to ncnn's own format with its converter."""
        package = importlib.util.find_spec("pnnx")  # importing it would want PyTorch
        if not package:
            raise Failed("its converter, the package pnnx, is not installed")
        program = os.path.join(package.submodule_search_locations[0], "pnnx")
        os.chmod(program, 0o755)
        base = os.path.join(self.folder, "peer")
        os.symlink(os.path.abspath(self.net.path), f"{base}.onnx")
        shape = "[1," + ",".join(str(n) for n in self.shape) + "]f32"
        done = subprocess.run([program, f"{base}.onnx", f"inputshape={shape}", "fp16=0"],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        param = f"{base}.ncnn.param"
        if done.returncode or not os.path.isfile(param):
            said = (done.stdout + done.stderr).strip().splitlines()
            raise Failed("pnnx could not convert it: " + (said[-1] if said else "no word"))
        order_channels(self.net.path, param)
        return param

    def agreement(self, worker):
        """The largest difference from what ONNX Runtime computes."""
        worst = 0.0
        for k, (got, want) in enumerate(zip(worker.outputs(self.info["outputs"], self.folder),
                                            self.wanted)):
            off = float(np.max(np.abs(got - want)))
            exact = worker is self.ours and not self.info.get("halves")
            limit = OURS_TOLERANCE if exact else TOLERANCE
            if not off <= limit * np.max(np.abs(want)):
                raise Failed(f"computes something else: output {k} is off by {off:.3g}, values "
                             f"go up to {np.max(np.abs(want)):.3g}")
            worst = max(worst, off)
        return worst

    def run(self):
        """The figures of this network."""
        result = {"name": self.net.name, "info": self.info, "peers": {}, "rounds": []}
        workers = {"mien": self.ours}
        reference, _ = self.onnxruntime()
        self.wanted = reference.outputs(self.info["outputs"], self.folder)
        result["max_abs_error"] = self.agreement(self.ours)
        makers = {"ncnn": self.ncnn, "onnxruntime": lambda: (reference, "")}
        for name in self.options.peers:
            peer = result["peers"][name] = {}
            try:
                workers[name], peer["setting"] = makers[name]()
                peer["max_abs_error"] = self.agreement(workers[name])
                peer["info"] = workers[name].ask("info")
            except Failed as error:
                peer["lacking"] = str(error)
                workers.pop(name, None)
        runs = {}
        for name, worker in workers.items():
            ms = worker.ask("run 2")["wall_ms"]
            runs[name] = max(1, min(200, round(TURN_MS / max(ms, 1e-3))))
        self.ours.ask("steps")
        for _ in range(self.options.rounds):
            turn = {name: worker.ask(f"run {runs[name]}") for name, worker in workers.items()}
            turn["steps"] = self.ours.ask("steps")
            result["rounds"].append(turn)
        return result


def cpu_model():
    with open("/proc/cpuinfo") as text:
        for line in text:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown CPU"


def commit():
    done = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip()


def package_versions():
    from importlib import metadata
    found = {}
    for name in ("ncnn", "pnnx", "onnxruntime"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def measure(name, options):
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        net = bench_networks.network(name, options.models, folder)
        try:
            if net.lacking:
                raise Failed(net.lacking)
            contest = Contest(net, options, folder)
            with contest.stack:
                result = contest.run()
        except Failed as error:
            result = {"name": name, "lacking": str(error)}
    print(f"{bench_report.one_line(result)} ({time.time() - started:.0f} s)", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench-net", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", type=lambda text: text.split(","),
                        default=["ncnn", "onnxruntime"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="")
    parser.add_argument("--command", default="")
    parser.add_argument("networks", nargs="*")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 11)
    names = options.networks or (bench_networks.QUICK if options.quick else
                                 bench_networks.DEFAULT)
    threads = str(options.threads)
    # lavapipe's threads, and OpenMP's, which by default wait actively and are counted as work
    os.environ.update(LP_NUM_THREADS=threads, OMP_NUM_THREADS=threads, OMP_WAIT_POLICY="PASSIVE")
    report = {"date": time.strftime("%Y-%m-%d"), "cpu": cpu_model(), "cores": os.cpu_count(),
              "threads": options.threads, "commit": commit(), "packages": package_versions(),
              "rounds": options.rounds, "command": options.command,
              "load": round(os.getloadavg()[0], 1)}
    report["networks"] = [measure(name, options) for name in names]
    os.makedirs(options.out, exist_ok=True)
    bench_report.write(report, options.out)
    return 1 if any("lacking" in net for net in report["networks"]) else 0


if __name__ == "__main__":
    sys.exit(main())

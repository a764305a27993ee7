"""Measures networks that see beside OpenVINO: same weights, threads and pictures, turn by turn in the same run.

    pip install -r bench/peers/requirements.txt    # in a virtual environment outside the tree
    python bench/peers/make_vision.py DIR          # once
    python bench/peers/vision.py DIR [NAME ...]    # about four minutes on two cores; nothing else should run

Ours is a process of its own, ./limbic bench peer, which begins at bytes and ends at logits; OpenVINO runs in this one, from
normalised numbers to logits. In f32 and bf16, one picture (latency) and sixteen (throughput). OpenVINO is tried on the net as
its own PyTorch frontend read it and on the ONNX file, with one stream of all threads and, of sixteen pictures, with a stream
for each thread; what is quickest is compared. Prints a table and one line per goal.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import openvino as ov

LIMBIC = Path(__file__).resolve().parents[2] / "limbic"
NETS = ["mini-xception", "resnet-50", "vit-b16", "efficientnet-b0"]
PICTURES = [1, 16]
PRECISIONS = ["f32", "bf16"]
WANTED = {"vit-b16": 1.0}
WANTED_CNN = 0.95
CLOSE = {"f32": 1e-3, "bf16": 0.2}
ROUNDS = 11
WARM_SECONDS = 1.5
TURN_SECONDS = 0.02
SETTLE_SECONDS = 0.12


class Ours:
    """Our engine, in a process of its own."""

    def __init__(self):
        self.process = subprocess.Popen([str(LIMBIC), "bench", "peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        while line and not line.startswith("ready "):
            line = self.process.stdout.readline()
        if not line:
            sys.exit("./limbic bench peer did not start")
        print("ours:", line.removeprefix("ready ").strip())

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split(" ", 1)
        if answer[0] in ("refused", ""):
            sys.exit(f"{' '.join(words)}: {' '.join(answer)}")
        return answer[-1].strip()

    def load(self, folder, precision, pictures):
        self.ask("load", str(folder), precision, str(pictures))

    def logits(self):
        return np.array(self.ask("logits").split(), np.float32)

    def seconds(self, times):
        return float(self.ask("run", str(times)))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Theirs:
    """OpenVINO, on one file, with so many streams that share the pictures."""

    def __init__(self, core, file, precision, threads, streams, x):
        self.name = f"{'torch' if file.suffix == '.xml' else 'onnx'}, {streams} stream{'s' if streams > 1 else ''}"
        parts = np.split(x, streams)
        model = core.read_model(file)
        model.reshape(list(parts[0].shape))
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": streams,
            "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT"})
        self.requests = []
        for part in parts:
            request = compiled.create_infer_request()
            request.set_input_tensor(ov.Tensor(np.ascontiguousarray(part), shared_memory=True))
            self.requests.append(request)

    def run(self):
        if len(self.requests) == 1:
            self.requests[0].infer()
        else:
            for request in self.requests:
                request.start_async()
            for request in self.requests:
                request.wait()

    def logits(self):
        self.run()
        return np.concatenate([request.get_output_tensor().data for request in self.requests]).astype(np.float32).ravel()

    def seconds(self, times):
        least = float("inf")
        for _ in range(times):
            start = time.perf_counter()
            self.run()
            least = min(least, time.perf_counter() - start)
        return least


def warm(side):
    """Seconds of the quickest run in a while."""
    time.sleep(SETTLE_SECONDS)
    least, end = side.seconds(1), time.monotonic() + WARM_SECONDS
    while time.monotonic() < end:
        least = min(least, side.seconds(1))
    return least


def in_turn(sides):
    """Seconds of each side: what a quarter of its turns is quicker than."""
    times = [int(min(100, max(1, TURN_SECONDS / warm(side)))) for side in sides]
    turns = [[] for _ in sides]
    for _ in range(ROUNDS):
        for i, side in enumerate(sides):
            time.sleep(SETTLE_SECONDS)
            turns[i].append(side.seconds(times[i]))
    return [sorted(turn)[len(turn) // 4] for turn in turns]


def away(found, expected):
    """The largest difference as a share of the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def pixels(folder, pictures):
    """f32 [N, C, side, side], as preprocessor_config.json says, and make_vision.py."""
    samples = np.fromfile(folder / "pictures.u8", np.uint8)
    channels = 1 if folder.name == "mini-xception" else 3
    side = round((len(samples) / 16 / channels) ** 0.5)
    samples = samples.reshape(16, side, side, channels)[:pictures]
    return np.ascontiguousarray(((samples.astype(np.float32) / 255 - 0.5) / 0.5).transpose(0, 3, 1, 2))


def compare(ours, core, folder, precision, pictures, threads):
    x = pixels(folder, pictures)
    candidates = [(file, streams) for file in (folder / "openvino.xml", folder / "f32.onnx") if file.exists()
                  for streams in {1, threads if pictures % threads == 0 else 1}]
    ours.load(folder, "f32", pictures)
    exact = ours.logits()
    best = None
    for file, streams in candidates:
        side = Theirs(core, file, precision, threads, streams, x)
        difference = away(side.logits(), exact)
        if not difference <= CLOSE[precision]:
            sys.exit(f"{file}: its logits differ from ours by {difference} of their size, expected at most {CLOSE[precision]}")
        seconds = warm(side)
        if best is None or seconds < best[0]:
            best = (seconds, side, difference)
    ours.load(folder, precision, pictures)
    mine, peer = in_turn([ours, best[1]])
    print(f"{folder.name:16} {precision:5} {pictures:8}  {mine * 1e3:10.3f} {peer * 1e3:12.3f} {best[1].name:20} {peer / mine:8.3f}"
          f"   off by {away(ours.logits(), exact):.0e}, {best[2]:.0e}", flush=True)
    wanted = WANTED.get(folder.name, WANTED_CNN)
    return (f"goal openvino-{folder.name}-x{pictures}-{precision}: measured {peer / mine:.2f} x OpenVINO, wanted at least "
            f"{wanted:.2f} x OpenVINO, {'met' if peer / mine >= wanted else 'missed'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    parser.add_argument("names", nargs="*", default=NETS, help=", ".join(NETS))
    arguments = parser.parse_args()
    for name in arguments.names:
        if not (arguments.dir / name / "pictures.u8").exists():
            parser.error(f"no net {arguments.dir / name}; make_vision.py makes it")
    threads = len(os.sched_getaffinity(0))
    core = ov.Core()
    print("OpenVINO", ov.__version__, core.get_property("CPU", "FULL_DEVICE_NAME"), f"{threads} threads each")
    ours = Ours()
    precisions = [p for p in PRECISIONS if p == "f32" or "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")]
    print(f"{'network':16} {'':5} {'pictures':>8}  {'ours ms':>10} {'OpenVINO ms':>12} {'':20} {'times':>8}")
    goals = [compare(ours, core, (arguments.dir / name).resolve(), precision, pictures, threads)
             for name in arguments.names for pictures in PICTURES for precision in precisions]
    ours.close()
    print("\n".join(goals))


if __name__ == "__main__":
    main()

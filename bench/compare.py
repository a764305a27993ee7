"""Runs a part of ./limbic bench cpu of two checkouts in turn and compares medians: whether something became slower.

    python3 bench/compare.py OLD NEW [PART ...] [--rounds 3]

OLD and NEW are folders with a built checkout each (./limbic builds when needed, which is not to happen while measuring: run
./limbic bench cpu help in both before). PARTs are as bench cpu takes them; forward, about a minute a run, if none is named. What
is compared is every goal's figure, and every time of the table of forward passes. A ratio of 1.03 is 3 % more than before, which
is good of rates and bad of times.
"""

import argparse
import re
import statistics
import subprocess
from pathlib import Path

GOAL = re.compile(r"goal (.*?): measured (-?[\d.]+) (.*?), wanted")
FORWARD = re.compile(r"(F32|BF16|INT8) +(.*?tok) +([\d.]+) +([\d.]+) ")


def figures(tree, parts):
    """What one run says, by name."""
    command = [str(tree.resolve() / "limbic"), "bench", "cpu", *parts]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {f"{name}, {unit}": float(value) for name, value, unit in GOAL.findall(text)}
    for precision, batch, forward, bare in FORWARD.findall(text):
        found |= {f"{precision} {batch}, forward ms": float(forward), f"{precision} {batch}, bare ms": float(bare)}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("parts", nargs="*", default=["forward"])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    runs = {"old": [], "new": []}
    for number in range(arguments.rounds):
        # The other one first in every second round: what warms the machine up must not always hit the same.
        for side in sorted(runs, reverse=number % 2 == 1):
            runs[side].append(figures(getattr(arguments, side), arguments.parts))
            print(f"round {number + 1} of {arguments.rounds}, {side} done", flush=True)
    print(f"\n{'':58}{'old':>10}{'new':>10}{'new/old':>9}   in each round")
    for name in runs["old"][0]:
        if all(name in run for side in runs.values() for run in side):
            old, new = ([run[name] for run in runs[side]] for side in ("old", "new"))
            pairs = [b / a if a else float("nan") for a, b in zip(old, new, strict=True)]
            print(f"{name:58}{statistics.median(old):10.3f}{statistics.median(new):10.3f}{statistics.median(pairs):9.3f}   "
                  + " ".join(f"{pair:.3f}" for pair in pairs))


if __name__ == "__main__":
    main()

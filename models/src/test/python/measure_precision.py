"""Measures how often the most probable next token in bf16 and int8 is the one in f32, over real text.

    pip install transformers tokenizers
    python measure_precision.py --texts FILE FOLDER... [--cases 200] [--maven mvn]

FOLDER is a model folder with its tokeniser, FILE a text or .jsonl file of which each line is a case, cut at 120 tokens. Our
own logits are compared, as FolderSweepTest computes them on this machine's processor; transformers only encodes.
"""

import argparse
import json
import random
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy
from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[4]
PRECISIONS = ("F32", "BF16", "INT8")
TOKENS = 120


def texts(file):
    """Strings of a file's lines; of JSON all that is text and no key."""
    def strings(value):
        if isinstance(value, str):
            return [value]
        return [s for v in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else [])
                for s in strings(v)]
    lines = file.read_text().splitlines()
    return ["\n".join(strings(json.loads(line))) if file.suffix == ".jsonl" else line for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--maven", default="mvn")
    args = parser.parse_args()
    for folder in args.folders:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        long = [ids for text in texts(args.texts) if len(ids := tokenizer(text)["input_ids"][:TOKENS]) > 8]
        prompts = random.Random(1).sample(long, min(args.cases, len(long)))
        out = Path(tempfile.mkdtemp(prefix="precision-"))
        case = out / "model"
        case.mkdir()
        for file in folder.iterdir():
            if file.suffix in (".json", ".safetensors"):
                (case / file.name).symlink_to(file.resolve())
        (case / "case.json").write_text(json.dumps({"prompts": prompts}))
        best = {}
        for precision in PRECISIONS:
            subprocess.run([*shlex.split(args.maven), "-q", "test", "-pl", "models", "-am", "-Dtest=FolderSweepTest",
                            "-Dsurefire.failIfNoSpecifiedTests=false", f"-Dlimbic.sweep={out}",
                            f"-Dlimbic.sweep.precision={precision}"], cwd=ROOT, check=True)
            ours = json.loads((case / "ours.json").read_text())
            best[precision] = numpy.array(ours["best"])
        print(f"{folder.name}: {len(best['F32'])} places in {len(prompts)} texts:",
              ", ".join(f"{p} {(best[p] == best['F32']).mean():.4f}" for p in PRECISIONS[1:]))
        shutil.rmtree(out)


if __name__ == "__main__":
    main()

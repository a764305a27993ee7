"""Draws avatars with expressions and trains two starter models on them: a CNN for pictures and a GRU over its features.

    python models/training/avatars.py --out models/starter --work WORK

Stages, in order (each leaves its result in WORK and can be run alone):
  pictures    renders the sets of pictures
  cnn         the CNN
  clips       renders the clips
  gru         the GRU, on what the CNN makes of the clips
  export      both folders, with their figures
Besides: report (the figures as tables), sheet (a picture to look at), folder (held-out pictures as DIR/<label>/<n>.png).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import avatar_clips
import avatar_data
import avatar_export as export
from avatar_canvas import SIZE
from avatar_fit import Turns, fit_clips, fit_pictures, logits_of, logits_of_clips
from avatar_report import report
from avatar_units import LABELS

SETS = {"train": (64_000, 4), "dev": (3_500, 7), "test": (7_000, 7), "grey": (1_400, 7)}
CLIPS = {"clips-train": 800, "clips-dev": 100, "clips-test": 300}


def log(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Run:
    def __init__(self, options):
        self.o = options
        self.work, self.out = Path(options.work), Path(options.out)
        self.work.mkdir(parents=True, exist_ok=True)
        self.turns = Turns(options.lock)

    def pictures(self):
        for split, (count, each) in SETS.items():
            with self.turns.held():
                images, rows = avatar_data.pictures(split, count // self.o.fraction, each, self.o.threads)
            np.save(self.work / f"{split}.npy", images)
            np.save(self.work / f"{split}-rows.npy", rows)
            log(f"{split}: {len(images)} pictures")

    def clips(self):
        for split, count in CLIPS.items():
            with self.turns.held():
                images, rows = avatar_clips.clips(split, count // self.o.fraction, self.o.threads)
            np.save(self.work / f"{split}.npy", images)
            np.save(self.work / f"{split}-rows.npy", rows)
            log(f"{split}: {len(images)} frames")

    def load(self, split):
        return np.load(self.work / f"{split}.npy"), np.load(self.work / f"{split}-rows.npy")

    def cnn(self):
        images, rows = self.load("train")
        dev, dev_rows = self.load("dev")
        gold = avatar_data.column(dev_rows, "label")

        def check(model):
            return f"dev accuracy {(logits_of(model, dev).argmax(1) == gold).mean():.4f}"
        torch.manual_seed(3)
        goal = avatar_data.soft_labels(avatar_data.column(rows, "label"), avatar_data.column(rows, "intensity"))
        model = fit_pictures(export.new_cnn(), images, goal, self.o.epochs, self.turns, seed=3, keep=self.work / "cnn-state.pt",
                             check=check, log=log)
        torch.save(model.state_dict(), self.work / "cnn.pt")

    def trained_cnn(self):
        cnn = export.new_cnn()
        cnn.load_state_dict(torch.load(self.work / "cnn.pt"))
        return export.stored(cnn)

    def gru(self):
        cnn = self.trained_cnn()
        with self.turns.held():
            features, _, soft, _ = export.features_by_clip(self.load, "clips-train", cnn)
            dev, _, _, hard = export.features_by_clip(self.load, "clips-dev", cnn)

        def check(parts):
            return f"dev accuracy {(logits_of_clips(parts, dev).argmax(-1) == hard)[hard >= 0].mean():.4f}"
        torch.manual_seed(4)
        parts = fit_clips(export.new_video(cnn), features, soft, self.o.clip_epochs, self.turns, seed=4, check=check, log=log)
        torch.save(parts.state_dict(), self.work / "gru.pt")

    def export(self):
        cnn = self.trained_cnn()
        video = export.new_video(cnn)
        parts = torch.nn.ModuleDict({"rnn": video.rnn, "classifier": video.classifier})
        parts.load_state_dict(torch.load(self.work / "gru.pt"))
        expression, clips = self.out / "avatar-expression", self.out / "avatar-video"
        with self.turns.held():
            for folder, net, write in ((expression, cnn, export.write_pictures), (clips, video, export.write_video)):
                result = write(self, net, folder)
                export.reference(folder, result)
                log(folder.name, {k: v for k, v in result["test"].items() if isinstance(v, float)})
        if self.o.golden:
            export.golden(self, expression, clips, Path(self.o.golden))

    def report(self):
        print(report(self.out))

    def sheet(self):
        """Each row is one avatar, each pair of columns one expression: strong and weak."""
        pictures = Image.fromarray(avatar_data.sheet())
        sheet = Image.new("RGB", (pictures.width, pictures.height + 14), "white")
        sheet.paste(pictures, (0, 14))
        pen = ImageDraw.Draw(sheet)
        for k, label in enumerate(LABELS):
            pen.text((2 + SIZE * max(0, 2 * k - 1), 1), label, fill="black")
        sheet.quantize(128, dither=Image.Dither.NONE).save(self.o.picture, optimize=True)

    def folder(self):
        """Held-out pictures as DIR/<label>/<n>.png."""
        images, rows = avatar_data.pictures("test", self.o.count, len(LABELS), self.o.threads)
        for n, (pixels, label) in enumerate(zip(images, avatar_data.column(rows, "label"))):
            file = Path(self.o.folder) / LABELS[int(label)] / f"{n}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="models/starter")
    parser.add_argument("--work", default="build/avatars")
    parser.add_argument("--stages", nargs="+", default=["pictures", "cnn", "clips", "gru", "export"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=30, help="of the CNN")
    parser.add_argument("--clip-epochs", type=int, default=18, help="of the GRU")
    parser.add_argument("--emoji", help="folder of emoji faces, an unseen style, for the figures")
    parser.add_argument("--golden", help="where to write figures for the tests, such as models/src/test/resources/golden-vision")
    parser.add_argument("--picture", default="avatars.png", help="stage sheet: the file")
    parser.add_argument("--folder", default="avatars", help="stage folder: where to")
    parser.add_argument("--count", type=int, default=1400, help="stage folder: how many pictures")
    parser.add_argument("--fraction", type=int, default=1, help="sets this many times smaller, to try things out")
    parser.add_argument("--lock", help="a file to lock while computing, where machines are shared")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(options)
    for stage in options.stages:
        getattr(run, stage)()


if __name__ == "__main__":
    main()

"""Tells the figures in reference.json of the two avatar models as tables."""

import json

from avatar_units import LABELS


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        lines.append("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |")
    return "\n".join(lines) + "\n"


def confusion(figures):
    rows = [[label, *row] for label, row in zip(LABELS, figures["confusion"])]
    return table(["gold \\ found", *LABELS], rows)


def of_labels(figures):
    return table(["label", "F1"], [[k, v] for k, v in figures["f1"].items()])


def summary(figures):
    return (f"{figures['examples']} examples: accuracy {figures['accuracy']:.3f}, macro-F1 {figures['macro_f1']:.3f}, calibration error "
            f"{figures['calibration_error']:.3f} ({figures['calibration_error_without_temperature']:.3f} without the temperature), "
            f"cross-entropy {figures['cross_entropy']:.3f}.\n")


def report(folder):
    expression = json.loads((folder / "avatar-expression" / "reference.json").read_text())
    video = json.loads((folder / "avatar-video" / "reference.json").read_text())
    test = expression["test"]
    out = [f"## avatar-expression (MiniXceptionForImageClassification, F16, {expression['parameters']} parameters)\n",
           f"Rendered pictures of avatars that training did not see. {summary(test)}", of_labels(test), confusion(test),
           table(["style, intensity, hardship", "examples", "accuracy"],
                 [[k, v["examples"], v["accuracy"]] for k, v in (*test["style"].items(), *test["intensity"].items(),
                  *((f"{a} {b}", v) for b in ("hidden", "speech") for a, v in test[b].items()))]),
           "Between the rule's bounds, where there is no right answer, what is found:\n",
           table(["intensity", "examples", "the emotion", "neutral", "another"],
                 [[k, *v.values()] for k, v in expression["grey_zone"].items()])]
    if "emoji" in expression:
        emoji = expression["emoji"]
        out += [f"Emoji of Noto and Emojitwo, {emoji['pictures']} pictures of a style never seen, each on {emoji['compositions']} plain "
                f"backgrounds. {summary(emoji)}", table(["label", "recall"], [[k, v] for k, v in emoji["recall"].items()]),
                confusion(emoji), "Emoji of emotions without a class are taken for: " + "; ".join(
                    f"{e} ({', '.join(f'{k} {n}' for k, n in sorted(t.items(), key=lambda x: -x[1]))})"
                    for e, t in emoji["without_a_class"].items()) + ".\n"]
    memory = video["memory"]
    names = {"frame": "CNN, each frame alone", "frame_refitted": "linear classifier fitted to such frames, each alone",
             "average": f"CNN's probabilities, running average (share {memory['average_share']})", "gru": "GRU (avatar-video)"}
    out += [f"## avatar-video (LimbicVideoClassifier, F16, {video['parameters']} parameters)\n",
            f"Noisy clips of avatars that training did not see, frame by frame. {summary(video['test'])}",
            table(["", "accuracy", "macro-F1", "changes of label a frame"],
                  [[names[k], *memory[k].values()] for k in names]),
            confusion(video["test"]),
            f"Frame after frame with the state carried over, logits differ from the whole clip's by at most "
            f"{video['step_by_step_differs']:.1e}.\n"]
    return "\n".join(out)

"""Learns which words an emotion makes likelier, and measures how far that steers a model without emotion tokens.

    python models/training/steering.py --data DATA --model models/starter/dialogue-gpt

Stages, in order:
  learn       the word weights of the server, from conversations and comments that people labelled
  measure     replies of a dialogue model with <|no_emotion|> whose logits are biased by these words
"""

import argparse
import json
from pathlib import Path

import numpy as np

from data import EKMAN, goemotions, goemotions_labels
from dialogue_data import self_dialogue, topical_chat
from steering_words import EMOTIONS, Counts, kept, words

RESOURCES = Path(__file__).parents[1] / "src/main/resources/dev/limbic"
TRAINING_FILES = "valid_"  # Topical-Chat's own training file is not at hand; its test files are not read
STAGES = ["learn", "measure"]
PRIOR = 1000  # words of the prior, a source
CLIP = (-2.0, 3.0)
LEAST_Z, LEAST_LOG_ODDS, LEAST_TEXTS = 2.58, 0.4, 6
COMMENTS_Z, AGAINST_Z = 2.0, 1.0  # GoEmotions alone says so too, and no source says the opposite
MOST = {"neutral": (20, 100)}  # words promoted and demoted; neutral is rather what is not said
MOST_OF_OTHERS = (80, 40)
DOMAINS = {"music": "music beatles pop rap rock lady", "sport": "nfl baseball basketball icehockey"}
ABOUT = (
    "Made by models/training/steering.py; do not edit. For each canonical emotion, words with the natural log-odds "
    "ratio of their use with and without it: Monroe, Colaresi and Quinn (2008), informative Dirichlet prior, of the "
    "words of each source apart, then the mean weighted by precision, clipped. Sorted by |z|, promoted words first.")
SOURCES = (
    "GoEmotions, training split (CC BY 4.0); Topical-Chat, validation conversations (CDLA-Sharing-1.0: these figures "
    "are Results); Self-dialogue Corpus, for choosing words (BSD-3-Clause). See steering-NOTICE beside this file.")


def topical_texts(data):
    """(words, {emotion: 1}) of the turns of conversations that no one holds out."""
    for c in topical_chat(data, TRAINING_FILES):
        if not c.held_out:
            for text, emotion in zip(c.turns, c.emotions):
                yield words(text), {emotion: 1.0}


def goemotions_texts(data):
    """(words, {emotion: share}) in the published grouping, with curiosity apart; contempt by the server's taxonomy."""
    labels = goemotions_labels(data)
    groups = {e: [labels.index(m) for m in members if m != "curiosity"] for e, members in EKMAN.items()}
    meanings = json.loads((RESOURCES / "postprocess/taxonomy/goemotions-28.json").read_text())["labels"]
    contempt = np.array([meanings[label]["emotions"].get("contempt", 0) for label in labels])
    contempt[labels.index("pride")] = 0  # a tenth of contempt, and nine of joy: its words are those of joy
    for text, row in zip(*goemotions(data, "train")):
        shares = {e: 1.0 for e, members in groups.items() if row[members].any()}
        if (row * contempt).any():
            shares["contempt"] = float((row * contempt).max() / contempt.max())
        yield words(text), shares


def domain(topic):
    first = topic.split()[0]
    return next((d for d, names in DOMAINS.items() if first in names.split()), "film")


def log_odds(counts, emotion, vocabulary):
    """(log-odds ratio, its variance) of each word of one source, [W]; None if the source does not know the emotion."""
    if emotion not in counts.by_emotion:
        return None
    total = np.array([counts.all[w] for w in vocabulary])
    inside = np.array([counts.by_emotion[emotion][w] for w in vocabulary])
    outside = np.array([counts.without[emotion][w] for w in vocabulary])
    prior = PRIOR * total / counts.all.total() + 1e-9
    n_in, n_out = counts.by_emotion[emotion].total(), counts.without[emotion].total()

    def odds(y, n):
        return np.log((y + prior) / (n + PRIOR - y - prior))

    return odds(inside, n_in) - odds(outside, n_out), 1 / (inside + prior) + 1 / (outside + prior)


def combined(sources, emotion, vocabulary):
    """Log-odds ratio and z-score over the sources that know the emotion, [W]; z is 0 where they do not agree."""
    found = [x for x in (log_odds(s, emotion, vocabulary) for s in sources) if x is not None]
    precision = sum(1 / v for _, v in found)
    mean = sum(d / v for d, v in found) / precision
    each = [np.sign(mean) * d / np.sqrt(v) for d, v in found]
    agreed = (each[-1] >= COMMENTS_Z) & (np.min(each, axis=0) >= -AGAINST_Z)
    return mean, np.where(agreed, mean * np.sqrt(precision), 0)


def chosen(delta, z, often, vocabulary, promoted, demoted):
    """At most so many words with positive and with negative weight, the surest first."""
    result = {}
    for sign, most in ((1, promoted), (-1, demoted)):
        fit = [i for i in np.argsort(-np.abs(z), kind="stable")
               if sign * z[i] >= LEAST_Z and sign * delta[i] >= LEAST_LOG_ODDS and (sign < 0 or often[i])]
        result.update({vocabulary[i]: round(float(np.clip(delta[i], *CLIP)), 2) for i in fit[:most]})
    return result


def learn(options):
    topical, comments = Counts(topical_texts(options.data)), Counts(goemotions_texts(options.data))
    talk = [(domain(c.topic), [words(t) for t in c.turns]) for c in self_dialogue(options.data) if not c.held_out]
    vocabulary = kept(topical, comments, talk)
    print(f"{topical.texts} turns, {comments.texts} comments, {len(talk)} self-dialogues; {len(vocabulary)} words")
    emotions = {}
    for emotion in EMOTIONS:
        delta, z = combined([topical, comments], emotion, vocabulary)
        known = [s.by_emotion[emotion] for s in (topical, comments) if emotion in s.by_emotion]
        often = [sum(k[w] for k in known) >= LEAST_TEXTS for w in vocabulary]
        emotions[emotion] = chosen(delta, z, often, vocabulary, *MOST.get(emotion, MOST_OF_OTHERS))
        print(f"\n{emotion}: {len(emotions[emotion])} words;", topical.texts_of[emotion], "turns,",
              comments.texts_of[emotion], "comments")
        print(" ".join(f"{w} {x}" for w, x in emotions[emotion].items()))
    write(emotions, options.out)


def write(emotions, file):
    """One line for each emotion's promoted words and one for its demoted."""
    lines = [f'  "about": {json.dumps(ABOUT)},', f'  "sources": {json.dumps(SOURCES)},', '  "emotions": {']
    for k, (emotion, found) in enumerate(emotions.items()):
        lines.append(f'    "{emotion}": ' + json.dumps(found) + ("," if k + 1 < len(emotions) else ""))
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text("{\n" + "\n".join([*lines, "  }", "}"]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True,
                        help="folder that holds goemotions, topical_chat, self_dialogue and, to measure, xed_en")
    parser.add_argument("--out", default=RESOURCES / "generate/steering.json", help="default: %(default)s")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, metavar="STAGE",
                        help=f"any of: {' '.join(STAGES)} (default: all)")
    parser.add_argument("--model", default="models/starter/dialogue-gpt", help="to measure on (default: %(default)s)")
    parser.add_argument("--classifier", default="models/starter/emotion-bert", help="default: %(default)s")
    parser.add_argument("--contexts", type=int, default=60)
    parser.add_argument("--scales", nargs="+", type=float, default=[1.0, 2.0, 3.0])
    parser.add_argument("--figures", help="file for the figures, as JSON")
    options = parser.parse_args()
    if "learn" in options.stages:
        learn(options)
    if "measure" in options.stages:
        import torch

        from steering_measure import measure

        torch.set_num_threads(1)
        result = measure(options)
        if options.figures:
            Path(options.figures).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

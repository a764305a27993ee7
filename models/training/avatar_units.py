"""Expressions as action units of the Facial Action Coding System (Ekman and Friesen 1978).

A face's expression is an array [unit, side] of activations from 0 to 1 (1 is the most a face can do), side 0 on the
left of the picture. Unit numbers are those of FACS."""

import numpy as np

LABELS = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"]

# 1, 2 inner and outer brow up; 4 brows down and together; 5 upper lid up; 6 cheeks up; 7 lids tight; 9 nose wrinkled;
# 10 upper lip up; 12 corners up; 14 dimple; 15 corners down; 16 lower lip down; 17 chin up; 18 pucker; 19 tongue out;
# 20 lips stretched; 23, 24 lips tight, pressed; 25 lips part; 26, 27 jaw down, far down; 43 eyes closed.
UNITS = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 43]
PLACE = {unit: place for place, unit in enumerate(UNITS)}

TABLE = {
    "neutral": {},
    "happy": {6: 1, 12: 1},
    "sad": {1: 1, 4: .7, 15: 1},
    "angry": {4: 1, 5: .6, 7: .8, 23: 1},
    "fearful": {1: 1, 2: .5, 4: .8, 5: 1, 20: 1, 26: .6},
    "disgusted": {9: 1, 15: .8, 16: .8},
    "surprised": {1: 1, 2: 1, 5: .9, 26: 1},
}

# What may come with it: (probability, units). The first that chance takes is added, so the order matters.
COMPANY = {
    "neutral": [],
    "happy": [(.4, {25: .7}), (.35, {25: 1, 26: .7}), (.1, {43: 1, 25: .6})],
    "sad": [(.25, {17: .8}), (.2, {43: .5}), (.12, {43: 1, 17: .4}), (.2, {25: .6, 26: .35})],
    "angry": [(.3, {24: .8}), (.22, {10: .8, 16: .8, 25: 1}), (.15, {25: .8, 26: .6, 10: .5}), (.15, {17: .7})],
    "fearful": [(.5, {25: .8}), (.3, {16: .6, 25: 1})],
    "disgusted": [(.3, {10: .9, 4: .5}), (.25, {4: .6, 7: .8, 25: .6}), (.25, {19: 1, 25: 1, 26: .5}), (.2, {17: .7})],
    "surprised": [(.3, {27: .7, 25: 1}), (.5, {25: .8})],
}

# Shapes of a speaking mouth.
SPEECH = [{25: .5, 26: .3}, {25: .7, 26: .6}, {18: .9, 25: .4}, {18: .7, 26: .3, 25: .5}, {20: .35, 25: .5}, {24: .4},
          {25: .5, 16: .3}]

FELT = .35  # from this intensity a face has the label of its emotion
CALM = .1  # up to this one it is neutral; between the two lies a grey zone, shared linearly


def units(activations):
    result = np.zeros((len(UNITS), 2), dtype=np.float32)
    for unit, value in activations.items():
        result[PLACE[unit]] = value
    return result


class Expressor:
    """How one person shows feelings: gain of each unit, habitual asymmetry, and what the face at rest looks like."""

    def __init__(self, rng):
        self.gain = rng.uniform(.8, 1.3, (len(UNITS), 1)) * rng.uniform(.9, 1.1, (len(UNITS), 2))
        rest = units({12: .1, 15: .09, 1: .07, 4: .08, 2: .06, 43: .15, 5: .06, 25: .1})
        self.rest = rest * rng.uniform(0, 1, (len(UNITS), 1)) * (rng.uniform(0, 1, (len(UNITS), 1)) < .5)

    def pattern(self, label, rng):
        """The emotion at full intensity as this person shows it this time: with company, one unit perhaps weak, and
        uneven sides."""
        chosen = dict(TABLE[label])
        if len(chosen) > 2 and rng.random() < .25:
            weak = list(chosen)[rng.integers(len(chosen))]
            chosen[weak] *= rng.uniform(.4, .7)
        for probability, company in COMPANY[label]:
            if rng.random() < probability:
                for unit, value in company.items():
                    chosen[unit] = max(chosen.get(unit, 0), value)
                break
        result = units(chosen) * self.gain * rng.uniform(.8, 1.2, (len(UNITS), 1))
        if rng.random() < .3:  # one side weaker
            result[:, rng.integers(2)] *= rng.uniform(.6, .95)
        return result

    def face(self, pattern, intensity, speech=None, closed=0.0):
        """Activations [unit, side]. speech: units of a speaking mouth, closed: how far a blink has come."""
        result = self.rest * (1 - min(1.0, intensity)) + pattern * intensity ** .75  # avatars exaggerate what is weak
        if speech is not None:
            result = np.maximum(result, speech)
            if intensity:  # a speaking mouth moves off what it had
                for unit in (23, 24):
                    result[PLACE[unit]] *= 1 - .5 * float(speech.max())
        result = np.clip(result, 0, 1.15)
        result[PLACE[43]] = np.maximum(result[PLACE[43]], closed)
        return result


def speaking(rng):
    return units(SPEECH[rng.integers(len(SPEECH))]) * rng.uniform(.5, 1)

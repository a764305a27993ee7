"""Who an avatar is: style, shape, colours, hair and what is worn. Everything that stays while the expression changes."""

import colorsys
from types import SimpleNamespace

import numpy as np

from avatar_units import Expressor

STYLES = ["flat", "shaded", "anime", "line", "round", "block"]
SHARES = [.17, .2, .18, .1, .25, .1]

SKIN = [(255, 224, 196), (241, 194, 158), (224, 172, 125), (198, 134, 88), (150, 94, 60), (96, 60, 42), (255, 205, 180)]
FANCY = [(120, 180, 90), (110, 150, 220), (170, 120, 200), (160, 165, 175), (220, 90, 80), (90, 190, 180), (235, 235, 235)]
YELLOW = [(255, 205, 60), (250, 190, 50), (255, 221, 103), (245, 200, 90)]
HAIR = [(30, 24, 22), (70, 44, 28), (120, 76, 40), (190, 140, 70), (235, 205, 130), (170, 60, 30), (200, 200, 205)]
IRIS = [(60, 40, 25), (90, 60, 30), (60, 110, 160), (70, 130, 80), (120, 120, 130), (130, 70, 150), (20, 20, 25)]


def shade(colour, factor):
    """Darker below 1, towards white above."""
    if factor <= 1:
        return tuple(int(c * factor) for c in colour)
    return tuple(int(c + (255 - c) * (factor - 1)) for c in colour)


def vivid(rng, low=.35, high=1.0):
    """Any colour."""
    h, s, v = rng.random(), rng.uniform(.1, .9), rng.uniform(low, high)
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(h, s, v))


def near(colour, rng, by=14):
    return tuple(int(np.clip(c + rng.normal(0, by), 0, 255)) for c in colour)


def pick(rng, choices):
    return choices[rng.integers(len(choices))]


def identity(seed, style=None):
    """The avatar of that seed. Lengths are in half-heights of the head."""
    rng = np.random.default_rng([7, seed])
    chance = rng.random
    style = style or STYLES[rng.choice(len(STYLES), p=SHARES)]
    i = SimpleNamespace(seed=seed, style=style, expressor=Expressor(rng))
    u = rng.uniform
    plain = style == "round"  # a ball with a face
    skin = pick(rng, SKIN)
    if plain:
        skin = pick(rng, YELLOW) if chance() < .6 else vivid(rng, .6)
    elif chance() < (.05 if style == "shaded" else .15):
        skin = pick(rng, FANCY)
    i.skin = near(skin, rng, 10)
    if style == "line":
        i.skin = near((246, 244, 238), rng, 6) if chance() < .6 else i.skin
    dark = sum(i.skin) < 260
    i.line = shade(i.skin, .35) if style in ("shaded", "round") else (30, 26, 30)
    if plain and chance() < .5:
        i.line = near((70, 45, 25), rng, 15)
    if dark:
        i.line = shade(i.skin, .25)
    i.outline = {"flat": chance() < .4, "shaded": False, "anime": chance() < .8, "line": True,
                 "round": chance() < .45, "block": chance() < .3}[style]
    i.width = u(.95, 1.08) if plain else u(.68, .88)
    i.corner = {"block": u(3.5, 8)}.get(style, 2.0 if plain else u(2.0, 2.6))  # exponent of the super-ellipse
    i.chin = 0 if plain else (u(.25, .5) if style == "anime" else u(0, .35))  # how much the jaw narrows
    if style == "block":
        i.width, i.chin = u(.8, 1), 0
    i.power = u(1.05, 1.6) if style != "shaded" else u(1.0, 1.3)  # how strongly features move

    # eyes
    i.eyes = {"round": pick(rng, ["dot", "dot", "white", "lid"]), "anime": "anime", "line": pick(rng, ["lid", "dot", "white"]),
              "block": pick(rng, ["lid", "white", "dot"]), "flat": pick(rng, ["lid", "lid", "white", "dot"]),
              "shaded": "lid"}[style]
    i.eye_x, i.eye_y = u(.3, .4), u(-.1, .08) if not plain else u(-.25, -.05)
    i.eye_w = u(.13, .18) if i.eyes != "anime" else u(.19, .25)
    i.eye_h = i.eye_w * (u(.5, .75) if i.eyes == "lid" else u(1.0, 1.35))
    if i.eyes == "dot":
        i.eye_w, i.eye_h = u(.075, .12), u(.11, .19)
    i.eye_slant = u(-.05, .05)
    i.iris = near(pick(rng, IRIS), rng, 12) if i.eyes != "anime" else vivid(rng, .3, .8)
    i.iris_r = i.eye_h * u(.72, .95) if i.eyes != "white" else i.eye_h * u(.35, .6)
    i.lash = u(.02, .05) * (1.4 if i.eyes == "anime" else 1)
    i.smiling_eyes = chance() < .5  # closed eyes of joy as arcs
    i.eye_cross = chance() < .15  # closed eyes as > <
    i.makeup = shade(vivid(rng, .3, .7), 1) if chance() < .1 and not plain else None

    # brows
    hair = near(pick(rng, HAIR), rng, 12) if chance() < .75 or style == "shaded" else vivid(rng, .25, .95)
    i.hair_colour = hair
    i.brow_y = i.eye_y - i.eye_h * .75 - u(.11, .2)
    i.brow_w, i.brow_thick = u(.15, .21), u(.025, .06)
    i.brow_arch, i.brow_slant = u(0, .06), u(-.03, .03)
    i.brow_colour = shade(hair, u(.5, .9)) if not plain else i.line
    if sum(abs(a - b) for a, b in zip(i.brow_colour, i.skin)) < 120:  # must be seen
        i.brow_colour = shade(i.skin, .4)
    i.brow_hidden = plain and chance() < .6  # drawn only when it moves

    # nose and mouth
    i.nose = "none" if plain and chance() < .9 else pick(rng, ["none", "line", "wedge", "button", "corner", "wings"])
    if style == "shaded":
        i.nose = pick(rng, ["wedge", "button", "wings"])
    i.nose_y, i.nose_w = u(.22, .34), u(.09, .15)
    i.mouth_y = u(.5, .6) if not plain else u(.32, .48)
    i.mouth_w = u(.22, .32) * (1.15 if plain else 1)
    i.lip = u(.02, .065) if style in ("shaded", "flat", "block") and chance() < .75 else 0
    i.lip_colour = near(shade((205, 95, 95), .8 if dark else 1), rng, 18)
    i.mouth_line = u(.022, .045)
    i.mouth_curve = u(1.6, 2.8)
    i.inside = near((95, 25, 35), rng, 12) if style != "line" or chance() < .5 else (40, 36, 40)
    i.teeth, i.tongue = chance() < .75, chance() < .65

    # age, beard, hair, things worn
    i.age = u(0, 1) if style != "anime" else u(0, .5)
    i.freckles = chance() < .08 and not plain
    i.blush = chance() < (.3 if style in ("anime", "round") else .15)
    i.beard = None if plain or style == "anime" or chance() < .72 else pick(rng, ["full", "goatee", "moustache", "stubble"])
    i.hair = pick(rng, ["short", "short", "long", "bob", "spiky", "bald", "curly", "fringe", "side"])
    if plain and chance() < .88:
        i.hair = "bald"
    i.hair_line, i.hair_seed = u(-.62, -.45), int(rng.integers(1 << 30))
    i.ears = "none" if plain or i.hair in ("long", "bob") else pick(rng, ["round", "round", "round", "round", "pointed", "none"])
    if style in ("anime", "flat") and chance() < .12:
        i.ears = "cat"
    i.glasses = None if chance() < .85 else pick(rng, ["round", "square", "half"])
    i.glasses_colour = pick(rng, [(20, 20, 20), (90, 60, 40), (150, 40, 40), (170, 170, 180)])
    i.hat = None if chance() < (.95 if plain else .86) else pick(rng, ["cap", "beanie", "top", "helmet", "band"])
    i.hat_colour = vivid(rng)
    i.headphones = chance() < .05
    i.clothes = vivid(rng)
    i.marks = style in ("anime", "round", "flat") and chance() < .5  # tears, drops of sweat, a red or green face
    return i

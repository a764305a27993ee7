"""Draws what moves: brows, eyes, nose, mouth and folds, from the action units alone."""

import numpy as np

from avatar_canvas import CIRCLE, HALF
from avatar_identity import shade
from avatar_units import PLACE


class Muscles:
    """Activations by unit; side -1 is left in the picture, 1 right, 0 the mean of both."""

    def __init__(self, activations, power):
        self.values = activations
        self.power = power

    def __call__(self, unit, side=0):
        row = self.values[PLACE[unit]]
        return float(row.mean() if side == 0 else row[(side + 1) // 2])


def brows(c, i, m):
    for side in (-1, 1):
        inner, outer, down = m(1, side), m(2, side), m(4, side)
        moved = max(inner, outer, down, m(9, side) * .8)
        if i.brow_hidden and moved < .22:
            continue
        t = np.linspace(0, 1, 6)
        knit = down * (1 - .75 * inner)  # with the inner brow up, 4 only draws together
        y = i.brow_y - i.brow_arch * np.sin(np.pi * t * .85) - i.brow_slant * (t - .5)
        y = y - m.power * (.17 * inner * (1 - t) ** 1.2 + .16 * outer * np.sin(np.pi * np.minimum(1, t * .8 + .1)))
        y = y + m.power * (knit * (.17 * (1 - t) - .05 * t) + .08 * m(9, side) * (1 - t))
        y = y - .03 * m.power * m(5, side) * (1 - knit) + .05 * m.power * inner * down * t
        y = np.minimum(y, i.eye_y + .03)
        x = i.eye_x - i.brow_w * .95 - .05 * m.power * down + t * (2 * i.brow_w + .03 * m.power * down)
        thick = i.brow_thick * (1.15 - .5 * t ** 2)
        x = side * np.maximum(x, .03)
        line = np.concatenate([c.on(x, y - thick, .03), c.on(x[::-1], y[::-1] + thick[::-1], .03)])
        c.fill(line, i.brow_colour)


def eyes(c, i, m, gaze):
    for side in (-1, 1):
        wide, cheek, tight = m(5, side), m(6, side), m(7, side)
        shut = min(1, m(43, side) + .1 * m(9, side))
        droop = m(1, side) * (1 - m(2, side)) * (1 - m(5, side))
        press = m(4, side) * (1 - m(1, side))
        lift = min(1.0, m.power)
        upper = (1 + .55 * wide * lift - .3 * tight - .28 * cheek - .2 * m(9, side) - .15 * droop) * (1 - shut)
        lower = (1 + .12 * wide - .6 * tight - 1.15 * cheek * lift - .45 * m(9, side)) * (1 - .85 * shut)
        if i.eyes == "dot":
            dot(c, i, side, upper, lower, cheek, shut, droop, press, wide)
            continue
        x0, w = side * i.eye_x, i.eye_w
        u = HALF
        bow = np.maximum(0, 1 - np.abs(u) ** 2.4) ** .75
        slope = -side * u * i.eye_slant  # u runs left to right; the outer end is at u = side
        inward = (1 - side * u) / 2
        top = i.eye_y + slope - i.eye_h * upper * bow
        top = top + i.eye_h * bow * (.75 * press * lift * inward - .35 * droop * inward + .4 * droop * (1 - inward))
        base = i.eye_y + slope + i.eye_h * .8 * lower * bow
        base = np.maximum(base, top)
        x = x0 + w * u
        closed = (base - top).max() < .16 * i.eye_h
        if closed:
            arc(c, i, x, i.eye_y + slope, bow, cheek, side)
            continue
        edge = np.concatenate([c.on(x, top), c.on(x[::-1], base[::-1])])
        c.fill(edge, (250, 250, 250) if i.eyes != "line" else i.skin)
        gx, gy = gaze[0] * w * .4, gaze[1] * i.eye_h * .3
        r = i.iris_r * (1 - .25 * wide * (i.eyes == "white"))
        cx, cy = x0 + gx, i.eye_y + gy - (.1 * i.eye_h if i.eyes == "anime" else 0)
        iris(c, i, cx, cy, r)
        # Lids cover what of the iris lies outside the opening.
        over = i.eye_h * 1.7
        lid = i.makeup or (shade(i.skin, .9) if i.style == "shaded" else i.skin)
        c.fill(np.concatenate([c.on(x, top), c.on(x[::-1], np.minimum(top[::-1], i.eye_y - over))]), lid)
        c.fill(np.concatenate([c.on(x, base), c.on(x[::-1], np.maximum(base[::-1], i.eye_y + over))]), i.skin)
        if i.eyes == "white" and i.style != "shaded":
            c.stroke(np.concatenate([edge, edge[:2]]), i.line, i.lash * .6)
        if (i.eyes != "white" or upper < .8):
            c.stroke(c.on(x, top), i.line if i.eyes != "lid" or i.style != "shaded" else shade(i.skin, .3), i.lash)
        if cheek > .3 or tight > .4 or i.style in ("line", "anime"):
            c.stroke(c.on(x[2:-2], base[2:-2]), shade(i.skin, .55) if i.style != "line" else i.line, .018)


def iris(c, i, x, y, r):
    if i.eyes == "white":
        c.oval(x, y, r, r, i.line)
        return
    tall = 1.15 if i.eyes == "anime" else 1
    c.oval(x, y, r * (.85 if tall > 1 else 1), r * tall, i.iris)
    c.oval(x, y, r * .5, r * .5 * tall, (15, 12, 15))
    if i.eyes == "anime":
        c.oval(x - r * .3, y - r * .45, r * .3, r * .35, (255, 255, 255))
    elif i.style != "line":
        c.oval(x - r * .35, y - r * .4, r * .22, r * .22, (255, 255, 255))


def arc(c, i, x, y, bow, cheek, side):
    """A closed eye: an arc upwards when the cheeks are up, downwards otherwise."""
    if cheek > .5 and i.smiling_eyes and i.eye_cross:
        tip = np.array([0, 1, 0]) * (x[-1] - x[0])
        px = (x[0] + tip) if side < 0 else (x[-1] - tip)
        c.stroke(c.on(px, np.array([-.5, 0, .5]) * i.eye_h * 1.3 + i.eye_y), i.line, i.lash * 1.2)
        return
    up = 1 if cheek > .4 and i.smiling_eyes else -.55
    c.stroke(c.on(x, y + i.eye_h * .3 * up - up * i.eye_h * .8 * bow), i.line, max(i.lash, .03) * 1.2)


def dot(c, i, side, upper, lower, cheek, shut, droop, press, wide):
    x0 = side * i.eye_x
    if shut > .75 or (cheek > .55 and i.smiling_eyes):
        x = x0 + 1.7 * i.eye_w * HALF
        arc(c, i, x, i.eye_y, np.maximum(0, 1 - HALF ** 2), cheek, side)
        return
    grow = 1 + .3 * wide
    t, b = i.eye_h * max(.3, upper) * grow, i.eye_h * max(.3, min(1.1, lower))
    s = np.sin(CIRCLE)
    x = x0 + i.eye_w * grow * np.cos(CIRCLE)
    y = i.eye_y + np.where(s < 0, s * t, s * b)
    inward = (1 - np.cos(CIRCLE) * side) / 2
    cut = i.eye_y - t + 1.6 * t * (.9 * press * inward + .8 * droop * (1 - inward))  # lids cut the dot
    c.fill(c.on(x, np.maximum(y, cut)), i.line if i.style == "round" else (25, 20, 25))
    if i.seed % 3 == 0:
        c.oval(x0 - i.eye_w * .3, i.eye_y - t * .3, i.eye_w * .3, i.eye_w * .35, (255, 255, 255))


def nose(c, i, m):
    up = .05 * m.power * m(9)
    y, w = i.nose_y - up, i.nose_w * (1 + .25 * m(9))
    dark = i.line if i.style == "line" else shade(i.skin, .62)
    if i.nose == "line":
        c.stroke(c.on(np.array([-w, 0, w]) * .6, np.array([y, y + .03, y]), .1), dark, .025)
    elif i.nose == "wedge":
        c.fill(c.on(np.array([0, -w, w]), np.array([y - .3, y, y]), .12), shade(i.skin, .82))
    elif i.nose == "button":
        c.oval(0, y - .03, w * .75, w * .6, shade(i.skin, .85), i.line if i.style == "line" else None, .02, .1)
    elif i.nose == "corner":
        c.stroke(c.on(np.array([.01, w * .8, -.01]), np.array([y - .22, y, y + .015]), .1), dark, .025)
    elif i.nose == "wings":
        c.fill(c.on(np.array([-.03, .03, w * .5, -w * .5]), np.array([y - .3, y - .3, y, y]), .1), shade(i.skin, 1.15))
        for side in (-1, 1):
            c.oval(side * w * .8, y, w * .35, w * .3, shade(i.skin, .8), None, 0, .08)
            c.oval(side * w * .4, y + .02, w * .22, w * .13, shade(i.skin, .45), None, 0, .1)
    if m(9) > .25:  # wrinkles at the root, and the wings drawn up
        strength = shade(i.skin, 1 - .5 * min(1, m(9))) if i.style != "line" else i.line
        for row in range(3):
            at = i.eye_y + .02 + .07 * row
            c.stroke(c.on(np.array([-.1, 0, .1]) * (1 - .15 * row), np.array([at, at + .045, at]), .06), strength, .024)
        for side in (-1, 1):
            c.stroke(c.on(side * np.array([w * .8, w * 1.3, w * 1.5]), np.array([y - .1, y - .04, y + .06]), .05),
                     strength, .024)


def folds(c, i, m):
    """Lines of the forehead, between the brows, beside the mouth and on the chin; older faces show more."""
    dark = i.line if i.style == "line" else shade(i.skin, .68)
    show = .45 + .55 * i.age
    up = min(m(1), 1) * show
    if up > .4 and i.style != "round":
        for row in range(2):
            at, half = i.brow_y - .22 - .1 * row - .1 * m(2), .3 if m(2) > .4 else .14
            c.stroke(c.on(half * HALF[::3], at + .02 * np.cos(HALF[::3] * 3), .02), dark, .018)
    knit = m(4) * show
    if knit > .3 and i.style != "round":
        for side in (-1, 1):
            c.stroke(c.on(side * np.array([.045, .06]), i.brow_y + np.array([-.08, .06]), .03), dark, .02)
    for side in (-1, 1):
        lift = max(m(12, side), m(9, side), m(10, side))
        if lift * show > .35 and i.style != "round":
            x = side * np.array([i.nose_w * 1.25, i.nose_w * 1.9, i.mouth_w * 1.25])
            y = np.array([i.nose_y - .04, i.nose_y + .06, i.mouth_y - .08])
            c.stroke(c.on(x, y), dark, .02)
        if m(6, side) > .4:
            if i.style == "shaded":
                c.oval(side * (i.eye_x + .03), i.eye_y + .26, .15, .08, shade(i.skin, 1.12))
            elif i.age > .4 and i.style != "round":
                c.stroke(c.on(side * (i.eye_x + .13 * HALF[::3]), i.eye_y + i.eye_h + .08 - .04 * (1 - HALF[::3] ** 2)),
                         dark, .018)
    if m(17) > .4 and i.style != "round":
        c.stroke(c.on(.1 * HALF[::3], i.mouth_y + .2 - .03 * (1 - HALF[::3] ** 2)), dark, .022)


def jaw(m):
    """How far the chin is lowered."""
    return m.power * (.1 * m(26) + .16 * m(27))


def mouth(c, i, m):
    p = m.power
    drop = .26 * m(26) + .42 * m(27)
    part = .07 * max(m(25), m(10) * .6, m(16) * .7)
    gap = p * ((drop + part) if m(25) + m(26) + m(27) + m(10) + m(16) > .15 else 0) * (1 - .6 * m(24))
    round_up = (m(26) + m(27)) * (1 - max(m(12), m(20), m(9), .8 * m(15))) * .35 + .5 * m(18)
    corner_x, corner_y = [], []
    for side in (-1, 1):
        corner_x.append(side * i.mouth_w * (1 + p * (.3 * m(12, side) + .32 * m(20, side) + .06 * m(15, side))
                                            - .25 * m(23) - .12 * m(24) - min(.65, round_up)))
        corner_y.append(p * (-.15 * m(12, side) + .15 * m(15, side) + .05 * m(20, side) + .03 * m(14, side)) + gap * .35)
    u = HALF
    weight = (u + 1) / 2
    base_x = corner_x[0] * (1 - weight) + corner_x[1] * weight
    base_y = i.mouth_y + corner_y[0] * (1 - weight) + corner_y[1] * weight
    bow = np.maximum(0, 1 - np.abs(u) ** i.mouth_curve)
    square = np.maximum(0, 1 - np.abs(u) ** 4)
    # Lowest and highest point of the lips' inner edges, from the line between the corners.
    middle = p * (.11 * m(12) - .1 * m(15) - .05 * m(17) - .03 * m(20))
    upper = middle - gap * .35 - p * (.06 * m(10) + .07 * m(9) + .03 * m(25) * m(20))
    lower = middle + gap * .65 + p * (.08 * m(16) * (.4 + .6 * (gap > 0)) - .04 * m(17))
    lower = max(lower, upper)
    form = square if m(10) + m(16) + m(20) > .9 else bow
    raised = np.maximum(0, 1 - np.abs(u * 1.1) ** 1.6) if m(9) + m(10) > .5 else bow
    top = base_y + upper * (raised if m(9) + m(10) > .5 and upper < 0 else bow if m(20) < .5 else form)
    low = np.maximum(base_y + lower * form, top)
    thin = max(.15, 1 - .75 * m(23) - .6 * m(24) + .4 * m(18))
    lips(c, i, base_x, top, low, thin, u)
    if (low - top).max() > .035:
        opening(c, i, m, base_x, top, low)
    else:
        width = i.mouth_line * (1 + .35 * m(24) + .3 * m(23) if not i.lip else .8)
        c.stroke(c.on(base_x, (top + low) / 2, .05), i.line if i.style != "shaded" else shade(i.lip_colour, .5), width)
    for side, x, y in ((-1, base_x[0], base_y[0]), (1, base_x[-1], base_y[-1])):
        if m(14, side) > .4 or (m(12, side) > .6 and i.age > .5):
            c.stroke(c.on(np.array([x + side * .02, x + side * .035]), np.array([y - .05, y + .03]), .05),
                     i.line if i.style == "line" else shade(i.skin, .6), .02)


def lips(c, i, x, top, low, thin, u):
    if not i.lip:
        return
    full = i.lip * thin * (1 - np.abs(u) ** 2.5)
    dip = 1 - .35 * np.exp(-(u / .18) ** 2)
    c.fill(np.concatenate([c.on(x, top - full * dip, .05), c.on(x[::-1], (low + full * 1.25)[::-1], .05)]), i.lip_colour)


def opening(c, i, m, x, top, low):
    edge = np.concatenate([c.on(x, top, .05), c.on(x[::-1], low[::-1], .05)])
    c.fill(edge, i.inside)
    height = (low - top).max()
    bared = m(10) + m(16) + .8 * m(20) > 1.1 and height < .3
    if i.teeth or bared:
        row = np.minimum(low, top + (height * .95 if bared else min(.1, height * .42)))
        c.fill(np.concatenate([c.on(x, top, .05), c.on(x[::-1], row[::-1], .05)]), (250, 250, 246))
        if bared:
            mid = (top + low) / 2
            c.stroke(c.on(x, mid, .05), shade(i.skin, .5), .014)
            for k in (3, 5, 7, 9):
                c.stroke(c.on(x[[k, k]], np.array([top[k], low[k]]), .05), shade(i.skin, .5), .01)
    out = m(19)
    if out > .3:
        drop = low.max() + .16 * out
        centre = (top.min() * .4 + low.max() * .6 + drop) / 2
        c.oval(0, centre, min(.13, x[-1] * .6), (drop - centre) + .02, (230, 110, 120), shade(i.inside, .9), .012, .06)
    elif i.tongue and height > .14 and not bared:
        row = np.maximum(top, low - height * .32 * np.maximum(0, 1 - (x / max(.05, x[-1])) ** 2))
        c.fill(np.concatenate([c.on(x, row, .05), c.on(x[::-1], low[::-1], .05)]), (225, 100, 105))
    if not i.lip:
        c.stroke(np.concatenate([edge, edge[:2]]), i.line if i.style != "shaded" else shade(i.skin, .5), i.mouth_line * .6)


def marks(c, i, label, intensity, chance):
    """The signs of comics: tears, a drop of sweat, a coloured face is the head's business. chance: three numbers from 0 to 1."""
    if not i.marks or intensity < .4:
        return
    blue = (90, 170, 245)
    side = -1 if chance[1] < .5 else 1
    if label == "sad" and chance[0] < .4:
        for s in ((-1, 1) if chance[2] < .4 else (side,)):
            y = i.eye_y + i.eye_h + .04
            long = .12 + .3 * intensity * chance[2]
            c.oval(s * (i.eye_x + .02), y + long / 2, .05, .05 + long / 2, blue)
    elif label == "happy" and chance[0] < .1 and intensity > .7:
        for s in (-1, 1):
            c.oval(s * (i.eye_x + .16), i.eye_y + .1, .07, .1, blue)
    elif label == "fearful" and chance[0] < .35:
        x, y = side * i.width * .62, i.brow_y - .05
        c.fill(c.on(np.array([x, x - .06, x, x + .06]), np.array([y - .16, y + .02, y + .08, y + .02])), blue)
    elif label == "angry" and chance[0] < .2 and i.style == "anime":
        x, y = side * .42, -.55
        for k in (-1, 1):
            c.stroke(c.on(x + np.array([-.1, -.03, -.03]) * k, y + np.array([-.03, -.03, -.1]) * k), (210, 40, 40), .03)
            c.stroke(c.on(x + np.array([.1, .03, .03]) * k, y + np.array([-.03, -.03, -.1]) * k), (210, 40, 40), .03)

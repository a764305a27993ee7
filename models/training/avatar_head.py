"""Draws what stays: shoulders, hair, head, ears, beard and what is worn."""

import numpy as np

from avatar_canvas import CIRCLE, HALF
from avatar_identity import shade


def outline(i, drop, grow=1.0):
    """x, y of the head's outline, clockwise from the right; drop: how far the jaw is lowered."""
    c, s = np.cos(CIRCLE), np.sin(CIRCLE)
    power = 2 / i.corner
    x = np.sign(c) * np.abs(c) ** power * i.width * grow
    y = np.sign(s) * np.abs(s) ** power * grow
    x = np.where(y > 0, x * (1 - i.chin * np.maximum(0, y) ** 1.5), x)
    y = np.where(y > 0, y * (1 + drop), y)
    return x, y


def shifted(c, x, y):
    """The outline as seen: the jaw goes with the turn."""
    return c.place(x + .22 * c.sy * np.maximum(0, y) + .05 * c.sy, y - .08 * c.sp)


def body(c, i):
    if i.style == "round":
        return
    cloth = i.clothes
    neck = shade(i.skin, .82)
    if i.style == "line":
        cloth, neck = shade(i.skin, .96), shade(i.skin, .93)
    edge = np.array([-1.3, -1.15, -.4, .4, 1.15, 1.3])
    c.fill(c.place(edge, np.array([2.4, 1.5, 1.22, 1.22, 1.5, 2.4])), cloth)
    c.fill(c.place(np.array([-.3, .3, .33, -.33]), np.array([.6, .6, 1.32, 1.32])), neck)
    if i.outline:
        c.stroke(c.place(edge, np.array([2.4, 1.5, 1.22, 1.22, 1.5, 2.4])), i.line, .03)


def back_hair(c, i):
    if i.hair in ("bald", "short", "fringe", "side") or i.hair == "spiky":
        return
    low = {"long": 1.35, "bob": .75, "curly": .35}[i.hair]
    wide = i.width + (.3 if i.hair == "curly" else .16)
    x = wide * np.array([-1, -1.02, -.9, -.55, 0, .55, .9, 1.02, 1])
    y = np.array([low, 0, -.7, -1.08, -1.18, -1.08, -.7, 0, low])
    c.fill(c.place(x, y), shade(i.hair_colour, .8))


def ears(c, i):
    if i.ears == "none":
        return
    for side in (-1, 1):
        if i.ears == "cat":
            x = side * np.array([.25, .62, .78])
            c.fill(c.place(x, np.array([-.85, -1.38, -.55])), i.hair_colour)
            c.fill(c.place(x * .97, np.array([-.85, -1.22, -.6])), shade(i.skin, .85))
            continue
        x0 = side * i.width * .99 - .1 * c.sy
        tip = .28 if i.ears == "pointed" else 0
        x = x0 + .12 * np.cos(CIRCLE) + side * tip * np.maximum(0, -np.sin(CIRCLE)) ** 3
        y = .08 + .18 * np.sin(CIRCLE) - tip * np.maximum(0, -np.sin(CIRCLE)) ** 3
        points = c.place(x, y)
        c.fill(points, shade(i.skin, .9))
        if i.outline:
            c.stroke(np.concatenate([points, points[:2]]), i.line, .03)


def head(c, i, drop, tint=None):
    points = shifted(c, *outline(i, drop))
    c.fill(points, tint or i.skin)
    if i.outline:
        c.stroke(np.concatenate([points, points[:2]]), i.line, .035)
    if i.blush:
        for side in (-1, 1):
            c.oval(side * (i.eye_x + .08), i.nose_y, .13, .08, tuple((a + b) // 2 for a, b in zip(i.skin, (235, 110, 110))))
    if i.freckles:
        for side in (-1, 1):
            for k in range(3):
                c.oval(side * (.22 + .08 * k), .2 + .04 * (k % 2), .015, .015, shade(i.skin, .7))


def beard(c, i, drop):
    if i.beard is None:
        return
    colour = i.hair_colour if i.beard != "stubble" else tuple((2 * a + b) // 3 for a, b in zip(i.skin, i.hair_colour))
    if i.beard in ("full", "stubble"):
        x, y = outline(i, drop)
        keep = y > .12
        x, y = x[keep], y[keep]
        order = np.argsort(-x)
        inner = np.linspace(-1, 1, 9)
        points = np.concatenate([shifted(c, x[order], y[order]),
                                 c.on(inner * i.width * .8, i.mouth_y - .12 - .1 * inner ** 2)])
        c.fill(points, colour)
    elif i.beard == "goatee":
        c.fill(c.on(np.array([-.14, .14, .1, -.1]), np.array([i.mouth_y + .14, i.mouth_y + .14, .92, .92])), colour)
    elif i.beard == "moustache":
        c.fill(c.on(np.array([-.24, 0, .24, .1, 0, -.1]), i.mouth_y + np.array([-.06, -.16, -.06, -.05, -.09, -.05])), colour)


def hair(c, i):
    if i.hair == "bald":
        return
    rng = np.random.default_rng(i.hair_seed)
    colour, line = i.hair_colour, i.hair_line
    if i.style == "line" and rng.random() < .5:
        colour = shade(i.skin, .85)
    up = .16 if i.hair != "curly" else .25
    out = np.linspace(np.pi * 1.03, np.pi * 1.97, 13)  # over the crown, from left to right
    x = (i.width + .06) * np.cos(out)
    y = (1 + up * .6) * np.sin(out)
    y[[0, -1]] = -.1
    if i.hair == "spiky":
        swing = np.where(np.arange(13) % 2, 1.2, .98)
        x, y = x * swing, y * swing
    front = np.linspace(1, -1, 13)
    fx = front * i.width * .93
    if i.hair in ("fringe", "bob") or (i.style == "anime" and rng.random() < .6):
        teeth = np.where(np.arange(13) % 2, .12, 0.0) if rng.random() < .7 else 0
        fy = np.maximum(line, i.brow_y - .2) + .06 * (1 - front ** 2) + teeth
    elif i.hair == "side":
        part = rng.uniform(-.5, .5)
        fy = line - .12 + .3 * np.abs(front - part) ** 1.3
    else:
        fy = line + .22 * np.abs(front) ** 3 + rng.uniform(-.03, .03, 13)
    fy[[0, -1]] = .05
    points = np.concatenate([c.place(x, y), c.on(fx, fy, .03)])
    c.fill(points, colour)
    if i.style in ("anime", "shaded"):
        gx = HALF[2:-2] * i.width * .6
        c.stroke(c.place(gx, -.9 + .12 * HALF[2:-2] ** 2 - .05), shade(colour, 1.3), .05)
    if i.outline:
        c.stroke(points, i.line, .03)


def glasses(c, i):
    if i.glasses is None:
        return
    r = max(.2, i.eye_w * 1.35)
    for side in (-1, 1):
        x, y = side * i.eye_x, i.eye_y + .02
        if i.glasses == "round":
            c.oval(x, y, r, r, None, i.glasses_colour, .03, .1)
        else:
            h = r * (.8 if i.glasses == "square" else .55)
            px = x + np.array([-r, r, r, -r, -r])
            py = y + np.array([-h, -h, h, h, -h])
            c.stroke(c.on(px, py, .1), i.glasses_colour, .032)
    c.stroke(c.on(np.array([-i.eye_x + r, i.eye_x - r]), np.array([i.eye_y, i.eye_y]), .12), i.glasses_colour, .03)


def hat(c, i):
    if i.hat is None:
        return
    colour, w = i.hat_colour, i.width + .1
    brim = min(i.brow_y - .22, -.52)
    crown = np.linspace(np.pi, 2 * np.pi, 13)
    if i.hat == "band":
        c.fill(np.concatenate([c.on(HALF * i.width * .98, brim - .12 + 0 * HALF), c.on(-HALF * i.width, brim + 0 * HALF)]), colour)
        return
    high = {"cap": .62, "beanie": .75, "top": .5, "helmet": .75}[i.hat]
    dome = c.place(w * np.cos(crown), brim + high * np.sin(crown))
    if i.hat == "top":
        dome = c.place(np.array([-.6, -.6, .6, .6]), brim + np.array([0, -.85, -.85, 0]))
    c.fill(np.concatenate([dome, c.on(HALF[::-1] * i.width, brim + .06 * (1 - HALF ** 2))]), colour)
    if i.hat == "cap":
        c.fill(np.concatenate([c.on(HALF * .62, brim + .02 + 0 * HALF), c.on(-HALF * .66, brim + .12 * (1 - HALF ** 2) - .03, .35)]),
               shade(colour, .75))
    elif i.hat == "top":
        c.stroke(c.place(np.array([-w, w]), np.array([brim, brim])), colour, .09)
    elif i.hat == "beanie":
        c.stroke(c.on(HALF * i.width, brim + .03 + 0 * HALF), shade(colour, .75), .13)
    elif i.hat == "helmet":
        for side in (-1, 1):
            x = side * np.array([w - .02, w + .02, w - .1, w - .14])
            c.fill(c.place(x, np.array([brim, .5, .5, brim])), shade(colour, .85))


def headphones(c, i):
    if not i.headphones:
        return
    arch = np.linspace(np.pi, 2 * np.pi, 13)
    c.stroke(c.place((i.width + .12) * np.cos(arch), 1.12 * np.sin(arch)), (40, 40, 46), .07)
    for side in (-1, 1):
        x = side * (i.width + .04) + .11 * np.cos(CIRCLE)
        c.fill(c.place(x, .05 + .22 * np.sin(CIRCLE)), (60, 60, 68))

"""Where a picture is taken: pose, background, light, what hides the face, and what a camera and a codec do to it."""

import io
import math
from types import SimpleNamespace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import avatar_face as face
import avatar_head as head
from avatar_canvas import OVER, SIZE, Canvas, blank
from avatar_identity import shade, vivid

GRID = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


def scene(rng, style, hard=1.0):
    """Chance decides; `hard` scales how often and how much is hidden, blurred and noisy."""
    u, chance = rng.uniform, rng.random
    s = SimpleNamespace()
    calm = .5 if style == "round" else 1
    s.yaw, s.pitch, s.roll = (float(np.clip(rng.normal(0, d), -m, m)) * calm
                              for d, m in ((.22, .55), (.13, .3), (.12, .4)))
    s.scale = u(.33, .42) if style != "round" else u(.36, .47)
    s.dx, s.dy = u(-.05, .05), u(-.04, .05) if style == "round" else u(-.04, .07)
    s.gaze = (float(rng.normal(0, .35)), float(rng.normal(0, .25))) if chance() < .6 else (0.0, 0.0)
    s.background = "plain" if style == "round" and chance() < .6 else ["plain", "gradient", "blocks", "blobs", "noise"][rng.choice(5, p=[.3, .25, .15, .2, .1])]
    s.colours = [vivid(rng, .1) if chance() < .8 else (255, 255, 255) for _ in range(5)]
    s.boxes = u(-.2, 1.1, (6, 2))
    s.boxes = np.concatenate([s.boxes, s.boxes + u(.1, .6, (6, 2))], 1) * SIZE * OVER
    # light
    s.angle, s.height, s.lit = u(0, 2 * math.pi), u(.3, 1.2), u(0, .6) * (chance() < .75)
    s.shading = style == "shaded" or chance() < .25
    s.warm = rng.normal(0, .06, 3) * (chance() < .5)
    s.coloured = [c / 255 for c in vivid(rng, .6)] if chance() < .12 else None
    s.gamma, s.contrast = math.exp(rng.normal(0, .15)), math.exp(rng.normal(0, .12))
    # hidden
    s.hidden = None
    if chance() < .12 * hard:
        s.hidden = ["hand", "mic", "bar", "hair", "boom", "visor"][rng.choice(6, p=[.25, .2, .15, .15, .2, .05])]
    s.hide = u(0, 1, 5)
    s.hide_colour = vivid(rng, .15)
    # camera
    s.low = int(rng.integers(36, 56)) if chance() < .1 * hard else 0
    s.blur = u(.3, .9) if chance() < .15 * hard else 0.0
    s.motion = 0
    s.noise = u(2, 10) if chance() < .3 * hard else 0.0
    s.noise_seed = int(rng.integers(1 << 30))
    s.jpeg = int(rng.integers(35, 90)) if chance() < .3 * hard else 0
    s.marks = u(0, 1, 3)
    return s


def background(s):
    kind, colours = s.background, s.colours
    image = blank(colours[0])
    if kind == "gradient":
        ramp = np.linspace(0, 1, SIZE * OVER)[:, None, None]
        rows = (np.array(colours[0]) * (1 - ramp) + np.array(colours[1]) * ramp).astype(np.uint8)
        rows = np.broadcast_to(rows, (SIZE * OVER, SIZE * OVER, 3))
        if s.hide[4] < .5:
            rows = rows.transpose(1, 0, 2)
        return Image.fromarray(np.ascontiguousarray(rows))
    if kind in ("blocks", "blobs"):
        pen = ImageDraw.Draw(image)
        shape = pen.rectangle if kind == "blocks" else pen.ellipse
        for k, box in enumerate(s.boxes):
            shape(box.tolist(), fill=colours[1 + k % 4])
    elif kind == "noise":
        rng = np.random.default_rng(s.noise_seed)
        image = Image.fromarray(rng.integers(0, 256, (7, 7, 3), dtype=np.uint8)).resize(image.size, Image.BICUBIC)
    return image


def tint(i, s, label, intensity):
    """A face red with anger, green with disgust or pale blue with fear, where the style knows such signs."""
    goal = {"angry": (225, 60, 45), "disgusted": (130, 185, 70), "fearful": (160, 180, 235)}.get(label)
    if goal is None or not i.marks or s.marks[1] > .3 or intensity < .5:
        return None
    part = .5 * intensity
    return tuple(int(a * (1 - part) + b * part) for a, b in zip(i.skin, goal))


def hide(c, i, s):
    h, place = s.hide, s.hidden
    if place == "hand":  # before chin or cheek
        x, y = (h[0] - .5) * 1.3, .78 + .25 * h[1]
        for k in range(4):
            fx = x + (k - 1.5) * .15
            c.stroke(c.place(np.array([fx, fx + .1 * (h[2] - .5)]), np.array([y + .6, y - .02 * k])), shade(i.skin, .88), .14)
        c.oval(x, y + .55, .36, .35, shade(i.skin, .84))
    elif place == "mic":
        x, y = (h[0] - .5) * .9, .86 + .15 * h[1]
        c.stroke(c.place(np.array([x, x + (h[2] - .5)]), np.array([y, y + 1.2])), (50, 50, 55), .16)
        c.oval(x, y, .17, .19, (90, 90, 98))
    elif place == "bar":
        x, y = (h[0] - .5) * 3, (h[1] - .5) * 3
        dx, dy = math.cos(h[2] * math.pi), math.sin(h[2] * math.pi)
        c.stroke(c.place(x + np.array([-2, 2]) * dx, y + np.array([-2, 2]) * dy), s.hide_colour, .1 + .15 * h[3])
    elif place == "hair":
        side = -1 if h[0] < .5 else 1
        x = side * np.array([.1, .95, .9, .45])
        c.fill(c.on(x, np.array([-.95, -.7, .3 * h[1], .25 * h[1] - .1]), .08), shade(i.hair_colour, .9))
    elif place == "boom":
        side = -1 if h[0] < .5 else 1
        c.stroke(c.place(side * np.array([.85, .75, .35]), np.array([.1, .7, .78])), (40, 40, 44), .05)
        c.oval(side * .32, .74, .08, .07, (25, 25, 28), None, 0, .15)
    elif place == "visor":  # a headset before the eyes
        x = np.array([-.7, .7, .68, .2, 0, -.2, -.68]) * i.width / .8
        c.fill(c.on(x, i.eye_y + np.array([-.2, -.2, .2, .22, .14, .22, .2]), .2), shade(s.hide_colour, .5))


def light(picture, s, i):
    """Multiplies by a lamp's share of light on a ball where the head is, and by a gradient elsewhere."""
    x = (GRID[1] / SIZE - .5 - s.dx) / (s.scale * i.width)
    y = (GRID[0] / SIZE - .5 - s.dy) / s.scale
    lx, ly = math.cos(s.angle), math.sin(s.angle)
    if s.shading:
        z = np.sqrt(np.maximum(.04, 1 - x * x - y * y))
        lamp = (x * lx + y * ly + z * s.height) / math.sqrt(1 + s.height ** 2)
        gain = 1 - s.lit + s.lit * np.maximum(0, lamp) * 1.5
    else:
        gain = 1 + s.lit * .35 * np.clip(x * lx + y * ly, -1.5, 1.5)
    colour = np.ones(3) + s.warm
    if s.coloured:
        colour = colour * (.55 + .6 * np.array(s.coloured))
    return picture * gain[..., None] * colour


def expose(picture, s):
    rng = np.random.default_rng(s.noise_seed)
    p = np.clip(picture / 255, 0, 1) ** s.gamma
    p = ((p - .5) * s.contrast + .5) * 255
    if s.noise:
        p = p + rng.normal(0, s.noise, p.shape[:2] + (1 if rng.random() < .5 else 3,))
    p = np.clip(p + .5, 0, 255).astype(np.uint8)
    if not (s.blur or s.jpeg or s.low or s.motion):
        return p
    image = Image.fromarray(p)
    if s.low:
        image = image.resize((s.low, s.low), Image.BILINEAR).resize((SIZE, SIZE), Image.BILINEAR if s.hide[4] < .7 else Image.NEAREST)
    if s.blur:
        image = image.filter(ImageFilter.GaussianBlur(s.blur))
    if s.motion:
        p = np.asarray(image, dtype=np.float32)
        steps = np.arange(s.motion) - (s.motion - 1) / 2
        angle = s.hide[3] * math.pi
        p = np.mean([np.roll(p, (round(k * math.sin(angle)), round(k * math.cos(angle))), (0, 1)) for k in steps], 0)
        image = Image.fromarray(p.astype(np.uint8))
    if s.jpeg:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=s.jpeg)
        image = Image.open(stream)
    return np.asarray(image)


def render(i, activations, s, label="neutral", intensity=0.0):
    """-> u8 [64, 64, 3]. label and intensity only choose the signs of comics (tears and the like)."""
    c = Canvas(background(s), i.width, s.yaw, s.pitch, s.roll, s.scale, s.dx, s.dy, i.style == "block")
    m = face.Muscles(activations, i.power)
    drop = face.jaw(m) * (0 if i.style == "round" else 1)
    painted = tint(i, s, label, intensity)
    skin = i.skin
    if painted:
        i.skin = painted
    head.back_hair(c, i)
    head.body(c, i)
    head.ears(c, i)
    head.head(c, i, drop)
    head.beard(c, i, drop)
    face.folds(c, i, m)
    face.nose(c, i, m)
    face.mouth(c, i, m)
    face.eyes(c, i, m, s.gaze)
    head.hair(c, i)
    face.brows(c, i, m)
    face.marks(c, i, label, intensity, s.marks)
    head.glasses(c, i)
    head.hat(c, i)
    head.headphones(c, i)
    i.skin = skin
    if s.hidden:
        hide(c, i, s)
    picture = np.asarray(c.small(), dtype=np.float32)
    return expose(light(picture, s, i), s)

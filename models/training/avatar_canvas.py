"""A canvas on which shapes are placed on a turned head."""

import math

import numpy as np
from PIL import Image, ImageDraw

SIZE, OVER = 64, 3  # pixels of the picture, and how much larger it is drawn

CIRCLE = np.linspace(0, 2 * math.pi, 25)[:-1]
HALF = np.linspace(-1, 1, 13)


class Canvas:
    """Points are given in half-heights of the head from its middle, x to the right, y down; they lie on an ellipsoid that
    is turned by yaw, pitch and roll (radians) and seen without perspective."""

    def __init__(self, background, width, yaw, pitch, roll, scale, dx, dy, flat=False):
        self.image = background
        self.pen = ImageDraw.Draw(background)
        self.width = width
        self.depth = .35 if flat else .6
        self.sy, self.cy = math.sin(yaw), math.cos(yaw)
        self.sp, self.cp = math.sin(pitch), math.cos(pitch)
        self.sr, self.cr = math.sin(roll), math.cos(roll)
        self.scale = scale * SIZE * OVER
        self.dx, self.dy = (.5 + dx) * SIZE * OVER, (.5 + dy) * SIZE * OVER

    def place(self, x, y):
        """Without yaw and pitch: outlines, which look much the same from all sides. -> pixels [n, 2]"""
        return np.stack([(x * self.cr - y * self.sr) * self.scale + self.dx,
                         (x * self.sr + y * self.cr) * self.scale + self.dy], -1)

    def on(self, x, y, lift=0.0):
        """On the surface of the head, `lift` above it. -> pixels [n, 2]"""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        z = self.depth * np.sqrt(np.maximum(.05, 1 - (.85 * x / self.width) ** 2 - (.85 * y) ** 2)) + lift
        return self.place(x * self.cy + z * self.sy, y * self.cp - (z * self.cy - x * self.sy) * self.sp)

    def pixels(self, length):
        return max(1, int(round(length * self.scale)))

    def fill(self, points, colour):
        self.pen.polygon(points.ravel().tolist(), fill=colour)

    def stroke(self, points, colour, width):
        """A line with round ends; width in half-heights."""
        thick = self.pixels(width)
        self.pen.line(points.ravel().tolist(), fill=colour, width=thick, joint="curve" if thick > 2 else None)
        if thick > 3:
            r = thick / 2 - .5
            for x, y in (points[0], points[-1]):
                self.pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def oval(self, x, y, rx, ry, colour, outline=None, thick=0.0, lift=0.0):
        points = self.on(x + rx * np.cos(CIRCLE), y + ry * np.sin(CIRCLE), lift)
        if colour is not None:
            self.fill(points, colour)
        if outline is not None:
            self.stroke(np.concatenate([points, points[:2]]), outline, thick)

    def small(self):
        return self.image.reduce(OVER)


def blank(colour):
    return Image.new("RGB", (SIZE * OVER, SIZE * OVER), colour)

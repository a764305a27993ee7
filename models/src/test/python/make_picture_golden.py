"""Makes the pictures that decoding and pre-processing are tested with, and what Pillow and transformers make of them.

    pip install pillow transformers scikit-image        # made with Pillow 13.0, transformers 5.24, scikit-image 0.26
    apt install libjpeg-turbo-progs                     # cjpeg, for a sampling that Pillow does not write
    python make_picture_golden.py --emoji FOLDER [--out ../resources/pictures]

FOLDER holds noto_128/ and emojitwo_128/. Written are small pictures of odd sizes in many formats, made from photographs that come with
scikit-image, from emoji and from drawings of our own (NOTICE has the sources), folders of processors, and
  expected.json  pictures: by name width, height and SHA-256 of the interleaved RGB samples, upright, with what lies under transparent
                 pixels ("dropped") and on a white ground ("on_white");
                 processed: for each processor and picture the SHA-256 of the samples after resizing and cutting, [H, W, C], and some
                 of the numbers after normalisation, of those image processors of transformers that use Pillow
Of 16-bit grey Pillow's conversion shows all but the darkest of 65 536 shades as white; here as elsewhere the upper eight bits are taken.
"""

import argparse
import hashlib
import io
import json
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageOps
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
ORIENTATION = 0x0112

PROCESSORS = {
    "vit": (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessor", "do_resize": True, "resample": 2,
                                   "size": {"height": 224, "width": 224}, "do_rescale": True, "do_normalize": True,
                                   "rescale_factor": 0.00392156862745098, "image_mean": [0.485, 0.456, 0.406],
                                   "image_std": [0.229, 0.224, 0.225]}),
    "vit-old": (ViTImageProcessorPil, {"feature_extractor_type": "ViTFeatureExtractor", "do_normalize": True, "do_resize": True,
                                       "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3, "size": 48}),
    "vit-cut": (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessorFast", "size": {"shortest_edge": 72},
                                       "do_center_crop": True, "crop_size": {"height": 65, "width": 57}, "resample": 3,
                                       "do_convert_rgb": True, "do_rescale": False, "image_mean": 127.0, "image_std": 64.0}),
    "vit-padded": (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessor", "size": [31, 40], "resample": 0,
                                          "do_center_crop": True, "crop_size": 38, "do_normalize": False}),
    "vit-unsized": (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessor", "do_resize": False,
                                           "do_center_crop": True, "crop_size": {"height": 100, "width": 151}}),
    "convnext": (ConvNextImageProcessorPil, {"image_processor_type": "ConvNextFeatureExtractor", "crop_pct": 0.875,
                                             "size": 224, "resample": 3, "image_mean": [0.485, 0.456, 0.406],
                                             "image_std": [0.229, 0.224, 0.225]}),
    "convnext-whole": (ConvNextImageProcessorPil, {"image_processor_type": "ConvNextImageProcessor",
                                                   "size": {"shortest_edge": 384}, "resample": 2}),
    "resnet": (ConvNextImageProcessorPil, {"size": 63}),
    "efficientnet": (EfficientNetImageProcessorPil, {"image_processor_type": "EfficientNetImageProcessor", "resample": 0,
                                                     "size": {"height": 260, "width": 260}, "do_center_crop": True,
                                                     "crop_size": {"height": 224, "width": 225}, "rescale_offset": True,
                                                     "rescale_factor": 0.00784313725490196, "include_top": True,
                                                     "image_std": [0.47853944, 0.4732864, 0.47434163]}),
    "grey": (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessor", "size": 48, "image_mean": [0.4],
                                    "image_std": [0.3]}),
}


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(file, samples, depth, colour, interlaced):
    """A PNG of [H, W, C] samples of 8 or 16 bits, for kinds that Pillow does not write."""
    height, width, _ = samples.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            rows += b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def drawing(width, height):
    """Circles, lines and a face with hard edges."""
    image = Image.new("RGB", (width, height), (250, 245, 220))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 8, height // 8, 7 * width // 8, 7 * height // 8), fill=(255, 210, 60), outline=(20, 20, 20), width=3)
    for x in (3, 5):
        draw.ellipse((x * width // 8 - 6, 3 * height // 8 - 6, x * width // 8 + 6, 3 * height // 8 + 6), fill=(20, 20, 20))
    draw.arc((width // 3, height // 2, 2 * width // 3, 3 * height // 4), 0, 180, fill=(180, 0, 0), width=4)
    for i in range(0, width, 7):
        draw.line((i, 0, 0, i), fill=(0, (i * 5) % 256, 255))
    return image


def make_pictures(out, emoji):
    def photo(name, width, height, mode="RGB"):
        return Image.open(PHOTOGRAPHS / name).convert(mode).resize((width, height), Image.LANCZOS)

    def exif(orientation):
        data = Image.Exif()
        data[ORIENTATION] = orientation
        return data

    def save(name, image, **options):
        image.save(out / name, **options)

    save("astronaut-420.jpg", photo("astronaut.png", 301, 287), quality=82)
    save("coffee-progressive.jpg", photo("coffee.png", 233, 155), quality=78, progressive=True)
    save("chelsea-444.jpg", photo("chelsea.png", 225, 151), quality=80, subsampling=0)
    save("rocket-422.jpg", photo("rocket.jpg", 321, 213), quality=75, subsampling=1)
    save("hubble-restarts.jpg", photo("hubble_deep_field.jpg", 203, 177), quality=60, restart_marker_blocks=3)
    save("retina-progressive-444.jpg", photo("retina.jpg", 161, 163), quality=90, subsampling=0, progressive=True)
    save("camera-grey.jpg", photo("camera.png", 127, 129, "L"), quality=85)
    save("hubble-grey-progressive.jpg", photo("hubble_deep_field.jpg", 99, 101, "L"), quality=70, progressive=True)
    save("coffee-cmyk.jpg", photo("coffee.png", 97, 63).convert("CMYK"), quality=80)
    save("rocket-rgb.jpg", photo("rocket.jpg", 148, 99), quality=80, keep_rgb=True)
    for orientation in (2, 3, 4, 5, 6, 7, 8):
        save(f"clock-exif{orientation}.jpg", photo("clock_motion.png", 53, 39), quality=80, exif=exif(orientation))
    for name, sampling in (("astronaut-440.jpg", "1x2"), ("astronaut-411.jpg", "4x1"), ("astronaut-410.jpg", "4x2")):
        with tempfile.NamedTemporaryFile(suffix=".ppm") as ppm:
            photo("astronaut.png", 111, 117).save(ppm.name)
            subprocess.run(["cjpeg", "-quality", "80", "-sample", sampling, "-outfile", out / name, ppm.name], check=True)
    save("one.jpg", photo("color.png", 1, 1))
    save("thin.jpg", photo("color.png", 1, 999), quality=60)
    save("flat.jpg", photo("color.png", 999, 2), quality=60)
    save("coffee.png", photo("coffee.png", 131, 87))
    save("coins-grey.png", photo("coins.png", 95, 75, "L"))
    save("horse-alpha.png", Image.open(PHOTOGRAPHS / "horse.png").resize((101, 83)))
    save("logo-grey-alpha.png", Image.open(PHOTOGRAPHS / "logo.png").resize((77, 79)).convert("LA"))
    save("text-1bit.png", photo("text.png", 225, 87, "L").convert("1"))
    for bits in (2, 4, 8):
        save(f"color-palette{bits}.png", photo("color.png", 93, 92).quantize(2 ** bits), bits=bits)
    save("palette-transparent.png", photo("color.png", 61, 67).quantize(16), transparency=bytes(range(0, 256, 16)))
    red = drawing(71, 73)
    save("drawing-clear-colour.png", red, transparency=(250, 245, 220))
    save("clock-exif6.png", photo("clock_motion.png", 53, 39), exif=exif(6))
    coffee = np.array(photo("coffee.png", 83, 55))
    write_png(out / "coffee-interlaced.png", coffee, 8, 2, True)
    rng = np.random.default_rng(7)
    write_png(out / "coffee-16bit.png", coffee[:29, :31].astype(int) * 256 + rng.integers(0, 256, (29, 31, 3)), 16, 2, False)
    grey = np.array(photo("camera.png", 45, 43, "L"))[..., None]
    write_png(out / "camera-16bit-interlaced.png", grey.astype(int) * 256 + rng.integers(0, 256, grey.shape), 16, 0, True)
    save("one.png", photo("color.png", 1, 1))
    save("flat.png", photo("color.png", 999, 1))
    for name, code in (("noto", "1f600"), ("emojitwo", "1f622")):
        shutil.copy(emoji / f"{name}_128" / f"{code}.png", out / f"{name}-{code}.png")
    save("drawing.webp", drawing(151, 149), quality=70)
    save("chelsea-lossy.webp", photo("chelsea.png", 225, 150), quality=60)
    save("rocket-lossy.webp", photo("rocket.jpg", 160, 107), quality=95, method=6)
    save("astronaut-rough.webp", photo("astronaut.png", 128, 127), quality=3, method=0)
    save("coffee-lossless.webp", photo("coffee.png", 117, 78), lossless=True)
    save("color-palette.webp", photo("color.png", 93, 92).quantize(13).convert("RGB"), lossless=True)
    save("logo-alpha.webp", Image.open(PHOTOGRAPHS / "logo.png").resize((91, 89)), quality=50, alpha_quality=40)
    save("horse-alpha-lossless.webp", Image.open(PHOTOGRAPHS / "horse.png").resize((101, 83)), lossless=True)
    save("clock-exif8.webp", photo("clock_motion.png", 53, 39), quality=70, exif=exif(8))
    save("one.webp", photo("color.png", 1, 1))
    save("thin.webp", photo("color.png", 1, 333))
    frames = [photo("coffee.png", 23, 17), photo("chelsea.png", 23, 17)]
    save("refused-animated.png", frames[0], save_all=True, append_images=frames[1:], duration=100)
    save("refused-animated.webp", frames[0], save_all=True, append_images=frames[1:], duration=100)
    with tempfile.NamedTemporaryFile(suffix=".ppm") as ppm:
        frames[0].save(ppm.name)
        subprocess.run(["cjpeg", "-arithmetic", "-outfile", out / "refused-arithmetic.jpg", ppm.name], check=True)


def opened(file):
    image = ImageOps.exif_transpose(Image.open(file))
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    return image


def sha(samples):
    return hashlib.sha256(np.ascontiguousarray(samples, np.uint8).tobytes()).hexdigest()


def on_white(image):
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, (255,) * 4), image).convert("RGB")


def processed(name, image):
    kind, settings = PROCESSORS[name]
    known = {k: v for k, v in settings.items() if not k.endswith("_type")}
    processor = kind(**known)
    if name == "grey":
        image = image.convert("RGB").convert("L")
    elif not settings.get("do_convert_rgb"):
        image = image.convert("RGB")  # as transformers loads pictures
    bare = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
    if name == "efficientnet":
        bare["include_top"] = False
    samples = processor(image, **bare)["pixel_values"][0].transpose(1, 2, 0)
    numbers = processor(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0).astype(np.float32).ravel()
    places = [int(i) for i in np.linspace(0, numbers.size - 1, 7)]
    return {"size": list(samples.shape), "sha256": sha(samples), "at": places, "numbers": [float(numbers[i]) for i in places]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--emoji", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "../resources/pictures")
    options = arguments.parse_args()
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    make_pictures(out, options.emoji)
    for name, (_, settings) in PROCESSORS.items():
        folder = out / "processors" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    (out / "processors" / "resnet" / "config.json").write_text('{"model_type": "resnet"}\n')
    files = sorted(f for f in out.iterdir() if f.suffix in (".jpg", ".png", ".webp") and not f.name.startswith("refused"))
    pictures, results = {}, []
    for file in files:
        image = opened(file)
        rgb = image.convert("RGB")
        pictures[file.name] = {"width": rgb.width, "height": rgb.height, "dropped": sha(rgb), "on_white": sha(on_white(image))}
        for name in PROCESSORS:
            results.append({"processor": name, "picture": file.name, **processed(name, image)})
    text = io.StringIO()
    json.dump({"pictures": pictures, "processed": results}, text, separators=(",", ":"))
    (out / "expected.json").write_text(text.getvalue().replace('},"', '},\n"').replace('},{', '},\n{') + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What libvips takes for the effects of ../effects.rs that it has: in one warm process, with one thread and no cache.

    VIPS_CONCURRENCY=1 python3 effects.py [RUNS]        where the package pyvips is installed

Lines as those of effects.mjs.
"""
import sys, time

import pyvips

runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
pyvips.cache_set_max(0)
WIDTH, HEIGHT = 1920, 1080

ramps = pyvips.Image.xyz(WIDTH, HEIGHT)
houses = ((ramps[0] / 120).floor() + (ramps[1] / 90).floor()) % 5 * 12
grain = pyvips.Image.gaussnoise(WIDTH, HEIGHT, sigma=5)
bands = [ramps[0] * 160 / WIDTH, ramps[1] * 150 / HEIGHT, (ramps[0] + ramps[1]) * 120 / (WIDTH + HEIGHT)]
red, green, blue = (band + houses + grain for band in bands)
pixels = red.bandjoin([green, blue]).cast("uchar").write_to_memory()
layer = pyvips.Image.new_from_memory(pixels, WIDTH, HEIGHT, 3, "uchar").crop(0, 0, 400, 400)
layer = layer.bandjoin(128).copy(interpretation="srgb").copy_memory()
mask = pyvips.Image.mask_ideal(WIDTH, HEIGHT, 1.0, uchar=True, optical=True, nodc=True).copy_memory()
SEPIA = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]


def photo():
    return pyvips.Image.new_from_memory(pixels, WIDTH, HEIGHT, 3, "uchar").copy(interpretation="srgb")


def lch(picture, scale, offset):
    return (picture.colourspace("lch") * scale + offset).copy(interpretation="lch").colourspace("srgb")


EFFECTS = {
    "e_grayscale": lambda p: p.colourspace("b-w"),
    "e_sepia": lambda p: p.recomb(pyvips.Image.new_from_array(SEPIA)).cast("uchar"),
    "e_negate": lambda p: p.invert(),
    "e_brightness:40": lambda p: p.linear(1.4, 0, uchar=True),
    "e_contrast:60": lambda p: p.linear(1.6, -77, uchar=True),
    "e_saturation:80": lambda p: lch(p, [1, 1.8, 1], [0, 0, 0]),
    "e_hue:40": lambda p: lch(p, [1, 1, 1], [0, 0, 72]),
    "e_gamma:50": lambda p: p.gamma(exponent=1.5),
    "o_50": lambda p: p.bandjoin(128),
    "e_blur:100": lambda p: p.gaussblur(2),
    "e_blur:200": lambda p: p.gaussblur(4),
    "e_blur:400": lambda p: p.gaussblur(8),
    "e_blur:1000": lambda p: p.gaussblur(20),
    "e_blur:2000": lambda p: p.gaussblur(40),
    "e_sharpen": lambda p: p.sharpen(sigma=1),
    "r_max": lambda p: p.bandjoin(mask),
    "a_20": lambda p: p.bandjoin(255).rotate(20, interpolate=pyvips.Interpolate.new("bicubic")),
    "l_layer,o_50": lambda p: p.composite2(layer, "over", x=760, y=340).cast("uchar"),
}


def times(effect):
    took = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        effect(photo()).write_to_memory()
        took.append((time.perf_counter() - start) * 1e3)
    return sorted(took[1:])  # the first warms up


for name, effect in EFFECTS.items():
    try:
        one, other = times(effect), times(lambda p: p)
    except pyvips.Error as error:
        print(f"libvips\t{name}\tfailed: {str(error).splitlines()[0]}", flush=True)
        continue
    figures = [one[runs // 2] - other[runs // 2], one[0] - other[0]]
    print("libvips", name, *(f"{n:.1f}" for n in figures), sep="\t", flush=True)

"""Generated pictures: arrays of RGBA, of every size, content, number of colours and kind of alpha."""
import numpy as np

CONTENTS = ["smooth", "noise", "flat", "graphic", "stripes", "photo"]
ALPHAS = ["opaque", "opaque", "opaque", "binary", "smooth", "noise", "clear", "faint", "almost"]
COLOURS = [0, 0, 0, 1, 2, 3, 4, 5, 15, 16, 17, 254, 255, 256, 257]


def size(rng, most=160):
    """Often tiny, sometimes a line."""
    kind = rng.integers(0, 10)
    if kind == 0:
        return 1, 1
    if kind == 1:
        return 1, int(rng.integers(2, most))
    if kind == 2:
        return int(rng.integers(2, most)), 1
    if kind < 6:
        return int(rng.integers(2, 20)), int(rng.integers(2, 20))
    return int(rng.integers(20, most)), int(rng.integers(20, most))


def colour(rng, width, height, content):
    """RGB of one content."""
    y, x = np.mgrid[0:height, 0:width]
    if content == "smooth":
        a, b, c = rng.uniform(-3, 3, (3, 3)), rng.uniform(0, 255, 3), rng.uniform(1, 60, 3)
        waves = [b[n] + x * a[n, 0] + y * a[n, 1] + c[n] * np.sin((x + y) / 17 + n) for n in range(3)]
        return np.dstack(waves).clip(0, 255).astype(np.uint8)
    if content == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if content == "flat":
        return np.broadcast_to(rng.integers(0, 256, 3, dtype=np.uint8), (height, width, 3)).copy()
    if content == "stripes":
        pair = rng.integers(0, 256, (2, 3), dtype=np.uint8)
        step = int(rng.integers(1, 9))
        return pair[((x + y) // step) % 2]
    if content == "graphic":
        out = np.full((height, width, 3), 255, np.uint8)
        for _ in range(int(rng.integers(1, 12))):
            left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
            right, bottom = int(rng.integers(left, width)) + 1, int(rng.integers(top, height)) + 1
            out[top:bottom, left:right] = rng.integers(0, 256, 3)
        return out
    # Noise at several scales, as photographs have it.
    out = np.zeros((height, width, 3))
    for scale in (1, 4, 16, 64):
        small = rng.normal(0, 12 * scale ** 0.5, (height // scale + 2, width // scale + 2, 3))
        out += np.kron(small, np.ones((scale, scale, 1)))[:height, :width]
    return (out + 128).clip(0, 255).astype(np.uint8)


def alpha(rng, width, height, kind):
    """Alpha of one kind."""
    y, x = np.mgrid[0:height, 0:width]
    if kind == "binary":
        return np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 2.2) ** 2, 255, 0)
    if kind == "smooth":
        return (x * 255 // max(width - 1, 1))
    if kind == "noise":
        return rng.integers(0, 256, (height, width))
    if kind == "clear":
        return np.zeros((height, width), int)
    if kind == "faint":
        return rng.integers(0, 6, (height, width))
    if kind == "almost":
        return rng.integers(254, 256, (height, width))
    return np.full((height, width), 255)


def of_few(rng, picture, count):
    """At most so many colours, those of the picture itself where it has them; alpha counts."""
    flat = picture.reshape(-1, 4)
    pool = np.unique(flat, axis=0)
    if len(pool) <= count:
        return picture
    pool = pool[rng.permutation(len(pool))[:count]]
    # Each pixel takes the colour that its own value points to, so that structure stays.
    index = (flat.astype(np.uint32) @ np.array([7, 31, 3, 1], np.uint32)) % count
    return pool[index].reshape(picture.shape)


def picture(rng, most=160, alphas=ALPHAS, colours=COLOURS):
    """A picture, and whether it is grey."""
    width, height = size(rng, most)
    rgb = colour(rng, width, height, rng.choice(CONTENTS))
    grey = bool(rng.integers(0, 5) == 0)
    if grey:
        rgb = np.repeat(rgb[:, :, :1], 3, axis=2)
    made = np.dstack([rgb, alpha(rng, width, height, rng.choice(alphas)).astype(np.uint8)])
    count = int(rng.choice(colours))
    if count:
        made = of_few(rng, made, count)
    return np.ascontiguousarray(made), grey


def is_grey(picture):
    """Whether every pixel has three equal samples."""
    return bool((picture[:, :, 0] == picture[:, :, 1]).all() and (picture[:, :, 1] == picture[:, :, 2]).all())


def is_opaque(picture):
    return bool((picture[:, :, 3] == 255).all())


def count(picture):
    """Colours that can be told apart: what is invisible has none."""
    flat = picture.reshape(-1, 4)
    seen = np.where(flat[:, 3:] == 0, 0, flat)
    return len(np.unique(seen, axis=0))

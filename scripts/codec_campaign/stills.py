"""Stills as files by Pillow, and Pillow's decoding of them."""
import io

import numpy as np
from PIL import Image

import pictures


def decoded(file):
    """A still as RGBA, by Pillow."""
    image = Image.open(io.BytesIO(file))
    if image.mode == "I;16":
        grey = (np.array(image).astype(np.uint32) * 255 + 32767) // 65535
        return np.dstack([grey, grey, grey, np.full_like(grey, 255)]).astype(np.uint8)
    return np.array(image.convert("RGBA"))


def _saved(image, kind, **settings):
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


def _modes(picture):
    """The modes that hold a picture without loss."""
    grey, opaque = pictures.is_grey(picture), pictures.is_opaque(picture)
    modes = ["RGBA"]
    if opaque:
        modes.append("RGB")
    if grey:
        modes.append("LA")
    if grey and opaque:
        modes.append("L")
        if set(np.unique(picture[:, :, 0])) <= {0, 255}:
            modes.append("1")
    if pictures.count(picture) <= 256:
        modes.append("P")
    return modes


def _image(picture, mode):
    if mode != "P":
        return Image.fromarray(picture, "RGBA").convert(mode, dither=Image.Dither.NONE), {}
    flat = np.where(picture[:, :, 3:] == 0, 0, picture).reshape(-1, 4)
    colours, places = np.unique(flat, axis=0, return_inverse=True)
    image = Image.fromarray(places.reshape(picture.shape[:2]).astype(np.uint8), "L")
    image.putpalette(colours[:, :3].tobytes())
    return image, {} if (colours[:, 3] == 255).all() else {"transparency": bytes(colours[:, 3])}


def png(rng, picture):
    mode = str(rng.choice(_modes(picture)))
    if mode == "L" and rng.integers(0, 3) == 0:
        image, more = Image.fromarray(picture[:, :, 0].astype(np.uint16) * 257), {}
    else:
        image, more = _image(picture, mode)
    return _saved(image, "PNG", compress_level=int(rng.integers(0, 10)), **more)


def gif(rng, picture):
    binary = np.where(picture[:, :, 3:] < 128, 0, picture | [0, 0, 0, 255]).astype(np.uint8)
    if pictures.count(binary) > 255:
        return None
    colours, places = np.unique(binary.reshape(-1, 4), axis=0, return_inverse=True)
    image = Image.fromarray(places.reshape(picture.shape[:2]).astype(np.uint8), "L")
    image.putpalette(colours[:, :3].tobytes())
    # What is invisible is sorted to the front.
    more = {"transparency": 0} if colours[0, 3] == 0 else {}
    return _saved(image, "GIF", interlace=int(rng.integers(0, 2)), optimize=False, **more)


def bmp(rng, picture):
    modes = [mode for mode in _modes(picture) if mode in ("1", "L", "RGB")]
    if pictures.count(picture) <= 256 and pictures.is_opaque(picture):
        modes.append("P")
    if not modes:
        return None
    return _saved(_image(picture, str(rng.choice(modes)))[0], "BMP")


def tiff(rng, picture):
    mode = str(rng.choice([mode for mode in _modes(picture) if mode in ("1", "L", "RGB", "RGBA")]))
    ways = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"] + ["group4"] * (mode == "1")
    return _saved(_image(picture, mode)[0], "TIFF", compression=str(rng.choice(ways)))


def ico(rng, picture):
    if max(picture.shape[:2]) > 256:
        return None
    size = (picture.shape[1], picture.shape[0])
    kind = "bmp" if rng.integers(0, 2) and pictures.is_opaque(picture) else "png"
    return _saved(Image.fromarray(picture, "RGBA"), "ICO", sizes=[size], bitmap_format=kind)


def webp(rng, picture):
    image = Image.fromarray(picture, "RGBA")
    if pictures.is_opaque(picture):
        image = image.convert("RGB")
    if rng.integers(0, 2):
        return _saved(image, "WEBP", lossless=True, quality=int(rng.integers(0, 101)), method=int(rng.integers(0, 5)))
    return _saved(image, "WEBP", quality=int(rng.integers(5, 100)), method=int(rng.integers(0, 5)))


def avif(rng, picture):
    image = Image.fromarray(picture, "RGBA")
    if pictures.is_opaque(picture):
        image = image.convert("RGB")
    return _saved(image, "AVIF", quality=int(rng.integers(40, 101)), subsampling="4:4:4", speed=9)


def jpeg(rng, picture):
    mode = "L" if pictures.is_grey(picture) else "RGB"
    image = Image.fromarray(picture, "RGBA").convert("RGB").convert(mode)
    return _saved(image, "JPEG", quality=int(rng.integers(50, 100)), subsampling=0)


WRITERS = {"png": png, "gif": gif, "bmp": bmp, "tiff": tiff, "ico": ico, "webp": webp, "avif": avif, "jpeg": jpeg}

"""How far a result is from what it should show, and how far it may be."""
import io

import numpy as np
from PIL import Image

import pictures
import stills

# Name: the end of the chain, whether the format keeps alpha, and the rule.
OUTPUTS = {
    "png": ("f_png", True, "exact"),
    "png8": ("f_png,fl_png8", True, "palette"),
    "gif": ("f_gif", True, "palette"),
    "bmp": ("f_bmp", False, "exact"),
    "tiff": ("f_tiff", True, "exact"),
    "tiff-lzw": ("f_tiff,fl_tiff8_lzw", True, "exact"),
    "tiff-group4": ("f_tiff,fl_group4", False, "bits"),
    "ico": ("f_ico", True, "exact"),
    "webp-lossless": ("f_webp,q_100", True, "exact"),
    "webp": ("f_webp,q_80", True, "lossy"),
    "avif": ("f_avif,q_80", True, "lossy"),
    "avif-444": ("f_avif,q_100:444", True, "lossy"),
    "jpeg": ("f_jpg,q_90", False, "lossy"),
    "jpeg-444": ("f_jpg,q_95:444", False, "lossy"),
}


# Our AVIF rounds high frequencies more coarsely than libavif's settings do, by choice: noise is further off, in fewer bytes.
LOOSER = {"avif": (2.5, 5.0)}
# Of fewer pixels a mean says little.
FEW = 100


def on_white(picture):
    """Without alpha, by exact arithmetic."""
    alpha = picture[:, :, 3:].astype(int)
    colour = np.rint((picture[:, :, :3] * alpha + 255 * (255 - alpha)) / 255)
    return np.dstack([colour, np.full(picture.shape[:2], 255)]).astype(np.uint8)


def differences(got, want):
    """Of every sample; colours count as far as they are seen."""
    got, want = got.astype(float), want.astype(float)
    colour = np.abs(got[..., :3] * got[..., 3:] - want[..., :3] * want[..., 3:]) / 255
    return np.concatenate([colour, np.abs(got[..., 3:] - want[..., 3:])], axis=-1)


def same(got, want):
    """Whether all that is visible is the same."""
    seen = want[..., 3] > 0
    return bool((got[..., 3] == want[..., 3]).all() and (got[seen] == want[seen]).all())


def _twin(picture, name):
    """How far Pillow's file of the same settings is from the picture."""
    image = Image.fromarray(picture, "RGBA")
    if pictures.is_opaque(picture):
        image = image.convert("RGB")
    out = io.BytesIO()
    match name:
        case "webp":
            image.save(out, "WEBP", quality=80, method=4)
        case "avif":
            image.save(out, "AVIF", quality=80, speed=9)
        case "avif-444":
            image.save(out, "AVIF", quality=100, speed=9, subsampling="4:4:4")
        case "jpeg" | "jpeg-444":
            quality, sampling = (90, 2) if name == "jpeg" else (95, 0)
            image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=sampling)
    return float(differences(stills.decoded(out.getvalue()), picture).mean())


def best_palette(picture):
    """The least error of Pillow's palettes without dithering."""
    image = Image.fromarray(picture, "RGBA")
    ways = [Image.Quantize.FASTOCTREE]
    if pictures.is_opaque(picture):
        image = image.convert("RGB")
        ways += [Image.Quantize.MEDIANCUT, Image.Quantize.MAXCOVERAGE]
    errors = []
    for way in ways:
        reduced = image.quantize(256, method=way, dither=Image.Dither.NONE).convert("RGBA")
        errors.append(float(differences(np.array(reduced), picture).mean()))
    return min(errors)


def halved(picture):
    """As GIF can show it: seen or not."""
    return np.where(picture[..., 3:] < 128, 0, picture | np.array([0, 0, 0, 255], np.uint8)).astype(np.uint8)


def fault(name, picture, file, slack):
    """What is wrong with a still of `picture`, or nothing. `slack`: the largest and the mean difference that the source allows."""
    _, alpha, rule = OUTPUTS[name]
    want = picture if alpha else on_white(picture)
    got = stills.decoded(file)
    if got.shape != want.shape:
        return f"size {got.shape} for {want.shape}"
    if rule == "bits":
        light = want[:, :, :3].astype(int) @ [299, 587, 114] // 1000
        clear = np.abs(light - 128) > slack[0] + 1 if slack[0] else light >= 0
        wrong = ((got[:, :, 0] >= 128) != (light >= 128)) & clear
        return f"{wrong.sum()} wrong bits" if wrong.any() else None
    if name == "gif":
        if slack[0] and (np.abs(want[..., 3].astype(int) - 128) <= slack[0]).any():
            return None
        want = halved(want)
    off = differences(got, want)
    if rule == "exact" or rule == "palette" and not slack[0] and pictures.count(want) <= 256 - (name == "gif"):
        if not slack[0]:
            return None if same(got, want) else f"differs by up to {off.max():.1f}, {off.mean():.3f} on average"
        if off.max() > slack[0] or off.size > 4 * FEW and off.mean() > slack[1]:
            return f"differs by up to {off.max():.1f}, {off.mean():.3f} on average"
        return None
    twin = best_palette(want) if rule == "palette" else _twin(want, name)
    times, more = LOOSER.get(name, (1.15, 0.5) if rule == "palette" else (1.3, 1.0))
    if name == "avif" and off.size <= 4 * FEW:
        more *= 4
    most = twin * times + more + slack[1]
    return f"{off.mean():.3f} on average, Pillow's {twin:.3f}" if off.mean() > most else None

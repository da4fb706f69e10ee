"""Animations as results: the same pictures at the same times."""
import io

import numpy as np
from PIL import Image

import judge
import pictures
import stills

# Name: the end of the chain.
OUTPUTS = {
    "gif": "f_gif",
    "apng": "f_png,fl_apng",
    "webp": "f_webp,fl_awebp,q_100",
    "webp-lossy": "f_webp,fl_awebp,q_80",
}
TYPES = {"gif": "image/gif", "apng": "image/png", "webp": "image/webp", "webp-lossy": "image/webp"}
# Rounding of blends, carried on over frames; libwebp's rounds more often.
BLEND = {"gif": 0, "apng": 2.5, "webp": 4}
# Viewers lengthen delays of up to ten milliseconds, and GIF has nothing between those and twenty.
SHORT = range(11, 20)


class Film:
    """What is to be shown, for how long, how often."""

    def __init__(self, shown, delays, plays):
        self.shown, self.delays, self.plays = shown, delays, plays


def _read(file, kind, browser):
    if browser:
        return browser.frames(file, kind)
    image = Image.open(io.BytesIO(file))
    shown, delays = [], []
    for n in range(getattr(image, "n_frames", 1)):
        image.seek(n)
        shown.append(np.array(image.convert("RGBA")))
        delays.append(image.info.get("duration", 0))
    plays = image.info.get("loop", 0 if kind != "image/gif" else None)
    if kind == "image/gif":
        plays = 1 if plays is None else plays + 1 if plays else 0
    return shown, delays, plays


def merged(shown, delays):
    """Neighbours that look the same as one."""
    out, times = [], []
    for picture, delay in zip(shown, delays):
        if out and judge.same(picture, out[-1]) and judge.same(out[-1], picture):
            times[-1] += delay
        else:
            out.append(picture)
            times.append(delay)
    return out, times


def fault(name, film, file, browser, source):
    """What is wrong with an animation as a file, or nothing."""
    shown, delays, plays = _read(file, TYPES[name], browser)
    stored = [20 if name == "gif" and delay in SHORT else delay for delay in film.delays]
    brief = sum(delay in SHORT for delay in film.delays)
    few = pictures.count(np.concatenate([judge.halved(picture).reshape(1, -1, 4) for picture in film.shown], axis=1)) <= 255
    wanted = [judge.halved(picture) for picture in film.shown] if name == "gif" else film.shown
    if len(shown) > 1 and plays != film.plays:
        return f"played {plays} times for {film.plays}"
    # In which frame of the result each frame of the source is shown: the one at its middle.
    ends = np.cumsum(delays)
    starts, total = np.cumsum([0] + stored), sum(stored)
    # Below a hundredth or a thousandth for each frame; of more than a minute APNG only knows hundredths.
    step = 10 * (1 + brief) if name == "gif" else 5 if max(stored) > 65_535 else 1
    if abs(ends[-1] - total) > step:
        return f"lasts {ends[-1]} ms for {total}: {delays} for {stored}"
    for n, picture in enumerate(wanted):
        if stored[n] < 2 * step:
            continue
        middle = (starts[n] + starts[n + 1]) / 2
        at = min(int(np.searchsorted(ends, middle, side="right")), len(shown) - 1)
        begin = ends[at - 1] if at else 0
        if begin > starts[n] + step or ends[at] < starts[n + 1] - step:
            return f"frame {n} from {starts[n]} to {starts[n + 1]} ms is shown from {begin} to {ends[at]}"
        got = shown[at]
        if got.shape != picture.shape:
            return f"size {got.shape} for {picture.shape}"
        off = judge.differences(got, picture)
        wrong = f"frame {n} differs by up to {off.max():.1f}, {off.mean():.3f} on average"
        if name == "webp-lossy":
            if off.mean() > judge._twin(picture, "webp") * 1.5 + 2:
                return wrong
        elif name == "gif" and not few:
            # One palette for several frames.
            if off.mean() > judge.best_palette(picture) * 1.3 + 4:
                return wrong + f", Pillow's {judge.best_palette(picture):.3f}"
        elif BLEND[source]:
            # An alpha near a half may fall to either side.
            edge = (np.abs(film.shown[n][..., 3].astype(int) - 128) <= 2)[..., None] if name == "gif" else False
            if (np.where(edge, 0, off)).max() > BLEND[source]:
                return wrong
        elif not judge.same(got, picture):
            return wrong
    return None


def still_fault(picture, file, source):
    """What is wrong with one frame as a still, or nothing."""
    got = stills.decoded(file)
    if got.shape != picture.shape:
        return f"size {got.shape} for {picture.shape}"
    off = judge.differences(got, picture)
    if off.max() > BLEND[source]:
        return f"differs by up to {off.max():.1f}, {off.mean():.3f} on average"
    return None

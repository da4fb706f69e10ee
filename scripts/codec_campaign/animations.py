"""Generated animations: what is shown by the rules of each format, and files written by hand with nothing of the gateway's."""
import io
import struct
import zlib

import numpy as np
from PIL import Image

import pictures

KEEP, CLEAR, RESTORE = 0, 1, 2


class Frame:
    """A part of the canvas. `over`: blended, not copied."""

    def __init__(self, left, top, pixels, delay, dispose, over):
        self.left, self.top, self.pixels = left, top, pixels
        self.delay, self.dispose, self.over = delay, dispose, over


def blended(top, below):
    """One straight-alpha picture over another, by exact arithmetic, rounded once."""
    t, b = top.astype(float), below.astype(float)
    seen = b[..., 3:] * (255 - t[..., 3:]) / 255
    alpha = t[..., 3:] + seen
    colour = (t[..., :3] * t[..., 3:] + b[..., :3] * seen) / np.maximum(alpha, 1e-9)
    return np.rint(np.concatenate([colour, alpha], axis=2)).astype(np.uint8)


def composed(width, height, frames):
    """The canvas as each frame shows it."""
    canvas, shown = np.zeros((height, width, 4), np.uint8), []
    for frame in frames:
        high, wide = frame.pixels.shape[:2]
        place = np.s_[frame.top:min(frame.top + high, height), frame.left:min(frame.left + wide, width)]
        before = canvas.copy()
        inside = canvas[place]
        pixels = frame.pixels[:inside.shape[0], :inside.shape[1]]
        canvas[place] = blended(pixels, inside) if frame.over else pixels
        shown.append(canvas.copy())
        if frame.dispose == CLEAR:
            canvas[place] = 0
        elif frame.dispose == RESTORE:
            canvas = before
    return shown


def lzw(places, bits):
    """GIF's compression."""
    clear, stop = 1 << bits, (1 << bits) + 1
    out, held, count = bytearray(), 0, 0
    table, width, last = {}, bits + 1, None

    def put(code):
        nonlocal held, count
        held |= code << count
        count += width
        while count >= 8:
            out.append(held & 255)
            held >>= 8
            count -= 8

    put(clear)
    free = stop + 1
    for place in places:
        place = int(place)
        if last is None:
            last = place
        elif (last, place) in table:
            last = table[last, place]
        else:
            put(last)
            if free < 4096:
                table[last, place] = free
                if free == 1 << width:
                    width += 1
                free += 1
            else:
                put(clear)
                table, width, free = {}, bits + 1, stop + 1
            last = place
    if last is not None:
        put(last)
        # The decoder adds an entry for the code above before it reads the next.
        if free == 1 << width and width < 12:
            width += 1
    put(stop)
    if count:
        out.append(held & 255)
    return bytes(out)


def blocks(data):
    parts = [data[n:n + 255] for n in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def table(colours):
    """A colour table and the bits of its length."""
    bits = max(1, (len(colours) - 1).bit_length())
    rows = np.zeros((1 << bits, 3), np.uint8)
    rows[:len(colours)] = colours
    return rows.tobytes(), bits


def gif(rng, width, height, frames, plays):
    """Each frame with colours of its own, or all with common ones where they fit."""
    pixels = np.concatenate([frame.pixels.reshape(-1, 4) for frame in frames])
    common = np.unique(pixels[pixels[:, 3] == 255], axis=0)[:, :3]
    shared = len(common) <= 255 and bool(rng.integers(0, 2))
    out = b"GIF89a" + struct.pack("<HH", width, height)
    if shared:
        # The transparent place stands behind the colours.
        rows, bits = table(np.vstack([common, [[1, 2, 3]]]))
        out += bytes([0x80 | (bits - 1), 0, 0]) + rows
    else:
        out += bytes([0, 0, 0])
    if plays != 1:
        out += b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", plays - 1 if plays else 0) + b"\0"
    for frame in frames:
        high, wide = frame.pixels.shape[:2]
        flat = frame.pixels.reshape(-1, 4)
        colours = common if shared else np.unique(flat[flat[:, 3] == 255], axis=0)[:, :3]
        key = lambda rgb: rgb.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
        places = np.searchsorted(key(colours), key(flat[:, :3])) if len(colours) else np.zeros(len(flat), int)
        clear = bool((flat[:, 3] == 0).any())
        places = np.where(flat[:, 3] == 0, len(colours), places).reshape(high, wide)
        dispose = {KEEP: int(rng.integers(0, 2)), CLEAR: 2, RESTORE: 3}[frame.dispose]
        out += b"!\xf9\x04" + struct.pack("<BHBB", dispose << 2 | clear, frame.delay // 10, len(colours) if clear else 0, 0)
        interlaced = bool(rng.integers(0, 4) == 0)
        if interlaced:
            order = [*range(0, high, 8), *range(4, high, 8), *range(2, high, 4), *range(1, high, 2)]
            places = places[order]
        flags = 0x40 if interlaced else 0
        rows = b""
        _, bits = table(np.zeros((max(len(colours) + clear, 1), 3)))
        if not shared:
            rows, bits = table(np.vstack([colours, [[0, 0, 0]]]) if clear or not len(colours) else colours)
            flags |= 0x80 | (bits - 1)
        else:
            bits = max(1, len(common).bit_length())
        out += b"," + struct.pack("<HHHHB", frame.left, frame.top, wide, high, flags) + rows
        bits = max(bits, 2)
        out += bytes([bits]) + blocks(lzw(places.ravel(), bits))
    return out + b";"


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def apng(rng, width, height, frames, plays):
    """As RGBA, or grey with alpha where all frames are grey; half the time behind a picture that is no frame."""
    grey = all(pictures.is_grey(frame.pixels) for frame in frames)

    def data(pixels):
        rows = pixels[:, :, 2:] if grey else pixels
        raw = rows.reshape(rows.shape[0], -1)
        return zlib.compress(b"".join(b"\0" + row.tobytes() for row in raw))

    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 4 if grey else 6, 0, 0, 0))
    out += chunk(b"acTL", struct.pack(">II", len(frames), plays))
    apart = bool(rng.integers(0, 2))
    if apart:
        out += chunk(b"IDAT", data(np.full((height, width, 4), 77, np.uint8)))
    number = 0
    for n, frame in enumerate(frames):
        high, wide = frame.pixels.shape[:2]
        dispose = {KEEP: 0, CLEAR: 1, RESTORE: 2}[frame.dispose]
        place = struct.pack(">IIIII", number, wide, high, frame.left, frame.top)
        delay, of = (frame.delay, 1000) if frame.delay < 65_536 else (frame.delay // 100, 10)
        out += chunk(b"fcTL", place + struct.pack(">HHBB", delay, of, dispose, int(frame.over)))
        number += 1
        if n == 0 and not apart:
            out += chunk(b"IDAT", data(frame.pixels))
        else:
            out += chunk(b"fdAT", struct.pack(">I", number) + data(frame.pixels))
            number += 1
    return out + chunk(b"IEND", b"")


def webp(rng, width, height, frames, plays):
    """Frames by Pillow, without loss; the container by hand."""
    body = b""
    for frame in frames:
        high, wide = frame.pixels.shape[:2]
        still = io.BytesIO()
        Image.fromarray(frame.pixels).save(still, "WEBP", lossless=True, exact=True, quality=20)
        data = still.getvalue()[12:]
        if data[:4] == b"VP8X":
            data = data[18:]
        head = b"".join(struct.pack("<I", n)[:3] for n in (frame.left // 2, frame.top // 2, wide - 1, high - 1, frame.delay))
        head += bytes([(0 if frame.over else 2) | (frame.dispose == CLEAR)])
        body += b"ANMF" + struct.pack("<I", len(head) + len(data)) + head + data + b"\0" * (len(data) % 2)
    size = b"".join(struct.pack("<I", n)[:3] for n in (width - 1, height - 1))
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([0x12, 0, 0, 0]) + size \
        + b"ANIM" + struct.pack("<I", 6) + bytes(rng.integers(0, 256, 4, dtype=np.uint8)) + struct.pack("<H", plays) + body
    return b"RIFF" + struct.pack("<I", len(body)) + body


WRITERS = {"gif": gif, "apng": apng, "webp": webp}


def animation(rng, kind, most=64):
    """A file of a kind, what it shows, how long each frame stays in milliseconds, and how often all are played."""
    width, height = pictures.size(rng, most)
    frames = []
    # Contents that come back, so that frames differ in parts and some not at all.
    sheets = [pictures.colour(rng, width + 8, height + 8, rng.choice(pictures.CONTENTS)) for _ in range(2)]
    few = int(rng.choice([0, 2, 5, 40])) if kind != "gif" else int(rng.choice([2, 5, 40, 200]))
    for n in range(int(rng.integers(1 if kind == "gif" else 2, 9))):
        if n == 0 and (kind == "apng" or rng.integers(0, 2)):
            left, top, wide, high = 0, 0, width, height
        else:
            left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
            if kind == "webp":
                left, top = left & ~1, top & ~1
            wide, high = int(rng.integers(1, width - left + 1)), int(rng.integers(1, height - top + 1))
            if kind == "gif" and n > 0 and rng.integers(0, 6) == 0:
                wide, high = wide + 5, high + 3
        if frames and rng.integers(0, 6) == 0:
            left, top = frames[-1].left, frames[-1].top
            pixels = frames[-1].pixels
        else:
            sheet = sheets[int(rng.integers(0, 2))]
            y, x = np.mgrid[top:top + high, left:left + wide]
            rgb = sheet[y % sheet.shape[0], x % sheet.shape[1]]
            kinds = ["opaque", "binary", "clear"] if kind == "gif" else pictures.ALPHAS
            alpha = pictures.alpha(rng, wide, high, rng.choice(kinds)).astype(np.uint8)
            pixels = np.dstack([rgb, alpha])
            if few:
                pixels = pictures.of_few(rng, pixels, few)
        delay = int(rng.choice([0, 10, 20, 30, 70, 100, 250, 1000, 65_000, 120_000]))
        if kind != "gif" and delay < 65_535:
            delay += int(rng.integers(0, 10))
        dispose = int(rng.choice([KEEP, CLEAR, RESTORE])) if kind != "webp" else int(rng.choice([KEEP, CLEAR]))
        over = True if kind == "gif" else bool(rng.integers(0, 2))
        frames.append(Frame(left, top, np.ascontiguousarray(pixels), delay, dispose, over))
    plays = int(rng.choice([0, 1, 2, 7]))
    file = WRITERS[kind](rng, width, height, frames, plays)
    delays = [frame.delay for frame in frames]
    if kind == "gif":
        # As browsers do: what asks for less than two hundredths is shown for ten.
        delays = [100 if delay < 20 else delay for delay in delays]
    return file, composed(width, height, frames), delays, plays

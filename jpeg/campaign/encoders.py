"""Files of other encoders: mozjpeg's search for a script, and jpegli.

Reads files (seed, length, bytes) from stdin, as `peer files` writes them, and writes pairs of files that hold the same
coefficients: the file and what mozjpeg makes of it, and a file of jpegli's and what mozjpeg makes of that.
"""

import struct
import sys

import mozjpeg_lossless_optimization
import pyjpegli


def is_read(file):
    """Whether mozjpeg reads it, and can write its components in one scan; otherwise it ends the program."""
    at = 2
    while True:
        while file[at + 1] == 0xFF:
            at += 1
        marker, length = file[at + 1], int.from_bytes(file[at + 2:at + 4], "big")
        if marker in (0xC9, 0xCA):
            return False
        if marker in (0xC0, 0xC1, 0xC2):
            samplings = file[at + 11:at + 2 + length:3]
            return len(samplings) == 1 or sum((both >> 4) * (both & 15) for both in samplings) <= 10
        at += 2 + length


source, sink = sys.stdin.buffer, sys.stdout.buffer
while head := source.read(12):
    seed, length = struct.unpack("=QI", head)
    file = source.read(length)
    side = 1 + seed % 97
    noise = (seed * 2654435761) & 0xFFFFFFFF
    step = 1 + noise % 7
    pixels = bytes((x * step + y * 3 * (c + 1) + (x * y * noise >> 20) % (1 + seed % 40)) & 0xFF
                   for y in range(side) for x in range(64) for c in range(3)) if seed % 8 == 0 else b""
    files = [file] + ([pyjpegli.encode(pixels, 64, side, quality=30 + seed % 70)] if pixels else [])
    for file in files:
        if not is_read(file):
            continue
        other = mozjpeg_lossless_optimization.optimize(file)
        for part in (struct.pack("=Q", seed), struct.pack("=I", len(file)), file, struct.pack("=I", len(other)), other):
            sink.write(part)

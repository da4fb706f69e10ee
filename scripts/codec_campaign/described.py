"""Files with something beside their picture, and what Pillow reads of it in a result."""
import io

from PIL import Image, ImageCms, PngImagePlugin

import pictures

ARTIST, COPYRIGHT, ORIENTATION = 0x013B, 0x8298, 0x0112
XMP_KEYWORD = "XML:com.adobe.xmp"
# Name of a kind of file: the end of the chain.
OUTPUTS = {"jpeg": "f_jpg", "png": "f_png", "webp": "f_webp"}


class Described:
    """A source and what it says."""

    def __init__(self, rng, kind):
        picture, _ = pictures.picture(rng, most=40)
        self.grey = pictures.is_grey(picture)
        letters = "".join(chr(int(n)) for n in rng.integers(97, 123, int(rng.integers(1, 300))))
        self.artist, self.copyright = letters, letters[::-1] if rng.integers(0, 2) else None
        self.xmp = f"<x:xmpmeta>{letters}</x:xmpmeta>".encode()
        exif = Image.Exif()
        exif[ARTIST] = self.artist
        if self.copyright:
            exif[COPYRIGHT] = self.copyright
        exif[ORIENTATION] = int(rng.integers(1, 9))
        if rng.integers(0, 2):
            exif.endian = ">"
        image = Image.fromarray(picture, "RGBA").convert("L" if self.grey else "RGB")
        out = io.BytesIO()
        if kind == "png":
            info = PngImagePlugin.PngInfo()
            info.add_itxt(XMP_KEYWORD, self.xmp.decode())
            image.save(out, "PNG", exif=exif, pnginfo=info)
        else:
            image.save(out, kind.upper(), exif=exif.tobytes(), xmp=self.xmp, quality=80)
        self.file = out.getvalue()


def fault(source, flags, density, file):
    """What is wrong with what a result says, or nothing."""
    image = Image.open(io.BytesIO(file))
    image.load()
    exif = image.getexif()
    if {"fl_keep_iptc", "fl_keep_attribution"} & set(flags):
        for tag, value in ((ARTIST, source.artist), (COPYRIGHT, source.copyright)):
            if exif.get(tag) != value:
                return f"tag {tag:#x} is {exif.get(tag)!r} for {value!r}"
        if exif.get(ORIENTATION, 1) != 1:
            return f"upright pixels with the orientation {exif.get(ORIENTATION)}"
    elif exif:
        return f"keeps {dict(exif)}"
    xmp = image.info.get("xmp") or image.info.get(XMP_KEYWORD)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    if xmp != (source.xmp if "fl_keep_iptc" in flags else None):
        return f"XMP is {xmp!r}"
    if density and image.format in ("JPEG", "PNG"):
        found = image.info.get("dpi")
        if not found or abs(found[0] - density) > 0.02 or abs(found[1] - density) > 0.02:
            return f"{found} dots per inch for {density}"
    profile = image.info.get("icc_profile")
    if "fl_force_icc" not in flags:
        return "has a profile" if profile else None
    if not profile:
        return "has no profile"
    space = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()
    holds = "GRAY" if image.mode in ("1", "L", "LA", "I;16") else "RGB"
    return None if space == holds else f"a profile of {space} for {image.mode}"

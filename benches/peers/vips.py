#!/usr/bin/env python3
"""What libvips takes for the jobs of ../render.rs: in one warm process, with one thread and no cache.

    VIPS_CONCURRENCY=1 python3 vips.py PICTURES RESULTS [RUNS]        where the package pyvips is installed

Lines and files as those of sharp.mjs.
"""
import os, re, resource, statistics, sys

import pyvips

pictures, results = sys.argv[1], sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 15
pyvips.cache_set_max(0)
TALL = 100_000  # no limit to the height


def small(file, width, height=TALL, **more):
    return pyvips.Image.thumbnail(os.path.join(pictures, file), width, height=height, **more)


def square(file):
    return small(file, 300, 300, crop="centre").jpegsave_buffer(Q=80, strip=True)


JOBS = {
    "12mp-fill-300.jpg": lambda: square("photo-12mp.jpg"),
    "12mp-progressive-fill-300.jpg": lambda: square("photo-12mp-prog.jpg"),
    "24mp-fill-300.jpg": lambda: square("photo-24mp.jpg"),
    "12mp-800.webp": lambda: small("photo-12mp.jpg", 800).webpsave_buffer(Q=75, strip=True),
    "12mp-800.jpg": lambda: small("photo-12mp.jpg", 800).jpegsave_buffer(Q=80, strip=True),
    "12mp-800.avif": lambda: small("photo-12mp.jpg", 800).heifsave_buffer(Q=50, compression="av1", effort=1, strip=True),
    "2mp-rgba-400.png": lambda: small("alpha-2mp.png", 400).pngsave_buffer(strip=True),
    "0.5mp-200.jpg": lambda: small("photo-0.5mp.jpg", 200).jpegsave_buffer(Q=80, strip=True),
    "gif-24-frames-200.webp": lambda: small("anim-24f.gif[n=-1]", 200).webpsave_buffer(Q=75, strip=True),
    "gif-24-frames-200.gif": lambda: small("anim-24f.gif[n=-1]", 200).gifsave_buffer(),
}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e3


def peak():
    """Megabytes: the highest resident size since it was last reset."""
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024


for name, work in JOBS.items():
    try:
        work()
    except pyvips.Error as error:
        print(f"libvips\t{name}\tfailed: {str(error).splitlines()[0]}", flush=True)
        continue
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before, costs, body = peak(), [], b""
    for _ in range(runs):
        start = cpu()
        body = work()
        costs.append(cpu() - start)
    with open(os.path.join(results, f"vips-{name}"), "wb") as file:
        file.write(body)
    figures = [f"{statistics.median(costs):.1f}", f"{min(costs):.1f}", len(body), f"{max(0, peak() - before):.0f}"]
    print("libvips", name, *figures, sep="\t", flush=True)

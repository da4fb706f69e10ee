"""Generated stills and animations through the gateway's renderer, each result held against other programs' decoders."""
import argparse
import collections
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import animations
import chromium
import described
import judge
import moving
import pictures
import stills

# The largest and the mean difference that another decoder of a lossy source may have.
SLACK = {"jpeg": (4, 0.5), "avif": (3, 0.6)}


class Campaign:
    def __init__(self, options, browser):
        self.options, self.browser = options, browser
        self.counts, self.faults = collections.Counter(), []
        self.jobs, self.checks = [], []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="codec-campaign-"))

    def add(self, source, chain, check, label):
        """`check` gets the result's file and says what is wrong with it."""
        number = len(self.jobs)
        from_, to = self.folder / f"{number}.in", self.folder / f"{number}.out"
        from_.write_bytes(source)
        to.unlink(missing_ok=True)
        self.jobs.append(f"{from_}\t{chain}\t{to}")
        self.checks.append((source, chain, to, check, label))

    def flush(self):
        """Renders what has come together, and looks at it."""
        run = subprocess.run([self.options.program], input="\n".join(self.jobs), capture_output=True, text=True, check=True)
        answers = run.stdout.splitlines()
        assert len(answers) == len(self.jobs), "an answer for each job"
        for answer, (source, chain, to, check, label) in zip(answers, self.checks):
            if not answer.startswith("ok"):
                wrong = answer
            elif "damaged" in answer:
                wrong = "a valid file counts as damaged"
            else:
                try:
                    wrong = check(to.read_bytes())
                except (OSError, SyntaxError, RuntimeError, ValueError) as error:
                    wrong = f"cannot be read: {error}"
            self.counts[label] += 1
            if wrong:
                self.fault(source, chain, label, wrong)
        self.jobs, self.checks = [], []

    def fault(self, source, chain, label, wrong):
        name = hashlib.sha256(source).hexdigest()[:12]
        self.faults.append(label)
        print(f"FAULT {label}: {chain} of {name}: {wrong}", flush=True)
        if self.options.keep:
            folder = pathlib.Path(self.options.keep)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(source)

    def still(self, number):
        rng = np.random.default_rng([self.options.seed, number])
        picture, _ = pictures.picture(rng)
        kind = str(rng.choice(list(stills.WRITERS)))
        source = stills.WRITERS[kind](rng, picture)
        if source is None:
            return
        seen = stills.decoded(source)
        slack = SLACK.get(kind, (0, 0))
        height, width = seen.shape[:2]
        for name in rng.choice(list(judge.OUTPUTS), 4, replace=False):
            name, step, want = str(name), f"c_scale,w_{width},h_{height}", seen
            if rng.integers(0, 3) == 0:
                left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
                wide, high = int(rng.integers(1, width - left + 1)), int(rng.integers(1, height - top + 1))
                step = f"c_crop,w_{wide},h_{high},x_{left},y_{top}"
                want = np.ascontiguousarray(seen[top:top + high, left:left + wide])
            check = lambda file, name=name, want=want: judge.fault(name, want, file, slack)
            self.add(source, f"{step}/{judge.OUTPUTS[name][0]}", check, f"{kind} to {name}")

    def described(self, number):
        rng = np.random.default_rng([self.options.seed, 2, number])
        kind = str(rng.choice(list(described.OUTPUTS)))
        source = described.Described(rng, kind)
        for name, chain in described.OUTPUTS.items():
            flags = [flag for flag in ("fl_keep_iptc", "fl_keep_attribution", "fl_force_icc") if rng.integers(0, 3) == 0]
            if "fl_keep_iptc" in flags and "fl_keep_attribution" in flags:
                flags.remove("fl_keep_attribution")
            density = int(rng.choice([0, 72, 96, 150, 300, 1200]))
            parts = ["c_scale,w_20,h_20", *([f"dn_{density}"] if density else []), *flags, chain]
            check = lambda file, flags=flags, density=density: described.fault(source, flags, density, file)
            self.add(source.file, ",".join(parts), check, f"{kind} described to {name}")

    def animation(self, number):
        rng = np.random.default_rng([self.options.seed, 1, number])
        kind = str(rng.choice(list(animations.WRITERS)))
        source, shown, delays, plays = animations.animation(rng, kind)
        film = moving.Film(shown, delays, plays)
        height, width = shown[0].shape[:2]
        step = f"c_scale,w_{width},h_{height}"
        if len(shown) > 1:
            for name, chain in moving.OUTPUTS.items():
                check = lambda file, name=name: moving.fault(name, film, file, self.browser, kind)
                self.add(source, f"{step}/{chain}", check, f"{kind} to moving {name}")
        page = int(rng.integers(0, len(shown)))
        check = lambda file: moving.still_fault(shown[page], file, kind)
        # A PNG's first picture may stand apart from its frames.
        chain = f"pg_{page + 1}/f_png" if kind != "apng" else None
        if chain:
            self.add(source, chain, check, f"{kind} to a frame")


def main():
    parser = argparse.ArgumentParser(prog="codec-campaign")
    parser.add_argument("program", help="the example render_list")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stills", type=int, default=3000)
    parser.add_argument("--animations", type=int, default=1000)
    parser.add_argument("--described", type=int, default=300)
    parser.add_argument("--keep", help="where sources of faults go")
    options = parser.parse_args()
    browser = None
    if chromium.program():
        browser = chromium.Browser().__enter__()
    else:
        print("skipped: Chromium (not installed); animations are read by Pillow")
    campaign = Campaign(options, browser)
    try:
        kinds = ((options.stills, campaign.still), (options.animations, campaign.animation),
                 (options.described, campaign.described))
        for count, add in kinds:
            for number in range(count):
                add(number)
                if len(campaign.jobs) >= 200 or number + 1 == count:
                    campaign.flush()
    finally:
        if browser:
            browser.__exit__()
    for label, count in sorted(campaign.counts.items()):
        wrong = campaign.faults.count(label)
        print(f"{count:6} {label}" + (f", {wrong} WRONG" if wrong else ""))
    print(f"{sum(campaign.counts.values())} results of {options.stills} stills, {options.animations} animations and "
          f"{options.described} files with metadata, {len(campaign.faults)} faults, seed {options.seed}")
    for left in campaign.folder.iterdir():
        left.unlink()
    campaign.folder.rmdir()
    return 1 if campaign.faults else 0


sys.exit(main())

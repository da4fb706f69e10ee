# Every command a developer needs. Bare `just` lists them.

default:
    @just --list --unsorted

# Build and serve the demo
run *ARGS:
    ./run {{ARGS}}

# Everything that CI runs
ready:
    ./test

# The tests alone
test *ARGS:
    #!/usr/bin/env bash
    source ./scripts/build-features
    what=(--release --workspace --lib --bins --tests "${FEATURES[@]}")
    if command -v cargo-nextest >/dev/null; then cargo nextest run "${what[@]}" {{ARGS}}; else cargo test "${what[@]}" {{ARGS}}; fi

# The tests of what a machine with Rust and a C compiler alone builds: without libaom, in a folder of their own
lean *ARGS:
    cargo test --release --target-dir target/lean --workspace --lib --bins --tests --no-fail-fast {{ARGS}}

# The tests at the sizes that are stated, where `./test` scales them down: 200 kills, 100,000 entries, long replays
full *ARGS:
    #!/usr/bin/env bash
    source ./scripts/build-features
    export CLDGATE_FULL=1
    what=(--release --workspace --lib --bins --tests "${FEATURES[@]}")
    if command -v cargo-nextest >/dev/null; then
        cargo nextest run "${what[@]}" --no-capture {{ARGS}}
    else
        cargo test "${what[@]}" {{ARGS}} -- --nocapture
    fi

# Format, clippy, licences, spelling
lint:
    cargo fmt --all
    cargo clippy --release --workspace --all-targets -- -D warnings
    -cargo deny check licenses bans sources
    -typos

# Look at changed snapshots and accept them
accept:
    cargo insta test --release --workspace --review || INSTA_UPDATE=always cargo test --release --workspace

# What the gateway understands of a URL
explain URL:
    cargo run --release --quiet -- explain '{{URL}}'

# Every effect, layer and text on one page, to look at: target/gallery.html
gallery:
    cargo run --release --example gallery

# Render the demo's pictures anew
photos:
    cargo run --release --example make_photos

# What a browser shows of the pictures in tests/fixtures/colour, written to tests/tables/colour.tsv; needs chromium, djxl, Pillow
colour-table:
    scripts/colour-table

# Fuzz a target for some seconds
fuzz TARGET SECONDS='60':
    cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run {{TARGET}} -- -max_total_time={{SECONDS}}

# Generated JPEG files against libjpeg-turbo, at every scale, and against their lossless twins; needs libjpeg62-turbo-dev
jpeg-campaign FILES='200000' SEED='1':
    scripts/jpeg-campaign {{FILES}} {{SEED}}

# Generated stills and animations through every codec, held against Pillow's and Chromium's
codec-campaign *ARGS:
    scripts/codec-campaign {{ARGS}}

# The documentation of all crates
docs:
    cargo doc --release --workspace --no-deps --document-private-items

# Ten times more renderings than the gateway can do, for a minute
overload *ARGS:
    python3 benches/overload.py "$(./run build | tail -n 1)" {{ARGS}}

# Ten million mixed requests: is as much memory held at the end as after the first million?
soak *ARGS:
    python3 benches/soak.py "$(./run build | tail -n 1)" {{ARGS}}

# Whole jobs beside sharp and libvips on the same files; installs sharp by npm, pyvips by pip
bench-peers DIR='target/peers':
    scripts/bench-peers {{DIR}}

# Single effects beside sharp and libvips on a picture in memory; installs them as bench-peers does
bench-effects DIR='target/peers':
    scripts/bench-effects {{DIR}}

# How soon a core is free after a rendering was cancelled, for every codec and step
bench-deadlines *ARGS:
    #!/usr/bin/env bash
    source ./scripts/build-features
    cargo bench --profile release "${FEATURES[@]}" --bench deadlines -- {{ARGS}}

# Kinds of TIFF, BMP, ICO and SVG files, held against the programs that write them; installs what it needs by pip
kinds-campaign DIR='target/kinds':
    pip install --quiet numpy pillow tifffile imagecodecs
    scripts/kinds-campaign "$(./run build | tail -n 1)" {{DIR}}

# What qualities reach on photographs out of Debian's packages: SSIMULACRA2, bytes, CPU
bench-quality DIR='target/quality':
    #!/usr/bin/env bash
    source ./scripts/build-features
    [[ -d {{DIR}} ]] || benches/peers/photographs {{DIR}}
    cargo bench --profile release "${FEATURES[@]}" --bench quality -- "$PWD/{{DIR}}"

# A Debian package
deb DIR='target/deb':
    packaging/deb {{DIR}}

//! A writer of JPEG files from quantised coefficients: the same picture as a sequential file, or as
//! a progressive one with any script of scans, so that the two can be held against each other.

/// Numbers from a seed (splitmix64): what a file looks like depends on nothing else.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// One time in `n`.
    pub fn rarely(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// One component's blocks, whole MCUs of them, each in zigzag order.
pub struct Component {
    pub sampling: (usize, usize),
    /// Blocks that hold samples, across and down.
    pub real: (usize, usize),
    /// Blocks a row, those that only fill MCUs too.
    pub across: usize,
    pub blocks: Vec<[i16; 64]>,
}

/// A picture before it is coded.
pub struct Coefficients {
    pub size: (usize, usize),
    pub steps: [u16; 64],
    pub components: Vec<Component>,
    mcus: (usize, usize),
}

impl Coefficients {
    /// A picture without content: every coefficient is zero.
    pub fn new(size: (usize, usize), samplings: &[(usize, usize)], steps: [u16; 64]) -> Self {
        let most = samplings
            .iter()
            .fold((1, 1), |most, s| (most.0.max(s.0), most.1.max(s.1)));
        let mcus = (size.0.div_ceil(8 * most.0), size.1.div_ceil(8 * most.1));
        let components = samplings
            .iter()
            .map(|&sampling| Component {
                sampling,
                real: (
                    (size.0 * sampling.0).div_ceil(most.0).div_ceil(8),
                    (size.1 * sampling.1).div_ceil(most.1).div_ceil(8),
                ),
                across: mcus.0 * sampling.0,
                blocks: vec![[0; 64]; mcus.0 * sampling.0 * mcus.1 * sampling.1],
            })
            .collect();
        Self {
            size,
            steps,
            components,
            mcus,
        }
    }

    /// The blocks of a scan in order, an MCU at a time: component and block.
    fn mcus(&self, parts: &[usize]) -> Vec<Vec<(usize, usize)>> {
        if let [part] = *parts {
            let component = &self.components[part];
            return (0..component.real.1)
                .flat_map(|y| (0..component.real.0).map(move |x| (x, y)))
                .map(|(x, y)| vec![(part, y * component.across + x)])
                .collect();
        }
        let mut mcus = Vec::new();
        for row in 0..self.mcus.1 {
            for column in 0..self.mcus.0 {
                let mut blocks = Vec::new();
                for &part in parts {
                    let component = &self.components[part];
                    let (h, v) = component.sampling;
                    for y in 0..v {
                        for x in 0..h {
                            let at = (row * v + y) * component.across + column * h + x;
                            blocks.push((part, at));
                        }
                    }
                }
                mcus.push(blocks);
            }
        }
        mcus
    }

    /// Whether a scan may hold these components together.
    fn together(&self, parts: &[usize]) -> bool {
        let blocks: usize = parts
            .iter()
            .map(|&part| self.components[part].sampling)
            .map(|(h, v)| h * v)
            .sum();
        blocks <= 10
    }

    /// One scan of all components, or where they do not fit one for each.
    pub fn scans(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.components.len()).collect();
        if self.together(&all) {
            vec![all]
        } else {
            self.scans_apart()
        }
    }

    /// A scan for each component.
    pub fn scans_apart(&self) -> Vec<Vec<usize>> {
        (0..self.components.len()).map(|part| vec![part]).collect()
    }

    /// Sequential, in these scans.
    pub fn sequential(&self, scans: &[Vec<usize>], interval: usize, noise: &mut Noise) -> Vec<u8> {
        let codes = Codes::new(noise);
        let mut out = self.headers(0xC1, interval, &codes);
        for parts in scans {
            scan_header(&mut out, parts, (0, 63), (0, 0));
            let mut bits = Bits::new(&codes);
            let mut before = [0; 4];
            for (n, mcu) in self.mcus(parts).into_iter().enumerate() {
                if interval > 0 && n > 0 && n % interval == 0 {
                    bits.restart((n / interval - 1) % 8);
                    before = [0; 4];
                }
                for (part, at) in mcu {
                    let block = &self.components[part].blocks[at];
                    bits.difference(i32::from(block[0]) - before[part]);
                    before[part] = block[0].into();
                    let mut run = 0;
                    for &value in &block[1..] {
                        if value == 0 {
                            run += 1;
                            continue;
                        }
                        while run > 15 {
                            bits.ac(0xF0);
                            run -= 16;
                        }
                        bits.value(run, value.into());
                        run = 0;
                    }
                    if run > 0 {
                        bits.ac(0);
                    }
                }
            }
            out.extend(bits.finish());
        }
        out.extend([0xFF, 0xD9]);
        out
    }

    /// Progressive, by a script.
    pub fn progressive(&self, script: &[Scan], interval: usize, noise: &mut Noise) -> Vec<u8> {
        let codes = Codes::new(noise);
        let mut out = self.headers(0xC2, interval, &codes);
        // Encoders end a run of ended blocks where they like.
        let longest = if noise.rarely(2) {
            0x7FFF
        } else {
            1 + noise.below(40) as u32
        };
        for scan in script {
            let precision = (if scan.refining { scan.low + 1 } else { 0 }, scan.low);
            scan_header(&mut out, &scan.parts, scan.band, precision);
            let mut bits = Bits::new(&codes);
            let mut ended = Ended {
                blocks: 0,
                longest,
                corrections: Vec::new(),
            };
            let mut before = [0; 4];
            for (n, mcu) in self.mcus(&scan.parts).into_iter().enumerate() {
                if interval > 0 && n > 0 && n % interval == 0 {
                    ended.write(&mut bits);
                    bits.restart((n / interval - 1) % 8);
                    before = [0; 4];
                }
                for (part, at) in mcu {
                    let block = &self.components[part].blocks[at];
                    match (scan.band.0, scan.refining) {
                        (0, false) => {
                            let value = i32::from(block[0]) >> scan.low;
                            bits.difference(value - before[part]);
                            before[part] = value;
                        }
                        (0, true) => bits.put(block[0] as u32 >> scan.low & 1, 1),
                        (_, false) => first(scan, block, &mut ended, &mut bits),
                        (_, true) => refine(scan, block, &mut ended, &mut bits),
                    }
                }
            }
            ended.write(&mut bits);
            out.extend(bits.finish());
        }
        out.extend([0xFF, 0xD9]);
        out
    }

    fn headers(&self, frame: u8, interval: usize, codes: &Codes) -> Vec<u8> {
        let mut out = vec![0xFF, 0xD8];
        let wide = self.steps.iter().any(|&step| step > 255);
        let mut quantisation = vec![u8::from(wide) << 4];
        for step in self.steps {
            let bytes = step.to_be_bytes();
            quantisation.extend(&bytes[usize::from(!wide)..]);
        }
        segment(&mut out, 0xDB, &quantisation);
        let mut header = vec![8];
        header.extend((self.size.1 as u16).to_be_bytes());
        header.extend((self.size.0 as u16).to_be_bytes());
        header.push(self.components.len() as u8);
        for (id, component) in (1..).zip(&self.components) {
            let (h, v) = component.sampling;
            header.extend([id, (h << 4 | v) as u8, 0]);
        }
        segment(&mut out, frame, &header);
        let mut tables = vec![0x00];
        tables.extend(codes.dc.payload());
        tables.push(0x10);
        tables.extend(codes.ac.payload());
        segment(&mut out, 0xC4, &tables);
        if interval > 0 {
            segment(&mut out, 0xDD, &(interval as u16).to_be_bytes());
        }
        out
    }

    /// A script that the standard allows: first scans in bands of any precision, then the bits
    /// below, in bands cut anew.
    pub fn script(&self, noise: &mut Noise) -> Vec<Scan> {
        let all: Vec<usize> = (0..self.components.len()).collect();
        let mut scans = Vec::new();
        let groups = |noise: &mut Noise| -> Vec<Vec<usize>> {
            if self.together(&all) && !noise.rarely(4) {
                vec![all.clone()]
            } else {
                all.iter().map(|&part| vec![part]).collect()
            }
        };
        let dc_low = noise.below(4) as u32;
        for parts in groups(noise) {
            scans.push(Scan {
                parts,
                band: (0, 0),
                low: dc_low,
                refining: false,
            });
        }
        // What is still to be refined: scans of one level after those of the level above.
        let mut later: Vec<Vec<Scan>> = (0..4).map(|_| Vec::new()).collect();
        for low in 0..dc_low {
            for parts in groups(noise) {
                later[low as usize].push(Scan {
                    parts,
                    band: (0, 0),
                    low,
                    refining: true,
                });
            }
        }
        for part in all {
            for band in cut((1, 63), noise) {
                let low = noise.below(4) as u32;
                let parts = vec![part];
                scans.push(Scan {
                    parts,
                    band,
                    low,
                    refining: false,
                });
                for low in 0..low {
                    for band in cut(band, noise) {
                        let parts = vec![part];
                        later[low as usize].push(Scan {
                            parts,
                            band,
                            low,
                            refining: true,
                        });
                    }
                }
            }
        }
        for mut level in later.into_iter().rev() {
            if noise.rarely(2) {
                level.reverse();
            }
            scans.extend(level);
        }
        scans
    }
}

/// A scan of a progressive file.
#[derive(Clone, Debug)]
pub struct Scan {
    pub parts: Vec<usize>,
    pub band: (usize, usize),
    pub low: u32,
    pub refining: bool,
}

/// A band cut into a few.
fn cut((first, last): (usize, usize), noise: &mut Noise) -> Vec<(usize, usize)> {
    let mut bands = Vec::new();
    let mut from = first;
    while from <= last {
        let most = (last - from + 1) as u64;
        let to = match noise.below(3) {
            0 => from + noise.below(most) as usize,
            _ => last,
        };
        bands.push((from, to));
        from = to + 1;
    }
    bands
}

/// Blocks that have ended, not written yet, and the bits that belong to them.
struct Ended {
    blocks: u32,
    longest: u32,
    corrections: Vec<bool>,
}

impl Ended {
    fn add(&mut self, bits: &mut Bits<'_>) {
        self.blocks += 1;
        if self.blocks == self.longest {
            self.write(bits);
        }
    }

    fn write(&mut self, bits: &mut Bits<'_>) {
        if self.blocks > 0 {
            let run = self.blocks.ilog2();
            bits.ac((run as u8) << 4);
            bits.put(self.blocks & ((1 << run) - 1), run);
            self.blocks = 0;
        }
        bits.all(&mut self.corrections);
    }
}

/// A block in the first scan of a band.
fn first(scan: &Scan, block: &[i16; 64], ended: &mut Ended, bits: &mut Bits<'_>) {
    let mut run = 0;
    for &value in &block[scan.band.0..=scan.band.1] {
        let shown = i32::from(value.unsigned_abs() >> scan.low);
        if shown == 0 {
            run += 1;
            continue;
        }
        ended.write(bits);
        while run > 15 {
            bits.ac(0xF0);
            run -= 16;
        }
        bits.value(run, if value < 0 { -shown } else { shown });
        run = 0;
    }
    if run > 0 {
        ended.add(bits);
    }
}

/// A block in a scan that adds a bit (ITU-T T.81, figure G.7).
fn refine(scan: &Scan, block: &[i16; 64], ended: &mut Ended, bits: &mut Bits<'_>) {
    let shown = |k: usize| block[k].unsigned_abs() >> scan.low;
    let (from, to) = scan.band;
    let last_new = (from..=to).rev().find(|&k| shown(k) == 1).unwrap_or(0);
    let mut run = 0;
    let mut corrections = Vec::new();
    for (k, &value) in block.iter().enumerate().take(to + 1).skip(from) {
        let size = shown(k);
        if size == 0 {
            run += 1;
            continue;
        }
        while run > 15 && k <= last_new {
            ended.write(bits);
            bits.ac(0xF0);
            run -= 16;
            bits.all(&mut corrections);
        }
        if size > 1 {
            corrections.push(size & 1 == 1);
            continue;
        }
        ended.write(bits);
        bits.ac((run as u8) << 4 | 1);
        bits.put((value >= 0).into(), 1);
        bits.all(&mut corrections);
        run = 0;
    }
    if run > 0 || !corrections.is_empty() {
        ended.corrections.extend(corrections);
        ended.add(bits);
    }
}

fn segment(out: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    out.extend([0xFF, marker]);
    out.extend((payload.len() as u16 + 2).to_be_bytes());
    out.extend(payload);
}

fn scan_header(out: &mut Vec<u8>, parts: &[usize], band: (usize, usize), precision: (u32, u32)) {
    let mut header = vec![parts.len() as u8];
    for &part in parts {
        header.extend([part as u8 + 1, 0]);
    }
    header.extend([
        band.0 as u8,
        band.1 as u8,
        (precision.0 << 4 | precision.1) as u8,
    ]);
    segment(out, 0xDA, &header);
}

/// A Huffman code for every symbol of a class, with lengths that fit no picture.
struct Code {
    counts: [u8; 16],
    symbols: Vec<u8>,
    codes: Vec<(u32, u32)>,
}

impl Code {
    fn new(mut symbols: Vec<u8>, noise: &mut Noise) -> Self {
        for n in (1..symbols.len()).rev() {
            symbols.swap(n, noise.below(n as u64 + 1) as usize);
        }
        let mut counts = [0_u8; 16];
        let mut codes = vec![(0, 0); 256];
        let (mut code, mut next) = (0_u32, 0);
        for length in 1..=16 {
            code <<= 1;
            let left = symbols.len() - next;
            // As many as leave room for the rest, the code of ones alone being nobody's.
            let free = (1_usize << length) - code as usize;
            let room = |n: usize| (free - n) << (16 - length) > left - n;
            let most = (0..=left.min(free - 1))
                .rev()
                .find(|&n| room(n))
                .unwrap_or(0);
            let count = if length == 16 || noise.rarely(5) {
                most.min(left)
            } else {
                most.min(noise.below(1 + (1 << (length / 2))) as usize)
            };
            for &symbol in &symbols[next..next + count] {
                codes[usize::from(symbol)] = (code, length as u32);
                code += 1;
            }
            counts[length - 1] = count as u8;
            next += count;
        }
        assert_eq!(next, symbols.len(), "room for every symbol");
        Self {
            counts,
            symbols,
            codes,
        }
    }

    fn payload(&self) -> impl Iterator<Item = u8> + '_ {
        self.counts.iter().chain(&self.symbols).copied()
    }
}

struct Codes {
    dc: Code,
    ac: Code,
}

impl Codes {
    fn new(noise: &mut Noise) -> Self {
        let ac = (0..=255_u8).filter(|symbol| symbol & 15 <= 10).collect();
        Self {
            dc: Code::new((0..=11).collect(), noise),
            ac: Code::new(ac, noise),
        }
    }
}

/// Entropy-coded bytes.
struct Bits<'a> {
    codes: &'a Codes,
    bytes: Vec<u8>,
    word: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(codes: &'a Codes) -> Self {
        Self {
            codes,
            bytes: Vec::new(),
            word: 0,
            count: 0,
        }
    }

    fn put(&mut self, value: u32, count: u32) {
        self.word = self.word << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.word >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xFF {
                self.bytes.push(0);
            }
        }
    }

    fn all(&mut self, corrections: &mut Vec<bool>) {
        for bit in corrections.drain(..) {
            self.put(bit.into(), 1);
        }
    }

    fn ac(&mut self, symbol: u8) {
        let (code, length) = self.codes.ac.codes[usize::from(symbol)];
        self.put(code, length);
    }

    fn value(&mut self, run: u32, value: i32) {
        let size = 32 - value.unsigned_abs().leading_zeros();
        self.ac((run << 4 | size) as u8);
        self.number(value, size);
    }

    fn difference(&mut self, value: i32) {
        let size = 32 - value.unsigned_abs().leading_zeros();
        let (code, length) = self.codes.dc.codes[size as usize];
        self.put(code, length);
        self.number(value, size);
    }

    fn number(&mut self, value: i32, size: u32) {
        let value = if value < 0 { value - 1 } else { value };
        self.put(value as u32 & ((1 << size) - 1), size);
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.put(0xFF >> self.count, 8 - self.count);
        }
    }

    fn restart(&mut self, number: usize) {
        self.align();
        self.bytes.extend([0xFF, 0xD0 + number as u8]);
    }

    fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

// What sharp takes for the effects of ../effects.rs that it has: in one warm process, with one thread and no cache.
//
//     node effects.mjs [RUNS]        where node_modules/sharp is
//
// A line for each effect: name, median and least milliseconds on the clock. The picture comes from raw bytes and goes to
// raw bytes; what that alone takes is measured beside every effect and taken off.
import { createRequire } from 'node:module';

const sharp = createRequire(process.cwd() + '/')('sharp');
sharp.concurrency(1);
sharp.cache(false);
const runs = Number(process.argv[2] ?? '15');

// Shapes, ramps and grain.
const made = (width, height, channels = 3) => {
  const data = Buffer.alloc(width * height * channels);
  let noise = 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      const grain = noise >>> 28, house = (Math.floor(x / 120) + Math.floor(y / 90)) % 5;
      data[at++] = x * 160 / width + house * 12 + grain;
      data[at++] = y * 150 / height + (5 - house) * 10 + grain;
      data[at++] = (x + y) * 120 / (width + height) + house * 18 + grain;
      if (channels === 4) data[at++] = 128;
    }
  }
  return { data, raw: { width, height, channels } };
};
const photo = made(1920, 1080), layer = made(400, 400, 4);
const open = () => sharp(photo.data, { raw: photo.raw });
const mask = Buffer.from('<svg width="1920" height="1080"><ellipse cx="960" cy="540" rx="960" ry="540"/></svg>');
const sepia = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];

const effects = {
  e_grayscale: p => p.grayscale(),
  e_sepia: p => p.recomb(sepia),
  e_negate: p => p.negate(),
  'e_brightness:40': p => p.linear(1.4, 0),
  'e_contrast:60': p => p.linear(1.6, -77),
  'e_saturation:80': p => p.modulate({ saturation: 1.8 }),
  'e_hue:40': p => p.modulate({ hue: 72 }),
  'e_gamma:50': p => p.gamma(1.5),
  o_50: p => p.ensureAlpha(0.5),
  'e_blur:100': p => p.blur(2),
  'e_blur:200': p => p.blur(4),
  'e_blur:400': p => p.blur(8),
  'e_blur:1000': p => p.blur(20),
  'e_blur:2000': p => p.blur(40),
  e_sharpen: p => p.sharpen({ sigma: 1 }),
  r_max: p => p.composite([{ input: mask, blend: 'dest-in' }]),
  a_20: p => p.rotate(20, { background: { r: 0, g: 0, b: 0, alpha: 0 } }),
  'l_layer,o_50': p => p.composite([{ input: layer.data, raw: layer.raw }]),
};

const times = async effect => {
  const took = [];
  for (let run = 0; run <= runs; run++) {
    const start = process.hrtime.bigint();
    await effect(open()).raw().toBuffer();
    took.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  // The first warms up.
  return took.slice(1).sort((a, b) => a - b);
};
for (const [name, effect] of Object.entries(effects)) {
  const [one, other] = [await times(effect), await times(p => p)];
  const figures = [one[runs >> 1] - other[runs >> 1], one[0] - other[0]];
  console.log(['sharp', name, ...figures.map(n => n.toFixed(1))].join('\t'));
}

// What sharp takes for the jobs of ../render.rs: in one warm process, with one thread and no cache.
//
//     node sharp.mjs PICTURES RESULTS [RUNS]        where node_modules/sharp is
//
// A line for each job: name, median and least CPU milliseconds, bytes, megabytes of peak memory beyond what the
// process held before. The results are written to RESULTS, for ../render.rs to look at their quality.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const sharp = createRequire(process.cwd() + '/')('sharp');
sharp.concurrency(1);
sharp.cache(false);

const [pictures, results, runs = '15'] = process.argv.slice(2);
const open = (file, options) => sharp(path.join(pictures, file), options);
const avif = (effort, quality) => ({ quality, effort, chromaSubsampling: '4:2:0' });

// The name, with the ending of the result, and the work.
const jobs = [
  ['12mp-fill-300.jpg', () => open('photo-12mp.jpg').resize(300, 300, { fit: 'cover' }).jpeg({ quality: 80 })],
  ['12mp-progressive-fill-300.jpg', () => open('photo-12mp-prog.jpg').resize(300, 300, { fit: 'cover' }).jpeg({ quality: 80 })],
  ['24mp-fill-300.jpg', () => open('photo-24mp.jpg').resize(300, 300, { fit: 'cover' }).jpeg({ quality: 80 })],
  ['12mp-800.webp', () => open('photo-12mp.jpg').resize(800).webp({ quality: 75 })],
  ['12mp-800.jpg', () => open('photo-12mp.jpg').resize(800).jpeg({ quality: 80 })],
  ['12mp-800.avif', () => open('photo-12mp.jpg').resize(800).avif(avif(1, 50))],
  ['2mp-rgba-400.png', () => open('alpha-2mp.png').resize(400).png()],
  ['0.5mp-200.jpg', () => open('photo-0.5mp.jpg').resize(200).jpeg({ quality: 80 })],
  ['gif-24-frames-200.webp', () => open('anim-24f.gif', { animated: true }).resize(200).webp({ quality: 75 })],
  ['gif-24-frames-200.gif', () => open('anim-24f.gif', { animated: true }).resize(200).gif()],
];

// The highest resident size since it was last reset, in megabytes; 0 where the system does not tell.
const peak = () => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return 0;
  }
};
const resetPeak = () => {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not on this system.
  }
};

for (const [name, work] of jobs) {
  await work().toBuffer();
  const costs = [];
  let body;
  resetPeak();
  const before = peak();
  for (let run = 0; run < Number(runs); run++) {
    const start = process.cpuUsage();
    body = await work().toBuffer();
    const { user, system } = process.cpuUsage(start);
    costs.push((user + system) / 1e3);
  }
  costs.sort((a, b) => a - b);
  fs.writeFileSync(path.join(results, `sharp-${name}`), body);
  const figures = [costs[costs.length >> 1].toFixed(1), costs[0].toFixed(1), body.length, Math.max(0, peak() - before).toFixed(0)];
  console.log(['sharp', name, ...figures].join('\t'));
}

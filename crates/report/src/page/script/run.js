// What the page knows of the run, and how its numbers are written.
const run = JSON.parse(document.getElementById('run').textContent);
const T = run.trials;
const N = T.number.length;
const $ = id => document.getElementById(id);
const make = (tag, text, attributes) => {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  for (const name in attributes || {}) node.setAttribute(name, attributes[name]);
  return node;
};

// Numbers as everywhere in netsynth.
const count = value => value.toLocaleString('en-GB');
const percent = value => (100 * value).toFixed(2) + ' %';
const brief = value => value >= 1e6 ? +(value / 1e6).toPrecision(3) + ' M' : value >= 1e3 ? +(value / 1e3).toPrecision(3) + ' k' : String(+value.toPrecision(3));
const signed = value => (value > 0 ? '+' : '') + value.toFixed(2);
const UNITS = {
  share: { say: percent, tick: v => +(100 * v).toFixed(2) + ' %' },
  count: { say: count, tick: brief },
  operations: { say: v => (v / 1e6).toFixed(2) + ' M', tick: brief },
  activations: { say: v => Math.round(v * 4 / 1024) + ' KiB', tick: brief },
  bytes: { say: v => Math.round(v / 1024) + ' KiB', tick: brief },
  nanoseconds: { say: v => (v / 1e6).toFixed(3) + ' ms', tick: v => brief(v / 1e6) + ' ms' },
};
const METRICS = {};
for (const { name, label, unit, counted } of run.metrics) METRICS[name] = { name: label, of: i => T.values[name][i], counted, ...UNITS[unit] };
METRICS.score = { name: 'NetScore, dB', of: i => T.score[i], say: v => v.toFixed(2) + ' dB', tick: v => String(+v.toFixed(2)) };
// The measured metric that the plan is foremost about.
const quality = METRICS[run.quality] || METRICS.score;
// Each outcome has a shape of its own, drawn around 0, 0.
const KINDS = {
  f: { name: 'feasible', draw: p => p.arc(0, 0, 4.2, 0, 7), solid: true },
  i: { name: 'infeasible', draw: p => p.rect(-3.6, -3.6, 7.2, 7.2) },
  s: { name: 'stopped early', draw: p => { p.moveTo(-4.2, -3); p.lineTo(4.2, -3); p.lineTo(0, 4); p.closePath(); } },
  x: { name: 'failed', draw: p => { p.moveTo(-3.5, -3.5); p.lineTo(3.5, 3.5); p.moveTo(3.5, -3.5); p.lineTo(-3.5, 3.5); } },
  p: { name: 'Table 1', draw: p => { p.moveTo(0, -5.5); p.lineTo(5.5, 0); p.lineTo(0, 5.5); p.lineTo(-5.5, 0); p.closePath(); } },
};
const shown = { f: true, i: true, s: true, x: true, p: false };
const kind = i => T.outcome[i];
const index = new Map(T.number.map((number, i) => [number, i]));
const onFront = new Set(run.front.map(number => index.get(number)));
const named = new Map();
for (const [name, number] of run.variants) named.set(index.get(number), (named.has(index.get(number)) ? named.get(index.get(number)) + ', ' : '') + name);
const reasons = new Map(T.reason);

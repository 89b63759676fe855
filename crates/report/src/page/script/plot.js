// The plot.
const canvas = $('plot'), stage = canvas.parentNode, tip = $('tip');
const pad = { left: 58, right: 14, top: 12, bottom: 42 };
let axes = { x: METRICS.parameters, y: quality };
let view, chosen = -1, hovered = -1, size = { w: 0, h: 0 };

const scaled = (axis, value) => axis.log ? Math.log10(Math.max(value, 1)) : value;
const plain = (axis, place) => axis.log ? Math.pow(10, place) : place;
const visible = () => { const list = []; for (let i = 0; i < N; i++) if (shown[kind(i)]) list.push(i); return list; };
const published = () => {
  const middle = (row, axis) => axis === METRICS.parameters ? (row.parameters[0] + row.parameters[1]) / 2 : axis === METRICS.accuracy ? (row.accuracy[0] + row.accuracy[1]) / 2 : null;
  if (!shown.p) return [];
  return run.published.map(row => ({ row, x: middle(row, axes.x), y: middle(row, axes.y) })).filter(point => point.x !== null && point.y !== null);
};
const bounds = axis => run.bounds.filter(bound => METRICS[bound.metric] === axis);

// What is looked at first is what completed every rung, without the hopeless; `all` is everything that is shown.
function fit(all) {
  const range = (axis, which) => {
    let values = visible().filter(i => all || kind(i) === 'f' || kind(i) === 'i').map(axis.of).filter(value => value !== null);
    if (values.length < 2) values = visible().map(axis.of).filter(value => value !== null);
    if (!all && !axis.counted && values.length > 3) {
      values.sort((a, b) => a - b);
      const quartile = share => values[Math.floor(share * (values.length - 1))];
      const least = quartile(0.25) - 2 * Math.max(quartile(0.75) - quartile(0.25), 0.005 * Math.abs(quartile(0.5)));
      values = values.filter(value => value >= least);
    }
    values = values.concat(published().map(point => point[which]));
    if (!values.length) values = [0, 1];
    const least = values.reduce((a, b) => Math.min(a, b)), most = values.reduce((a, b) => Math.max(a, b));
    axis.log = !!axis.counted && least > 0 && most / least > 4;
    let [a, b] = [scaled(axis, least), scaled(axis, most)];
    const span = Math.max(b - a, axis.log ? 0.2 : Math.abs(b) * 0.02 || 0.01);
    for (const bound of bounds(axis)) {
      const at = scaled(axis, bound.value);
      if (at > a - 0.6 * span && at < b + 0.6 * span) { a = Math.min(a, at); b = Math.max(b, at); }
    }
    const margin = 0.07 * Math.max(b - a, span);
    return [a - margin, b + margin];
  };
  const [x0, x1] = range(axes.x, 'x'), [y0, y1] = range(axes.y, 'y');
  view = { x0, x1, y0, y1 };
}
const inner = () => ({ w: size.w - pad.left - pad.right, h: size.h - pad.top - pad.bottom });
const px = value => pad.left + inner().w * (scaled(axes.x, value) - view.x0) / (view.x1 - view.x0);
const py = value => pad.top + inner().h * (1 - (scaled(axes.y, value) - view.y0) / (view.y1 - view.y0));
// What was not measured stands at the edge.
const place = i => {
  const x = axes.x.of(i), y = axes.y.of(i);
  return [x === null ? pad.left + 8 : px(x), y === null ? size.h - pad.bottom - 8 : py(y)];
};

function ticks(axis, least, most, room) {
  const found = [];
  if (axis.log && most - least > 0.5) {
    const steps = (most - least) * 3 * 56 < room ? [1, 2, 5] : (most - least) * 2 * 56 < room ? [1, 3] : [1];
    for (let power = Math.floor(least); power <= Math.ceil(most); power++) for (const step of steps) {
      const at = power + Math.log10(step);
      if (at >= least && at <= most) found.push([at, axis.tick(step * Math.pow(10, power))]);
    }
    return found;
  }
  const from = plain(axis, least), to = plain(axis, most);
  const raw = (to - from) / Math.max(2, room / 76), power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= raw);
  for (let k = Math.ceil(from / step); k * step <= to; k++) found.push([scaled(axis, k * step), axis.tick(k * step)]);
  return found;
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  size = { w: stage.clientWidth, h: canvas.clientHeight };
  canvas.width = Math.round(size.w * ratio);
  canvas.height = Math.round(size.h * ratio);
  const p = canvas.getContext('2d');
  p.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const [ink, soft, line, accent, band, paper] = ['--ink', '--soft', '--line', '--bar', '--band', '--paper'].map(colour);
  const { w, h } = inner();
  p.fillStyle = band; p.fillRect(pad.left, pad.top, w, h);
  p.font = '12px system-ui, sans-serif';
  p.lineWidth = 1;
  p.textAlign = 'center';
  for (const [at, text] of ticks(axes.x, view.x0, view.x1, w)) {
    const x = pad.left + w * (at - view.x0) / (view.x1 - view.x0);
    p.strokeStyle = paper; p.beginPath(); p.moveTo(x, pad.top); p.lineTo(x, pad.top + h); p.stroke();
    p.fillStyle = soft; p.fillText(text, x, pad.top + h + 17);
  }
  p.textAlign = 'right';
  for (const [at, text] of ticks(axes.y, view.y0, view.y1, h * 1.6)) {
    const y = pad.top + h * (1 - (at - view.y0) / (view.y1 - view.y0));
    p.strokeStyle = paper; p.beginPath(); p.moveTo(pad.left, y); p.lineTo(pad.left + w, y); p.stroke();
    p.fillStyle = soft; p.fillText(text, pad.left - 8, y + 4);
  }
  p.textAlign = 'center';
  p.fillText(axes.x.name + (axes.x.log ? ' (logarithmic)' : ''), pad.left + w / 2, size.h - 6);
  p.save();
  p.translate(12, pad.top + h / 2); p.rotate(-Math.PI / 2);
  p.fillText(axes.y.name + (axes.y.log ? ' (logarithmic)' : ''), 0, 0);
  p.restore();

  p.save();
  p.beginPath(); p.rect(pad.left, pad.top, w, h); p.clip();
  // The indicator's bounds.
  p.setLineDash([5, 4]); p.strokeStyle = line; p.fillStyle = soft;
  for (const bound of bounds(axes.x)) {
    const x = px(bound.value);
    p.beginPath(); p.moveTo(x, pad.top); p.lineTo(x, pad.top + h); p.stroke();
    p.textAlign = 'right'; p.fillText((bound.is_floor ? '≥ ' : '≤ ') + axes.x.tick(bound.value), x - 5, pad.top + 14);
  }
  for (const bound of bounds(axes.y)) {
    const y = py(bound.value);
    p.beginPath(); p.moveTo(pad.left, y); p.lineTo(pad.left + w, y); p.stroke();
    p.textAlign = 'left'; p.fillText((bound.is_floor ? '≥ ' : '≤ ') + axes.y.tick(bound.value), pad.left + 6, y - 5);
  }
  p.setLineDash([]);
  // The front, as the steps that it dominates; only meaningful with the measured quality against a count.
  const steps = axes.x.counted && axes.y === quality && shown.f;
  if (steps && onFront.size) {
    const members = [...onFront].sort((a, b) => axes.x.of(a) - axes.x.of(b));
    p.strokeStyle = accent; p.globalAlpha = 0.45; p.lineWidth = 1.5; p.beginPath();
    let best = null;
    for (const i of members) {
      const [x, y] = place(i);
      if (best === null) p.moveTo(x, pad.top + h); else if (y >= best) continue; else p.lineTo(x, best);
      p.lineTo(x, y); best = y;
    }
    if (best !== null) p.lineTo(pad.left + w, best);
    p.stroke(); p.globalAlpha = 1;
  }
  const crowd = N > 600 ? 0.65 : 1;
  const mark = (letter, x, y, strong) => {
    const solid = KINDS[letter].solid, scale = strong || letter === 'p' ? 1 : crowd;
    p.save();
    p.translate(x, y); p.scale(scale, scale);
    p.beginPath(); KINDS[letter].draw(p);
    p.restore();
    p.lineWidth = strong ? 2 : 1.3 * scale;
    p.strokeStyle = solid ? (strong ? ink : accent) : letter === 'p' ? ink : letter === 's' ? line : soft;
    if (solid) { p.fillStyle = accent; p.globalAlpha = strong ? 1 : 0.55; p.fill(); p.globalAlpha = 1; }
    if (!solid || strong) p.stroke();
  };
  for (const letter of ['s', 'x', 'i', 'f']) {
    if (!shown[letter]) continue;
    for (let i = 0; i < N; i++) if (kind(i) === letter && !onFront.has(i)) mark(letter, ...place(i), false);
  }
  if (shown.f) for (const i of onFront) mark('f', ...place(i), true);
  p.fillStyle = ink; p.textAlign = 'left'; p.font = '600 12px system-ui, sans-serif';
  const label = (text, x, y) => {
    const width = p.measureText(text).width, left = x + 13 + width > pad.left + w ? x - 13 - width : x + 13;
    p.lineWidth = 3; p.strokeStyle = band; p.strokeText(text, left, y + 4); p.fillText(text, left, y + 4);
  };
  if (shown.f) for (const [i, name] of named) label(name, ...place(i));
  p.font = '12px system-ui, sans-serif'; p.fillStyle = soft;
  for (const { row, x, y } of published()) {
    p.setLineDash(row.standing.every(word => word === 'stated') ? [] : [2, 2]);
    mark('p', px(x), py(y), false); p.setLineDash([]); p.fillStyle = soft; label(row.name, px(x), py(y));
  }
  for (const i of [hovered, chosen]) if (i >= 0) {
    const [x, y] = place(i);
    p.beginPath(); p.arc(x, y, 9, 0, 7); p.lineWidth = 2; p.strokeStyle = ink; p.stroke();
  }
  p.restore();
  let outside = 0;
  for (const i of visible()) {
    const [x, y] = place(i);
    if (x < pad.left || x > pad.left + w || y < pad.top || y > pad.top + h) outside++;
  }
  $('outside').textContent = outside ? outside + (outside === 1 ? ' trial lies' : ' trials lie') + ' outside this view. ' : '';
}

function nearest(event) {
  const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  let best = -1, least = event.pointerType === 'touch' ? 28 : 14;
  for (let i = 0; i < N; i++) {
    if (!shown[kind(i)]) continue;
    const [a, b] = place(i), distance = Math.hypot(a - x, b - y) - (onFront.has(i) ? 2 : 0);
    if (distance < least) { least = distance; best = i; }
  }
  return best;
}
function zoom(factor, x, y) {
  const at = (low, high, share) => { const fixed = low + (high - low) * share; return [fixed - (fixed - low) * factor, fixed + (high - fixed) * factor]; };
  [view.x0, view.x1] = at(view.x0, view.x1, x); [view.y0, view.y1] = at(view.y0, view.y1, y);
  draw();
}
const shares = event => {
  const box = canvas.getBoundingClientRect(), { w, h } = inner();
  return [(event.clientX - box.left - pad.left) / w, 1 - (event.clientY - box.top - pad.top) / h];
};

let grabbed = null;
canvas.addEventListener('pointerdown', event => {
  grabbed = { x: event.clientX, y: event.clientY, view: { ...view }, moved: false };
  try { canvas.setPointerCapture(event.pointerId); } catch (error) { /* a pointer that is gone is not held */ }
});
canvas.addEventListener('pointermove', event => {
  if (grabbed && event.buttons) {
    const dx = event.clientX - grabbed.x, dy = event.clientY - grabbed.y, { w, h } = inner(), from = grabbed.view;
    if (!grabbed.moved && Math.hypot(dx, dy) < 5) return;
    grabbed.moved = true; canvas.classList.add('grabbed');
    const mx = dx / w * (from.x1 - from.x0), my = dy / h * (from.y1 - from.y0);
    view = { x0: from.x0 - mx, x1: from.x1 - mx, y0: from.y0 + my, y1: from.y1 + my };
    draw();
    return;
  }
  const found = nearest(event);
  if (found !== hovered) { hovered = found; draw(); }
  tip.hidden = found < 0;
  if (found >= 0) {
    tip.textContent = 'trial ' + T.number[found] + ' · ' + (quality.of(found) === null ? 'failed' : quality.say(quality.of(found))) + ' · ' + count(METRICS.parameters.of(found));
    const [x, y] = place(found);
    tip.style.left = Math.max(0, Math.min(x + 12, size.w - tip.offsetWidth)) + 'px';
    tip.style.top = Math.max(0, y - tip.offsetHeight - 10) + 'px';
  }
});
const release = () => { grabbed = null; canvas.classList.remove('grabbed'); };
canvas.addEventListener('pointercancel', release);
canvas.addEventListener('pointerleave', () => { hovered = -1; tip.hidden = true; draw(); });
canvas.addEventListener('pointerup', event => {
  const wasMoved = grabbed && grabbed.moved;
  release();
  if (!wasMoved) { canvas.focus({ preventScroll: true }); choose(nearest(event)); }
});
canvas.addEventListener('wheel', event => {
  if (document.activeElement !== canvas && !event.ctrlKey) return;
  event.preventDefault();
  zoom(Math.pow(1.0015, event.deltaY), ...shares(event));
}, { passive: false });
canvas.addEventListener('dblclick', () => { fit(); draw(); });
canvas.addEventListener('keydown', event => {
  const list = visible(), at = list.indexOf(chosen);
  const front = [...onFront];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const climb = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step && list.length) choose(list[at < 0 ? (step > 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length]);
  else if (climb && front.length) choose(front[(front.indexOf(chosen) + climb + front.length + (front.indexOf(chosen) < 0 && climb < 0 ? 1 : 0)) % front.length]);
  else if (event.key === 'Home' && list.length) choose(list[0]);
  else if (event.key === 'End' && list.length) choose(list[list.length - 1]);
  else if (event.key === 'Escape') choose(-1);
  else if (event.key === '+' || event.key === '=') zoom(0.8, 0.5, 0.5);
  else if (event.key === '-') zoom(1.25, 0.5, 0.5);
  else if (event.key === '0') { fit(); draw(); }
  else return;
  event.preventDefault();
});
$('nearer').addEventListener('click', () => zoom(0.8, 0.5, 0.5));
$('farther').addEventListener('click', () => zoom(1.25, 0.5, 0.5));
$('reset').addEventListener('click', () => { fit(); draw(); });
$('everything').addEventListener('click', () => { fit(true); draw(); });
for (const which of ['x', 'y']) {
  $(which).addEventListener('change', () => { axes[which] = METRICS[$(which).value]; fit(); draw(); });
}

for (const letter in KINDS) {
  const n = letter === 'p' ? run.published.length : [...T.outcome].filter(found => found === letter).length;
  if (!n) continue;
  const button = make('button', null, { type: 'button', 'aria-pressed': String(shown[letter]), 'data-kind': letter });
  const path = { f: 'M7 2.8a4.2 4.2 0 1 0 .01 0', i: 'M3.4 3.4h7.2v7.2h-7.2z', s: 'M2.8 4h8.4L7 11z', x: 'M3.5 3.5l7 7M10.5 3.5l-7 7', p: 'M7 1.5L12.5 7L7 12.5L1.5 7z' }[letter];
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 14 14'); svg.setAttribute('aria-hidden', 'true');
  shape.setAttribute('d', path);
  shape.setAttribute('style', KINDS[letter].solid ? 'fill:var(--bar)' : 'fill:none;stroke-width:1.4;stroke:var(--' + (letter === 'p' ? 'ink' : letter === 's' ? 'line' : 'soft') + ')');
  svg.append(shape);
  button.append(svg, letter === 'p' ? 'the paper’s Table 1' : n + ' ' + KINDS[letter].name);
  button.addEventListener('click', () => {
    shown[letter] = !shown[letter];
    button.setAttribute('aria-pressed', String(shown[letter]));
    $('table-1').hidden = !shown.p;
    fit(); draw();
  });
  $('legend').append(button);
}

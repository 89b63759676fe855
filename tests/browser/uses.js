const $ = id => document.getElementById(id);
const see = (name, value) => seen.push([name, value]);
const canvas = $('plot');
const picture = () => canvas.toDataURL();
const box = canvas.getBoundingClientRect();
const chosen = () => $('details').querySelector('h3').textContent;
const point = (type, x, y, buttons) => canvas.dispatchEvent(new PointerEvent(type, {
  clientX: box.left + x, clientY: box.top + y, pointerId: 1, pointerType: 'mouse', buttons, bubbles: true,
}));
const click = (x, y) => { point('pointermove', x, y, 0); point('pointerdown', x, y, 1); point('pointerup', x, y, 0); };
const key = name => canvas.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const differs = act => { const before = picture(); act(); return picture() !== before; };

see('scrolls sideways', document.documentElement.scrollWidth > innerWidth);
see('plot is drawn', new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 8);

$('everything').click();
key('Escape');
see('after Escape', chosen());
const found = new Set(), tips = new Set();
for (let x = 60; x < box.width - 8; x += 9) for (let y = 8; y < box.height - 40; y += 9) {
  click(x, y);
  found.add(chosen());
  if (!$('tip').hidden) tips.add($('tip').textContent);
}
see('chosen by clicks', [...found].sort());
see('told while pointing', tips.size);

key('Home');
const first = chosen();
see('after Home', first);
key('ArrowRight');
see('arrow moves on', chosen() !== first);
see('address', location.hash);
key('ArrowDown');
see('arrow down chooses from the front', $('details').textContent.includes('on the front'));

const whole = picture();
see('zooms by button', differs(() => $('nearer').click()));
see('zooms by key', differs(() => key('+')));
canvas.focus();
const wheel = new WheelEvent('wheel', { deltaY: -240, clientX: box.left + 200, clientY: box.top + 100, bubbles: true, cancelable: true });
see('zooms by wheel', differs(() => canvas.dispatchEvent(wheel)));
see('moves by dragging', differs(() => {
  point('pointerdown', 200, 100, 1); point('pointermove', 260, 140, 1); point('pointerup', 260, 140, 0);
}));
$('everything').click();
see('shows all again', picture() === whole);

const change = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event('change')); };
for (const metric of ['macs', 'peak_activations', 'score', 'accuracy']) see('across ' + metric, differs(() => change('x', metric)));
change('x', 'parameters');
for (const metric of ['score', 'macs']) see('up ' + metric, differs(() => change('y', metric)));
change('y', 'accuracy');
const legend = $('legend').querySelector('[data-kind=p]');
see('Table 1 is drawn', differs(() => legend.click()) && !$('table-1').hidden);
legend.click();
see('Table 1 is hidden again', $('table-1').hidden);
see('theme', differs(() => $('theme').click()) && document.documentElement.dataset.theme);

const numbers = () => [...document.querySelectorAll('#trials tbody td:nth-child(5)')].map(cell => +cell.textContent.replace(/,/g, ''));
document.querySelectorAll('#trials th button')[4].click();
see('sorts', numbers().every((value, at, all) => at === 0 || all[at - 1] >= value));
document.querySelector('#trials a').click();
see('rows', document.querySelectorAll('#trials tbody tr').length);
see('moves told', document.querySelectorAll('#moves tbody tr').length);

// No label of a drawing lies on another, as this browser's letters are.
document.querySelectorAll('details').forEach(details => { details.open = true; });
const clashes = [];
for (const drawing of document.querySelectorAll('svg.net')) {
  const labels = [...drawing.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  labels.forEach(([one, a], at) => labels.slice(0, at).forEach(([other, b]) => {
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) clashes.push(one + ' and ' + other);
  }));
}
see('labels on labels', clashes);

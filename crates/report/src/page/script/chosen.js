// The chosen trial.
const choice = (i, at) => {
  let value = 0;
  for (const digit of T.choices[i].slice(at * run.digits, (at + 1) * run.digits)) value = value * 64 + '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'.indexOf(digit);
  return value;
};
const valueOf = (at, value) => run.decisions[at].values ? String(run.decisions[at].values[value]) : value ? 'yes' : 'no';
const link = number => make('a', number, { href: '#trial-' + number });

function choose(i) {
  chosen = i;
  draw();
  describe();
  if (i >= 0) history.replaceState(null, '', '#trial-' + T.number[i]);
  for (const row of document.querySelectorAll('#trials tbody tr')) row.classList.toggle('on', i >= 0 && row.dataset.trial === String(T.number[i]));
}
function describe() {
  const panel = $('details'), i = chosen;
  panel.textContent = '';
  if (i < 0) {
    panel.append(make('h3', 'No trial chosen'), make('p', 'Click a point, or a trial’s number anywhere on this page.', { class: 'hint' }));
    return;
  }
  const standing = KINDS[kind(i)].name + (onFront.has(i) ? ', on the front' : '') + (named.has(i) ? ', ' + named.get(i) : '');
  panel.append(make('h3', 'Trial ' + T.number[i]), make('div', standing, { class: 'hint' }));
  if (reasons.has(T.number[i])) panel.append(make('p', reasons.get(T.number[i])));
  const list = make('dl');
  const row = (name, value) => { if (value !== null && value !== undefined) { const dd = make('dd'); dd.append(value); list.append(make('dt', name), dd); } };
  for (const name in METRICS) { const value = METRICS[name].of(i); row({ score: 'NetScore' }[name] || METRICS[name].name, value === null ? null : METRICS[name].say(value)); }
  row('U predicted', T.predicted[i] === null ? null : T.predicted[i].toFixed(2) + ' dB');
  row('generation', String(T.generation[i]));
  row('nearest to trial', T.parent[i] === null ? null : link(T.parent[i]));
  row('network', T.id[i]);
  panel.append(list);
  panel.append(make('h4', 'Rungs'));
  const climbed = make('ul');
  T.readings[i].forEach((folds, rung) => {
    const item = make('li'), [epochs, n] = run.rungs[rung] || ['?', '?'];
    const mean = folds.reduce((sum, fold) => sum + fold, 0) / folds.length;
    item.append(make('span', rung + ': ' + epochs + ' epochs, ' + n + (n === 1 ? ' fold' : ' folds')));
    item.append(make('span', folds.length ? percent(mean) : 'failed', folds.length > 1 ? { title: folds.map(percent).join(', ') } : {}));
    climbed.append(item);
  });
  panel.append(climbed);
  const parent = T.parent[i] === null ? undefined : index.get(T.parent[i]);
  const changes = make('ul');
  run.decisions.forEach((decision, at) => {
    const before = parent === undefined ? decision.prototype : choice(parent, at), after = choice(i, at);
    if (before === after) return;
    const item = make('li');
    item.append(make('span', decision.name), make('span', valueOf(at, before) + ' → ' + valueOf(at, after)));
    changes.append(item);
  });
  panel.append(make('h4', changes.children.length + ' changes from ' + (parent === undefined ? 'the prototype' : 'trial ' + T.parent[i])), changes);
}
function follow() {
  const found = /^#trial-(\d+)$/.exec(location.hash);
  if (!found || !index.has(+found[1])) return;
  const i = index.get(+found[1]);
  if (i === chosen) return;
  choose(i);
  const box = canvas.getBoundingClientRect();
  if (box.bottom < 120 || box.top > innerHeight - 120) $('pareto').scrollIntoView({ block: 'start' });
}
addEventListener('hashchange', follow);
// A link to the trial that is chosen already changes no address.
document.addEventListener('click', event => {
  const target = event.target.closest && event.target.closest('a[href^="#trial-"]');
  if (target && target.getAttribute('href') === location.hash) $('pareto').scrollIntoView({ block: 'start' });
});

// Long tables, a page at a time.
function paged(parent, columns, rows, order) {
  if (!parent) return;
  const PAGE = 20;
  let page = 0, by = order.by, down = order.down;
  const wide = make('div', null, { class: 'wide' }), table = make('table'), head = make('tr'), body = make('tbody');
  columns.forEach((column, at) => {
    const cell = make('th', null, column.number ? { class: 'n' } : {});
    if (column.key) {
      const button = make('button', column.name, { type: 'button', title: 'sort' });
      button.addEventListener('click', () => { down = by === at ? !down : !!column.number; by = at; page = 0; sort(); });
      cell.append(button);
    } else cell.textContent = column.name;
    head.append(cell);
  });
  const top = make('thead'); top.append(head); table.append(top, body); wide.append(table);
  const nav = make('nav'), back = make('button', '‹', { type: 'button', 'aria-label': 'previous page' }), on = make('button', '›', { type: 'button', 'aria-label': 'next page' }), where = make('span');
  back.addEventListener('click', () => { page--; show(); });
  on.addEventListener('click', () => { page++; show(); });
  nav.append(back, on, where);
  parent.append(wide, nav);
  function sort() {
    if (by !== null) {
      const key = columns[by].key;
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === null || y === null) return (x === null) - (y === null);
        return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
      });
    }
    [...head.children].forEach((cell, at) => { if (columns[at].key) cell.setAttribute('aria-sort', at === by ? (down ? 'descending' : 'ascending') : 'none'); });
    show();
  }
  function show() {
    body.textContent = '';
    for (const row of rows.slice(page * PAGE, (page + 1) * PAGE)) {
      const line = make('tr', null, order.mark ? { 'data-trial': order.mark(row) } : {});
      if (order.mark && chosen >= 0 && order.mark(row) === T.number[chosen]) line.className = 'on';
      for (const column of columns) { const cell = make('td', null, column.number ? { class: 'n' } : {}); const value = column.of(row); cell.append(value === null ? '' : value); line.append(cell); }
      body.append(line);
    }
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    back.disabled = page === 0; on.disabled = page >= pages - 1; nav.hidden = pages === 1;
    where.textContent = (page + 1) + ' of ' + pages;
  }
  sort();
}
const optional = (value, format) => value === null ? null : format(value);
paged($('trials'), [
  { name: 'trial', key: i => T.number[i], of: i => link(T.number[i]) },
  { name: 'outcome', key: i => 'fisx'.indexOf(kind(i)), of: i => KINDS[kind(i)].name + (named.has(i) ? ', ' + named.get(i) : onFront.has(i) ? ', front' : '') },
  { name: quality.name, number: true, key: quality.of, of: i => optional(quality.of(i), quality.say) },
  { name: 'rung', number: true, key: i => T.readings[i].length, of: i => String(T.readings[i].length - 1) },
  { name: 'parameters', number: true, key: METRICS.parameters.of, of: i => count(METRICS.parameters.of(i)) },
  { name: 'MACs', number: true, key: METRICS.macs.of, of: i => METRICS.macs.say(METRICS.macs.of(i)) },
  { name: 'NetScore', number: true, key: i => T.score[i], of: i => optional(T.score[i], v => v.toFixed(2)) },
  { name: 'predicted', number: true, key: i => T.predicted[i], of: i => optional(T.predicted[i], v => v.toFixed(2)) },
  { name: 'parent', number: true, key: i => T.parent[i], of: i => T.parent[i] === null ? null : link(T.parent[i]) },
], T.number.map((_, i) => i), { by: 0, down: false, mark: i => T.number[i] });
paged($('moves'), [
  { name: 'generator', key: move => move[0], of: move => String(move[0]) },
  { name: 'decision', key: move => run.decisions[move[1]].name, of: move => run.decisions[move[1]].name },
  { name: 'from', number: true, of: move => move[2] },
  { name: 'to', number: true, of: move => move[3] },
  { name: 'predicted dU', number: true, key: move => move[4], of: move => optional(move[4], v => signed(v) + ' dB') },
  { name: 'measured dU', number: true, key: move => move[5], of: move => optional(move[5], v => signed(v) + ' dB') },
], run.log, { by: null, down: false });

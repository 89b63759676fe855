'use strict';
(() => {
  const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)');
  const changed = () => dispatchEvent(new Event('theme'));
  document.getElementById('theme').addEventListener('click', () => {
    const now = root.dataset.theme || (dark.matches ? 'dark' : 'light');
    root.dataset.theme = now === 'dark' ? 'light' : 'dark';
    changed();
  });
  dark.addEventListener('change', changed);
})();

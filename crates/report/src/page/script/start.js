// Everything is there: draw it.
addEventListener('theme', draw);
addEventListener('resize', draw);
if (run.variants.length) chosen = index.get(run.variants[0][1]);
fit(); draw(); describe(); follow();

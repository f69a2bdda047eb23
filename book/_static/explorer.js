/* The page "Explorer": controls, chart, table and file of the numbers in explorer_data.js. */
(() => {
  "use strict";
  const data = window.ALUTILS_EXPLORER;
  const box = document.getElementById("runs-explorer");
  if (!box || !data || !window.Plot) return;

  const PARTS = {
    study: "Runs of", pool: "Pool", scheme: "Batch scheme", noise: "Noise variance",
    sizes: "Training set", target: "Target",
  };
  const FIRST = { noise: "0.05", target: "the highest 30 %" }; // where there is a choice
  const METRIC = Object.fromEntries(data.metrics.map((m) => [m.id, m]));
  const LOOK = Object.fromEntries(data.strategies.map((s) => [s.id, s]));
  const LABEL = Object.fromEntries(
    Object.entries(data.choices).map(([k, all]) => [k, Object.fromEntries(all.map((c) => [c.id, c.label]))])
  );
  const state = {
    ...{ study: "paper", pool: "organics", scheme: "POW", noise: "0.05", sizes: "", target: "" },
    ...{ metric: "found_share", strategies: new Set("ADEL"), logx: true, logy: false },
  };
  const at = (name) => box.querySelector(`[data-part="${name}"]`);
  const unit = (metric) => (metric.unit ? ` ${metric.unit}` : "");
  const titled = (metric) => metric.label + (metric.unit ? `, ${metric.unit}` : "");
  const dark = () => document.documentElement.dataset.theme === "dark";
  const colour = (id) => LOOK[id][dark() ? "dark" : "light"];

  function element(tag, attributes = {}, ...children) {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  }

  // What is shown -----------------------------------------------------------------------------

  /* The series of the setting. A choice without runs, given those above it, gives way. */
  function settle() {
    const moved = [];
    let rows = data.series;
    for (const name of Object.keys(PARTS)) {
      const here = new Set(rows.map((row) => row[name]));
      if (!here.has(state[name])) {
        const listed = data.choices[name].map((c) => c.id).filter((id) => here.has(id));
        const next = here.has(FIRST[name]) ? FIRST[name] : listed.at(name === "sizes" ? -1 : 0);
        if (state[name]) moved.push(`${PARTS[name]}: no runs with ${LABEL[name][state[name]] ?? state[name]}, `
          + `so ${LABEL[name][next]} is shown.`);
        state[name] = next;
      }
      fillSelect(name, here);
      rows = rows.filter((row) => row[name] === state[name]);
    }
    return [rows, moved];
  }

  /* All choices of this study and pool; those without runs are there, but disabled. */
  function fillSelect(name, here) {
    const keys = Object.keys(PARTS).slice(0, Math.min(2, Object.keys(PARTS).indexOf(name)));
    const scope = data.series.filter((row) => keys.every((key) => row[key] === state[key]));
    const known = new Set(scope.map((row) => row[name]));
    const options = data.choices[name].filter((c) => known.has(c.id)).map((c) =>
      element("option", {
        value: c.id, textContent: c.label, disabled: !here.has(c.id), selected: c.id === state[name],
      }));
    at(name).replaceChildren(...options);
  }

  function fillStrategies(rows) {
    const n_seeds = Object.fromEntries(rows.map((row) => [row.strategy, row.seeds.length]));
    const known = new Set(data.series.filter((r) => r.study === state.study).map((r) => r.strategy));
    const focused = document.activeElement?.value;
    at("strategies").replaceChildren(...data.strategies.filter((s) => known.has(s.id)).map((s) => {
      const n = n_seeds[s.id];
      const tick = element("input", {
        type: "checkbox", name: "strategy", value: s.letter, disabled: !n,
        checked: Boolean(n) && state.strategies.has(s.letter),
      });
      const swatch = element("span", { className: "explorer-swatch" });
      swatch.style.background = colour(s.id);
      const note = element("small", { textContent: n ? seeds(n) : "no runs" });
      return element("label", {}, tick, swatch, `${s.label} `, note);
    }));
    if (focused) at("strategies").querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
  }

  /* One object for each point: a number of the table, of the chart and of the file. */
  function pointsOf(rows) {
    return rows.flatMap((row) => {
      const { mean, std, n } = row.values[state.metric];
      return row.n_train.map((x, i) => ({
        row, x, mean: mean[i], std: std[i], n: n[i], collapsed: row.collapsed[i],
        off: row.collapsed[i] > 0 && /^mae|^r2/.test(state.metric),
      })).filter((p) => p.mean !== null);
    });
  }

  // Chart -------------------------------------------------------------------------------------

  function ticks(low, high, log) {
    if (!log || high / low < 3) return d3.ticks(low, high, 7);
    const subs = high / low < 20 ? [1, 1.5, 2, 3, 5, 7] : high / low < 1000 ? [1, 2, 5] : [1];
    const powers = d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1);
    return powers.flatMap((p) => subs.map((s) => Number(`${s}e${p}`))).filter((t) => t >= low && t <= high);
  }

  function draw(points, rows) {
    const chart = at("chart");
    const shown = points.filter((p) => !p.off);
    if (!points.length) return chart.replaceChildren();
    const metric = METRIC[state.metric];
    const positive = shown.every((p) => p.mean > 0);
    at("logy").disabled = !positive;
    const logy = state.logy && positive && shown.length > 0;
    const width = Math.max(280, chart.clientWidth), height = width < 500 ? 340 : 420;
    const means = shown.map((p) => p.mean);
    // A band that reaches zero has no lower edge on a logarithmic axis: it ends at the frame.
    const floor = logy ? d3.min(means) / 2 : -Infinity;
    const low = (p) => Math.max(p.mean - (p.std ?? 0), floor);
    const high = (p) => p.mean + (p.std ?? 0);
    let [bottom, top] = shown.length ? [d3.min(shown, low), d3.max(shown, high)] : [0, 1];
    const pad = top > bottom ? 0.05 : 0.1;
    if (logy) [bottom, top] = [bottom / (top / bottom) ** pad / 1.01, top * (top / bottom) ** pad * 1.01];
    else {
      const span = top - bottom || Math.abs(top) || 1;
      [bottom, top] = [bottom - pad * span, top + pad * span];
    }
    const frame = { marginTop: 34, marginBottom: 52, marginLeft: 58, marginRight: 30 };
    const edges = [height - frame.marginBottom, frame.marginTop];
    const y = (logy ? d3.scaleLog() : d3.scaleLinear()).domain([bottom, top]).range(edges);
    const sizes = d3.extent(points, (p) => p.x);
    const doublings = d3.range(20).map((k) => sizes[0] * 2 ** k).filter((n) => n <= sizes[1]);
    const letters = ends(rows, shown, y);
    const fill = (p) => p.row.strategy;
    const plot = Plot.plot({
      width, height, ...frame,
      ariaLabel: `${metric.label} against training set size`,
      style: { fontSize: "14px", background: "transparent" },
      x: {
        type: state.logx && sizes[1] > sizes[0] ? "log" : "linear", label: "training set size (molecules)",
        labelAnchor: "center", labelOffset: 40, labelArrow: "none", ticks: state.logx ? doublings : 5, tickFormat: "d",
      },
      y: {
        type: logy ? "log" : "linear", domain: [bottom, top], grid: true, labelArrow: "none",
        label: titled(metric),
        ticks: ticks(bottom, top, logy), tickFormat: "~r",
      },
      color: { domain: rows.map((r) => r.strategy), range: rows.map((r) => colour(r.strategy)) },
      marks: [
        Plot.areaY(shown.filter((p) => p.std !== null), {
          x: "x", y1: low, y2: high, z: fill, fill, fillOpacity: (dark() ? 0.25 : 0.16) / (rows.length > 6 ? 2 : 1),
        }),
        Plot.lineY(shown, { x: "x", y: "mean", z: fill, stroke: fill, strokeWidth: 2 }),
        Plot.dot(shown, { x: "x", y: "mean", fill, r: 3.5 }),
        Plot.dot(points.filter((p) => p.off), {
          x: "x", y: top, dy: 8, stroke: fill, symbol: "times", r: 5, strokeWidth: 2.5,
        }),
        Plot.text(letters, {
          x: "x", y: (l) => y.invert(l.pixel), text: "letter", fill: "strategy", dx: 9,
          textAnchor: "start", fontWeight: "bold",
        }),
        Plot.tip(shown, Plot.pointer({ x: "x", y: "mean", title: told })),
      ],
    });
    // One picture to a screen reader, whose numbers are in the table: not a group for each mark.
    plot.setAttribute("role", "img");
    for (const group of plot.querySelectorAll("[aria-label]")) group.removeAttribute("aria-label");
    chart.replaceChildren(plot);
  }

  /* A letter at the end of each line, moved apart where lines end together. */
  function ends(rows, shown, y) {
    const found = rows.flatMap((row) => {
      const last = shown.filter((p) => p.row === row).at(-1);
      const look = LOOK[row.strategy];
      return last ? [{ x: last.x, letter: look.letter, strategy: look.id, pixel: y(last.mean) }] : [];
    }).sort((a, b) => a.pixel - b.pixel);
    const [bottom, top] = y.range(), gap = 14;
    found.forEach((l, i) => { l.pixel = Math.max(l.pixel, i ? found[i - 1].pixel + gap : top); });
    found.reduceRight((limit, l) => (l.pixel = Math.min(l.pixel, limit)) - gap, bottom);
    return found;
  }

  const spread = (p) => d3.format(".3r")(p.mean) + (p.std === null ? "" : ` ± ${d3.format(".2r")(p.std)}`);
  const seeds = (n) => `${n} seed${n > 1 ? "s" : ""}`;
  const told = (p) => `${LOOK[p.row.strategy].label}\n${p.x} molecules\n`
    + `${spread(p)}${unit(METRIC[state.metric])}\n${seeds(p.n)}`;

  // Words, table, file, command ---------------------------------------------------------------

  function summary(rows, points, available) {
    const where = `${state.pool}, ${LABEL.scheme[state.scheme]}, noise ${LABEL.noise[state.noise]}`;
    if (!rows.length) {
      const letters = available.map((r) => LOOK[r.strategy].letter).join(", ");
      return `Nothing to show: no ticked strategy has runs here. Those with runs: ${letters}.`;
    }
    if (!points.length) return `Nothing to show: these runs have no ${METRIC[state.metric].label}.`;
    const ends = rows.map((row) => points.filter((p) => p.row === row).at(-1)).filter((p) => p);
    const places = ends.map((p) => `${p.x} molecules, ${seeds(p.n)}`);
    const alike = new Set(places).size === 1;
    const lasts = ends.map((p, i) => `${LOOK[p.row.strategy].letter} ${spread(p)}${unit(METRIC[state.metric])}`
      + (alike ? "" : ` (${places[i]})`));
    const off = d3.sum(points.filter((p) => p.off), (p) => p.collapsed);
    const { label } = METRIC[state.metric];
    return `${where}. ${label[0].toUpperCase()}${label.slice(1)}${alike ? ` at ${places[0]}` : ""}: ${lasts.join("; ")}.`
      + (off ? ` ${off} fit${off > 1 ? "s" : ""} collapsed: a cross at the upper edge stands for such a size.` : "");
  }

  const HEAD = ["strategy", "molecules", "mean", "standard deviation", "seeds", "collapsed fits"];
  function fillTable(points) {
    const head = element("tr", {}, ...HEAD.map((t) => element("th", { scope: "col", textContent: t })));
    const body = points.map((p) => element("tr", {},
      ...[LOOK[p.row.strategy].label, p.x, p.mean, p.std ?? "-", p.n, p.collapsed].map((t) =>
        element("td", { textContent: t }))));
    at("table").replaceChildren(
      element("caption", { textContent: titled(METRIC[state.metric]) }),
      element("thead", {}, head), element("tbody", {}, ...body));
  }

  function csv(points) {
    const names = ["study", "pool", "strategy", "scheme", "noise", "target", "n_init", "n_const", "n_max", "n_test"];
    const head = [...names, "metric", "n_train", "mean", "std", "n_seeds", "collapsed"];
    const quoted = (v) => (/[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v ?? ""));
    const lines = points.map((p) => [
      ...names.map((name) => p.row[name]), state.metric, p.x, p.mean, p.std, p.n, p.collapsed,
    ]);
    return [head, ...lines].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  }

  function download() {
    const [rows] = visible();
    const url = URL.createObjectURL(new Blob([csv(pointsOf(rows))], { type: "text/csv" }));
    const name = [state.pool, state.scheme, state.noise, state.metric].join("-").replace(/[^\w.-]+/g, "_");
    element("a", { href: url, download: `${name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  /* The line that runs the shown strategies and seeds; null where a study makes its runs itself. */
  function command(rows) {
    const plain = state.target === FIRST.target && state.noise !== "learned" && state.study !== "targets";
    if (!plain || !rows.length) return null;
    const { batches, n_test, n_init, n_const, n_max, noise_var, normalize_y } = rows[0];
    const values = { dataset: state.pool, scheme: batches, n_test, n_init, n_const, n_max, noise_var: noise_var[0] };
    if (normalize_y) values.normalize_y = "True";
    const drawn = [...new Set(rows.flatMap((r) => r.seeds))].sort((a, b) => a - b);
    return [
      ".venv/bin/papermill notebooks/02_strategy_comparison.ipynb out.ipynb",
      ...Object.entries(values).map(([k, v]) => `-p ${k} ${v}`),
      `-y 'strategies: [${rows.map((r) => r.strategy).join(", ")}]'`, `-y 'seeds: [${drawn.join(", ")}]'`,
    ].join(" \\\n  ");
  }

  // State: controls and the address of the page -----------------------------------------------

  function visible() {
    const [available, moved] = settle();
    return [available.filter((r) => state.strategies.has(LOOK[r.strategy].letter)), available, moved];
  }

  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of Object.keys(PARTS)) if (given.has(name)) state[name] = given.get(name);
    if (given.get("metric") in METRIC) state.metric = given.get("metric");
    if (given.has("strategies")) state.strategies = new Set(given.get("strategies").replace(/\W/g, ""));
    state.logx = given.get("logx") !== "0";
    state.logy = given.has("logy") ? given.get("logy") === "1" : METRIC[state.metric].log;
  }

  function writeHash() {
    const told = new URLSearchParams(Object.keys(PARTS).map((name) => [name, state[name]]));
    told.set("metric", state.metric);
    told.set("strategies", [...state.strategies].sort().join(""));
    if (!state.logx) told.set("logx", "0");
    if (state.logy !== METRIC[state.metric].log) told.set("logy", Number(state.logy));
    history.replaceState(null, "", `#${told}`);
  }

  let last = { points: [], rows: [] };
  function update(said = true) {
    const [rows, available, moved] = visible();
    fillStrategies(available);
    at("metric").value = state.metric;
    for (const name of ["logx", "logy"]) at(name).checked = state[name];
    const points = pointsOf(rows);
    last = { points, rows };
    if (said) at("summary").textContent = [...moved, summary(rows, points, available)].join(" ");
    fillTable(points);
    at("download").disabled = !points.length;
    const line = command(rows);
    at("command").textContent = line ?? "";
    at("command").parentElement.hidden = !line;
    at("no-command").hidden = Boolean(line) || !rows.length;
    draw(points, rows);
  }

  function changed({ target }) {
    const part = target.dataset.part;
    if (target.name === "strategy") state.strategies[target.checked ? "add" : "delete"](target.value);
    else if (part === "metric") Object.assign(state, { metric: target.value, logy: METRIC[target.value].log });
    else if (part === "logx" || part === "logy") state[part] = target.checked;
    else state[part] = target.value;
    update();
    writeHash();
  }

  at("metric").append(...data.metrics.map((m) =>
    element("option", { value: m.id, textContent: titled(m) })));
  const stale = data.n_stale ? ` (${data.n_stale} of them made by earlier code)` : "";
  at("n_runs").textContent = `${data.n_runs} runs${stale}`;
  box.hidden = false;
  readHash();
  update();
  box.addEventListener("change", changed);
  at("download").addEventListener("click", download);
  window.addEventListener("hashchange", () => { readHash(); update(); });
  new ResizeObserver(() => draw(last.points, last.rows)).observe(at("chart"));
  new MutationObserver(() => update(false)).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-theme"],
  });
})();

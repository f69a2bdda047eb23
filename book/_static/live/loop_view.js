/** The live figure of "Where the strategies pick": its controls, and what they show. */
"use strict";
(() => {
  const box = document.getElementById("live-loop"), data = window.ALUTILS_LIVE_LOOP;
  const live = window.alutils_live;
  if (!box || !data || !live || !window.Worker) return;

  const PAUSE_MS = 900; // between two iterations of a run that is watched
  const QUANTITIES = ["mae_ev", "found_share"];
  const COLOURS = {
    auto: "the strategy's view", mu: "predicted HOMO", sigma: "uncertainty",
    probability: "probability of the target", none: "nothing",
  };
  const LOOKS_AT = {
    random: "none", most_uncertain: "sigma", cluster_centres: "none", uncertain_cluster_centres: "sigma",
    property_search: "mu", most_probable: "probability",
  };
  const problem = live.loop.problem_of(data);
  const LOOK = Object.fromEntries(data.strategies.map((one) => [one.id, one]));
  const n_target = problem.in_target.filter(Boolean).length;
  const hits = (rows) => rows.filter((i) => problem.in_target[i]).length;
  const state = { ...data.first, colour: "auto", many: false, iteration: 0 };
  const runs = live.runs_of(data, render, (message) => {
    at("said").textContent = `This browser does not compute the figure (${message}); those below need no computing.`;
  });
  let timer = null, to_say = false, near = false;

  const at = (name) => box.querySelector(`[data-part="${name}"]`);
  const colour = (id) => LOOK[id][document.documentElement.dataset.theme === "dark" ? "dark" : "light"];

  function element(tag, attributes = {}, ...children) {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  }

  // Controls -----------------------------------------------------------------------------------

  const select = (part, label) => `<label>${label} <select data-part="${part}"></select></label>`;
  const button = (part, text) => `<button type="button" data-part="${part}">${text}</button>`;
  const TEMPLATE = `
    <fieldset class="live-loop-choices"><legend>The loop</legend>
      ${select("strategy", "Strategy")}${select("noise_var", "Noise (eV²)")}
      ${select("batch_size", "Batch")}${select("seed", "Seed")}${select("colour", "Map colour")}
    </fieldset>
    <div class="live-loop-buttons">
      ${button("step", "Step")}${button("run", "Run")}${button("restart", "Restart")}
      <label>Labels <input type="range" min="0" step="1" data-part="slider">
        <output data-part="n_train"></output></label>
    </div>
    <p data-part="said"></p>
    <p class="live-loop-spoken" role="status" data-part="spoken"></p>
    <div class="live-loop-panels">
      <div><div data-part="map"></div><p class="live-loop-legend" data-part="legend"></p></div>
      <div><div data-part="curves"></div><p class="live-loop-legend" data-part="key"></p></div>
    </div>
    <p><label class="live-loop-tick"><input type="checkbox" data-part="many">
      <span data-part="many_label"></span></label></p>
    <p data-part="verdict"></p>
    <details><summary>The numbers so far</summary>
      <div class="live-loop-table" tabindex="0" role="region" aria-label="The numbers so far">
        <table class="table" data-part="table"></table></div></details>
    <p><small data-part="about"></small></p>`;

  function fill_controls() {
    const options = {
      strategy: data.strategies.map((one) => [one.id, one.label]),
      noise_var: data.noise_vars.map((value) => [value, String(value)]),
      batch_size: data.batch_sizes.map((n) => [n, String(n)]),
      seed: Array.from({ length: data.n_seeds }, (_, seed) => [seed, String(seed)]),
      colour: Object.entries(COLOURS),
    };
    for (const [part, listed] of Object.entries(options)) {
      at(part).append(...listed.map(([value, text]) =>
        element("option", { value, textContent: text, selected: value === state[part] })));
    }
    at("about").textContent = about();
  }

  /** What these data are, and what the map leaves out. */
  function about() {
    const [first, second, kept] = data.explained;
    const share = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`;
    return `${data.n_pool} of the ${data.n_all} molecules of ${data.pool}, ${data.n_test} more as the test set. `
      + `Target: the ${share(data.target.share)} of the ${data.n_pool} with the highest HOMO, above `
      + `${data.target.low.toFixed(2).replace("-", "−")} eV. The map shows ${share(first + second)} of the variance `
      + `of their descriptors; the model sees ${data.steps.length} axes, ${share(kept, 1)}: what touches on the map `
      + "may be far apart for the model.";
  }

  // What is known ------------------------------------------------------------------------------

  const last_iteration = () => live.loop.batch_sizes(data.n_init, state.batch_size, data.n_max).length;

  /** Averages of both quantities over the seeds that are computed; null where none is. */
  function averaged(curves) {
    if (!curves.length) return null;
    const { n_train } = curves[0];
    return Object.fromEntries(QUANTITIES.map((name) =>
      [name, { n_train, ...live.loop.mean_and_std(curves.map((one) => one[name])) }]));
  }

  function known() {
    const { strategy, noise_var, batch_size, seed } = state;
    const rows = runs.draw({ strategy, noise_var, batch_size, seed });
    const wanted = [{ strategy: "random", noise_var, batch_size }];
    if (state.many && strategy !== "random") wanted.push({ strategy, noise_var, batch_size });
    const [random, own = []] = runs.averages(wanted);
    return {
      rows, shown: Math.min(state.iteration, rows.length - 1), curves: { random, own },
      random: averaged(random), own: averaged(own),
    };
  }

  // Pictures -----------------------------------------------------------------------------------

  problem.describe = (i) => `${data.formulas[i]}, HOMO ${problem.y[i].toFixed(2)} eV`
    + (problem.in_target[i] ? ", in the target" : "");

  /** Between which most of some values lie. */
  function ends_of(values) {
    const sorted = Float64Array.from(values).sort();
    return [0.02, 0.98].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  }

  function unlabelled(row, values) {
    const known = new Set(row.labelled);
    return values.filter((_, i) => !known.has(i));
  }

  /** What colours the map: name, values (n_pool,) or null, and the range of the scale. */
  function colouring(row) {
    const name = state.colour === "auto" ? LOOKS_AT[state.strategy] : state.colour;
    const probability = () => live.statistics.probability_in_range(row.mu, row.sigma, problem.low, Infinity);
    return {
      none: () => ({ name, values: null }),
      mu: () => ({ name, values: row.mu, range: ends_of(problem.y.slice(0, data.n_pool)), unit: " eV" }),
      sigma: () => ({ name, values: row.sigma, range: ends_of(unlabelled(row, row.sigma)), unit: " eV" }),
      probability: () => ({ name, values: probability(), range: [0, 1], unit: "" }),
    }[name]();
  }

  function legend({ name, values, range, unit }) {
    const mark = (kind, text, background = "") => {
      const made = element("span", { className: `live-loop-mark live-loop-${kind}` });
      made.style.background = background;
      return element("span", {}, made, text);
    };
    const parts = [mark("known", "labelled"), mark("now", "picked next", colour(state.strategy)),
      mark("target", "in the target")];
    if (values) {
      const bar = element("span", { className: "live-loop-bar" });
      bar.style.background = live.loop_draw.scale_css;
      const [low, high] = range.map((one) => one.toFixed({ mu: 1, sigma: 2 }[name] || 0).replace("-", "−"));
      parts.push(element("span", {}, `${COLOURS[name]}: ${low} `, bar, ` ${high}${unit}`));
    } else parts.push(mark("open", "unlabelled"));
    at("legend").replaceChildren(...parts);
  }

  function draw_map(row) {
    const width = Math.max(260, at("map").clientWidth), look = colouring(row);
    const label = `Map of ${data.n_pool} molecules: ${row.n_train} labelled (crosses), ${row.batch.length} `
      + `picked next by ${LOOK[state.strategy].label} (coloured dots), ${hits(row.batch)} of these among `
      + `the ${n_target} of the target (rings). `
      + (look.values ? `The colour of the others is the ${COLOURS[look.name]}.` : "The others are grey.");
    at("map").replaceChildren(live.loop_draw.draw_map(problem, {
      ...row, ...look, colour: colour(state.strategy), label,
      size: [width, width < 370 && matchMedia("(max-width: 600px)").matches ? 240 : 370],
    }));
    legend(look);
  }

  function draw_curves({ rows, shown, random, own, curves }) {
    const width = Math.max(260, at("curves").clientWidth), { letter, label } = LOOK[state.strategy];
    const titles = { mae_ev: "error on the test set (MAE, eV)", found_share: "share of the target found" };
    at("curves").replaceChildren(...QUANTITIES.map((name) => live.loop_draw.draw_curve({
      title: titles[name], percent: name === "found_share", size: [width, 190],
      sizes: [data.n_init, data.n_max], shown: shown + 1,
      bands: [[random, "random"], [own, state.strategy]].filter(([one]) => one)
        .map(([one, id]) => ({ ...one[name], colour: colour(id) })),
      draw: {
        n_train: rows.map((row) => row.n_train), values: rows.map((row) => row[name]),
        colour: colour(state.strategy),
      },
      label: `${titles[name]} against the number of labels, ${label}, this run: `
        + rows.slice(0, shown + 1).map((row) => `${row.n_train} labels ${row[name].toFixed(2)}`).join(", "),
    })));
    const swatch = (id, kind, text) => {
      const made = element("span", { className: `live-loop-swatch ${kind}` });
      made.style.color = colour(id);
      return element("span", {}, made, text);
    };
    const counted = (n) => (n < data.n_seeds ? `${n} of ${data.n_seeds} seeds so far` : `mean of ${n} seeds`);
    at("key").replaceChildren(
      swatch(state.strategy, "live-loop-run", `${letter}, this run`),
      swatch("random", "live-loop-many", `random choice, ${counted(curves.random.length)}`),
      ...(own ? [swatch(state.strategy, "live-loop-many", `${letter}, ${counted(curves.own.length)}`)] : []));
  }

  // All of it ----------------------------------------------------------------------------------

  /* A number stays with what follows it. */
  const kept_together = (text) => text.replace(/ (?=%|eV|±|labels|seeds)/g, "\u00a0").replaceAll("± ", "±\u00a0");

  function words(now) {
    const { label, letter } = LOOK[state.strategy], row = now.rows[now.shown];
    const said = kept_together(live.loop_words.sentence(label, row, hits(row.batch), now.random));
    at("said").textContent = said;
    if (to_say && now.shown === state.iteration && !timer) {
      at("spoken").textContent = said;
      to_say = false;
    }
    const { own, random } = now.curves;
    const complete = own.length === data.n_seeds && random.length === data.n_seeds;
    at("verdict").textContent = complete
      ? kept_together(live.loop_words.verdict(letter, own, random)) : "";
    at("many_label").textContent = `Repeat ${letter} with ${data.n_seeds} first batches: one run is one draw`;
    at("many").closest("label").hidden = state.strategy === "random";
    const { head, body } = live.loop_words.table(now.rows.slice(0, now.shown + 1), letter, now.random, now.own);
    at("table").replaceChildren(
      element("thead", {}, element("tr", {}, ...head.map((text) =>
        element("th", { scope: "col", textContent: text })))),
      element("tbody", {}, ...body.map((line) => element("tr", {}, ...line.map((text) =>
        element("td", { textContent: text }))))));
  }

  function render() {
    const now = near && known();
    at("slider").max = last_iteration();
    at("slider").value = state.iteration;
    const n_train = Math.min(data.n_init + state.iteration * state.batch_size, data.n_max);
    at("n_train").textContent = n_train;
    at("slider").setAttribute("aria-valuetext", `${n_train} labels`);
    at("run").textContent = timer ? "Pause" : "Run";
    if (!now || !now.rows.length) return;
    draw_map(now.rows[now.shown]);
    draw_curves(now);
    words(now);
  }

  function go(iteration) {
    state.iteration = Math.min(Math.max(iteration, 0), last_iteration());
    to_say = true;
    render();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
  }

  function run() {
    if (timer) {
      pause();
      return go(state.iteration);
    }
    if (state.iteration === last_iteration()) state.iteration = 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go(last_iteration());
    timer = setInterval(() => {
      if (state.iteration + 1 >= last_iteration()) pause();
      go(state.iteration + 1);
    }, PAUSE_MS);
    return render();
  }

  function changed({ target }) {
    const part = target.dataset.part;
    pause();
    if (part === "many") state.many = target.checked;
    else if (part === "slider") return go(Number(target.value));
    else if (part === "strategy" || part === "colour") state[part] = target.value;
    else {
      const n_train = data.n_init + state.iteration * state.batch_size;
      state[part] = Number(target.value);
      if (part === "batch_size") state.iteration = Math.round((n_train - data.n_init) / state.batch_size);
    }
    return go(state.iteration);
  }

  function begin() {
    box.innerHTML = TEMPLATE;
    fill_controls();
    box.hidden = false;
    box.addEventListener("change", changed);
    at("slider").addEventListener("input", changed);
    at("run").addEventListener("click", run);
    at("step").addEventListener("click", () => { pause(); go(state.iteration + 1); });
    at("restart").addEventListener("click", () => { pause(); go(0); });
    render();
    new ResizeObserver(render).observe(at("map"));
    new MutationObserver(render).observe(document.documentElement, {
      attributes: true, attributeFilter: ["data-theme"],
    });
    // Nothing is computed before the figure comes near.
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      near = true;
      render();
    }, { rootMargin: "400px" }).observe(box);
  }

  begin();
})();

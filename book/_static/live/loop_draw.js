/** Pictures of the live figure: a map of the pool and two learning curves, as SVG. */
"use strict";
(() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  // Viridis without its darkest and lightest ends: seen on a light ground and on a dark one.
  const SCALE = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#d8e219"];

  /** An SVG element with attributes and children. */
  function svg(tag, attributes = {}, ...children) {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** Colour of a share, 0 to 1, of the scale. */
  function colour_of(share) {
    const place = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
    const k = Math.min(Math.floor(place), SCALE.length - 2), mix = Math.round(100 * (place - k));
    return `color-mix(in srgb, ${SCALE[k + 1]} ${mix}%, ${SCALE[k]})`;
  }

  const scale_css = `linear-gradient(to right, ${SCALE.join(", ")})`;

  /** Values to pixels, linear or by their logarithm. */
  function axis([low, high], [from, to], log = false) {
    const place = log ? Math.log : (value) => value;
    const span = place(high) - place(low) || 1;
    return (value) => from + ((place(value) - place(low)) / span) * (to - from);
  }

  /** At most some six round numbers between two, and their texts, all with as many decimals. */
  function ticks(low, high, log) {
    if (log) {
      const all = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 50, 100].filter((t) => t >= low && t <= high);
      const few = all.length > 6 ? all.filter((t) => /^[0.]*1/.test(String(t))) : all;
      return few.map((t) => [t, String(t)]);
    }
    const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
      found.push([k * step, (k * step).toFixed(decimals)]);
    }
    return found;
  }

  /** Where each molecule is drawn: pixels of the first two axes of the descriptors. */
  function places({ X, d, n_pool }, width, height) {
    const margin = { left: 30, right: 10, top: 10, bottom: 26 };
    const columns = [0, 1].map((k) => Array.from({ length: n_pool }, (_, i) => X[i * d + k]));
    const [x, y] = columns.map((values, k) =>
      axis([Math.min(...values), Math.max(...values)],
        k ? [height - margin.bottom, margin.top] : [margin.left, width - margin.right]));
    return columns[0].map((value, i) => [x(value), y(columns[1][i])]);
  }

  const cross = (x, y, r) => `M${x - r},${y - r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}`;

  /**
   * The map of the pool in one iteration.
   * @param {object} problem X (n, d), n_pool, in_target (n_pool,), describe(i), explained
   * @param {object} look labelled, batch: indices; values (n_pool,) or null, range [low, high] of
   *   the colours; colour of the strategy; size [width, height] in pixels; label for those who hear
   */
  function draw_map(problem, { labelled, batch, values, range, colour, size, label }) {
    const at = places(problem, ...size), before = new Set(labelled), now = new Set(batch);
    const dots = svg("g", { class: "live-loop-dots" }), rings = svg("g", { class: "live-loop-rings" });
    const marks = svg("g", { class: "live-loop-marks" });
    at.forEach(([x, y], i) => {
      const title = svg("title", {}, problem.describe(i));
      if (before.has(i)) marks.append(svg("path", { d: cross(x, y, 3) }, title));
      else if (now.has(i)) {
        marks.append(svg("circle", { cx: x, cy: y, r: 4.5, fill: colour, class: "live-loop-batch" }, title));
      } else {
        const dot = svg("circle", { cx: x, cy: y, r: 3 }, title);
        if (values) dot.style.fill = colour_of((values[i] - range[0]) / (range[1] - range[0] || 1));
        dots.append(dot);
      }
      if (problem.in_target[i]) rings.append(svg("circle", { cx: x, cy: y, r: now.has(i) ? 7 : 5.5 }));
    });
    const [first, second] = problem.explained.map((share) => `${Math.round(100 * share)} %`);
    const [width, height] = size;
    return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
      dots, rings, marks,
      svg("text", { x: width / 2, y: height - 6, "text-anchor": "middle" },
        `principal axis 1 (${first} of the variance)`),
      svg("text", { transform: `translate(14 ${height / 2 - 8}) rotate(-90)`, "text-anchor": "middle" },
        `axis 2 (${second})`));
  }

  /** A polygon between two curves, and their middle: x (T,), mean and std (T,). */
  function band({ n_train, mean, std }, x, y, floor, colour) {
    const edge = (sign) => n_train.map((n, t) => `${x(n)},${y(Math.max(mean[t] + sign * std[t], floor))}`);
    const middle = n_train.map((n, t) => `${x(n)},${y(mean[t])}`);
    return svg("g", { style: `color: ${colour}` },
      svg("polygon", { points: [...edge(1), ...edge(-1).reverse()].join(" "), class: "live-loop-band" }),
      svg("polyline", { points: middle.join(" "), class: "live-loop-mean" }));
  }

  /** Frame, grid and numbers of a panel. */
  function frame({ title, size: [width, height], domain, log, percent, sizes }, x, y) {
    const made = svg("g", { class: "live-loop-frame" }, svg("text", { x: 4, y: 13 }, title));
    for (const [t, number] of ticks(...domain, log)) {
      const text = percent ? `${Math.round(100 * t)} %` : number;
      made.append(svg("line", { x1: x(sizes[0]), x2: width - 12, y1: y(t), y2: y(t) }),
        svg("text", { x: x(sizes[0]) - 6, y: y(t) + 4, "text-anchor": "end" }, text));
    }
    for (const [n, text] of ticks(...sizes, false)) {
      made.append(svg("text", { x: x(n), y: height - 20, "text-anchor": "middle" }, text));
    }
    made.append(svg("text", { x: (x(sizes[0]) + width - 12) / 2, y: height - 4, "text-anchor": "middle" },
      "number of labels"));
    return made;
  }

  /**
   * A learning curve.
   * @param {object} panel title, size, percent, sizes [first, last]; bands: list of {n_train, mean,
   *   std, colour}; draw: {n_train, values, colour} of the one run, of which `shown` points are seen
   */
  function draw_curve(panel) {
    const { size: [width, height], bands, draw, shown, percent, label } = panel;
    const seen = [...draw.values];
    for (const one of bands) one.mean.forEach((m, t) => seen.push(m - one.std[t], m + one.std[t]));
    const least = Math.min(...draw.values, ...bands.flatMap((one) => one.mean));
    const log = !percent && Math.max(...seen) > 6 * least;
    const floor = log ? least / 2 : -Infinity;
    const [low, high] = [Math.max(Math.min(...seen), floor), Math.max(...seen)];
    const pad = 0.06 * (high - low);
    const domain = percent ? [0, 1] : log ? [low / 1.1, high * 1.1] : [low - pad, high + pad];
    const x = axis(panel.sizes, [46, width - 12]);
    const y = axis(domain, [height - 36, 22], log);
    const at = draw.values.slice(0, shown).map((value, t) => [x(draw.n_train[t]), y(value)]);
    const line = svg("g", { style: `color: ${draw.colour}` },
      svg("polyline", { points: at.join(" "), class: "live-loop-draw" }),
      ...at.map(([cx, cy], t) => svg("circle", { cx, cy, r: t === shown - 1 ? 5 : 3, class: "live-loop-point" })));
    return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
      frame({ ...panel, domain, log }, x, y),
      ...bands.map((one) => band(one, x, y, floor, one.colour)), line);
  }

  globalThis.alutils_live.loop_draw = { draw_map, draw_curve, scale_css };
})();

/** The picture of an advice: found share of the target against labels paid for, as SVG. */
"use strict";
(() => {
  const live = globalThis.alutils_live, NAMESPACE = "http://www.w3.org/2000/svg";

  function element(tag, attributes = {}, text = null) {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== null) made.textContent = text;
    return made;
  }

  /** About `most` round numbers between two. */
  function ticks(low, high, most) {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough), found = [];
    for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * step; v += step) found.push(v);
    return found;
  }

  /**
   * The predicted curve of the search: the replay's, its excess over random sampling stretched so
   * that it ends at the predicted hits.
   * @returns {number[]} found molecules at each of `n`, for hits per label `times` those of chance
   */
  function curve(row, answer, plan, times) {
    const { n, found } = row.replayed, last = n.length - 1, { share, hits } = answer;
    const first = found[0], all = first + (first / plan.n_init) * (plan.n_pool - plan.n_init);
    const per_label = (all - first) / (plan.n_pool - plan.n_init), end = found[last] - first - per_label * (n[last] - n[0]);
    const total = share * (plan.n_max - plan.n_init), most = hits + share * (plan.n_pool - plan.n_init);
    return n.map((v, k) => {
      const along = (v - n[0]) / (n[last] - n[0]);
      const excess = end > 0.02 * per_label * (n[last] - n[0]) ? (found[k] - first - per_label * (v - n[0])) / end : along;
      return Math.min(hits + total * along + (times - 1) * total * excess, most);
    });
  }

  /** The frame: axes with their quantity and unit, ticks, and the two scales. */
  function frame(svg, width, height, plan, top) {
    const left = 52, right = 14, above = 70, below = 46, x1 = width - right, y1 = height - below;
    const x = (v) => left + ((v - plan.n_init) / (plan.n_max - plan.n_init)) * (x1 - left);
    const y = (share) => y1 - (share / top) * (y1 - above);
    svg.append(element("path", { d: `M${left} ${above}V${y1}H${x1}`, fill: "none", stroke: "currentColor" }));
    for (const v of ticks(plan.n_init, plan.n_max, width < 500 ? 4 : 7)) {
      svg.append(element("path", { d: `M${x(v)} ${y1}v5`, stroke: "currentColor" }));
      svg.append(element("text", { x: x(v), y: y1 + 18, "text-anchor": "middle" }, live.advice_text.whole(v)));
    }
    for (const v of ticks(0, top * 100, 5)) {
      svg.append(element("path", { d: `M${left} ${y(v / 100)}h-5`, stroke: "currentColor" }));
      svg.append(element("text", { x: left - 8, y: y(v / 100) + 4, "text-anchor": "end" }, String(Math.round(v * 10) / 10)));
    }
    svg.append(element("text", { x: (left + x1) / 2, y: height - 6, "text-anchor": "middle" }, "labels paid for (molecules)"));
    const turned = { transform: `translate(13 ${(above + y1) / 2}) rotate(-90)`, "text-anchor": "middle" };
    svg.append(element("text", turned, "found share of the target (%)"));
    return { x, y, x1, left, above };
  }

  const path = (points) => points.map(([a, b], k) => `${k ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");

  /** How many labels are saved: a bar at the height of what random sampling finds in the end. */
  function saving(svg, at, row, plan, share, colour) {
    const labels = (saved) => Math.min(Math.max(plan.n_max * (1 - saved), plan.n_init), plan.n_max);
    const [from, middle, to] = [row.high, row.saved, row.low].map((s) => at.x(labels(s))), y = at.y(share);
    svg.append(element("path", { d: `M${at.x(plan.n_max)} ${y}H${middle}`, stroke: "currentColor", "stroke-dasharray": "2 4" }));
    svg.append(element("path", { d: `M${from} ${y}H${to}M${from} ${y - 6}v12M${to} ${y - 6}v12`, stroke: colour, "stroke-width": 2.5 }));
    svg.append(element("circle", { cx: middle, cy: y, r: 4.5, fill: colour }));
  }

  function key(svg, at, entries) {
    entries.forEach(({ text, colour, dash, bar }, k) => {
      const y = 10 + 18 * k, x = at.left;
      const ends = bar ? `M${x} ${y - 5}v10M${x + 22} ${y - 5}v10` : "";
      const line = { d: `M${x} ${y}h22${ends}`, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash || "none" };
      svg.append(element("path", line));
      if (bar) svg.append(element("circle", { cx: x + 11, cy: y, r: 4, fill: colour }));
      svg.append(element("text", { x: x + 29, y: y + 4 }, text));
    });
  }

  /**
   * Draw an advice into a box.
   * @param {Element} box;  @param {object} found of `advice.answer`;  @param {object} plan
   * @param {object} colours strategy -> CSS colour;  @param {string} said for those who do not see it
   */
  function draw(box, { table, answer }, plan, colours, said) {
    const row = table.find((one) => one.strategy === "most_probable");
    const width = Math.max(280, box.clientWidth || 600), height = width < 500 ? 350 : 390;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": said });
    const all = answer.hits + answer.share * (plan.n_pool - plan.n_init), n = row.replayed.n;
    const [middle, low, high] = [row.enrichment, row.enrichment_low, row.enrichment_high]
      .map((times) => curve(row, answer, plan, times).map((found) => found / all));
    const random = [plan.n_init, plan.n_max].map((v) => (answer.hits + answer.share * (v - plan.n_init)) / all);
    const top = Math.min(1, 1.05 * Math.max(high[high.length - 1], random[1]));
    const at = frame(svg, width, height, plan, top), points = (values) => n.map((v, k) => [at.x(v), at.y(values[k])]);
    const colour = colours.most_probable, shade = [...points(high), ...points(low).reverse()];
    svg.append(element("path", { d: path(shade) + "Z", fill: colour, "fill-opacity": 0.25 }));
    svg.append(element("path", { d: path(points(middle)), fill: "none", stroke: colour, "stroke-width": 2.5 }));
    const straight = [[at.x(plan.n_init), at.y(random[0])], [at.x(plan.n_max), at.y(random[1])]];
    const dashed = { fill: "none", stroke: colours.random, "stroke-width": 2.5, "stroke-dasharray": "7 4" };
    svg.append(element("path", { d: path(straight), ...dashed }));
    saving(svg, at, row, plan, random[1], colour);
    key(svg, at, [
      { text: "most probable, with 90 % interval", colour },
      { text: "random sampling", colour: colours.random, dash: "7 4" },
      { text: `labels ${width < 500 ? "for as many hits" : "that it needs for what random finds in the end"} (90 %)`, colour, bar: true },
    ]);
    box.replaceChildren(svg);
  }

  live.advice_picture = { draw, curve, ticks };
})();

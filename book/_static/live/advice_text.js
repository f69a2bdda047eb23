/** The advice in words, as a table, as CSV and as the command that gives the same. */
"use strict";
(() => {
  const live = globalThis.alutils_live;
  const NAMES = { random: "random sampling", most_probable: "most probable, the greedy search", property_search: "E, the paper's search" };
  const COLUMNS = ["strategy", "enrichment", "saved", "low", "high", "possible"];
  const percent = (v) => `${Math.round(100 * v)}\u00a0%`;
  const whole = (v) => Math.round(v).toLocaleString("en").replace(/,/g, "\u202f");

  /** Hits that a search should have in the end: expected, at least, at most; and random sampling's. */
  function hits_expected({ share, hits }, row, plan) {
    const labels = plan.n_max - plan.n_init, all = hits + share * (plan.n_pool - plan.n_init);
    const with_times = (times) => Math.min(hits + Math.min(times * share, 1) * labels, all); // a label is one hit at most
    return {
      all, random: with_times(1), expected: with_times(row.enrichment), least: with_times(row.enrichment_low),
      most: with_times(row.enrichment_high),
    };
  }

  /** What to do, and what it should bring. enough : hits below which no interval can be trusted */
  function headline({ table, answer }, plan, target, enough) {
    const row = table.find((one) => one.strategy === "most_probable"), hits = hits_expected(answer, row, plan);
    const found = `With ${whole(plan.n_max)} labels it should find about ${whole(hits.expected)} molecules of the target `
      + `(${target}), random sampling about ${whole(hits.random)}.`;
    if (answer.strategy === "random") {
      return ["Go on at random.", `The greedy search is not predicted to bring more hits than chance. ${found}`];
    }
    const saved = row.saved > 0 ? `it should need ${percent(row.saved)} fewer labels` : "it should need as many labels";
    const interval = `${percent(row.low)} to ${percent(row.high)}`, nothing = row.low <= 0 ? ": it may save nothing" : "";
    const first = answer.hits < enough ? `Too few hits (${answer.hits}): label more at random first. A search now is a guess.`
      : "Use the greedy search, most_probable.";
    return [first, `${found} For what random sampling finds ${saved} `
      + `(90\u00a0% interval: ${interval})${nothing}.`];
  }

  /** [what, text] of what to do. */
  function todo({ table, answer }, plan, spread, unit) {
    const row = table.find((one) => one.strategy === "most_probable"), hits = hits_expected(answer, row, plan);
    const error = live.advice.general(Math.sqrt(answer.noise_var) * spread, 2) + (unit ? ` ${unit}` : "");
    const after = answer.batches.map(whole);
    return [
      ["Strategy", answer.strategy === "random" ? "random: label whatever comes next"
        : "most_probable: label next what most probably lies in the target"],
      ["Noise", `noise_var = ${answer.noise_var} times the variance of the labels: a label is trusted to about ${error}`],
      ["Batches", `after the ${whole(plan.n_init)} labels of the file ${after.join(", then ")}: batches that double need the `
        + "fewest rounds in the laboratory; what smaller ones add is on the page on the first batch"],
      ["Hits", `${whole(answer.hits)} so far, about ${percent(answer.share)} of the pool. In the end ${whole(hits.expected)} `
        + `(${whole(hits.least)} to ${whole(hits.most)}, nine times in ten) of about ${whole(hits.all)}`],
    ];
  }

  /** Why, in some sentences. */
  function why({ table, answer }, law) {
    const row = table.find((one) => one.strategy === "most_probable"), { h0 } = law.strategies.most_probable.saving_gain;
    const times = row.replayed.enrichment.toFixed(1), weight = percent(answer.hits / (answer.hits + h0));
    return `Why: the model predicts each molecule of the file from the others. A search replayed with these predictions `
      + `brings ${times} times as many hits per label as chance. That counts for ${weight}; the rest is what searches for `
      + `a target of this share brought on ${law.n_pools} other pools. ${answer.caution}`;
  }

  function fill_table(element, { table }) {
    const heads = ["search", "hits per label", "labels saved", "90 % interval", "most possible"];
    const rows = table.map((row) => [NAMES[row.strategy], `${row.enrichment.toFixed(1)} times random`, percent(row.saved),
      `${percent(row.low)} to ${percent(row.high)}`, percent(row.possible)]);
    const line = (cells, tag) => {
      const tr = document.createElement("tr");
      tr.append(...cells.map((text, k) => {
        const cell = document.createElement(k || tag === "th" ? tag : "th");
        if (cell.tagName === "TH") cell.scope = tag === "th" ? "col" : "row";
        cell.textContent = text;
        return cell;
      }));
      return tr;
    };
    const head = document.createElement("thead"), body = document.createElement("tbody");
    head.append(line(heads, "th"));
    body.append(...rows.map((cells) => line(cells, "td")));
    element.replaceChildren(head, body);
  }

  const csv_cell = (v) => (/[",\n]/.test(String(v)) ? `"${String(v).replace(/"/g, '""')}"` : String(v));

  /** The numbers of an advice, with what they were computed from. */
  function csv({ table, answer }, about) {
    const fixed = { ...about, share: answer.share, hits: answer.hits, noise_var: answer.noise_var, advised: answer.strategy };
    const names = [...COLUMNS, ...Object.keys(fixed)];
    const rows = table.map((row) => [...COLUMNS.map((name) => row[name]), ...Object.values(fixed)]);
    return [names, ...rows].map((cells) => cells.map(csv_cell).join(",")).join("\n") + "\n";
  }

  const shell = (text) => (/^[\w./+-]+$/.test(text) ? text : `'${String(text).replace(/'/g, "'\\''")}'`);

  /** The Papermill line that gives the same. given : name, property_key, unit, target, n_init, n_pool, n_max, skip_bad */
  function command({ name, property_key, unit, target, n_init, n_pool, n_max, skip_bad }) {
    const edges = [target.low, target.high].filter((v) => v !== null && v !== undefined);
    const below = target.side === "lowest" || (edges.length === 1 && target.low === null);
    const sought = target.side ? [`-p target_share ${+target.share.toPrecision(12)}`]
      : edges.length === 1 ? [`-p threshold ${edges[0]}`] : [`-y 'threshold: [${edges.join(", ")}]'`];
    const words = [`-p dataset ${shell(name)}`, `-p property_key ${shell(property_key)}`, unit && `-p unit ${shell(unit)}`,
      `-p n_init ${n_init}`, `-p n_pool ${n_pool}`, `-p n_max ${n_max}`, ...sought, `-p direction ${below ? "below" : "above"}`,
      skip_bad && "-p skip_bad True"].filter(Boolean);
    return [".venv/bin/papermill notebooks/07_should_i_use_al.ipynb out.ipynb", ...words].join(" \\\n  ");
  }

  live.advice_text = { headline, todo, why, fill_table, csv, command, hits_expected, percent, whole };
})();

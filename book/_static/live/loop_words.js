/** The live figure in words and numbers: for those who hear it, and for those who want to be sure. */
"use strict";
(() => {
  const live = globalThis.alutils_live;
  const percent = (share) => Math.round(100 * share);
  const ev = (value) => (value < 9.995 ? value.toFixed(2) : value.toPrecision(3));

  /** Mean and, where there is one, deviation of a point: "0.330 ± 0.015". */
  const around = ({ mean, std }, t, text) => `${text(mean[t])}${std[t] ? ` ± ${text(std[t])}` : ""}`;

  /**
   * Where the run stands in one iteration.
   * @param {string} label of the strategy
   * @param {object} row of the run;  @param {number} hits of its batch in the target
   * @param {object} random {mae_ev, found_share}, averages of random choice, or null
   */
  function sentence(label, row, hits, random) {
    const t = row.iteration;
    const other = (name, text, unit) => (random ? ` (random choice ${around(random[name], t, text)}${unit})` : "");
    const next = row.batch.length
      ? `It picks ${row.batch.length} more, ${hits} of them in the target.`
      : "That was the budget.";
    return `Strategy ${label}, ${row.n_train} labels: error ${ev(row.mae_ev)} eV${other("mae_ev", ev, "")}, `
      + `${percent(row.found_share)} % of the target found${other("found_share", percent, " %")}. ${next}`;
  }

  /** Mean difference of two lists (n,), pair by pair, and whether it is twice its standard error. */
  function paired({ mean_and_std }, one, other) {
    const { mean, std } = mean_and_std(one.map((value, i) => [value - other[i]]));
    return { difference: mean[0], clear: Math.abs(mean[0]) > (2 * std[0]) / Math.sqrt(one.length) };
  }

  /**
   * The end of two strategies over the same seeds, and no more than it says.
   * @param {object[]} own, random  curves, one a seed
   */
  function verdict(letter, own, random) {
    const by_seed = (curves) => [...curves].sort((a, b) => a.seed - b.seed);
    const ends = (curves, name) => by_seed(curves).map((curve) => curve[name][curve[name].length - 1]);
    const of = (name, text) => {
      const [ours, theirs] = [ends(own, name), ends(random, name)];
      const mean = (values) => around(live.loop.mean_and_std(values.map((value) => [value])), 0, text);
      return { ...paired(live.loop, ours, theirs), ours: mean(ours), theirs: mean(theirs) };
    };
    const error = of("mae_ev", ev), found = of("found_share", percent);
    const word = ({ difference, clear }, more, fewer, same) => (!clear ? same : difference > 0 ? more : fewer);
    return `At ${own[0].n_train[own[0].n_train.length - 1]} labels, mean and deviation of ${own.length} seeds: `
      + `error ${error.ours} eV, random choice ${error.theirs} eV; found ${found.ours} %, random choice `
      + `${found.theirs} %. Here ${letter} has ${word(error, "a higher error", "a lower error", "no clearly other error")} `
      + `and ${word(found, "more hits", "fewer hits", "no clearly other number of hits")} than random choice.`;
  }

  /** Rows of the table: labels, error and found share of this run, of random choice, of all seeds. */
  function table(rows, letter, random, own) {
    const head = ["labels", `error, ${letter}, this run (eV)`, "error, random choice (eV)",
      `found, ${letter}, this run (%)`, "found, random choice (%)"];
    if (own) head.push(`error, ${letter}, all seeds (eV)`, `found, ${letter}, all seeds (%)`);
    const of = (one, t) => (one
      ? [around(one.mae_ev, t, ev), around(one.found_share, t, percent)] : ["…", "…"]);
    const body = rows.map((row, t) => {
      const [error, found] = of(random, t);
      const line = [row.n_train, ev(row.mae_ev), error, percent(row.found_share), found];
      return own ? [...line, ...of(own, t)] : line;
    });
    return { head, body };
  }

  live.loop_words = { sentence, verdict, table };
})();

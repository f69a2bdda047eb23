/** The live figure in words and numbers: for those who hear it, and for those who want to be sure. */
"use strict";
(() => {
  const live = globalThis.alutils_live;
  const percent = (share) => Math.round(100 * share);
  const ev = (value) => (value < 9.995 ? value.toFixed(3) : value.toPrecision(3));

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

  /**
   * The end of two averages side by side, and no more than they say.
   * @param {object} own, random {mae_ev, found_share}: of {mean, std, n_train};  @param {number} n seeds
   */
  function verdict(letter, own, random, n) {
    const t = own.mae_ev.mean.length - 1;
    const apart = (name) => {
      const difference = own[name].mean[t] - random[name].mean[t];
      const error = Math.hypot(own[name].std[t], random[name].std[t]) / Math.sqrt(n);
      return { difference, clear: Math.abs(difference) > 2 * error };
    };
    const [error, found] = [apart("mae_ev"), apart("found_share")];
    const errors = !error.clear ? "no error that differs clearly" : `${error.difference < 0 ? "a lower" : "a higher"} error`;
    const hits = !found.clear ? "hits that do not differ clearly" : `${found.difference > 0 ? "more" : "fewer"} hits`;
    return `At ${own.mae_ev.n_train[t]} labels, over ${n} seeds: error ${around(own.mae_ev, t, ev)} eV, random choice `
      + `${around(random.mae_ev, t, ev)} eV; found ${around(own.found_share, t, percent)} %, random choice `
      + `${around(random.found_share, t, percent)} %. So ${letter} has ${errors} and ${hits}.`;
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

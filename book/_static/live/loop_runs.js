/**
 * The runs behind the live figure, computed in workers: the one that is watched, iteration by
 * iteration, and the curves of ten seeds behind a mean and its band, a seed after the other.
 */
"use strict";
(() => {
  const live = globalThis.alutils_live;
  const MOST_WORKERS = 4;

  /** Runs of one small pool. changed() is called when more is computed, failed(message) when not. */
  function runs_of(data, changed, failed) {
    const draws = new Map(), curves = new Map();
    let watching = null, averaging = [], averaged = null;

    /** A worker at work: `each` gets what it sends on the way, `done` is called at the end. */
    function work(entry, message, each, done = () => {}) {
      const made = live.worker(entry);
      made.onmessage = ({ data: { progress, error, ...end } }) => {
        if (progress !== undefined) each(progress);
        if (error) return failed(error);
        if ("result" in end) {
          made.terminate();
          done();
        }
        return changed();
      };
      made.onerror = () => failed("its worker did not start");
      made.postMessage(message);
      return made;
    }

    /** Rows of the run with these settings, as many as there are; the rest is on its way. */
    function draw(settings) {
      const key = JSON.stringify(settings);
      if (draws.has(key)) return draws.get(key);
      if (watching) {
        watching.worker.terminate();
        draws.delete(watching.key);
      }
      const rows = [];
      draws.set(key, rows);
      const worker = work((there, { data: given, settings: wanted }) => {
        const problem = there.loop.problem_of(given), send = there.progress;
        there.progress = null; // what a fit tells of its way is not for here
        for (const row of there.loop.steps(problem, wanted)) send(row);
      }, { data, settings }, (row) => rows.push(row), () => { watching = null; });
      watching = { key, worker };
      return rows;
    }

    /**
     * Curves of a strategy, one a seed, as many as there are: {seed, n_train, mae_ev, found_share}.
     * @param {object[]} wanted settings without a seed; what is not among them is given up
     * @returns {object[][]} the curves for each
     */
    function averages(wanted) {
      const keys = wanted.map((settings) => JSON.stringify(settings));
      if (averaged !== null && !keys.includes(averaged)) {
        averaging.forEach((worker) => worker.terminate());
        curves.delete(averaged);
        averaged = null;
      }
      keys.forEach((key) => { if (!curves.has(key)) curves.set(key, []); });
      const next = keys.findIndex((key) => curves.get(key).length < data.n_seeds);
      if (averaged === null && watching === null && next >= 0) start(wanted[next], keys[next]);
      return keys.map((key) => curves.get(key));
    }

    function start(settings, key) {
      const n_workers = Math.min(MOST_WORKERS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));
      averaged = key;
      let busy = n_workers;
      averaging = Array.from({ length: n_workers }, (_, first) => work((there, message) => {
        const problem = there.loop.problem_of(message.data), send = there.progress;
        there.progress = null;
        for (let seed = message.first; seed < problem.n_seeds; seed += message.n_workers) {
          send({ seed, ...there.loop.curve(problem, { ...message.settings, seed }) });
        }
      }, { data, settings, first, n_workers }, (one) => curves.get(key).push(one), () => {
        busy -= 1;
        if (!busy) averaged = null;
      }));
    }

    return { draw, averages };
  }

  live.runs_of = runs_of;
})();

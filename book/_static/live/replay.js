/** A search replayed on a probe, as `alutils.analysis.replay`, where the first batch is the probe. */
"use strict";
alutils_live.define((live) => {
  const { interp, probability_in_range } = live.statistics;

  /** Sizes of batches that double, from n_init to n_max labels ("pow"). */
  function batch_sizes(n_init, n_max) {
    const sizes = [];
    for (let left = n_max - n_init, size = n_init; left > 0; left -= size, size *= 2) sizes.push(Math.min(size, left));
    return sizes;
  }

  /** True where low < y <= high. y : (n,);  returns n booleans */
  const contains = (y, { low, high }) => Array.from(y, (v) => v > low && v <= high);

  /** How much of each weight is in the highest-ranked `amount` of all; equals share alike. */
  function highest_part(weights, ranking, amount) {
    const order = [...ranking.keys()].sort((i, j) => ranking[j] - ranking[i] || i - j);
    const taken = new Float64Array(weights.length);
    for (let start = 0, before = 0; start < order.length; ) {
      let stop = start, sum = 0;
      while (stop < order.length && ranking[order[stop]] === ranking[order[start]]) sum += weights[order[stop++]];
      const part = Math.min(Math.max((amount - before) / Math.max(sum, 1e-300), 0), 1);
      for (let k = start; k < stop; k++) taken[order[k]] = weights[order[k]] * part;
      before += sum;
      start = stop;
    }
    return taken;
  }

  /** Share of the labels that a curve saves at the last value of another; NaN where it is not reached. */
  function savings(n_a, found_a, n_e, found_e) {
    const target = found_a[found_a.length - 1];
    if (!(found_e[0] <= target && target <= found_e[found_e.length - 1])) return NaN;
    return 1 - interp(target, found_e, n_e) / n_a[n_a.length - 1];
  }

  /** saving_gain and enrichment of a found curve that is known at the ends of its batches. */
  function gain_along(n, found, n_target, n_pool) {
    const first = n[0], last = n[n.length - 1];
    const fine = Float64Array.from({ length: 1001 }, (_, k) => (k === 1000 ? last : first + (k * (last - first)) / 1000));
    const curve = fine.map((v) => interp(v, n, found)), left = n_target - curve[0];
    const per_label = left / (n_pool - first), random = fine.map((v) => curve[0] + per_label * (v - first));
    let most = -Infinity;
    const rising = curve.map((v) => (most = Math.max(most, v)));
    const saved = savings(fine, random, fine, rising), picked = last - first;
    const bound = 1 - (first + per_label * picked) / last;
    return { saving_gain: saved / bound, enrichment: (curve[1000] - curve[0]) / (per_label * picked) };
  }

  /**
   * The found curve of a search that picks each batch by one ranking from what is left.
   * @param {boolean[]} inside (m,) who is in the target;  @param {ArrayLike} ranking (m,)
   * @param {{n_pool, n_init, n_max}} plan;  @param {number[]} batches molecules in each
   * @returns {{n: number[], found: number[], saving_gain: number, enrichment: number}} labelled and
   *   found molecules, the first batch first; a saving that does not come is 0
   */
  function replayed(inside, ranking, plan, batches) {
    const m = inside.length, stands_for = (plan.n_pool - plan.n_init) / m;
    const share = inside.filter(Boolean).length / m, n = [plan.n_init], found = [share * plan.n_init];
    let left = new Float64Array(m).fill(1);
    for (const size of batches) {
      const taken = highest_part(left, ranking, size / stands_for);
      const hits = taken.reduce((sum, t, i) => (inside[i] ? sum + t : sum), 0);
      n.push(n[n.length - 1] + size);
      found.push(found[found.length - 1] + stands_for * hits);
      left = left.map((w, i) => w - taken[i]);
    }
    const gains = gain_along(n, found, share * plan.n_pool, plan.n_pool);
    return { n, found, saving_gain: gains.saving_gain || 0, enrichment: gains.enrichment || 0 };
  }

  /** The rankings of the two searches, by name. */
  const rankings = (mu, sigma, target) => ({
    property_search: Float64Array.from(contains(mu, target)),
    most_probable: probability_in_range(mu, sigma, target.low, target.high).map((p) => live.optimise.round(p, 9)),
  });

  live.replay = { batch_sizes, contains, replayed, rankings };
});

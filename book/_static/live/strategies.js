/**
 * Strategies of the live figure, which held-out molecules to label next: names and definitions of
 * alutils/acquisition/strategies.py and search.py. Each is a pure function of (view, batch_size,
 * rng) that returns batch_size different positions in the held-out set.
 */
"use strict";
alutils_live.define((live) => {
  const VARIANCE_KEPT = 0.99; // share of the descriptors' variance that the clustering sees
  const DIGITS = 1e9; // ties of scores are to 1e-9, by position

  /** Positions (n,) by falling score (n,). */
  function by_falling(score) {
    const rounded = Array.from(score, (one) => Math.round(one * DIGITS));
    return rounded.map((_, i) => i).sort((a, b) => rounded[b] - rounded[a] || a - b);
  }

  /**
   * Some molecules of the held-out set as the clustering sees them: its leading axes.
   * @param {object} view as of STRATEGIES;  @param {number[]} candidates (m,) positions in heldout
   * @returns {{Z: Float64Array, d: number}} Z (m, d), d of the view's columns
   */
  function clustering_points({ X, d, heldout }, candidates) {
    const n = heldout.length, variances = new Float64Array(d);
    for (let k = 0; k < d; k++) {
      let mean = 0;
      for (const i of heldout) mean += X[i * d + k] / n;
      for (const i of heldout) variances[k] += (X[i * d + k] - mean) ** 2 / n;
    }
    const order = Array.from(variances.keys());
    order.sort((a, b) => variances[b] - variances[a] || a - b);
    const all = variances.reduce((sum, one) => sum + one, 0);
    let kept = 0;
    for (let sum = 0; sum < VARIANCE_KEPT * all; kept++) sum += variances[order[kept]];
    const Z = new Float64Array(candidates.length * kept);
    candidates.forEach((at, i) => {
      for (let k = 0; k < kept; k++) Z[i * kept + k] = X[heldout[at] * d + order[k]];
    });
    return { Z, d: kept };
  }

  /** One molecule per cluster of the candidates; empty clusters are made up for at random. */
  function centres(view, candidates, n_clusters, rng) {
    if (n_clusters >= candidates.length) return candidates.slice(0, n_clusters);
    const { Z, d } = clustering_points(view, candidates);
    const picks = live.k_means.cluster_members(Z, d, n_clusters, rng.integers(2 ** 31));
    if (picks.length < n_clusters) {
      const taken = new Set(picks), rest = [...candidates.keys()].filter((i) => !taken.has(i));
      picks.push(...rng.permutation(rest).slice(0, n_clusters - picks.length));
    }
    return picks.map((i) => candidates[i]);
  }

  /** Positions of the more uncertain half of a view, most uncertain first. */
  const upper_half = (view) => by_falling(view.sigma).slice(0, (view.mu.length + 1) >> 1);

  /**
   * By name. A view holds X (n_pool, d), heldout, (n,) rows of it, mu and sigma, (n,) in eV, and
   * low, the edge of the target in eV.
   */
  const STRATEGIES = {
    random: (view, batch_size, rng) =>
      Array.from(rng.permutation(view.mu.length).slice(0, batch_size)),

    most_uncertain: (view, batch_size) => by_falling(view.sigma).slice(0, batch_size),

    cluster_centres: (view, batch_size, rng) =>
      centres(view, [...view.heldout.keys()], batch_size, rng),

    uncertain_cluster_centres(view, batch_size, rng) {
      let half = upper_half(view);
      if (half.length < batch_size) half = by_falling(view.sigma).slice(0, batch_size);
      return centres(view, half.sort((a, b) => a - b), batch_size, rng);
    },

    property_search(view, batch_size, rng) {
      const keys = rng.random(view.mu.length), outside = view.mu.map((mu) => Number(mu <= view.low));
      const order = [...keys.keys()];
      order.sort((a, b) => outside[a] - outside[b] || keys[a] - keys[b]);
      return order.slice(0, batch_size);
    },

    most_probable: (view, batch_size) =>
      by_falling(live.statistics.probability_in_range(view.mu, view.sigma, view.low, Infinity))
        .slice(0, batch_size),
  };

  live.strategies = { STRATEGIES, by_falling };
});

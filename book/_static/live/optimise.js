/** The parameters of highest marginal likelihood, by growing subsets, as `alutils.model.optimise`. */
"use strict";
alutils_live.define((live) => {
  const GROWTH = 2, HESSIAN_STEP = 0.02, LONGEST_STEP = 0.7, LML_TOLERANCE = 1e-4;
  const AT_BOUND = 1e-3, MOST_STEPS = 15, SCAN_STEP = 0.7, MOST_PEAKS = 3;
  const NAMES = ["signal_var", "length_scale"];
  const { updated, dot } = live.bfgs;

  /** A number with this many decimals; of two as near, the even one, as numpy's. */
  function round(value, decimals) {
    const scaled = value * 10 ** decimals, low = Math.floor(scaled);
    const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 !== 0);
    return (up ? low + 1 : low) / 10 ** decimals;
  }

  /** [[low, high], [low, high]] of the logarithms: initial / factor and initial * factor. */
  const log_bounds = (initial, factor) =>
    initial.map((v) => [Math.log(v) - Math.log(factor), Math.log(v) + Math.log(factor)]);

  /** Molecules whose likelihood is maximised, one size after the other. */
  function subset_sizes(n, first, last) {
    const largest = Math.min(n, last || n), sizes = [];
    for (let size = first || n; GROWTH * size <= largest; size *= GROWTH) sizes.push(size);
    return [...sizes, largest];
  }

  /** What is minimised; infinite outside the bounds. */
  function negative(likelihood, bounds) {
    return (x) => {
      if (x.some((v, i) => v < bounds[i][0] || v > bounds[i][1])) return { value: Infinity, gradient: [0, 0] };
      if (live.progress) live.progress({ what: "fit" });
      const { lml, gradient } = likelihood(x);
      return { value: -lml, gradient: gradient.map((g) => -g) };
    };
  }

  /** Where a coarse scan of the length scale has its peaks, highest first; else the start. */
  function peaks(likelihood, start, bounds) {
    const [low, high] = bounds[1], n_steps = Math.ceil((high - low) / SCAN_STEP);
    const points = Array.from({ length: n_steps + 1 }, (_, k) =>
      [start[0], k === n_steps ? high : low + (k * (high - low)) / n_steps]);
    const values = points.map((point) => likelihood(point, false).lml);
    const is_peak = values.map((v, k) => v >= (values[k - 1] ?? -Infinity) && v > (values[k + 1] ?? -Infinity));
    const found = [...points.keys()].filter((k) => is_peak[k] && Number.isFinite(values[k]));
    found.sort((a, b) => values[b] - values[a] || a - b);
    return found.length ? found.slice(0, MOST_PEAKS).map((k) => points[k]) : [start];
  }

  /** Second derivatives [xx, xy, yy] of -lml, from central differences of the gradient. */
  function curvature(likelihood, x) {
    const rows = [0, 1].map((i) => {
      const at = (sign) => likelihood(x.map((v, k) => (k === i ? v + sign * HESSIAN_STEP : v))).gradient;
      const [above, below] = [at(1), at(-1)];
      return above.map((v, k) => (-v + below[k]) / (2 * HESSIAN_STEP));
    });
    return [rows[0][0], (rows[0][1] + rows[1][0]) / 2, rows[1][1]];
  }

  const least_eigenvalue = ([a, b, c]) => (a + c) / 2 - Math.hypot((a - c) / 2, b);

  /** Quasi-Newton with a known first curvature; `climb` if that does not get there. */
  function polish(likelihood, x, hessian, bounds) {
    const minimised = negative(likelihood, bounds);
    let { value, gradient } = minimised(x);
    for (let k = 0; k < MOST_STEPS; k++) {
      if (!(Number.isFinite(value) && least_eigenvalue(hessian) > 0)) break;
      const [a, b, c] = hessian, det = a * c - b * b;
      let step = [-(c * gradient[0] - b * gradient[1]) / det, -(a * gradient[1] - b * gradient[0]) / det];
      if (-0.5 * dot(gradient, step) < LML_TOLERANCE) {
        return { x: x.map((v, i) => Math.min(Math.max(v + step[i], bounds[i][0]), bounds[i][1])), value, gradient };
      }
      const shorter = Math.min(1, LONGEST_STEP / Math.max(...step.map(Math.abs)));
      step = step.map((v) => v * shorter);
      const at = x.map((v, i) => v + step[i]), next = minimised(at);
      if (!Number.isFinite(next.value)) break;
      const change = next.gradient.map((v, i) => v - gradient[i]);
      if (dot(step, change) > 0) hessian = updated(hessian, step, change);
      else if (next.value >= value) break;
      if (next.value < value) [x, value, gradient] = [at, next.value, next.gradient];
    }
    return live.climb(minimised, x, bounds);
  }

  /**
   * The parameters of the highest likelihood of the last subset.
   * @param {function} likelihood_of a subset -> its likelihood: of two log parameters ->
   *   {lml, gradient}; a second argument `false` spares the gradient
   * @param {Array} subsets positions in the training set, each larger than the one before
   * @param {number[][]} starts log parameters;  @param {number[][]} bounds of `log_bounds`
   * @param {boolean} scan the first start gives way to `peaks`
   * @returns {{params: number[], at_bound: string[]}}
   */
  function maximise(likelihood_of, subsets, starts, bounds, scan = false) {
    let likelihood = likelihood_of(subsets[0]), n = subsets[0].length;
    if (scan) starts = [...peaks(likelihood, starts[0], bounds), ...starts.slice(1)];
    let climbs = starts.map((start) => live.climb(negative(likelihood, bounds), start, bounds));
    for (const subset of subsets.slice(1)) {
      const apart = new Map(climbs.map(({ x }) => [x.map((v) => round(v, 2)).join(), x]));
      const optima = [...apart.values()], smaller = likelihood;
      likelihood = likelihood_of(subset);
      if (optima.length > 1) {
        const values = new Map(optima.map((x) => [x, likelihood(x, false).lml]));
        optima.sort((a, b) => values.get(b) - values.get(a));
      }
      const hessian = curvature(smaller, optima[0]).map((v) => (v * subset.length) / n);
      climbs = [polish(likelihood, optima[0], hessian, bounds)];
      n = subset.length;
    }
    const best = climbs.reduce((a, b) => (b.value < a.value ? b : a));
    if (!Number.isFinite(best.value)) throw new live.Indefinite("kernel matrix indefinite at every parameter tried");
    const near = best.x.map((v, i) => bounds[i].some((edge) => Math.abs(v - edge) < AT_BOUND));
    return {
      params: best.x.map((v) => Math.exp(round(v, 4))),
      at_bound: NAMES.filter((_, i) => near[i]),
    };
  }

  live.Indefinite = class extends Error {};
  live.optimise = { maximise, subset_sizes, log_bounds, negative, peaks, polish, curvature, round };
});

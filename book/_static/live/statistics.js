/** Distributions and tests, to the last digits of a double, as SciPy has them. */
"use strict";
alutils_live.define((live) => {
  /** 1 - Phi(z) for z > 0, by a series below 3 and Lentz's continued fraction above. */
  function upper_tail(z) {
    const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    if (z < 3) {
      let term = z, sum = z;
      for (let k = 3; term > 1e-17 * sum; k += 2) sum += term *= (z * z) / k;
      return 0.5 - density * sum;
    }
    let fraction = z;
    for (let k = 120; k > 0; k--) fraction = z + k / fraction;
    return density / fraction;
  }

  /** Cumulative normal distribution. */
  const norm_cdf = (z) => (z > 0 ? 1 - upper_tail(z) : z < 0 ? upper_tail(-z) : z === 0 ? 0.5 : NaN);

  /** Posterior probability that the latent label lies between two edges, as `acquisition.search`. */
  function probability_in_range(mu, sigma, low, high) {
    return Float64Array.from(mu, (m, i) => {
      const s = Math.max(sigma[i], 1e-9);
      return norm_cdf((high - m) / s) - norm_cdf((low - m) / s);
    });
  }

  /** Logarithm of the gamma function (C. Lanczos; g = 7). */
  function log_gamma(x) {
    const c = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
      -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
      1.5056327351493116e-7];
    if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - log_gamma(1 - x);
    const t = x + 6.5, sum = c.reduce((s, v, k) => s + (k ? v / (x - 1 + k) : v), 0);
    return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
  }

  /** Regularised incomplete beta function (Numerical Recipes, Sec. 6.4). */
  function beta_cdf(x, a, b) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - beta_cdf(1 - x, b, a);
    const front = Math.exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    let c = 1, d = 1 / (1 - ((a + b) * x) / (a + 1)), h = d;
    for (let m = 1; m < 10000; m++) {
      const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 / (1 + even * d);
      c = 1 + even / c;
      h *= d * c;
      const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / (1 + odd * d);
      c = 1 + odd / c;
      h *= d * c;
      if (Math.abs(d * c - 1) < 1e-16) break;
    }
    return (front * h) / a;
  }

  /** The x at which `beta_cdf` is q, by bisection. */
  function beta_ppf(q, a, b) {
    let low = 0, high = 1;
    for (let k = 0; k < 200 && high - low > 1e-16 * high; k++) {
      const middle = (low + high) / 2;
      if (beta_cdf(middle, a, b) < q) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /** Average ranks of all values, and how many share each. */
  function ranked(values) {
    const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
    const ranks = new Float64Array(values.length), ties = [];
    for (let start = 0; start < order.length; ) {
      let stop = start + 1;
      while (stop < order.length && values[order[stop]] === values[order[start]]) stop++;
      for (let k = start; k < stop; k++) ranks[order[k]] = (start + stop + 1) / 2;
      ties.push(stop - start);
      start = stop;
    }
    return { ranks, ties };
  }

  /** P(U >= u) for samples of n1 and n2 without ties: by the numbers of orders with each U. */
  function exact_tail(u, n1, n2) {
    const size = n1 * n2 + 1, counts = new Float64Array(size);
    counts[0] = 1;
    // The generating function is the product of (1 - q^(n2 + k)) / (1 - q^k), k = 1 ... n1.
    for (let k = 1; k <= n1; k++) {
      for (let j = size - 1; j >= n2 + k; j--) counts[j] -= counts[j - n2 - k];
      for (let j = k; j < size; j++) counts[j] += counts[j - k];
    }
    let all = 0, above = 0;
    for (let j = 0; j < size; j++) {
      all += counts[j];
      if (j >= u) above += counts[j];
    }
    return above / all;
  }

  /**
   * Chance that values inside are as much above those outside: the one-sided test of Mann & Whitney,
   * exact for up to 8 in one sample without ties, else with continuity and tie correction.
   * @param {ArrayLike} values (n,);  @param {boolean[]} inside (n,);  @returns {number}
   */
  function mann_whitney(values, inside) {
    const { ranks, ties } = ranked(values), n = values.length;
    const n1 = inside.filter(Boolean).length, n2 = n - n1;
    const u = ranks.reduce((sum, r, i) => (inside[i] ? sum + r : sum), 0) - (n1 * (n1 + 1)) / 2;
    if ((n1 <= 8 || n2 <= 8) && ties.every((t) => t === 1)) return exact_tail(u, Math.min(n1, n2), Math.max(n1, n2));
    const tied = ties.reduce((sum, t) => sum + t ** 3 - t, 0);
    const spread = Math.sqrt(((n1 * n2) / 12) * (n + 1 - tied / (n * (n - 1))));
    return norm_cdf(-(u - (n1 * n2) / 2 - 0.5) / spread);
  }

  /** Linear interpolation, as numpy's: of equal points the last counts. */
  function interp(x, xp, fp) {
    const last = xp.length - 1;
    if (x > xp[last]) return fp[last];
    if (x < xp[0]) return fp[0];
    let j = 0;
    for (let step = 1 << 30; step; step >>= 1) if (j + step <= last && xp[j + step] <= x) j += step;
    if (j === last || xp[j] === x) return fp[j];
    return fp[j] + ((fp[j + 1] - fp[j]) / (xp[j + 1] - xp[j])) * (x - xp[j]);
  }

  /** The q-quantile of (n,) values, linear between them, as numpy's. */
  function quantile(values, q) {
    const sorted = Float64Array.from(values).sort(), at = q * (sorted.length - 1), k = Math.floor(at);
    const a = sorted[k], b = sorted[Math.min(k + 1, sorted.length - 1)], t = at - k;
    return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
  }

  live.statistics = { norm_cdf, probability_in_range, beta_ppf, mann_whitney, interp, quantile };
});

/**
 * Exact Gaussian-process regression with an RBF kernel, as `alutils.model.gp`: Algorithm 2.1 of
 * Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press 2006; "R&W" below).
 *
 * Variances are in the square of the labels' unit, lengths in the unit of the descriptor.
 */
"use strict";
alutils_live.define((live) => {
  const { squared_distances, cholesky, solve, solve_lower, inverse_factor } = live.linear;
  const LEAST_NOISE = 1e-12, MOST_FOR_MEDIAN = 1000, LOG_2PI = Math.log(2 * Math.PI);
  const PAPERS = {
    noise_var: 0.05, n_restarts: 2, initial: [20, 700], bound_factor: 100,
    restart_subset: 500, likelihood_subset: 8000, random_state: 0, n_bits: 0,
  };

  /** K_x in both triangles of an (n, n) matrix, from squared distances. */
  function kernel(D2, n, signal_var, length_scale, noise_var, K) {
    const factor = -0.5 / length_scale ** 2;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) K[i * n + j] = K[j * n + i] = signal_var * Math.exp(D2[i * n + j] * factor);
      K[i * n + i] = signal_var + noise_var;
    }
  }

  /** L, weights and log marginal likelihood, nat (R&W Eq. 2.30); null where K_x has no factor. */
  function posterior(D2, n, y, signal_var, length_scale, noise_var, L = new Float64Array(n * n)) {
    kernel(D2, n, signal_var, length_scale, noise_var, L);
    if (!cholesky(L, n)) return null;
    const weights = solve(L, n, y);
    let lml = -0.5 * n * LOG_2PI;
    for (let i = 0; i < n; i++) lml -= 0.5 * y[i] * weights[i] + Math.log(L[i * n + i]);
    return { L, weights, lml };
  }

  /** sum over i > j of K_ij D2_ij (w_i w_j - (K_x^-1)_ij); K above the diagonal of L, K^-1 = T T^T. */
  function length_trace(D2, L, T, w, n) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      const p = i * n;
      for (let j = 0; j < i; j += 4) {
        const m = Math.min(j + 4, i), q0 = j * n, q1 = q0 + n, q2 = q1 + n, q3 = q2 + n;
        const sums = [0, 0, 0, 0];
        if (m - j === 4) {
          let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
          for (let k = i; k < n; k++) {
            const t = T[p + k];
            s0 += t * T[q0 + k];
            s1 += t * T[q1 + k];
            s2 += t * T[q2 + k];
            s3 += t * T[q3 + k];
          }
          [sums[0], sums[1], sums[2], sums[3]] = [s0, s1, s2, s3];
        } else for (let c = j; c < m; c++) sums[c - j] = live.linear.dot(T, p + i, T, c * n + i, n - i);
        for (let c = j; c < m; c++) total += L[c * n + i] * D2[p + c] * (w[i] * w[c] - sums[c - j]);
      }
    }
    return total;
  }

  /**
   * Log marginal likelihood, nat, and its gradient with respect to the logarithms (R&W Eq. 5.9).
   * @param {Float64Array} D2 (n, n) squared distances;  @param {ArrayLike} y (n,) labels
   * @returns {function} of [log signal_var, log length_scale], with_gradient -> {lml, gradient}
   */
  function likelihood(D2, n, y, noise_var) {
    const L = new Float64Array(n * n);
    let T = null;
    return (log_params, with_gradient = true) => {
      const [signal_var, length_scale] = log_params.map(Math.exp);
      const found = posterior(D2, n, y, signal_var, length_scale, noise_var, L);
      if (!found) return { lml: -Infinity, gradient: [0, 0] };
      if (!with_gradient) return { lml: found.lml };
      const w = found.weights;
      T = inverse_factor(L, n, T || new Float64Array(n * n));
      let trace = 0, explained = 0;
      for (let i = 0; i < n; i++) {
        for (let k = i; k < n; k++) trace += T[i * n + k] ** 2;
        explained += w[i] * (y[i] - noise_var * w[i]);
      }
      const d_signal = 0.5 * (explained - n + noise_var * trace);
      const d_length = length_trace(D2, L, T, w, n) / length_scale ** 2;
      return { lml: found.lml, gradient: [d_signal, d_length] };
    };
  }

  /** Rows and columns of an (n, n) matrix. */
  function part_of(D2, n, rows) {
    const m = rows.length, part = new Float64Array(m * m);
    for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) part[i * m + j] = D2[rows[i] * n + rows[j]];
    return part;
  }

  /** Mean square of the labels and median distance between molecules; 1 for what is zero. */
  function data_start(D2, n, y) {
    const step = Math.ceil(n / MOST_FOR_MEDIAN), found = [];
    for (let i = 0; i < n; i += step) {
      for (let j = i + step; j < n; j += step) if (D2[i * n + j] > 0) found.push(Math.sqrt(D2[i * n + j]));
    }
    const sorted = Float64Array.from(found).sort(), half = sorted.length >> 1;
    const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    let square = 0;
    for (let i = 0; i < n; i++) square += y[i] * y[i];
    return [square / n || 1, sorted.length ? median : 1];
  }

  /** Parameters of maximum likelihood for one noise; throws `Indefinite`. */
  function maximised(D2, n, y, noise_var, options) {
    const random = new live.random.RandomState(options.random_state);
    const initial = options.initial || data_start(D2, n, y);
    const bounds = live.optimise.log_bounds(initial, options.bound_factor);
    const starts = [initial.map(Math.log)];
    for (let k = 0; k < options.n_restarts; k++) starts.push(bounds.map(([low, high]) => random.uniform(low, high)));
    const order = random.permutation(n);
    const subsets = live.optimise
      .subset_sizes(n, options.restart_subset, options.likelihood_subset)
      .map((size) => order.slice(0, size).sort());
    const of = (rows) => rows.length === n
      ? likelihood(D2, n, y, noise_var)
      : likelihood(part_of(D2, n, rows), rows.length, Float64Array.from(rows, (k) => y[k]), noise_var);
    return live.optimise.maximise(of, subsets, starts, bounds, !options.initial);
  }

  /** `fit` from squared distances D2, (n, n); such a model predicts from distances alone. */
  function fit_distances(D2, n, y, options = {}) {
    const all = { ...PAPERS, ...options };
    for (let noise_var = all.noise_var; ; noise_var = 10 * Math.max(noise_var, LEAST_NOISE)) {
      try {
        const { params, at_bound } = maximised(D2, n, y, noise_var, all);
        const model = condition_distances(D2, n, y, { signal_var: params[0], length_scale: params[1], noise_var });
        return { ...model, at_bound, n_bits: all.n_bits };
      } catch (error) {
        if (!(error instanceof live.Indefinite) || noise_var > 1e6) throw error;
      }
    }
  }

  function condition_distances(D2, n, y, { signal_var, length_scale, noise_var }) {
    const found = posterior(D2, n, y, signal_var, length_scale, noise_var);
    if (!found) throw new live.Indefinite(`kernel matrix of ${n} molecules is not positive definite at noise_var=${noise_var}`);
    return { n, y, D2, signal_var, length_scale, noise_var, at_bound: [], ...found };
  }

  /**
   * Maximise the marginal likelihood and factorise K_x.
   * @param {ArrayLike} X (n, d) descriptors, row after row;  @param {ArrayLike} y (n,) labels
   * @param {object} options noise_var, n_restarts, initial ([signal_var, length_scale]; null: from
   *   the data), bound_factor, random_state (an integer), n_bits: as of Python's GaussianProcess
   * @returns {object} a model: signal_var, length_scale, noise_var, lml, at_bound, L, weights, D2
   */
  function fit(X, n, d, y, options = {}) {
    const D2 = squared_distances(X, n, d, null, n, options.n_bits || 0);
    return { ...fit_distances(D2, n, y, options), X, d };
  }

  /** The posterior at given signal_var, length_scale and noise_var; nothing is optimised. */
  function condition(X, n, d, y, params) {
    const D2 = squared_distances(X, n, d, null, n, params.n_bits || 0);
    return { ...condition_distances(D2, n, y, params), X, d, n_bits: params.n_bits || 0 };
  }

  /**
   * Posterior mean and standard deviation of the latent function (R&W Eqs. 2.25 and 2.26).
   * @param {ArrayLike} X (m, d);  @returns {{mu: Float64Array, sigma: Float64Array}} (m,) each
   */
  function predict(model, X) {
    const m = X.length / model.d, { n, L, weights, signal_var } = model;
    const D2 = squared_distances(X, m, model.d, model.X, n, model.n_bits);
    const factor = -0.5 / model.length_scale ** 2, k = new Float64Array(n), v = new Float64Array(n);
    const mu = new Float64Array(m), sigma = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      let mean = 0, variance = signal_var;
      for (let j = 0; j < n; j++) {
        k[j] = signal_var * Math.exp(D2[i * n + j] * factor);
        mean += weights[j] * k[j];
      }
      solve_lower(L, n, k, v);
      for (let j = 0; j < n; j++) variance -= v[j] * v[j];
      mu[i] = mean;
      sigma[i] = Math.sqrt(Math.max(variance, 0));
    }
    return { mu, sigma };
  }

  /**
   * What each training molecule would be predicted if it were not one (R&W Eqs. 5.10 to 5.12).
   * @returns {{mu: Float64Array, sigma: Float64Array}} (n,) each, sigma of the latent function
   */
  function leave_one_out(model) {
    const { n, y, L, weights, noise_var } = model, T = inverse_factor(L, n);
    const mu = new Float64Array(n), sigma = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let diagonal = 0;
      for (let k = i; k < n; k++) diagonal += T[i * n + k] ** 2;
      mu[i] = y[i] - weights[i] / diagonal;
      sigma[i] = Math.sqrt(Math.max(1 / diagonal - noise_var, 1e-12));
    }
    return { mu, sigma };
  }

  live.gp = {
    fit, fit_distances, condition, predict, leave_one_out, likelihood, posterior, data_start, part_of,
  };
});

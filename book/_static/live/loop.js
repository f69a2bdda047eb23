/**
 * The active-learning loop, as alutils/loop.py: fit, measure, pick, move to the training set. Random
 * draws come from the seed, the iteration and what is drawn, with numpy's numbers. Test set and pool
 * are fixed here, the seed draws the first batch.
 */
"use strict";
alutils_live.define((live) => {
  const SPLIT = 0, FIT = 1, PICK = 2; // what a generator is for: part of its seed

  /**
   * The small pool of a page.
   * @param {object} data as of book/builder/fragments/live_loop.py
   * @returns {object} X (n, d) descriptors, the pool's n_pool rows before those of the test set; y
   *   (n,) eV; in_target (n_pool,); and the numbers of data
   */
  function problem_of(data) {
    const d = data.steps.length, bytes = Int8Array.from(atob(data.x), (one) => one.charCodeAt(0));
    const X = Float64Array.from(bytes, (one, at) => one * data.steps[at % d]);
    const y = Float64Array.from(data.y), { low } = data.target;
    const in_target = Array.from(y.subarray(0, data.n_pool), (one) => one > low);
    return { ...data, d, X, y, low, in_target };
  }

  /** Sizes of the batches that take the training set to n_max molecules, all but the last alike. */
  function batch_sizes(n_init, batch_size, n_max) {
    const sizes = [];
    for (let n = n_init; n < n_max; n += sizes[sizes.length - 1]) sizes.push(Math.min(batch_size, n_max - n));
    return sizes;
  }

  /** Some rows of X (n, d). */
  function rows_of(X, d, rows) {
    const part = new Float64Array(rows.length * d);
    rows.forEach((row, i) => part.set(X.subarray(row * d, (row + 1) * d), i * d));
    return part;
  }

  /** Mean absolute error of mu (n_test,) on the test set, eV. */
  function mae(problem, mu) {
    let sum = 0;
    for (let i = 0; i < problem.n_test; i++) sum += Math.abs(problem.y[problem.n_pool + i] - mu[i]);
    return sum / problem.n_test;
  }

  /** The first batch of a seed, n_init rows of the pool. */
  const first_batch = (problem, seed) => Array.from(
    live.random.default_rng([seed, SPLIT]).permutation(problem.n_pool).slice(0, problem.n_init));

  /** The model of one iteration, and what it predicts for all molecules, those of the test set last. */
  function fitted(problem, labelled, { noise_var, seed }, iteration) {
    const { X, d, y } = problem;
    const model = live.gp.fit(
      rows_of(X, d, labelled), labelled.length, d, Float64Array.from(labelled, (row) => y[row]),
      { noise_var, random_state: live.random.default_rng([seed, FIT, iteration]).integers(2 ** 32) });
    return { model, ...live.gp.predict(model, X) };
  }

  /**
   * Run the loop, an iteration at a time.
   * @param {object} problem of `problem_of`
   * @param {object} settings strategy, noise_var (eV^2), batch_size, seed
   * @yields {object} iteration, n_train, labelled (rows, in their order), batch (rows, empty at the
   *   end), mu and sigma (n_pool,) eV, mae_ev, n_found, found_share, and the model's parameters
   */
  function* steps(problem, settings) {
    const { n_pool, in_target } = problem, n_target = in_target.filter(Boolean).length;
    const sizes = batch_sizes(problem.n_init, settings.batch_size, problem.n_max);
    const labelled = first_batch(problem, settings.seed);
    for (let iteration = 0; iteration <= sizes.length; iteration++) {
      const { model, mu, sigma } = fitted(problem, labelled, settings, iteration);
      const known = new Set(labelled), heldout = [...in_target.keys()].filter((row) => !known.has(row));
      const at = (values) => Float64Array.from(heldout, (row) => values[row]);
      const view = { X: problem.X, d: problem.d, heldout, mu: at(mu), sigma: at(sigma), low: problem.low };
      let batch = [];
      if (iteration < sizes.length) {
        const rng = live.random.default_rng([settings.seed, PICK, iteration]);
        const picks = live.strategies.STRATEGIES[settings.strategy](view, sizes[iteration], rng);
        batch = picks.map((position) => heldout[position]);
      }
      const n_found = labelled.filter((row) => in_target[row]).length;
      yield {
        iteration, n_train: labelled.length, labelled: labelled.slice(), batch,
        mu: mu.slice(0, n_pool), sigma: sigma.slice(0, n_pool),
        mae_ev: mae(problem, mu.subarray(n_pool)), n_found, found_share: n_found / n_target,
        signal_var: model.signal_var, length_scale: model.length_scale, noise_var_used: model.noise_var,
      };
      labelled.push(...batch);
    }
  }

  /** Learning curves alone: n_train, mae_ev and found_share, (T,) each. */
  function curve(problem, settings) {
    const rows = [...steps(problem, settings)];
    const column = (name) => rows.map((row) => row[name]);
    return { n_train: column("n_train"), mae_ev: column("mae_ev"), found_share: column("found_share") };
  }

  /** Mean and standard deviation (n - 1) at each point of several curves (T,). */
  function mean_and_std(curves) {
    const n = curves.length, points = [...curves[0].keys()];
    const mean = points.map((t) => curves.reduce((sum, one) => sum + one[t], 0) / n);
    const square = points.map((t) => curves.reduce((sum, one) => sum + (one[t] - mean[t]) ** 2, 0));
    return { mean, std: square.map((sum) => (n > 1 ? Math.sqrt(sum / (n - 1)) : 0)) };
  }

  live.loop = { problem_of, batch_sizes, steps, curve, mean_and_std };
});

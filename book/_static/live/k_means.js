/**
 * The clustering behind strategies C and D: scikit-learn's KMeans, Lloyd's from one k-means++, with
 * its random numbers, so that the same seed gives the same clusters.
 */
"use strict";
alutils_live.define((live) => {
  const LLOYD_ITERATIONS = 25, TOLERANCE = 1e-4;
  const DIGITS = 1e9; // ties of distances are to 1e-9, by position

  const total = (values) => values.reduce((sum, value) => sum + value, 0);

  /** Rows of Z (m, d) less their mean. */
  function centred(Z, d) {
    const m = Z.length / d, mean = new Float64Array(d);
    Z.forEach((value, at) => { mean[at % d] += value / m; });
    return Z.map((value, at) => value - mean[at % d]);
  }

  /** Squared distances (m,) of the rows of Z (m, d) to the row `at` of others. */
  function distances_to(Z, d, others, at) {
    const D2 = new Float64Array(Z.length / d);
    for (let i = 0; i < D2.length; i++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (Z[i * d + k] - others[at * d + k]) ** 2;
      D2[i] = sum;
    }
    return D2;
  }

  /** The first position at which the cumulated values reach `aim`, or with `beyond` pass it. */
  function reached(values, aim, beyond = false) {
    let sum = 0;
    const at = values.findIndex((value) => {
      sum += value;
      return beyond ? sum > aim : sum >= aim;
    });
    return at < 0 ? values.length - 1 : at;
  }

  /**
   * k-means++, for each centre the best of a few candidates.
   * @param {Float64Array} Z (m, d);  @param {number} k centres;  @param random a RandomState
   * @returns {Float64Array} (k, d)
   */
  function first_centres(Z, d, k, random) {
    const m = Z.length / d, centres = new Float64Array(k * d);
    const n_trials = 2 + Math.floor(Math.log(k));
    let row = reached(new Float64Array(m).fill(1 / m), random.random(), true);
    let nearest = distances_to(Z, d, Z, row);
    for (let c = 0; ; c++) {
      centres.set(Z.subarray(row * d, (row + 1) * d), c * d);
      if (c === k - 1) return centres;
      const all = total(nearest);
      let least = Infinity, next = null;
      for (const aim of Array.from({ length: n_trials }, () => random.random() * all)) {
        const tried = reached(nearest, aim), apart = distances_to(Z, d, Z, tried);
        const left = apart.map((one, i) => Math.min(one, nearest[i])), potential = total(left);
        if (potential < least) [least, next, row] = [potential, left, tried];
      }
      nearest = next;
    }
  }

  /** Labels (m,) become those of the nearest of the centres (k, d): true where one has changed. */
  function assign(Z, d, centres, labels) {
    const least = new Float64Array(labels.length).fill(Infinity), before = labels.slice();
    for (let c = 0; c * d < centres.length; c++) {
      distances_to(Z, d, centres, c).forEach((apart, i) => {
        if (apart < least[i]) [least[i], labels[i]] = [apart, c];
      });
    }
    return labels.some((c, i) => c !== before[i]);
  }

  /** Centres move to the means of their members, in place; returns their squared steps, added. */
  function move(Z, d, centres, labels) {
    const sums = new Float64Array(centres.length), counts = new Float64Array(centres.length / d);
    labels.forEach((c, i) => {
      counts[c] += 1;
      for (let j = 0; j < d; j++) sums[c * d + j] += Z[i * d + j];
    });
    let moved = 0;
    for (let j = 0; j < sums.length; j++) {
      const count = counts[Math.floor(j / d)];
      const next = count ? sums[j] / count : centres[j]; // one without members stays where it is
      moved += (next - centres[j]) ** 2;
      centres[j] = next;
    }
    return moved;
  }

  /**
   * Of each cluster the member nearest to its centre; ties by position.
   * @param {Float64Array} points (m, d);  @param {number} k clusters;  @param {number} seed
   * @returns {number[]} rows of the points, one for each cluster that has members
   */
  function cluster_members(points, d, k, seed) {
    const Z = centred(points, d), labels = new Int32Array(Z.length / d).fill(-1);
    const centres = first_centres(Z, d, k, new live.random.RandomState(seed));
    const enough = (TOLERANCE * total(Z.map((value) => value * value))) / Z.length;
    let same = false;
    for (let t = 0, moved = Infinity; t < LLOYD_ITERATIONS && !same && moved > enough; t++) {
      same = !assign(Z, d, centres, labels);
      moved = move(Z, d, centres, labels);
    }
    if (!same) assign(Z, d, centres, labels);
    const found = new Array(k).fill(null);
    for (let c = 0; c < k; c++) {
      distances_to(Z, d, centres, c).forEach((D2, i) => {
        const apart = Math.round(Math.sqrt(D2) * DIGITS);
        if (labels[i] === c && !(found[c]?.apart <= apart)) found[c] = { i, apart };
      });
    }
    return found.filter(Boolean).map((one) => one.i);
  }

  live.k_means = { cluster_members };
});

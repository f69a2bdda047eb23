/**
 * The noise that the labels call for, as `alutils.model.noise`, by a shorter way.
 *
 * Python fits each noise by itself. Here the kernel matrix of one length scale is brought to
 * tridiagonal form once (G. H. Golub & C. F. Van Loan, Matrix Computations, Sec. 8.3): the likelihood
 * of every noise and signal variance is then a sum over n.
 */
"use strict";
alutils_live.define((live) => {
  const LOG_2PI = Math.log(2 * Math.PI), TIE = 1e-3, POINTS = 80, COARSE = 5, LARGEST = 300, NOTHING = 1e-100;

  /** Householder's vector of column k, from row k + 1 on, into v; returns its factor and the new entry. */
  function reflector(A, n, k, v) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += (v[i] = A[i * n + k]) ** 2;
    norm = Math.sqrt(norm);
    if (norm < NOTHING) return { beta: 0, entry: A[(k + 1) * n + k] };
    const entry = v[k + 1] > 0 ? -norm : norm;
    v[k + 1] -= entry;
    let square = 0;
    for (let i = k + 1; i < n; i++) square += v[i] * v[i];
    return { beta: 2 / square, entry };
  }

  /** p += A v from row and column `start` on, by the lower triangle, two rows at a time. */
  function symmetric_product(A, n, start, v, p) {
    let i = start;
    for (; i + 1 < n; i += 2) {
      const r = i * n, s = r + n, vi = v[i], vj = v[i + 1], edge = A[s + i];
      let first = A[r + i] * vi + edge * vj, second = edge * vi + A[s + i + 1] * vj;
      for (let j = start; j < i; j++) {
        const a = A[r + j], b = A[s + j], w = v[j];
        first += a * w;
        second += b * w;
        p[j] += a * vi + b * vj;
      }
      p[i] += first;
      p[i + 1] += second;
    }
    if (i < n) {
      for (let j = start; j < i; j++) {
        p[i] += A[i * n + j] * v[j];
        p[j] += A[i * n + j] * v[i];
      }
      p[i] += A[i * n + i] * v[i];
    }
  }

  /** A -= v p^T + p v^T from row and column `start` on, in the lower triangle. */
  function rank_two(A, n, start, v, p) {
    let i = start;
    for (; i + 1 < n; i += 2) {
      const r = i * n, s = r + n, vi = v[i], vj = v[i + 1], pi = p[i], pj = p[i + 1];
      for (let j = start; j <= i; j++) {
        const w = v[j], q = p[j];
        A[r + j] -= vi * q + pi * w;
        A[s + j] -= vj * q + pj * w;
      }
      A[s + i + 1] -= 2 * vj * pj;
    }
    if (i < n) for (let j = start; j <= i; j++) A[i * n + j] -= v[i] * p[j] + p[i] * v[j];
  }

  /** A symmetric (n, n) matrix, overwritten, as Q T Q^T; returns the two diagonals of T, and Q^T y. */
  function tridiagonal(A, n, y) {
    const a = new Float64Array(n), b = new Float64Array(n), z = Float64Array.from(y);
    const v = new Float64Array(n), p = new Float64Array(n);
    for (let k = 0; k < n - 1; k++) {
      a[k] = A[k * n + k];
      const { beta, entry } = reflector(A, n, k, v);
      b[k] = entry;
      if (!beta) continue;
      p.fill(0);
      symmetric_product(A, n, k + 1, v, p);
      let inner = 0, along = 0;
      for (let i = k + 1; i < n; i++) {
        inner += p[i] * v[i];
        along += z[i] * v[i];
      }
      for (let i = k + 1; i < n; i++) {
        p[i] = beta * (p[i] - 0.5 * beta * inner * v[i]);
        z[i] -= beta * along * v[i];
      }
      rank_two(A, n, k + 1, v, p);
    }
    a[n - 1] = A[n * n - 1];
    return { a, b, z };
  }

  /** Log marginal likelihood, nat, of signal_var T + noise_var; -infinity where it is indefinite. */
  function lml_of({ a, b, z }, signal_var, noise_var) {
    const n = a.length;
    let pivot = 0, carried = 0, lml = -0.5 * n * LOG_2PI;
    for (let i = 0; i < n; i++) {
      const below = i ? signal_var * b[i - 1] : 0, factor = i ? below / pivot : 0;
      pivot = signal_var * a[i] + noise_var - factor * below;
      if (!(pivot > 0)) return -Infinity;
      carried = z[i] - factor * carried;
      lml -= 0.5 * (Math.log(pivot) + (carried * carried) / pivot);
    }
    return Number.isNaN(lml) ? -Infinity : lml;
  }

  /** The highest value of a function of one number between two, in steps and then by thirds. */
  function highest(of, low, high) {
    const steps = 24, h = (high - low) / steps;
    let best = 0, value = -Infinity;
    for (let k = 0; k <= steps; k++) {
      const here = of(low + k * h);
      if (here > value) [best, value] = [k, here];
    }
    let [from, to] = [low + Math.max(best - 1, 0) * h, low + Math.min(best + 1, steps) * h];
    const golden = (Math.sqrt(5) - 1) / 2;
    for (let k = 0; k < 24; k++) {
      const c = to - golden * (to - from), d = from + golden * (to - from);
      if (of(c) >= of(d)) to = d;
      else from = c;
    }
    const at = (from + to) / 2;
    return { at, value: Math.max(of(at), value) };
  }

  /** A function of a step k of the logarithm of the length scale, and a noise -> {value, x}. */
  function profiles(D2, n, y, bounds) {
    const kept = new Map(), [low, high] = bounds[1];
    return (k, noise_var) => {
      const length = low + ((high - low) * k) / POINTS;
      if (!kept.has(k)) {
        const factor = -0.5 / Math.exp(2 * length);
        kept.set(k, { T: tridiagonal(D2.map((d) => Math.exp(d * factor)), n, y), found: new Map() });
        if (live.progress) live.progress({ what: "noise", step: kept.size });
      }
      const { T, found } = kept.get(k);
      if (!found.has(noise_var)) {
        const best = highest((s) => lml_of(T, Math.exp(s), noise_var), ...bounds[0]);
        found.set(noise_var, { value: best.value, x: [best.at, length] });
      }
      return found.get(noise_var);
    };
  }

  /** The top of the parabola of fourth order through five equidistant values around the middle one. */
  function top(values) {
    const [a, b, c, d, e] = values;
    const p = (t) => c + t * ((a - 8 * b + 8 * d - e) / 12 + t * ((-a + 16 * b - 30 * c + 16 * d - e) / 24
      + t * ((-a + 2 * b - 2 * d + e) / 12 + (t * (a - 4 * b + 6 * c - 4 * d + e)) / 24)));
    return highest(p, -1, 1).value;
  }

  /** The highest likelihood at one noise, and about where: {lml, x}. */
  function peak(profile, noise_var) {
    let best = 0;
    for (let k = 0; k <= POINTS; k += COARSE) if (profile(k, noise_var).value > profile(best, noise_var).value) best = k;
    for (let step = 2; step; step = step > 1 ? 1 : 0) {
      for (let moved = true; moved; ) {
        moved = false;
        for (const k of [best - step, best + step]) {
          if (k < 0 || k > POINTS || profile(k, noise_var).value <= profile(best, noise_var).value) continue;
          [best, moved] = [k, true];
          break;
        }
      }
    }
    const { value, x } = profile(best, noise_var);
    if (best < 2 || best > POINTS - 2 || !Number.isFinite(value)) return { lml: value, x };
    const around = [-2, -1, 0, 1, 2].map((k) => profile(best + k, noise_var).value);
    return { lml: around.every(Number.isFinite) ? Math.max(value, top(around)) : value, x };
  }

  /** The first noise whose likelihood is the highest but for rounding. */
  function first_best(noises, lml) {
    const most = Math.max(...lml);
    return noises[lml.findIndex((v) => v >= most - TIE)];
  }

  /**
   * The lml of some noises on all molecules: downhill on both sides of each peak that a part has.
   * @param {object} part D2, y and n of the part;  @param {object} all the same of all
   * @param {object[]} peaks of the part, for each noise
   */
  function on_all(part, all, bounds, noises, peaks) {
    const lml = noises.map(() => -Infinity), of_part = peaks.map((p) => p.lml);
    const climbed = (k) => {
      if (live.progress) live.progress({ what: "noise on all", step: k });
      const hessian = live.optimise
        .curvature(live.gp.likelihood(part.D2, part.n, part.y, noises[k]), peaks[k].x)
        .map((v) => (v * all.n) / part.n);
      const likelihood = live.gp.likelihood(all.D2, all.n, all.y, noises[k]);
      return (lml[k] = -live.optimise.polish(likelihood, peaks[k].x, hessian, bounds).value);
    };
    const tops = noises.map((_, k) => k).filter((k) =>
      of_part[k] >= (of_part[k - 1] ?? -Infinity) && of_part[k] > (of_part[k + 1] ?? -Infinity));
    for (const start of tops) {
      let most = lml[start] > -Infinity ? lml[start] : climbed(start);
      for (const way of [-1, 1]) {
        for (let k = start + way; k >= 0 && k < noises.length && lml[k] === -Infinity; k += way) {
          if (climbed(k) < most - TIE) break;
          most = Math.max(most, lml[k]);
        }
      }
    }
    return lml;
  }

  /**
   * The noise variance under which the labels have the highest marginal likelihood.
   * @param {Float64Array} D2 (n, n) squared distances;  @param {ArrayLike} y (n,) labels
   * @param {number[]} noises candidates;  @param {number[]} [initial] as of `gp.fit`
   * @returns {{noise_var: number, lml: number[]}}
   */
  function most_likely_noise(D2, n, y, noises, initial = null) {
    const bounds = live.optimise.log_bounds(initial || live.gp.data_start(D2, n, y), 100);
    const all = { D2, y, n };
    let part = all;
    if (n > LARGEST) {
      const rows = new live.random.RandomState(0).permutation(n).slice(0, LARGEST).sort();
      part = { D2: live.gp.part_of(D2, n, rows), y: Float64Array.from(rows, (k) => y[k]), n: LARGEST };
    }
    const profile = profiles(part.D2, part.n, part.y, bounds);
    const peaks = noises.map((noise_var) => peak(profile, noise_var));
    const lml = n > LARGEST ? on_all(part, all, bounds, noises, peaks) : peaks.map((p) => p.lml);
    return { noise_var: first_best(noises, lml), lml };
  }

  live.noise = { most_likely_noise };
});

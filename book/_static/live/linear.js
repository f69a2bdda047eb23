/** Linear algebra of the Gaussian process: matrices of n rows are Float64Array, row after row. */
"use strict";
alutils_live.define((live) => {
  /** Bits, the last `n_bits` of d columns, packed 32 to a word. Returns {words, sizes, width}. */
  function packed(X, n, d, n_bits) {
    const width = Math.ceil(n_bits / 32), first = d - n_bits;
    const words = new Int32Array(n * width), sizes = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n_bits; k++) {
        if (!X[i * d + first + k]) continue;
        words[i * width + (k >> 5)] |= 1 << (k & 31);
        sizes[i] += 1;
      }
    }
    return { words, sizes, width };
  }

  function popcount(v) {
    v -= (v >>> 1) & 0x55555555;
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }

  /** 2 (1 - T), T being Tanimoto's similarity of row i of a and row j of b. */
  function tanimoto_distance(a, i, b, j) {
    let shared = 0;
    for (let w = 0, p = i * a.width, q = j * b.width; w < a.width; w++) {
      shared += popcount(a.words[p + w] & b.words[q + w]);
    }
    const either = a.sizes[i] + b.sizes[j] - shared;
    return (2 * (either - shared)) / Math.max(either, 1);
  }

  /**
   * Squared distances between rows: Euclidean, and by Tanimoto for the bits of a fingerprint.
   * @param {ArrayLike} A (n, d);  @param {ArrayLike} [B] (m, d), else A itself
   * @param {number} n_bits so many of the last columns are bits, 0 or 1
   * @returns {Float64Array} (n, m)
   */
  function squared_distances(A, n, d, B = null, m = n, n_bits = 0) {
    const other = B || A, plain = d - n_bits, D2 = new Float64Array(n * m);
    const a = n_bits ? packed(A, n, d, n_bits) : null;
    const b = n_bits && B ? packed(B, m, d, n_bits) : a;
    for (let i = 0; i < n; i++) {
      for (let j = B ? 0 : i + 1; j < m; j++) {
        let sum = 0;
        for (let k = 0; k < plain; k++) {
          const step = A[i * d + k] - other[j * d + k];
          sum += step * step;
        }
        if (n_bits) sum += tanimoto_distance(a, i, b, j);
        D2[i * m + j] = sum;
        if (!B) D2[j * m + i] = sum;
      }
    }
    return D2;
  }

  // Scalar product of a[p..] and b[q..], of some entries.
  function dot(a, p, b, q, length) {
    let s0 = 0, s1 = 0, k = 0;
    for (; k + 1 < length; k += 2) {
      s0 += a[p + k] * b[q + k];
      s1 += a[p + k + 1] * b[q + k + 1];
    }
    return k < length ? s0 + s1 + a[p + k] * b[q + k] : s0 + s1;
  }

  /** Rows i to i + 3 of L, up to column `stop`: four scalar products for each row that is read. */
  function four_rows(L, n, i, stop) {
    const p0 = i * n, p1 = p0 + n, p2 = p1 + n, p3 = p2 + n;
    for (let j = 0; j < stop; j++) {
      const q = j * n, pivot = 1 / L[q + j];
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = 0; k < j; k++) {
        const l = L[q + k];
        s0 += L[p0 + k] * l;
        s1 += L[p1 + k] * l;
        s2 += L[p2 + k] * l;
        s3 += L[p3 + k] * l;
      }
      L[p0 + j] = (L[p0 + j] - s0) * pivot;
      L[p1 + j] = (L[p1 + j] - s1) * pivot;
      L[p2 + j] = (L[p2 + j] - s2) * pivot;
      L[p3 + j] = (L[p3 + j] - s3) * pivot;
    }
  }

  /**
   * Cholesky factor of a symmetric (n, n) matrix, in place: the lower triangle becomes L.
   * @returns {boolean} false where it is not positive definite
   */
  function cholesky(K, n) {
    for (let i = 0; i < n; i += 4) {
      const stop = Math.min(i + 4, n), done = stop - i === 4 ? i : 0;
      if (done) four_rows(K, n, i, done);
      for (let r = i; r < stop; r++) {
        for (let j = done; j <= r; j++) {
          const left = K[r * n + j] - dot(K, r * n, K, j * n, j);
          if (j < r) K[r * n + j] = left / K[j * n + j];
          else if (left > 0) K[r * n + r] = Math.sqrt(left);
          else return false;
        }
      }
    }
    return true;
  }

  /** L x = b;  b : (n,);  returns x, (n,). */
  function solve_lower(L, n, b, x = new Float64Array(n)) {
    for (let i = 0; i < n; i++) x[i] = (b[i] - dot(L, i * n, x, 0, i)) / L[i * n + i];
    return x;
  }

  /** (L L^T) x = b;  b : (n,);  returns x, (n,). */
  function solve(L, n, b) {
    const x = solve_lower(L, n, b);
    for (let i = n - 1; i >= 0; i--) {
      x[i] /= L[i * n + i];
      for (let j = 0; j < i; j++) x[j] -= L[i * n + j] * x[i];
    }
    return x;
  }

  /** Columns j to j + 3 of L^-1 as rows of T, from the row `start` of L on. */
  function four_columns(L, T, n, j, start) {
    const p0 = j * n, p1 = p0 + n, p2 = p1 + n, p3 = p2 + n;
    for (let k = start; k < n; k++) {
      const q = k * n, pivot = -1 / L[q + k];
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let l = j; l < k; l++) {
        const entry = L[q + l];
        s0 += entry * T[p0 + l];
        s1 += entry * T[p1 + l];
        s2 += entry * T[p2 + l];
        s3 += entry * T[p3 + l];
      }
      T[p0 + k] = s0 * pivot;
      T[p1 + k] = s1 * pivot;
      T[p2 + k] = s2 * pivot;
      T[p3 + k] = s3 * pivot;
    }
  }

  /**
   * The transpose of L^-1, an upper triangle: K^-1 = T T^T.
   * @param {Float64Array} L (n, n);  @param {Float64Array} [T] (n, n), zeros below the diagonal
   * @returns {Float64Array} (n, n)
   */
  function inverse_factor(L, n, T = new Float64Array(n * n)) {
    for (let j = 0; j < n; j += 4) {
      const stop = Math.min(j + 4, n), together = stop - j === 4;
      for (let c = j; c < stop; c++) {
        T[c * n + c] = 1 / L[c * n + c];
        for (let k = c + 1; k < (together ? stop : n); k++) {
          T[c * n + k] = -dot(L, k * n + c, T, c * n + c, k - c) / L[k * n + k];
        }
      }
      if (together) four_columns(L, T, n, j, stop);
    }
    return T;
  }

  live.linear = {
    squared_distances, cholesky, solve, solve_lower, inverse_factor, dot, tanimoto_distance, packed,
  };
});

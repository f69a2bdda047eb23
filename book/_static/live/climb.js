/**
 * The climb to a maximum of two parameters within bounds: L-BFGS-B (R. H. Byrd et al., SIAM J. Sci.
 * Comput. 16, 1190 (1995); version 3.0), step for step as SciPy's, with a matrix of 2 x 2 in place
 * of its compact form.
 */
"use strict";
alutils_live.define((live) => {
  const MEMORY = 10, F_TOLERANCE = 2.220446049250313e-9, G_TOLERANCE = 1e-5, MOST_ITERATIONS = 15000;
  const EPSILON = 2 ** -52;
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
  const times = (B, v) => [B[0] * v[0] + B[1] * v[1], B[1] * v[0] + B[2] * v[1]];
  const clip = (v, low, high) => Math.min(Math.max(v, low), high);

  /** BFGS: a Hessian [xx, xy, yy] that maps this step to this change of the gradient. */
  function updated(B, step, change) {
    const ahead = times(B, step), a = dot(step, ahead), c = dot(step, change);
    const entry = (i, j) => (change[i] * change[j]) / c - (ahead[i] * ahead[j]) / a;
    return [B[0] + entry(0, 0), B[1] + entry(0, 1), B[2] + entry(1, 1)];
  }

  function model_hessian(memory) {
    if (!memory.length) return [1, 0, 1];
    const { step, change } = memory[memory.length - 1];
    const theta = dot(change, change) / dot(step, change);
    return memory.reduce((B, pair) => updated(B, pair.step, pair.change), [theta, 0, theta]);
  }

  /** The largest part of the gradient that does not lead out of the bounds. */
  function projected(x, g, bounds) {
    return Math.max(...g.map((gi, i) =>
      Math.abs(gi < 0 ? Math.max(x[i] - bounds[i][1], gi) : Math.min(x[i] - bounds[i][0], gi))));
  }

  /** The first minimum of the quadratic model along the projected gradient, and who is free there. */
  function cauchy_point(x, g, B, bounds) {
    const z = [0, 0], point = x.slice();
    const d = g.map((gi, i) => ((gi < 0 && x[i] >= bounds[i][1]) || (gi > 0 && x[i] <= bounds[i][0]) ? 0 : -gi));
    const ends = d.map((di, i) => (di === 0 ? Infinity : (bounds[i][di < 0 ? 0 : 1] - x[i]) / di));
    const free = d.map((di, i) => di !== 0 || g[i] === 0);
    let last = 0;
    for (const i of ends[0] <= ends[1] ? [0, 1, -1] : [1, 0, -1]) {
      const slope = dot(g, d) + dot(d, times(B, z)), bend = dot(d, times(B, d));
      if (d[0] === 0 && d[1] === 0) break;
      const best = Math.max(-slope / bend, 0), room = i < 0 ? Infinity : ends[i] - last;
      const step = Math.min(best, room);
      for (const k of [0, 1]) {
        z[k] += step * d[k];
        point[k] = x[k] + z[k];
      }
      if (best < room) break;
      point[i] = bounds[i][d[i] < 0 ? 0 : 1];
      z[i] = point[i] - x[i];
      d[i] = 0;
      free[i] = false;
      last = ends[i];
    }
    return { point, free };
  }

  /** The minimum of the model over the free parameters, from the Cauchy point, within the bounds. */
  function subspace_minimum(x, g, B, bounds, { point, free }) {
    const slope = times(B, [point[0] - x[0], point[1] - x[1]]).map((v, i) => v + g[i]);
    let d = [0, 0];
    if (free[0] && free[1]) {
      const det = B[0] * B[2] - B[1] * B[1];
      d = [-(B[2] * slope[0] - B[1] * slope[1]) / det, -(B[0] * slope[1] - B[1] * slope[0]) / det];
    } else if (free[0]) d[0] = -slope[0] / B[0];
    else if (free[1]) d[1] = -slope[1] / B[2];
    const end = point.map((p, i) => (free[i] ? clip(p + d[i], ...bounds[i]) : p));
    const hit = end.some((e, i) => free[i] && (e === bounds[i][0] || e === bounds[i][1]));
    if (!hit || dot(end.map((e, i) => e - x[i]), g) <= 0) return end;
    const rooms = d.map((di, i) => (di === 0 ? Infinity : (bounds[i][di < 0 ? 0 : 1] - point[i]) / di));
    const step = Math.min(1, ...rooms);
    return point.map((p, i) => (rooms[i] === step ? bounds[i][d[i] < 0 ? 0 : 1] : p + step * d[i]));
  }

  /** How long a step d from x may be within the bounds. */
  const longest = (x, d, bounds) => Math.min(1e10, ...d.map((di, i) =>
    di === 0 ? Infinity : Math.max(bounds[i][di < 0 ? 0 : 1] - x[i], di < 0 ? -Infinity : 0) / di));

  /**
   * The minimum that a climb from a start arrives at.
   * @param {function} minimised of [a, b] -> {value, gradient}
   * @param {number[]} start;  @param {number[][]} bounds [[low, high], [low, high]]
   * @returns {{x: number[], value: number, gradient: number[]}}
   */
  function climb(minimised, start, bounds) {
    let x = start.map((s, i) => clip(s, ...bounds[i])), memory = [];
    let { value, gradient } = minimised(x);
    if (projected(x, gradient, bounds) <= G_TOLERANCE) return { x, value, gradient };
    for (let iteration = 0; iteration < MOST_ITERATIONS; ) {
      const B = model_hessian(memory), cauchy = cauchy_point(x, gradient, B, bounds);
      const end = memory.length && (cauchy.free[0] || cauchy.free[1])
        ? subspace_minimum(x, gradient, B, bounds, cauchy) : cauchy.point;
      const d = end.map((e, i) => e - x[i]), slope = dot(gradient, d), from = x;
      const along = (step) => {
        const at = step === 1 ? end : from.map((v, i) => clip(v + step * d[i], ...bounds[i]));
        const found = minimised(at);
        return { x: at, value: found.value, gradient: found.gradient, slope: dot(found.gradient, d) };
      };
      const found = slope < 0 && live.line_search(along, value, slope, iteration ? longest(x, d, bounds) : 1);
      if (!found) {
        if (!memory.length) break;
        memory = [];
        continue;
      }
      iteration += 1;
      const step = d.map((v) => v * found.step), change = found.gradient.map((v, i) => v - gradient[i]);
      const fell = value - found.value, scale = Math.max(Math.abs(value), Math.abs(found.value), 1);
      ({ x, value, gradient } = found);
      if (projected(x, gradient, bounds) <= G_TOLERANCE || fell <= F_TOLERANCE * scale) break;
      if (dot(change, step) > EPSILON * -slope * found.step) memory = [...memory, { step, change }].slice(-MEMORY);
    }
    return { x, value, gradient };
  }

  live.climb = climb;
  live.bfgs = { updated, dot, times };
});

/** The line search of L-BFGS-B: J. J. More & D. J. Thuente, ACM Trans. Math. Softw. 20, 286 (1994). */
"use strict";
alutils_live.define((live) => {
  const FTOL = 1e-3, GTOL = 0.9, XTOL = 0.1, MOST_STEPS = 20;

  /** gamma of the cubic through two points with slopes, and its theta. */
  function cubic(fx, dx, fp, dp, step) {
    const theta = (3 * (fx - fp)) / step + dx + dp;
    const s = Math.max(Math.abs(theta), Math.abs(dx), Math.abs(dp));
    const square = (theta / s) ** 2 - (dx / s) * (dp / s);
    return [theta, s, square];
  }

  /** A safeguarded step from the interval between best (stx) and other end (sty). */
  function next_step(at, stp, fp, dp, stpmin, stpmax) {
    const { stx, fx, dx, sty, fy, dy } = at, opposite = Math.sign(dp) * Math.sign(dx) < 0;
    let stpf;
    if (fp > fx) {
      const [theta, s, square] = cubic(fx, dx, fp, dp, stp - stx);
      const gamma = s * Math.sqrt(square) * (stp < stx ? -1 : 1);
      const c = stx + ((gamma - dx + theta) / (gamma - dx + gamma + dp)) * (stp - stx);
      const q = stx + (dx / ((fx - fp) / (stp - stx) + dx) / 2) * (stp - stx);
      stpf = Math.abs(c - stx) <= Math.abs(q - stx) ? c : c + (q - c) / 2;
      at.brackt = true;
    } else if (opposite) {
      const [theta, s, square] = cubic(fx, dx, fp, dp, stp - stx);
      const gamma = s * Math.sqrt(square) * (stp > stx ? -1 : 1);
      const c = stp + ((gamma - dp + theta) / (gamma - dp + gamma + dx)) * (stx - stp);
      const q = stp + (dp / (dp - dx)) * (stx - stp);
      stpf = Math.abs(c - stp) > Math.abs(q - stp) ? c : q;
      at.brackt = true;
    } else if (Math.abs(dp) < Math.abs(dx)) {
      stpf = falling_slope(at, stp, fp, dp, stpmin, stpmax);
    } else if (at.brackt) {
      const [theta, s, square] = cubic(fp, dp, fy, dy, sty - stp);
      const gamma = s * Math.sqrt(square) * (stp > sty ? -1 : 1);
      stpf = stp + ((gamma - dp + theta) / (gamma - dp + gamma + dy)) * (sty - stp);
    } else {
      stpf = stp > stx ? stpmax : stpmin;
    }
    if (fp > fx) Object.assign(at, { sty: stp, fy: fp, dy: dp });
    else {
      if (opposite) Object.assign(at, { sty: stx, fy: fx, dy: dx });
      Object.assign(at, { stx: stp, fx: fp, dx: dp });
    }
    return stpf;
  }

  /** The third case of `next_step`: lower, slopes of one sign, the new one flatter. */
  function falling_slope(at, stp, fp, dp, stpmin, stpmax) {
    const { stx, fx, dx, sty } = at, [theta, s, square] = cubic(fx, dx, fp, dp, stp - stx);
    const gamma = s * Math.sqrt(Math.max(0, square)) * (stp > stx ? -1 : 1);
    const r = (gamma - dp + theta) / (gamma + (dx - dp) + gamma);
    let c = stp > stx ? stpmax : stpmin;
    if (r < 0 && gamma !== 0) c = stp + r * (stx - stp);
    const q = stp + (dp / (dp - dx)) * (stx - stp);
    if (at.brackt) {
      const near = Math.abs(c - stp) < Math.abs(q - stp) ? c : q, edge = stp + 0.66 * (sty - stp);
      return stp > stx ? Math.min(edge, near) : Math.max(edge, near);
    }
    return Math.min(Math.max(Math.abs(c - stp) > Math.abs(q - stp) ? c : q, stpmin), stpmax);
  }

  /** `next_step` by the modified function, in the first stage, where the decrease is too small. */
  function modified_step(at, stp, f, g, gtest, stpmax) {
    const low = {
      ...at, fx: at.fx - at.stx * gtest, dx: at.dx - gtest, fy: at.fy - at.sty * gtest, dy: at.dy - gtest,
    };
    const next = next_step(low, stp, f - stp * gtest, g - gtest, at.stmin, at.stmax);
    Object.assign(at, low, {
      fx: low.fx + low.stx * gtest, dx: low.dx + gtest, fy: low.fy + low.sty * gtest, dy: low.dy + gtest,
    });
    return next;
  }

  /**
   * A step along a line that lowers a function enough.
   * @param {function} evaluate of a step -> {value, slope, ...}
   * @param {number} f, g value and slope at 0;  @param {number} stpmax the longest step
   * @returns {object} of `evaluate` with its step as `step`; null where 20 steps do not do it
   */
  function line_search(evaluate, f, g, stpmax) {
    const gtest = FTOL * g, at = { stx: 0, fx: f, dx: g, sty: 0, fy: f, dy: g, brackt: false, stmin: 0, stmax: 5 };
    let stp = 1, stage = 1, width = stpmax, width1 = 2 * stpmax;
    for (let k = 0; k < MOST_STEPS; k++) {
      const found = evaluate(stp), { value, slope } = found, ftest = f + stp * gtest;
      found.step = stp;
      if (stage === 1 && value <= ftest && slope >= 0) stage = 2;
      const stuck = at.brackt && (stp <= at.stmin || stp >= at.stmax || at.stmax - at.stmin <= XTOL * at.stmax);
      const longest = stp === stpmax && value <= ftest && slope <= gtest;
      const shortest = stp === 0 && (value > ftest || slope >= gtest);
      if (stuck || longest || shortest || (value <= ftest && Math.abs(slope) <= GTOL * -g)) return found;
      const first = stage === 1 && value <= at.fx && value > ftest;
      stp = first
        ? modified_step(at, stp, value, slope, gtest, stpmax)
        : next_step(at, stp, value, slope, at.stmin, at.stmax);
      if (at.brackt) {
        if (Math.abs(at.sty - at.stx) >= 0.66 * width1) stp = at.stx + 0.5 * (at.sty - at.stx);
        width1 = width;
        width = Math.abs(at.sty - at.stx);
        at.stmin = Math.min(at.stx, at.sty);
        at.stmax = Math.max(at.stx, at.sty);
      } else {
        at.stmin = stp + 1.1 * (stp - at.stx);
        at.stmax = stp + 4 * (stp - at.stx);
      }
      stp = Math.min(Math.max(stp, 0), stpmax);
      if (at.brackt && (stp <= at.stmin || stp >= at.stmax || at.stmax - at.stmin <= XTOL * at.stmax)) stp = at.stx;
    }
    return null;
  }

  live.line_search = line_search;
});

/**
 * Should I use active learning? `alutils.analysis.advice.advise` in the page.
 *
 * What depends on the searches that are known, the fitted laws and the quantiles of their errors, is
 * made by Python with the book (`book.builder.fragments.live_advice`) and comes as `law`.
 */
"use strict";
alutils_live.define((live) => {
  const GREEDY = "most_probable";

  /** What is said to the reader of a file or a number that cannot be used. */
  class Refused extends Error {
    constructor(message) {
      super(message);
      this.name = "Refused";
    }
  }

  /** Mean and deviation that are taken out of the labels, as `alutils.model.scale.scale_of`. */
  function scale_of(y) {
    const n = y.length, mean = y.reduce((sum, v) => sum + v, 0) / n;
    const std = Math.sqrt(y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
    const largest = y.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    return { mean, std: std > 1e-12 * largest ? std : 1 };
  }

  const class_of = (hits, law) => Object.keys(law.hits).filter((name) => law.hits[name] <= hits).pop();

  /** What one outcome of one strategy is predicted to be, as `combined.Law.predict`. */
  function predicted(fitted, { share, hits, shape }, replayed) {
    const logit = Math.log(share / (1 - share)), [a, b, c, d] = fitted.coefficients[shape];
    const elsewhere = a + logit * b + logit ** 2 * c + logit ** 3 * d, weight = hits / (hits + fitted.h0);
    return weight * (replayed + fitted.shift) + (1 - weight) * elsewhere;
  }

  /** The most that can be saved where the target is as rare as the probe allows. */
  function possible(bound, share, hits, law) {
    const n = (hits + 0.5) / share - 1;
    const rarest = n - hits + 1 > 0 && hits > 0 ? live.statistics.beta_ppf((1 - law.confidence) / 2, hits, n - hits + 1) : 0;
    return (bound * (1 - rarest)) / (1 - share);
  }

  /** One row of the table, as `advice.predicted`, and the interval of the enrichment beside it. */
  function row_of(strategy, about, replayed, bound, law) {
    const { saving_gain, log_enrichment } = law.strategies[strategy], kind = class_of(about.hits, law);
    const log = (v) => Math.log(Math.max(v, law.least));
    const gain = predicted(saving_gain, about, replayed.saving_gain);
    const times = predicted(log_enrichment, about, log(replayed.enrichment));
    const [low, high] = saving_gain.ends[kind], [fewer, more] = log_enrichment.ends[kind];
    return {
      strategy, enrichment: Math.exp(times), saved: gain * bound, low: (gain + low) * bound,
      high: Math.min((gain + high) * bound, possible(bound, about.share, about.hits, law)),
      possible: bound, enrichment_low: Math.exp(times + fewer), enrichment_high: Math.exp(times + more), replayed,
    };
  }

  /** What is to be said of an interval, as `advice.caution`. */
  function caution(hits, low, blind, law) {
    let said = `The interval is that of searches whose probe had ${class_of(hits, law)} hits.`;
    if (hits < law.enough) {
      said = `With ${hits} hits in the probe, fewer than ${law.enough}, the interval cannot be trusted: label `
        + "more at random first.";
    }
    if (blind > law.blind) {
      said += " The probe ranks its own molecules no better than chance may: what is predicted rests on other "
        + "pools alone.";
    }
    return low <= 0 ? `${said} It holds zero: the search may save nothing.` : said;
  }

  function check(y, inside, plan) {
    if (plan.n_max <= plan.n_init) {
      throw new Refused(`n_max=${plan.n_max} leaves nothing to search for after the ${plan.n_init} labels of the `
        + "probe: raise n_max, or lower n_init");
    }
    const hits = inside.filter(Boolean).length;
    if (hits < 2 || hits > y.length - 2) {
      throw new Refused(`${hits} of the ${y.length} labels lie in the target: the probe needs two or more inside and `
        + "outside; label more, or choose another target");
    }
    return hits;
  }

  /**
   * What the model says of the probe's own molecules; the target has no part in it.
   * @param {Float64Array} D2 (n, n) squared distances;  @param {ArrayLike} y (n,) labels
   * @param {object} law made with the book;  @param {number} [noise_var] else the most likely one
   * @returns {object} mu, sigma, (n,) of the others' labels; noise_var, signal_var, length_scale
   */
  function prepare(D2, y, law, noise_var = null) {
    const scale = scale_of(y), z = Float64Array.from(y, (v) => (v - scale.mean) / scale.std);
    const noise = noise_var ?? live.noise.most_likely_noise(D2, z.length, z, law.noises).noise_var;
    const model = live.gp.fit_distances(D2, z.length, z, { noise_var: noise, initial: null });
    const { signal_var, length_scale } = model;
    return { ...live.gp.leave_one_out(model), noise_var: model.noise_var, noise, signal_var, length_scale };
  }

  /** The target's range among labels, as `Target.range_in`; throws `Refused` where it holds none or all. */
  function range_in(y, { low = null, high = null, share = null, side = null }, text = "") {
    const range = { low: low ?? -Infinity, high: high ?? Infinity };
    if (share !== null && !(share > 0 && share < 1)) throw new Refused(`target share ${share} must lie between 0 and 1`);
    if (side === "highest") range.low = live.statistics.quantile(y, live.optimise.round(1 - share, 12));
    if (side === "lowest") range.high = live.statistics.quantile(y, share);
    const inside = live.replay.contains(y, range).filter(Boolean).length;
    if (inside === 0 || inside === y.length) {
      const [least, most] = [Math.min(...y), Math.max(...y)].map((v) => general(v, 4));
      throw new Refused(`target ${text} holds ${inside} of ${y.length} molecules: choose edges between ${least} and ${most}`);
    }
    return range;
  }

  /** A number with so many significant digits, as Python's format "g". */
  function general(value, digits) {
    if (value === 0 || !Number.isFinite(value)) return String(value);
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e"), power = Number(exponent);
    if (power < -4 || power >= digits) {
      const two = String(Math.abs(power)).padStart(2, "0");
      return `${mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa}e${power < 0 ? "-" : "+"}${two}`;
    }
    return String(Number(value.toPrecision(digits)));
  }

  /**
   * What each search is predicted to find and to save, and what to do.
   * @param {object} model of `prepare`;  @param {ArrayLike} y (n,) labels
   * @param {{low, high}} target in their unit;  @param {{n_pool, n_init, n_max}} plan n_init = n
   * @param {object} law made with the book
   * @returns {{table: object[], answer: object}} rows by falling enrichment; strategy, noise_var,
   *   share, hits and caution, as Python's, and what the picture needs
   */
  function answer(model, y, target, plan, law) {
    const n = y.length, scale = scale_of(y), to_z = (v) => (v - scale.mean) / scale.std;
    const range = { low: to_z(target.low), high: to_z(target.high) };
    const inside = live.replay.contains(Float64Array.from(y, to_z), range), hits = check(y, inside, plan);
    const { mu, sigma } = model, ranks = live.replay.rankings(mu, sigma, range);
    const share = (hits + 0.5) / (n + 1), bound = (1 - share) * (1 - plan.n_init / plan.n_max);
    const shape = Number.isFinite(range.low) && Number.isFinite(range.high) ? "window" : "tail";
    const batches = live.replay.batch_sizes(plan.n_init, plan.n_max);
    const table = Object.keys(ranks).map((name) =>
      row_of(name, { share, hits, shape }, live.replay.replayed(inside, ranks[name], plan, batches), bound, law));
    table.sort((a, b) => b.enrichment - a.enrichment);
    const blind = live.statistics.mann_whitney(ranks[GREEDY], inside);
    if (blind > law.blind) for (const row of table) row.low = Math.min(row.low, 0);
    const greedy = table.find((row) => row.strategy === GREEDY);
    const strategy = greedy.enrichment > 1 ? GREEDY : "random";
    const said = caution(hits, greedy.low, blind, law);
    return { table, answer: { strategy, noise_var: model.noise, share, hits, caution: said, blind, batches } };
  }

  /** `prepare` and `answer` together, as Python's `advise`. */
  function advise({ D2, y, target, plan }, law, noise_var = null) {
    check(y, live.replay.contains(y, target), plan);
    return answer(prepare(D2, y, law, noise_var), y, target, plan, law);
  }

  live.Refused = Refused;
  live.advice = { advise, prepare, answer, range_in, scale_of, general };
});

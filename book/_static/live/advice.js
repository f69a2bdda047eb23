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
   * What each search is predicted to find and to save, and what to do.
   * @param {object} probed D2 (n, n) squared distances, y (n,) labels, target {low, high} in their
   *   unit, plan {n_pool, n_init, n_max} with n_init = n
   * @param {object} law made with the book;  @param {number} [noise_var] else the most likely one
   * @returns {{table: object[], answer: object}} rows by falling enrichment; strategy, noise_var,
   *   share, hits and caution, as Python's, and what the picture needs
   */
  function advise({ D2, y, target, plan }, law, noise_var = null) {
    const n = y.length, scale = scale_of(y), to_z = (v) => (v - scale.mean) / scale.std;
    const z = Float64Array.from(y, to_z), range = { low: to_z(target.low), high: to_z(target.high) };
    const inside = live.replay.contains(z, range), hits = check(y, inside, plan);
    const noise = noise_var ?? live.noise.most_likely_noise(D2, n, z, law.noises).noise_var;
    if (live.progress) live.progress({ what: "fit" });
    const model = live.gp.fit_distances(D2, n, z, { noise_var: noise, initial: null });
    const { mu, sigma } = live.gp.leave_one_out(model), ranks = live.replay.rankings(mu, sigma, range);
    const share = (hits + 0.5) / (n + 1), bound = (1 - share) * (1 - plan.n_init / plan.n_max);
    const shape = Number.isFinite(range.low) && Number.isFinite(range.high) ? "window" : "tail";
    const batches = live.replay.batch_sizes(plan.n_init, plan.n_max);
    const table = Object.keys(ranks).map((name) =>
      row_of(name, { share, hits, shape }, live.replay.replayed(inside, ranks[name], plan, batches), bound, law));
    table.sort((a, b) => b.enrichment - a.enrichment);
    const probability = live.statistics.probability_in_range(mu, sigma, range.low, range.high);
    const blind = live.statistics.mann_whitney(probability, inside);
    if (blind > law.blind) for (const row of table) row.low = Math.min(row.low, 0);
    const greedy = table.find((row) => row.strategy === GREEDY);
    const strategy = greedy.enrichment > 1 ? GREEDY : "random";
    const said = caution(hits, greedy.low, blind, law);
    const { signal_var, length_scale } = model;
    const answer = { strategy, noise_var: noise, share, hits, caution: said, blind, batches, signal_var, length_scale };
    return { table, answer };
  }

  live.Refused = Refused;
  live.advice = { advise, scale_of };
});

/** What the worker of the advice does: it reads a table, and fits the model to it. */
"use strict";
alutils_live.define((live) => {
  const MOST_LABELS = 2000; // beyond, a page is the wrong place: see tests/browser for the times

  /**
   * One task; what a later one needs is kept in `live`.
   * @param {object} data {task: "read", text, name, property_key, skip_bad, bits, rdkit} or
   *   {task: "fit", law}
   */
  live.advice_task = async (data) => {
    if (data.task === "fit") {
      const { y, D2 } = live.probe;
      return live.advice.prepare(D2, y, data.law);
    }
    if (data.rdkit && !live.fingerprint) {
      live.progress({ what: "rdkit" });
      live.fingerprint = await live.fingerprints.of_rdkit(data.rdkit.source, data.rdkit.wasm);
    }
    let k = 0;
    const fingerprint = (smiles) => {
      if (k++ % 50 === 0) live.progress({ what: "read", step: k });
      return data.bits ? data.bits[k - 1] : live.fingerprint(smiles);
    };
    const seen = live.probe_file.inspect(data.text, data.name);
    const read = live.probe_file.read(seen, data.property_key, data.skip_bad, fingerprint);
    const n = read.y.length;
    if (n > MOST_LABELS) {
      throw new live.Refused(`${data.name}: ${n} labels are more than the ${MOST_LABELS} that a page can work on; the `
        + "command below takes any number");
    }
    live.probe = { y: read.y };
    live.probe.D2 = read.bits ? live.fingerprints.distances(read.bits)
      : live.linear.squared_distances(read.X, n, read.d);
    return { ...read, bits: undefined, X: undefined, smiles: seen.smiles };
  };

  live.advice_limits = { MOST_LABELS };
});

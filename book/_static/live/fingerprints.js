/** Morgan fingerprints of SMILES by RDKit, compiled to WebAssembly: the bits that Python's RDKit gives. */
"use strict";
alutils_live.define((live) => {
  const DETAILS = JSON.stringify({ radius: 2, nBits: 2048 }), N_BITS = 2048;

  /**
   * A function of a SMILES that gives the positions of its bits, and throws `Refused`.
   * @param {string} source of RDKit_minimal.js;  @param {ArrayBuffer} wasm
   */
  async function of_rdkit(source, wasm) {
    const instantiateWasm = (imports, receive) =>
      WebAssembly.instantiate(wasm, imports).then(({ instance }) => receive(instance));
    const rdkit = await new Function(`${source}; return initRDKitModule;`)()({ instantiateWasm, printErr: () => {} });
    return (smiles) => {
      const shown = live.tables.quoted(smiles.slice(0, 200)), mol = smiles ? rdkit.get_mol(smiles) : null;
      try {
        if (!mol?.get_num_atoms()) throw new live.Refused(`${shown} is no SMILES that RDKit can read`);
        if (/\*|\[\d*#0/.test(smiles.split(/\s/)[0])) throw new live.Refused(`${shown} has a wildcard *: give a whole molecule`);
        const bytes = mol.get_morgan_fp_as_uint8array(DETAILS), bits = [];
        for (let k = 0; k < N_BITS; k++) if ((bytes[k >> 3] >> (k & 7)) & 1) bits.push(k);
        return bits;
      } finally {
        mol?.delete();
      }
    };
  }

  /** Squared distances, (n, n), of molecules given by the positions of their bits. */
  function distances(bits) {
    const n = bits.length, X = new Uint8Array(n * N_BITS);
    bits.forEach((on, i) => on.forEach((k) => (X[i * N_BITS + k] = 1)));
    return live.linear.squared_distances(X, n, N_BITS, null, n, N_BITS);
  }

  live.fingerprints = { of_rdkit, distances };
});

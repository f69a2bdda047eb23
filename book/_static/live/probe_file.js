/**
 * A reader's table as a probe: labels, and SMILES or columns of numbers.
 *
 * What is wrong is said as Python's readers say it (`alutils.data.tables`, `structures`, `columns`).
 */
"use strict";
alutils_live.define((live) => {
  const { tables } = live, IDENTIFIERS = ["id", "identifier", "name", "title"];
  const NOT_LABELS = new Set(["id", "name", "charge", "q"]);
  const refuse = (said) => {
    throw new live.Refused(said);
  };

  const no_smiles = (found) => `no column 'smiles', found ${found}; name it in the header, or with smiles_key (--smiles-key)`;

  /** The column of the SMILES, or null where there is none. */
  function smiles_column(names) {
    const kinds = [(n) => n === "smiles", (n) => tables.plain(n) === "smiles", tables.is_smiles_header];
    for (const kind of kinds) {
      const found = names.filter(kind);
      if (found.length === 1) return found[0];
      if (found.length) refuse(`several columns of SMILES, ${tables.listed(found)}; name one: smiles_key (--smiles-key)`);
    }
    return null;
  }

  function id_column(names, smiles) {
    const usual = IDENTIFIERS.find((one) => names.some((n) => n !== smiles && n.toLowerCase() === one));
    return usual ? names.find((n) => n !== smiles && n.toLowerCase() === usual) : null;
  }

  /**
   * What a table has: its columns, those that may be a label, and those of SMILES and identifiers.
   * @returns {object} table, name, smiles, id, candidates (names of columns of numbers)
   */
  function inspect(text, name) {
    let table;
    try {
      table = tables.parse(text);
      if (!table.names.length) refuse(no_smiles("no row"));
      if (!table.rows.length) refuse("no molecule in the file");
      const smiles = smiles_column(table.names), id = id_column(table.names, smiles);
      const candidates = table.names.filter((n, k) => n && n !== smiles && n !== id && !NOT_LABELS.has(n.toLowerCase())
        && table.rows.some((row) => Number.isFinite(value(table, row, k))));
      if (!smiles && candidates.length < 2) refuse(no_smiles(tables.listed(table.names.filter(Boolean))));
      if (!candidates.length) refuse(`no column of numbers that may be the label, found ${tables.listed(table.names)}`);
      return { table, name, smiles, id, candidates };
    } catch (error) {
      if (error.name === "Refused") refuse(`${name}: ${error.message}`);
      throw error;
    }
  }

  /** The cell of a row as text, a decimal comma as a point. */
  function cell(table, row, k) {
    table.commas = table.commas || new Map();
    if (!table.commas.has(k)) table.commas.set(k, table.separator !== "," && tables.has_decimal_commas(table.rows, k));
    const text = row.cells[k] ?? "";
    return table.commas.get(k) ? text.replace(/,/g, ".") : text;
  }

  function value(table, row, k) {
    const text = cell(table, row, k);
    return tables.is_missing(text) ? NaN : tables.number_of(text);
  }

  /** The label of a row; throws `Refused` where it is missing or no number. */
  function label_of(table, row, k) {
    const label = tables.label_in(cell(table, row, k));
    if (Number.isNaN(label)) refuse(`no label ${tables.quoted(table.names[k])}; add it, or use ask and tell`);
    return label;
  }

  function check_width(table, row) {
    const extra = row.cells.length - table.names.length;
    if (extra > 0) {
      refuse(`${extra} cells too many for the header ${table.names.join(",").slice(0, 200)}; a decimal comma? `
        + "write -9.5, or quote the text");
    }
  }

  /** SMILES of a row, checked as far as can be without RDKit. */
  function smiles_of(table, row, k) {
    const smiles = (row.cells[k] ?? "").trim(), space = /\s+(.*)/s.exec(smiles);
    if (space && !space[1].startsWith("|")) refuse(`${tables.quoted(smiles.slice(0, 200))} has white space in it; one SMILES, no name`);
    return smiles;
  }

  /** Names of the columns of numbers beside the label: those whose first value is a number. */
  function descriptor_columns(table, property_key, id) {
    return table.names.filter((name, k) => {
      if (!name || name === property_key || name === id || NOT_LABELS.has(name.toLowerCase())) return false;
      const first = table.rows.find((row) => !tables.is_missing(cell(table, row, k)));
      return first && Number.isFinite(tables.number_of(cell(table, first, k)));
    });
  }

  function numbers_of(table, row, columns) {
    return columns.map((name) => {
      const text = cell(table, row, table.names.indexOf(name)), number = tables.number_of(text);
      if (tables.is_missing(text)) refuse(`no value in the column ${tables.quoted(name)}`);
      const said = `${tables.quoted(text.slice(0, 80))} in the column ${tables.quoted(name)}`;
      if (!Number.isFinite(number)) refuse(`${said} is not a finite number`);
      return number;
    });
  }

  /** Columns with mean 0 and deviation 1, (n, d) row after row; those that do not vary are left out. */
  function standardised(rows, name) {
    const n = rows.length, kept = [];
    for (let k = 0; k < rows[0].length; k++) {
      const { mean, std } = live.advice.scale_of(rows.map((row) => row[k]));
      if (rows.some((row) => row[k] !== rows[0][k])) kept.push({ k, mean, std });
    }
    if (!kept.length) refuse(`${name}: all molecules have the same numbers: nothing tells them apart`);
    const X = new Float64Array(n * kept.length);
    rows.forEach((row, i) => kept.forEach(({ k, mean, std }, j) => (X[i * kept.length + j] = (row[k] - mean) / std)));
    return { X, d: kept.length };
  }

  /** An identifier of its own that several rows share is bad from the second on. */
  function mark_shared(found, own) {
    const first = new Map();
    for (const one of found) {
      if (one.reason || !own) continue;
      if (first.has(one.id)) one.reason = `${first.get(one.id)} has the identifier ${tables.quoted(one.id)} too: give each its own`;
      else first.set(one.id, one.place);
    }
  }

  /**
   * The labelled molecules of a table.
   * @param {object} seen of `inspect`;  @param {string} property_key name of the label
   * @param {boolean} skip_bad go on without what cannot be taken
   * @param {function} [fingerprint] SMILES -> positions of its bits; throws `Refused`
   * @returns {object} y, (n,); bits, n lists of positions, or X, (n, d), of columns; columns; skipped
   */
  function read(seen, property_key, skip_bad, fingerprint) {
    const { table, name, smiles, id } = seen, at = (column) => table.names.indexOf(column);
    const columns = smiles ? [] : descriptor_columns(table, property_key, id);
    if (!smiles && !columns.length) refuse(`${name}: no column of numbers beside the label ${tables.quoted(property_key)}`);
    const found = table.rows.map((row, k) => {
      const one = { place: `line ${row.line}`, id: (id ? row.cells[at(id)] ?? "" : "").trim() || String(k) };
      try {
        check_width(table, row);
        one.smiles = smiles && smiles_of(table, row, at(smiles));
        one.point = smiles ? fingerprint(one.smiles) : numbers_of(table, row, columns);
        one.y = label_of(table, row, at(property_key));
      } catch (error) {
        if (error.name !== "Refused") throw error;
        one.reason = error.message;
      }
      return one;
    });
    mark_shared(found, id && ["id", "identifier"].includes(id.toLowerCase()));
    const bad = found.filter((one) => one.reason), good = found.filter((one) => !one.reason);
    if (bad.length && !(skip_bad && good.length)) refuse(tables.message(name, bad, found.length));
    const y = Float64Array.from(good, (one) => one.y), points = good.map((one) => one.point);
    const made = smiles ? { bits: points } : standardised(points, name);
    const keys = points.map((point) => point.join());
    return { y, columns, n_rows: found.length, n_bad: bad.length, n_twice: keys.length - new Set(keys).size, ...made };
  }

  /** How many rows have a number as their label. */
  const count = ({ table }, key) =>
    table.rows.filter((row) => Number.isFinite(value(table, row, table.names.indexOf(key)))).length;

  /** The column that is likely to be the label: no number of a row; the last of a table of descriptors. */
  function likely_label({ candidates, smiles }) {
    const homo = candidates.find((name) => name.toLowerCase() === "homo");
    const named = candidates.filter((name) => !/(^|[^a-z])(id|idx|index|no|nr|number|unnamed)([^a-z]|$)|id$/i.test(name));
    const offered = named.length ? named : candidates;
    return homo || offered[smiles ? 0 : offered.length - 1];
  }

  live.probe_file = { inspect, read, count, likely_label };
});

/** Tables as text: .csv and .tsv with any of the usual separators, as `alutils.data.tables` reads them. */
"use strict";
alutils_live.define((live) => {
  const SEPARATORS = [",", ";", "\t", "|"];
  const MISSING = new Set(["", "nan", "na", "n/a", "#n/a", "<na>", "none", "null", "nil", "-", "--", "?", ".", "missing"]);
  const NUMBER = /^[-+]?(\d+(?:\.\d*)?|\.\d+)([eEdD][-+]?\d+)?$/, DECIMAL_COMMA = /^[-+]?\d+,\d+([eE][-+]?\d+)?$/;
  const NAMES_SHOWN = 25, BAD_SHOWN = 40, PLACES_SHOWN = 10, LARGEST = 20 * 2 ** 20;

  /** A text as Python's repr. */
  function quoted(text) {
    const escaped = String(text).replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/\t/g, "\\t").replace(/\r/g, "\\r");
    return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replace(/'/g, "\\'")}'`;
  }

  /** Names for a message. */
  function listed(names) {
    const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : "";
    return (names.slice(0, NAMES_SHOWN).join(", ").slice(0, 1500) || "none") + more;
  }

  /** The text of a file's bytes; throws `Refused` for what is none. */
  function read_text(bytes, name) {
    const refuse = (said) => {
      throw new live.Refused(`${name}: ${said}`);
    };
    const kind = (/\.[^.]+$/.exec(name.replace(/\.gz$/i, "")) || [""])[0].toLowerCase();
    if (![".csv", ".tsv", ".smi", ".txt"].includes(kind)) {
      refuse(`unknown kind of file '${kind}'; give a table as .csv or .tsv: a spreadsheet saves one (Save as, CSV)`);
    }
    if (bytes.length > LARGEST) refuse(`${Math.round(bytes.length / 2 ** 20)} MB are more than a page should read; use the command below`);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) refuse("it is packed (.gz); unpack it first");
    const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
    let text;
    try {
      text = new TextDecoder(wide || "utf-8", { fatal: true }).decode(bytes);
    } catch {
      if (wide) refuse("not a text in UTF-16");
      text = new TextDecoder("windows-1252").decode(bytes);
    }
    if (text.includes("\0")) refuse("not a text: it holds a zero byte");
    return text.replace(/\r\n?/g, "\n");
  }

  /** Rows of cells, each with the number of its first line; quotes as RFC 4180, strictly. */
  function rows_of(text, separator, first_line = 1) {
    const rows = [];
    let cells = [], cell = "", k = 0, line = first_line, start = line, quoted_cell = false;
    const wrong = (said) => new live.Refused(`not a readable CSV (line ${start - 1}: ${said})`);
    const end = () => {
      cells.push(cell);
      if (cells.length > 1 || cell !== "" || quoted_cell) rows.push({ line: start, cells });
      [cells, cell, quoted_cell] = [[], "", false];
      start = ++line;
    };
    while (k < text.length) {
      if (separator === " " && cell === "" && text[k] === " ") k++;
      else if (text[k] === '"' && cell === "") {
        quoted_cell = true;
        for (k++; ; k++) {
          if (k >= text.length) throw wrong("unexpected end of data");
          if (text[k] === '"' && text[k + 1] === '"') k++;
          else if (text[k] === '"') break;
          if (text[k] === "\n") line++;
          cell += text[k];
        }
        if (++k < text.length && text[k] !== separator && text[k] !== "\n") throw wrong(`'${separator}' expected after '"'`);
        if (text[k] === separator && k + 1 === text.length) continue;
      } else if (text[k] === separator) {
        cells.push(cell);
        cell = "";
        k++;
      } else if (text[k] === "\n") {
        end();
        k++;
      } else {
        let stop = k;
        while (stop < text.length && text[stop] !== separator && text[stop] !== "\n") stop++;
        cell += text.slice(k, stop);
        k = stop;
      }
    }
    if (cell !== "" || cells.length) end();
    return rows;
  }

  const plain = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

  function is_smiles_header(name) {
    const alone = !SEPARATORS.some((one) => name.includes(one)), word = plain(name);
    return alone && (word === "smi" || word === "smile" || word.includes("smiles"));
  }

  function cells_of(line, separator) {
    try {
      return rows_of(line, separator)[0]?.cells || [];
    } catch {
      return [];
    }
  }

  /** The separator of a table: it sets a usual header of SMILES apart, or is there most often. */
  function separator_of(text) {
    const [first, rest] = [text.split("\n", 1)[0], text.slice(text.indexOf("\n") + 1)];
    const said = /^"?sep=(.)"?\s*$/.exec(first);
    if (said) return { separator: said[1], body: rest, line: 2 };
    const apart = [...SEPARATORS, " "].find((one) => {
      const cells = cells_of(first, one);
      return cells.length > 1 && cells.some(is_smiles_header);
    });
    const often = (one) => first.split(one).length;
    const separator = apart || SEPARATORS.reduce((best, one) => (often(one) > often(best) ? one : best));
    return { separator, body: text, line: 1 };
  }

  /**
   * A table: names of its columns, and rows of text.
   * @returns {{separator, names: string[], rows: {line: number, cells: string[]}[]}} throws `Refused`
   */
  function parse(text) {
    const skipped = /^(?:[^\S\n]*\n)*/.exec(text)[0], { separator, body, line } = separator_of(text.slice(skipped.length));
    const all = rows_of(body, separator, line + skipped.split("\n").length - 1);
    const names = (all.shift()?.cells || []).map((name) => name.trim());
    const twice = [...new Set(names.filter((name, k) => name && names.indexOf(name) !== k))].sort();
    if (twice.length) throw new live.Refused(`a column is there twice: ${listed(twice)}`);
    return { separator, names, rows: all };
  }

  /** A number as text; NaN for what is none. */
  function number_of(text) {
    const trimmed = String(text).trim().replace(/\*\^/g, "e");
    return NUMBER.test(trimmed) ? Number(trimmed.toLowerCase().replace("d", "e")) : NaN;
  }

  const is_missing = (text) => text === undefined || MISSING.has(String(text).trim().toLowerCase());

  /** A label, NaN where it is missing; throws `Refused` for what is no finite number. */
  function label_in(text) {
    if (is_missing(text)) return NaN;
    const label = number_of(text);
    if (!Number.isFinite(label)) throw new live.Refused(`label ${quoted(String(text).slice(0, 80))} is not a finite number; correct it`);
    return label;
  }

  /** True if a column has numbers with a decimal comma, and none with a point. */
  function has_decimal_commas(rows, k) {
    const cells = rows.map((row) => (row.cells[k] || "").trim());
    return cells.some((c) => DECIMAL_COMMA.test(c)) && !cells.some((c) => c.includes(".") && Number.isFinite(number_of(c)));
  }

  const called = ({ place, id }) => (/^\d*$/.test(id) ? place : `${place} (${quoted(id)})`);
  const joined = (who, reason) => (/^(is|has) /.test(reason) ? `${who} ${reason}` : `${who}: ${reason}`);

  /** All that is wrong with a file in one message. bad : [{place, id, reason}] */
  function message(name, bad, n_records) {
    if (bad.length === 1) return `${name}, ${joined(called(bad[0]), bad[0].reason)}; skip_bad (--skip-bad) leaves it out`;
    const places = new Map();
    for (const one of bad) places.set(one.reason, [...(places.get(one.reason) || []), called(one)]);
    let lines = [...places].map(([reason, who]) => {
      const more = who.length > PLACES_SHOWN ? ` and ${who.length - PLACES_SHOWN} more` : "";
      return joined(who.slice(0, PLACES_SHOWN).join(", ") + more, reason);
    });
    if (lines.length > BAD_SHOWN) lines = [...lines.slice(0, BAD_SHOWN), `and ${lines.length - BAD_SHOWN} more`];
    const head = `${name}: ${bad.length} of ${n_records} molecules cannot be taken; skip_bad (--skip-bad) leaves them out:`;
    return [head, ...lines].join("\n  ");
  }

  live.tables = {
    read_text, parse, is_smiles_header, plain, label_in, number_of, is_missing, has_decimal_commas, message,
    quoted, listed,
  };
});

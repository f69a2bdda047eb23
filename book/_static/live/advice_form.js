/** The form of the live advice: what the reader gives, as values that `advice_view.js` works with. */
"use strict";
(() => {
  const live = globalThis.alutils_live;

  const HTML = `
    <p><strong>Nothing leaves this machine</strong>: this page reads the file and fits the model itself, without a
      network. The file should hold molecules drawn <em>at random</em> from those that you could label; of some that
      were chosen, the advice says nothing.</p>
    <div class="live-drop" data-part="drop">
      <label for="live-file">Your file: a table (.csv, .tsv) with a column of SMILES, or of descriptors, and a
        measured property</label>
      <input type="file" id="live-file" accept=".csv,.tsv,.txt,.smi" data-part="file">
      <p><span data-part="name"></span> <span data-part="seen"></span>
        <button type="button" data-part="example" hidden>Back to the example</button>
        <a data-part="save" href="#">Save this file</a></p>
    </div>
    <fieldset><legend>What you look for</legend>
      <label>Property <select data-part="property"></select></label>
      <label>Unit <input type="text" data-part="unit" size="8" autocomplete="off" placeholder="as printed"></label>
      <label>Target <select data-part="kind">
        <option value="highest">the highest share</option>
        <option value="lowest">the lowest share</option>
        <option value="above">above a value</option>
        <option value="below">up to a value</option>
        <option value="window">between two values</option></select></label>
      <label data-for="share">Share of all molecules, % <input data-part="share" inputmode="decimal" value="10"></label>
      <label data-for="low"><span data-part="low-name">Above</span> <input data-part="low" inputmode="decimal"></label>
      <label data-for="high"><span data-part="high-name">Up to</span> <input data-part="high" inputmode="decimal"></label>
    </fieldset>
    <fieldset><legend>What you have and can pay for, the file included</legend>
      <label>Pool: molecules to choose from <small data-part="guess" hidden>(a guess)</small>
        <input data-part="n_pool" inputmode="numeric"></label>
      <label>Budget: labels in all <input data-part="n_max" inputmode="numeric"></label>
      <label class="live-tick"><input type="checkbox" data-part="skip_bad"> Leave out what cannot be taken (skip_bad)</label>
    </fieldset>
    <div class="live-progress" data-part="busy" hidden><progress max="1" value="0" aria-label="Progress"></progress>
      <span data-part="doing"></span> <button type="button" data-part="cancel">Cancel</button></div>
    <p class="visually-hidden" role="status" data-part="said"></p>
    <p class="live-error" role="alert" data-part="error" hidden></p>
    <div data-part="result" hidden>
      <p class="live-headline" data-part="headline"><strong></strong> <span></span></p>
      <div data-part="picture"></div>
      <dl data-part="todo"></dl>
      <p data-part="why"></p>
      <details><summary>All numbers</summary><div class="live-table" tabindex="0" role="region"
        aria-label="All numbers of the advice"><table class="table" data-part="table"></table></div></details>
      <p><button type="button" data-part="download">Download these numbers (CSV)</button></p>
    </div>
    <div data-part="repeat" hidden><p>The same by the notebook, with the file beside it:</p>
      <pre data-part="command"></pre></div>
    <p class="live-limits"><small data-part="limits"></small></p>`;

  /** A number that was typed; throws `Refused` with its name. A decimal comma is a point. */
  function typed(text, name, whole = false) {
    const value = live.tables.number_of(text.trim().replace(/^([-+]?\d+),(\d+)$/, "$1.$2"));
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      throw new live.Refused(`${name}=${live.tables.quoted(text)} is not a ${whole ? "whole " : ""}number: correct it`);
    }
    return value;
  }

  /** The parts of the form by name, with what they hold. */
  class Form {
    constructor(box) {
      box.innerHTML = HTML;
      this.box = box;
      this.part = Object.fromEntries([...box.querySelectorAll("[data-part]")].map((e) => [e.dataset.part, e]));
      this.part.kind.addEventListener("change", () => this.show_edges());
      this.part.n_pool.addEventListener("input", () => (this.part.guess.hidden = true));
      this.show_edges();
    }

    /** Which numbers a target of this kind has. */
    show_edges() {
      const kind = this.part.kind.value;
      const shown = { highest: ["share"], lowest: ["share"], above: ["low"], below: ["high"], window: ["low", "high"] }[kind];
      for (const label of this.box.querySelectorAll("[data-for]")) label.hidden = !shown.includes(label.dataset.for);
      this.part["low-name"].textContent = kind === "window" ? "From" : "Above";
    }

    /** The target as of `advice.range_in`; throws `Refused`. */
    target() {
      const kind = this.part.kind.value, number = (name) => typed(this.part[name].value, name === "share" ? "share" : "threshold");
      if (kind === "highest" || kind === "lowest") return { side: kind, share: number("share") / 100 };
      const low = kind === "below" ? null : number("low"), high = kind === "above" ? null : number("high");
      if (kind === "window" && !(low < high)) throw new live.Refused(`target: low=${low} must be below high=${high}`);
      return { low, high };
    }

    /** The target in words: as Python's messages have it, or with the property. */
    target_text(target, property = "") {
      const unit = this.unit ? ` ${this.unit}` : "", g = (v) => live.advice.general(v, 6);
      if (property) return target.side ? `${this.target_text(target)} of ${property}` : `${property} ${this.target_text(target)}`;
      if (target.side) return `the ${target.side} ${g(target.share * 100)} %`;
      if (target.high === null) return `above ${g(target.low)}${unit}`;
      return target.low === null ? `up to ${g(target.high)}${unit}` : `${g(target.low)} to ${g(target.high)}${unit}`;
    }

    /** Sizes of the search, for n labels at hand; throws `Refused`. */
    plan(n) {
      const n_pool = typed(this.part.n_pool.value, "n_pool", true), n_max = typed(this.part.n_max.value, "n_max", true);
      if (!(n < n_max && n_max <= n_pool)) {
        throw new live.Refused(`n_max=${n_max} must lie between ${n + 1}, one more than there are labels, and ${n_pool}, the pool`);
      }
      return { n_pool, n_init: n, n_max };
    }

    get unit() {
      return this.part.unit.value.trim();
    }

    get property_key() {
      return this.part.property.value;
    }

    /** Offer the columns that may be the label. */
    offer(candidates, chosen) {
      this.part.property.replaceChildren(...candidates.map((name) => new Option(name, name, false, name === chosen)));
    }

    /** Edges to begin with, where none was typed: those of the highest and the lowest tenth. */
    suggest(y, n_rows, fresh) {
      const digits = (v) => live.advice.general(v, 4), n = y.length;
      if (fresh || !this.part.low.value) {
        const edge = live.statistics.quantile(y, this.part.kind.value === "window" ? 0.45 : 0.9);
        this.part.low.value = digits(edge);
      }
      if (fresh || !this.part.high.value) {
        const edge = live.statistics.quantile(y, this.part.kind.value === "window" ? 0.55 : 0.1);
        this.part.high.value = digits(edge);
      }
      if (fresh) {
        this.part.guess.hidden = false;
        this.part.n_pool.value = Math.max(n_rows, 10 * n);
        this.part.n_max.value = Math.min(3 * n, Number(this.part.n_pool.value));
      }
    }

    /** What to do, and in a second sentence what it should bring; said aloud once. */
    say([first, rest]) {
      const [strong, span] = this.part.headline.children;
      strong.textContent = first;
      span.textContent = rest;
      if (this.part.said.textContent !== `${first} ${rest}`) this.part.said.textContent = `${first} ${rest}`;
    }

    fail(message) {
      this.part.error.hidden = !message;
      if (this.part.error.textContent !== message) this.part.error.textContent = message;
      if (message) this.part.result.hidden = true;
    }

    busy(doing, share) {
      this.part.busy.hidden = doing === null;
      if (doing === null) return;
      this.part.busy.querySelector("progress").value = share;
      if (this.part.doing.textContent !== doing) this.part.doing.textContent = doing;
    }
  }

  live.AdviceForm = Form;
})();

/** "Try it with your own file": the form, the worker and what is shown, put together. */
"use strict";
(() => {
  const live = globalThis.alutils_live, data = window.ALUTILS_ADVICE, box = document.getElementById("live-advice");
  if (!box || !data) return;
  const form = new live.AdviceForm(box), { part } = form, text = live.advice_text;
  const EXAMPLE = {
    name: data.example.name, bits: data.example.bits, unit: "eV", n_pool: data.example.n_pool,
    text: ["smiles,homo", ...data.example.smiles.map((s, k) => `${s},${data.example.homo[k]}`)].join("\n") + "\n",
  };
  const DOING = { rdkit: "Unpacking RDKit", read: "Reading", noise: "Noise", "noise on all": "Noise, all molecules", fit: "Model" };
  // From where to where each part moves the bar, and in about how many steps.
  const SHARES = {
    rdkit: [0, 0.02, 1], read: [0.02, 0.05, 40], noise: [0.05, 0.4, 30], "noise on all": [0.4, 0.65, 6], fit: [0.65, 1, 110],
  };
  const base = document.querySelector('script[src*="live/modules.js"]').src.replace(/live\/modules\.js.*$/, "");
  let worker = null, file = null, probe = null, rdkit = null, turn = 0, waiting = 0;

  // The worker ----------------------------------------------------------------------------------

  function stop() {
    worker?.terminate();
    worker = null;
    form.busy(null);
  }

  /** The result of one task; rejects with `Refused` for what the reader can mend. */
  function ask(message) {
    worker = worker || live.worker((inside, given) => inside.advice_task(given));
    const steps = {};
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data: { progress, result, error, expected } }) => {
        if (progress) {
          const k = (steps[progress.what] = (steps[progress.what] || 0) + 1);
          const [from, to, steps_of] = SHARES[progress.what];
          form.busy(DOING[progress.what], from + (to - from) * Math.min(k / steps_of, 1));
        } else if (error !== undefined) reject(expected ? new live.Refused(error) : new Error(error));
        else resolve(result);
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(message);
    });
  }

  /** RDKit's source and WebAssembly, loaded when the first SMILES are read. */
  async function load_rdkit() {
    if (rdkit) return rdkit;
    form.busy("Loading RDKit", 0.01);
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: `${base}rdkit.js`, onload: resolve });
      script.onerror = () => reject(new live.Refused("rdkit.js is not beside this page: build the book again"));
      document.head.append(script);
    });
    const { source, wasm } = live.rdkit, packed = Uint8Array.from(atob(wasm), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    rdkit = { source, wasm: await new Response(stream).arrayBuffer() };
    live.rdkit = null;
    return rdkit;
  }

  // What is shown ---------------------------------------------------------------------------------

  const dark = () => document.documentElement.dataset.theme === "dark";
  const colours = () => Object.fromEntries(data.looks.map((look) => [look.id, look[dark() ? "dark" : "light"]]));

  /** The same by the notebook, where it is of use. */
  function show_command(useful = true) {
    try {
      if (!useful) throw new live.Refused("");
      const { property_key, unit } = form, skip_bad = part.skip_bad.checked;
      const given = { name: file.name, property_key, unit, target: form.target(), skip_bad };
      const n_init = probe?.y.length ?? live.probe_file.count(file.seen, form.property_key);
      part.command.textContent = text.command({ ...given, n_init, n_pool: part.n_pool.value, n_max: part.n_max.value });
      part.repeat.hidden = false;
    } catch {
      part.repeat.hidden = true;
    }
  }

  /** `render`, once the reader has stopped typing. */
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(render, 250);
  }

  /** The advice for what the form says now; the model is at hand. */
  function render() {
    if (!probe?.model) return;
    try {
      const target = form.target(), said = form.target_text(target), plan = form.plan(probe.y.length);
      const found = live.advice.answer(probe.model, probe.y, live.advice.range_in(probe.y, target, said), plan, data.law);
      form.fail("");
      show_command();
      part.result.hidden = false;
      const headline = text.headline(found, plan, form.target_text(target, form.property_key).replace(/ %/g, "\u00a0%"),
        data.law.enough);
      form.say(headline);
      live.advice_picture.draw(part.picture, found, plan, colours(), headline[1]);
      part.todo.replaceChildren(...text.todo(found, plan, live.advice.scale_of(probe.y).std, form.unit).flatMap(([what, how]) => [
        Object.assign(document.createElement("dt"), { textContent: what }),
        Object.assign(document.createElement("dd"), { textContent: how }),
      ]));
      part.why.textContent = text.why(found, data.law);
      text.fill_table(part.table, found);
      probe.shown = { found, plan, target: live.advice.range_in(probe.y, target, said) };
    } catch (error) {
      if (error.name !== "Refused") throw error;
      form.fail(error.message);
      show_command(false);
    }
  }

  /** What the page read in the file. */
  function remarks({ y, n_rows, n_bad, n_twice, columns, smiles }, property) {
    const g = (v) => live.advice.general(v, 4), [least, most] = [Math.min(...y), Math.max(...y)].map(g);
    const said = [`${text.whole(y.length)} labels, ${property} from ${least} to ${most}.`];
    if (columns.length) said.push(`Descriptors: ${live.tables.listed(columns)}, each with its mean and deviation taken out.`);
    else said.push(`Molecules: the SMILES in "${smiles}", as Morgan fingerprints.`);
    if (n_bad) said.push(`${n_bad} of ${n_rows} molecules were left out.`);
    if (n_twice) said.push(`${n_twice} molecules have the same ${columns.length ? "numbers" : "fingerprint"} as another.`);
    return said.join(" ");
  }

  function fail(error) {
    stop();
    part.said.textContent = "";
    form.fail(error.name === "Refused" ? error.message : `This page failed: ${error.message}`);
    if (error.name !== "Refused") console.error(error);
    show_command(error.message.includes("command below"));
  }

  // What the reader does --------------------------------------------------------------------------

  /** Read the labels and fit the model; a later call makes an earlier one void. */
  async function start(fresh = false) {
    const mine = ++turn;
    stop();
    probe = null;
    form.fail("");
    part.result.hidden = true;
    part.seen.textContent = "";
    limits();
    const begun = performance.now();
    try {
      form.busy("Reading", 0);
      const needs = file.seen.smiles && !file.bits ? await load_rdkit() : null;
      if (mine !== turn) return;
      const { name, bits } = file, given = { task: "read", name, text: file.text, bits, rdkit: needs };
      const read = await ask({ ...given, property_key: form.property_key, skip_bad: part.skip_bad.checked });
      if (mine !== turn) return;
      part.seen.textContent = remarks(read, form.property_key);
      form.suggest(read.y, Math.max(read.n_rows, file.n_pool || 0), fresh);
      if (fresh && file.n_pool) {
        part.n_pool.value = file.n_pool;
        part.guess.hidden = true;
      }
      if (read.y.length < 4) throw new live.Refused(`${name}: ${read.y.length} labels: advice needs four or more; label more at random`);
      const model = await ask({ task: "fit", law: data.law });
      if (mine !== turn) return;
      probe = { ...read, model };
      form.busy(null);
      limits((performance.now() - begun) / 1000);
      render();
    } catch (error) {
      if (mine === turn) fail(error);
    }
  }

  /** Take a file: its name, text, and what it has. */
  function take(given) {
    file = given;
    part.name.textContent = given.bits ? `Now: an example, ${given.name}, from the pool of the same name.` : `Now: ${given.name}.`;
    part.seen.textContent = "";
    part.example.hidden = Boolean(given.bits);
    if (part.save.href.startsWith("blob:")) URL.revokeObjectURL(part.save.href);
    part.save.href = URL.createObjectURL(new Blob([given.text], { type: "text/csv" }));
    part.save.download = given.name;
    part.save.hidden = !given.bits;
    part.unit.value = given.unit || "";
    part.skip_bad.checked = false;
    try {
      file.seen = live.probe_file.inspect(given.text, given.name);
      form.offer(file.seen.candidates, live.probe_file.likely_label(file.seen));
      start(true);
    } catch (error) {
      turn++;
      probe = null;
      form.offer([]);
      fail(error);
    }
  }

  /** Read a chosen file; what was at work or shown before is void at once. */
  async function open(chosen) {
    if (!chosen) return;
    const mine = ++turn;
    stop();
    probe = null;
    part.result.hidden = true;
    form.busy("Reading", 0);
    try {
      const content = live.tables.read_text(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
      if (mine === turn) take({ name: chosen.name, text: content });
    } catch (error) {
      if (mine === turn) fail(error);
    }
  }

  /** What stays responsive, and what this file took. */
  function limits(seconds = null) {
    const took = seconds === null ? "" : `This file took ${seconds.toFixed(1)} s: `;
    part.limits.textContent = `${took}${took ? "t" : "T"}wice the labels take about eight times as long, and `
      + `${text.whole(live.advice_limits.MOST_LABELS)} are the most. Target, pool and budget change the answer at once.`;
  }

  function download() {
    const { found, plan, target } = probe.shown, about = { file: file.name, property_key: form.property_key, unit: form.unit };
    const numbers = text.csv(found, { ...about, target_low: target.low, target_high: target.high, ...plan });
    const href = URL.createObjectURL(new Blob([numbers], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { download: "advice.csv", href });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  part.file.addEventListener("click", () => (part.file.value = "")); // the same file again, mended
  part.file.addEventListener("change", () => open(part.file.files[0]));
  part.example.addEventListener("click", () => {
    part.file.value = "";
    take({ ...EXAMPLE });
  });
  part.cancel.addEventListener("click", () => {
    turn++;
    stop();
    form.fail("Cancelled. Change the form, or choose a file, to begin again.");
  });
  for (const name of ["property", "skip_bad"]) part[name].addEventListener("change", () => file.seen && start(name === "property"));
  for (const name of ["kind", "share", "low", "high", "n_pool", "n_max", "unit"]) part[name].addEventListener("input", soon);
  part.download.addEventListener("click", download);
  for (const kind of ["dragover", "drop"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      if (kind === "drop") open(event.dataTransfer.files[0]);
    });
  }
  new MutationObserver(render).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  let width = 0;
  new ResizeObserver(() => box.clientWidth !== width && ((width = box.clientWidth), render())).observe(box);
  live.advice_page = { take, open };
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    if (!file) take({ ...EXAMPLE });
  }, { rootMargin: "400px" });
  seen.observe(box);
})();

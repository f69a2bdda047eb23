/**
 * The modules that compute in the page: each is a function that adds its names to one object.
 *
 * A page that is opened from a folder may load neither modules nor a worker from their addresses,
 * but it can make a worker of their text: hence `define`, which keeps the text.
 */
"use strict";
(() => {
  const live = globalThis.alutils_live || { sources: [] };
  globalThis.alutils_live = live;

  /** Run a module, a function of the object it adds to, and keep its text for `worker`. */
  live.define = (make) => {
    live.sources.push(`(${make.toString()})(live);`);
    make(live);
  };

  /**
   * A worker in which all modules defined so far are at hand.
   * @param {function} entry of (live, data) -> what the worker posts, called for each message
   * @returns {Worker} its messages: {progress} on the way, {result} or {error} at the end
   */
  live.worker = (entry) => {
    const text = `"use strict"; const live = {}; ${live.sources.join("\n")}
      const entry = ${entry.toString()};
      self.onmessage = async ({ data }) => {
        try {
          live.progress = (progress) => self.postMessage({ progress });
          self.postMessage({ result: await entry(live, data) });
        } catch (error) {
          self.postMessage({ error: error.message, expected: error.name === "Refused" });
        }
      };`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const made = new Worker(address);
    URL.revokeObjectURL(address);
    return made;
  };
})();

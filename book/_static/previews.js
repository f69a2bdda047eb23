/* What a link leads to, in a card beside it: a term, a figure, an equation, an entry of the
   bibliography. It opens where a link is pointed at or focused, stays while the pointer is on the link
   or the card, and Escape closes it (WCAG 2.2, 1.4.13). */
(() => {
  "use strict";
  const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const DATA = new URL("_static/previews_data.js", ROOT);
  const OPEN_MS = 250, CLOSE_MS = 250; // so that a pointer on its way opens nothing, and may reach the card
  const GAP = 6, EDGE = 12; // pixels, of the card from its link and from the window
  let card, shownBy, timer, asked;

  /** The script with the previews: it is read once, when the first card is asked for. */
  function load() {
    asked ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = DATA;
      script.onload = script.onerror = () => resolve(window.ALUTILS_PREVIEWS ?? {});
      document.head.append(script);
    });
    return asked;
  }

  /** "PAGE.html#ID" of a link into this book, else null. */
  function key(link) {
    const to = new URL(link.href);
    if (!to.hash || !to.pathname.startsWith(ROOT.pathname)) return null;
    return decodeURIComponent(to.pathname.slice(ROOT.pathname.length) + to.hash);
  }

  /** {html, picture} of a link, or undefined. The entry of a citation is the link's own title. */
  async function preview(link) {
    if (link.title && link.closest(".bibtex-citation")) {
      link.dataset.entry = link.title; // or the browser would show it a second time
      link.removeAttribute("title");
    }
    if (link.dataset.entry) {
      const text = document.createElement("span");
      text.textContent = link.dataset.entry;
      return { html: text.innerHTML };
    }
    return (await load())[key(link)];
  }

  function build() {
    card = document.createElement("div");
    Object.assign(card, { id: "preview-card", className: "preview tex2jax_process", hidden: true });
    card.setAttribute("role", "tooltip");
    card.addEventListener("pointerenter", () => clearTimeout(timer));
    card.addEventListener("pointerleave", closeSoon);
    (document.querySelector("main") ?? document.body).append(card);
  }

  async function open(link) {
    const found = await preview(link);
    if (!found || shownBy === link || !(link.matches(":hover") || link === document.activeElement)) return;
    close();
    if (!card) build();
    card.innerHTML = found.html;
    if (found.picture) {
      const picture = Object.assign(document.createElement("img"), { src: new URL(found.picture, ROOT), alt: "" });
      picture.addEventListener("load", () => place(link));
      card.prepend(picture);
    }
    shownBy = link;
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    if (card.querySelector(".math")) await window.MathJax?.typesetPromise?.([card]);
    place(link);
  }

  /** Below the link, or above it where there is more room; never beyond the window's sides. */
  function place(link) {
    if (shownBy !== link) return;
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const parent = (card.offsetParent ?? document.body).getBoundingClientRect();
    const below = window.innerHeight - at.bottom;
    const top = height + GAP <= below || below >= at.top ? at.bottom + GAP : at.top - height - GAP;
    const left = Math.max(EDGE, Math.min(at.left, document.documentElement.clientWidth - width - EDGE));
    card.style.top = `${top - parent.top}px`;
    card.style.left = `${left - parent.left}px`;
  }

  function close() {
    clearTimeout(timer);
    if (!shownBy) return;
    shownBy.removeAttribute("aria-describedby");
    shownBy = undefined;
    card.hidden = true;
    card.replaceChildren();
  }

  function closeSoon() {
    clearTimeout(timer);
    timer = setTimeout(close, CLOSE_MS);
  }

  window.addEventListener("load", () => {
    for (const link of document.querySelectorAll("article a.internal[href*='#']:not(.headerlink)")) {
      link.addEventListener("pointerenter", ({ pointerType }) => {
        clearTimeout(timer);
        if (pointerType === "mouse") timer = setTimeout(() => open(link), OPEN_MS);
      });
      link.addEventListener("pointerleave", closeSoon);
      link.addEventListener("focus", () => link.matches(":focus-visible") && open(link));
      link.addEventListener("blur", closeSoon);
    }
    document.addEventListener("keydown", ({ key: pressed }) => pressed === "Escape" && close());
  });
})();

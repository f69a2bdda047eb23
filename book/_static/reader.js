// What a page does for its reader, with no network: boxes that scroll, and tabs that links open.
"use strict";

window.addEventListener("load", () => {
  // Equations wider than a narrow screen scroll in a box of their own: let the keyboard reach it.
  window.MathJax?.startup?.promise?.then(() => {
    for (const box of document.querySelectorAll('mjx-container[display="true"]')) box.tabIndex = 0;
  });
});

// The theme gives no name to what folds the pages beneath another one.
window.addEventListener("DOMContentLoaded", () => {
  for (const fold of document.querySelectorAll("nav summary:has(.toctree-toggle)")) {
    const above = fold.closest("li").querySelector("a").textContent.trim();
    fold.setAttribute("aria-label", `Pages beneath "${above}"`);
  }
});

/** Where the address leads into a tab, open this pool in all tabs (Sphinx opens that one alone). */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const input = target?.closest(".sd-tab-content")?.previousElementSibling?.previousElementSibling;
  if (!input) return;
  input.checked = true;
  input.dispatchEvent(new Event("change"));
  target.scrollIntoView();
}

/** A text that all pools share refers to the figure of the pool whose tab is open. */
function referToOpenTab() {
  for (const link of document.querySelectorAll("a.reference.internal[href^='#']")) {
    if (link.closest(".sd-tab-content") || !link.querySelector(".std-numref")) continue;
    link.dataset.first ??= link.getAttribute("href");
    const first = document.querySelector(`figure${link.dataset.first}`);
    const tab = first?.closest(".sd-tab-content");
    if (!tab) continue;
    const at = [...tab.querySelectorAll("figure")].indexOf(first);
    const labels = [...tab.parentElement.querySelectorAll(":scope > label.sd-tab-label")];
    const open = labels.find((label) => document.getElementById(label.htmlFor)?.checked);
    const figure = open?.nextElementSibling.querySelectorAll("figure")[at];
    const number = figure?.querySelector(".caption-number")?.textContent.trim();
    if (!number) continue;
    link.setAttribute("href", `#${figure.id}`);
    link.querySelector(".std-numref").textContent = number;
  }
}

window.addEventListener("hashchange", openTarget);
window.addEventListener("load", () => {
  for (const input of document.querySelectorAll(".sd-tab-set > input")) {
    input.addEventListener("change", () => setTimeout(referToOpenTab)); // once all tabs have changed
  }
  openTarget();
  referToOpenTab();
});

// A box that scrolls sideways says at which edges it goes on, and can be scrolled by the keyboard.
window.addEventListener("load", () => {
  const tell = (box) => {
    const room = box.scrollWidth - box.clientWidth;
    box.classList.toggle("goes-on", room > 1);
    box.classList.toggle("goes-on-left", box.scrollLeft > 1);
    box.classList.toggle("goes-on-right", room - box.scrollLeft > 1);
    if (room > 1) box.tabIndex = 0;
  };
  const seen = new ResizeObserver((entries) => entries.forEach((entry) => tell(entry.target)));
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .cell_output")) {
    box.addEventListener("scroll", () => tell(box), { passive: true });
    seen.observe(box);
  }
});

// On paper nothing can be opened: all that is folded is shown.
window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("article details")) folded.open = true;
});

// The theme's sidebar is outside of all landmarks.
window.addEventListener("load", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "complementary");
  sidebar?.setAttribute("aria-label", "The book: title, search and contents");
});

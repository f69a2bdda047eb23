// Equations wider than a narrow screen scroll in a box of their own: let the keyboard reach it.
window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(() => {
    for (const box of document.querySelectorAll('mjx-container[display="true"]')) box.tabIndex = 0;
  });
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

// Equations wider than a narrow screen scroll in a box of their own: let the keyboard reach it.
window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(() => {
    for (const box of document.querySelectorAll('mjx-container[display="true"]')) box.tabIndex = 0;
  });
});

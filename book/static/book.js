// A formula that is a little too wide is made smaller. What is wider than the page all the same can be moved with the
// keyboard too; what is folded is measured when it opens.
const reach = () => {
  for (const formula of document.querySelectorAll("div.math, :not(.math) > math")) {
    formula.style.fontSize = "";
    const room = formula.matches("div") ? formula : formula.closest("p, li, td, div");
    const fits = room.clientWidth / Math.max(formula.scrollWidth, formula.getBoundingClientRect().width);
    if (fits < 1) formula.style.fontSize = `${Math.max(0.98 * fits, 0.7)}em`;
  }
  for (const box of document.querySelectorAll("pre, div.math, .wide, .table-wrapper, .sidebar-scroll, .toc-scroll")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  }
};
reach();
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

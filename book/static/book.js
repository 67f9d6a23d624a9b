// What is wider than the page can be moved with the keyboard too; what is folded is measured when it opens.
const reach = () => {
  for (const box of document.querySelectorAll("pre, div.math, .table-wrapper, .sidebar-scroll, .toc-scroll")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  }
};
reach();
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

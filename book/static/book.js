// What is wider than the page can be moved with the keyboard too.
for (const box of document.querySelectorAll("pre, div.math, .table-wrapper, .sidebar-scroll, .toc-scroll")) {
  if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
}

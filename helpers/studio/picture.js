// The studio's picture: the painting, the photograph wiped over it or beside it, and both alone on the screen. All of it
// is done in the browser. Part of the module that page.js closes.

/** root: () → the page's outermost element, which fills the screen; signal: ends what listens to the document. */
function easel({id, button}, root, signal) {
  const now = make("img", {class: "now", alt: ""}), before = make("img", {class: "before", alt: ""});
  const frame = make("div", {class: "frame"}, now, before, make("i", {class: "edge", "aria-hidden": true}),
    make("span", {class: "tag left", "aria-hidden": true}, "photograph"),
    make("span", {class: "tag right", "aria-hidden": true}, "painting"));
  const view = make("div", {class: "view"}, frame);
  const wipe = make("input", {type: "range", id: id(), min: 0, max: 100, value: 0});
  const wiped = () => {
    frame.style.setProperty("--wipe", wipe.value / 100);
    wipe.style.setProperty("--at", wipe.value / 100);
    frame.classList.toggle("wiped", wipe.value > 0);
    wipe.setAttribute("aria-valuetext", `photograph over ${wipe.value} % of the painting`);
  };
  wipe.addEventListener("input", wiped);
  const drag = event => {                // once the edge is on the picture, it can be taken there
    if (!event.buttons || wipe.value === "0" || frame.classList.contains("beside")) return;
    const box = frame.getBoundingClientRect();
    wipe.value = Math.max(1, Math.min(100, 100 * (event.clientX - box.left) / box.width));
    wiped();
  };
  for (const event of ["pointerdown", "pointermove"]) frame.addEventListener(event, drag);
  const beside = button("Side by side", () => {
    beside.setAttribute("aria-pressed", frame.classList.toggle("beside"));
    wipe.disabled = frame.classList.contains("beside");
  }, {"aria-pressed": false, title: "photograph and painting beside each other"});

  const alone = button("", () => single(!root().classList.contains("alone")),
    {class: "alone-button", title: "the picture alone", "aria-label": "Full screen"});
  alone.hidden = notebookFrame() && !document.fullscreenEnabled;

  function single(on) {
    root().classList.toggle("alone", on);
    alone.setAttribute("aria-label", on ? "Leave full screen" : "Full screen");
    // A phone has none, or refuses: the page is covered all the same. In VS Code that would cover the whole notebook.
    if (on) root().requestFullscreen?.().catch(() => notebookFrame() && single(false));
    else if (document.fullscreenElement) document.exitFullscreen();
  }
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) single(false);
  }, {signal});

  let turns = 0;
  const drawn = new Map();                       // img → the turn of what it shows
  function draw(img, bytes) {
    const next = new Image(), turn = ++turns;
    next.src = url(bytes);
    next.decode().then(() => {                   // decoded first: it does not flicker
      if (turn < drawn.get(img)) return;         // a newer one was quicker
      drawn.set(img, turn);
      const old = img.src;
      img.src = next.src;
      if (img === now) view.style.setProperty("--ratio", next.naturalWidth / next.naturalHeight);
      if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
    }).catch(() => {});                          // what was there stays
  }

  wiped();
  return {view, now, before, wipe, beside, alone, draw, single};
}

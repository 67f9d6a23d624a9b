// The studio's page over what page.py sends: what is where, and what happens when it changes. Its controls are made by
// controls.js, the picture by picture.js; the three are one module.
const PULSE = 2000;        // ms between two signs of life while it paints

function render({model, el}) {
  const words = model.get("words"), life = new AbortController(), thumbs = new Map();
  let state = model.get("state"), local = "";
  const say = sentence => { local = sentence; show(); };
  const send = (command, more = {}, buffers = []) => {
    if (command !== "alive") local = "";
    try {
      model.send({command, ...more}, undefined, buffers);
    } catch (error) {
      say("The kernel is gone: reload the page, or run the cell again.");
    }
  };
  const set = (changes, held = false) => send("set", {changes, held});
  const {id, button, hinted, slider, menu, gallery, file, controls} =
    workshop({words, thumbs, set, say, get state() { return state; }});

  // --- the parts of the page ---

  const title = make("h1"), status = make("p", {class: "studio-status"}), announced = make("p", {role: "status"});
  const progress = make("i", {class: "progress", "aria-hidden": true});
  const go = button("Paint", () => send(state.painting ? "pause" : "paint"), {class: "primary"});
  const over = button("Start over", () => send("start_over"), {title: "a new picture; this one is put aside"});
  const back = button("Bring back", () => send("bring_back"), {title: "the picture that was put aside last"});
  const saved = make("a", {class: "saved", hidden: true});
  const actions = make("div", {class: "go"}, go, over, back,
    button("Save", () => send("save"), {title: "a PNG with its settings inside"}),
    button("GIF", () => send("gif"), {title: "the stages as an animation"}));
  const head = make("header", {}, make("div", {class: "said"}, title, status, saved), actions, progress);

  const {view, now, before, wipe, beside, alone, draw, single} = easel({id, button}, () => root, life.signal);
  const films = [make("img", {class: "film", alt: ""}), make("img", {class: "film", alt: ""})];
  const foot = make("div", {class: "foot"}, beside, make("label", {for: wipe.id}, "Wipe"), wipe, films[0], alone);

  const weights = words.weights.map(([name, label, notches]) =>
    slider(label, notches, settings => settings[name], (value, held) => set({[name]: value}, held), name, name));
  const bars = words.layers.map(() => make("i", {class: "bar", "aria-hidden": true}));
  const layers = words.layers.map((label, k) => slider(label, words.layer, settings => settings.layer_weights[k],
    (weight, held) => send("layer", {layer: k, weight, held})));
  layers.forEach((one, k) => one.node.append(bars[k]));
  const blend = slider("Blend", words.blend, settings => settings.blend, (value, held) => set({blend: value}, held),
    "blend");
  const split = slider("Split", words.split, settings => settings.split, (value, held) => set({split: value}, held),
    "split", "split");
  const line = make("i", {class: "line", "aria-hidden": true});        // seen while the slider has the focus
  const drawn = () => { line.hidden = !split.value; line.style.left = `${100 * split.value}%`; };
  now.parentNode.append(line);
  split.node.addEventListener("input", drawn);
  controls.push({show(settings) { blend.node.hidden = split.node.hidden = !settings.second; drawn(); }});
  const second = menu("second", "Second style", [["none", ""]]);
  controls.unshift({show() {
    second.offer([["none", ""], ...[...state.names.style, ...state.names.own].map(name => [name, name])]);
  }});
  const apply = changes => button(changes[0], () => set(changes[1]));
  const role = make("select", {id: id()}, make("option", {value: "content"}, "photograph"),
    make("option", {value: "style"}, "style"));
  const address = make("input", {type: "url", id: id(), placeholder: "https://…"});
  address.addEventListener("change", () => {
    if (address.value.trim()) send("address", {address: address.value.trim(), role: role.value});
  });
  const keep = make("input", {type: "checkbox", id: id()});
  keep.addEventListener("change", () => set({keep_colours: keep.checked}));
  controls.push({show(settings) { keep.checked = settings.keep_colours; }});
  const menus = Object.fromEntries([["size", "Size"], ["start", "Start from"], ["method", "Optimiser"],
    ["pooling", "Pooling"], ["steps", "Evaluations"]].map(([name, label]) =>
    [name, menu(name, label, words.menus[name]).node]));

  const part = (heading, ...parts) => make("section", {}, ...(heading ? [make("h2", {}, heading)] : []), ...parts);
  const several = (...parts) => make("div", {class: "several"}, ...parts);
  const labelled = (label, input) => make("div", {class: "menu"}, make("label", {for: input.id}, label), input);
  const hint = text => make("p", {class: "hint"}, text);
  const panes = {
    "Lesson": [make("section", {}, part("Photograph", gallery("content", "Photographs")),
      part("Style", gallery("style", "Styles"))),
    make("section", {class: "weights"}, make("h2", {}, "Weights"), make("div", {class: "presets"},
      ...words.presets.map(apply),
      button("Reset", () => set(words.reset), {title: "all sliders back, one style, its own colours"})),
    make("div", {class: "three"}, ...weights.map(one => one.node)))],
    "Layers": [part("Weight of each style layer", hint(words.hints.layers), ...layers.map(one => one.node),
      hint("A bar shows the layer's share in the style distance now."))],
    "Your pictures": [
      part("A picture of yours", labelled("It becomes", role), several(file("Upload a picture", "image/*", async one =>
        send("upload", {name: one.name, role: role.value}, [await smaller(one)]))), labelled("or from", address)),
      part("Two styles at once", second.node, blend.node, split.node),
      part("Change places", several(button("Swap photograph and style", () =>
        set({content: state.settings.style, style: state.settings.content})))),
      part("A saved picture", hint("A PNG that the studio saved holds its settings."), several(
        file("Paint a saved one again", "image/png", async one => send("read", {}, [await one.arrayBuffer()]))))],
    "More": [part("", menus.size, menus.steps, menus.start), part("", menus.method, menus.pooling,
      make("div", {class: "menu check"}, keep, make("label", {for: keep.id}, "Keep the photograph's colours"),
        ...hinted("keep_colours", keep)))]};
  const tabs = Object.keys(panes).map(name => make("button", {type: "button", role: "tab", id: id(),
    click: () => turn(name)}, name));
  const bodies = Object.values(panes).map((parts, k) => make("div", {class: "pane", role: "tabpanel", id: id(),
    "aria-labelledby": tabs[k].id}, ...parts));
  tabs.forEach((tab, k) => tab.setAttribute("aria-controls", bodies[k].id));
  const turn = name => tabs.forEach((tab, k) => {
    const on = tab.textContent === name;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    bodies[k].hidden = !on;
  });
  const list = make("div", {class: "tabs", role: "tablist", "aria-label": "Controls", keydown: event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    turn(next.textContent);
    next.focus();
  }}, ...tabs);
  const curves = make("div", {class: "curves"}), explanation = make("p", {class: "explanation"});
  const side = make("div", {class: "side"}, list, make("div", {class: "panes"}, ...bodies),
    make("div", {class: "learn"}, curves, explanation, films[1]));
  const root = make("div", {class: "studio", keydown: event => {
    if (event.key === "Escape") single(false);
    if (notebookFrame() && !event.ctrlKey && !event.metaKey && !/^(Tab|Escape|F\d+)$/.test(event.key)) event.stopPropagation();
  }},
    make("div", {class: "sheet"}, head, view, foot, side, announced));
  turn("Lesson");

  // JupyterLab takes keys from what has the focus, even a slider's arrows, unless that element says not to. Ctrl+S stays.
  // VS Code takes what reaches the window: Enter on Paint would edit the cell too, D twice delete it. See root.
  window.addEventListener("keydown", event => {
    if (root.contains(event.target)) {
      event.target.toggleAttribute("data-lm-suppress-shortcuts", !event.ctrlKey && !event.metaKey);
    }
  }, {capture: true, signal: life.signal});

  // --- what the painter says ---

  function link([text, notebook]) {
    const name = `chapter ${notebook.slice(0, 2)}, ${notebook.slice(3).replaceAll("_", " ")}`;
    const folder = location.pathname.match(/\/tree\/(.*?)[^/]*$/)?.[1];       // JupyterLab, and the notebook's folder
    const where = folder === undefined ? make("span", {}, name) : make("a", {href: `${notebook}.ipynb`, target: "_blank",
      "data-commandlinker-command": "docmanager:open",
      "data-commandlinker-args": JSON.stringify({path: `${decodeURIComponent(folder)}${notebook}.ipynb`})}, name);
    explanation.replaceChildren(`${text} → `, where);
  }

  function show() {
    state = model.get("state");
    const error = local || state.error;
    title.textContent = state.title;
    status.replaceChildren(make("b", {}, state.doing), ": " + state.status,
      ...(error ? [" ", make("strong", {class: "error"}, `⚠ ${error}`)] : []), ...(state.note ? [` ${state.note}`] : []));
    const said = [state.doing, error, state.note].filter(Boolean).join(". ");     // the counts alone are not read out again and again
    if (announced.textContent !== said) announced.textContent = said;
    progress.style.setProperty("--at", state.goal ? state.evaluation / state.goal : 0);
    go.textContent = state.painting ? "Pause" : state.started && state.evaluation < state.goal ? "Resume" : "Paint";
    back.disabled = !state.earlier;
    now.alt = state.title;
    before.alt = `the photograph: ${state.settings.content}`;
    for (const control of controls) control.show(state.settings);
    if (explanation.dataset.said !== JSON.stringify(state.explanation)) link(state.explanation);
    explanation.dataset.said = JSON.stringify(state.explanation);
  }

  function thumbnails() {
    for (const old of thumbs.values()) URL.revokeObjectURL(old);
    thumbs.clear();
    for (const {name, jpeg} of model.get("thumbs")) thumbs.set(name, url(jpeg));
  }

  function slow() {
    const {film, stages, curves: drawing, shares} = model.get("slow");
    for (const img of films) {
      img.hidden = !film?.byteLength;
      if (film?.byteLength) {
        if (img.src) URL.revokeObjectURL(img.src);
        img.src = url(film);
        img.alt = img.title = `Stages: evaluations ${stages.join(", ")}`;
      }
    }
    curves.innerHTML = drawing ?? "";            // numbers and words of curves.py alone
    bars.forEach((bar, k) => {
      bar.style.setProperty("--share", shares?.[k] ?? 0);
      bar.textContent = shares?.length ? `${Math.round(100 * shares[k])} %` : "";
    });
  }

  function offer({file: name, folder}, [bytes]) {
    if (saved.href) URL.revokeObjectURL(saved.href);
    saved.href = url(bytes, name.endsWith("gif") ? "image/gif" : "image/png");
    saved.download = name;
    saved.textContent = `saved: ${folder}/${name}`;
    saved.hidden = false;
    saved.click();
  }

  // --- light or dark: JupyterLab's theme, VS Code's, else the system's; its own page in Voilà ---

  const system = matchMedia("(prefers-color-scheme: dark)"), body = document.body;
  function theme() {
    const lab = body.dataset.jpThemeLight, code = body.dataset.vscodeThemeKind, voila = "voila" in body.dataset;
    const dark = lab === "false" || ["vscode-dark", "vscode-high-contrast"].includes(code) ||
      (system.matches && (voila || (lab === undefined && code === undefined)));
    root.classList.toggle("dark", dark);
  }
  system.addEventListener("change", theme, {signal: life.signal});
  const watcher = new MutationObserver(theme);
  watcher.observe(body, {attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"]});
  theme();
  const whole = "voila" in body.dataset && document.querySelectorAll("[cell-index]").length === 1;
  root.classList.toggle("whole", whole);

  // In VS Code outputs lie in a frame as long as the notebook, so that 100dvh says nothing: its window is what is seen.
  const fit = () => root.style.setProperty("--window", `${outerHeight - 64}px`);
  if (notebookFrame()) {
    fit();
    window.addEventListener("resize", fit, {signal: life.signal});
  }

  // --- its life ---

  const heard = {"change:state": show, "change:slow": slow, "change:thumbs": () => { thumbnails(); show(); },
    "change:image": () => draw(now, model.get("image")), "change:original": () => draw(before, model.get("original")),
    "msg:custom": offer};
  thumbnails();
  show();
  slow();
  draw(now, model.get("image"));
  draw(before, model.get("original"));
  for (const [event, action] of Object.entries(heard)) model.on(event, action);
  const pulse = setInterval(() => { if (state.painting) send("alive"); }, PULSE);
  el.append(root);
  return () => {
    life.abort();
    watcher.disconnect();
    clearInterval(pulse);
    for (const [event, action] of Object.entries(heard)) model.off(event, action);
  };
}

export default {render};

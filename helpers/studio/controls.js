// The studio's controls: plain HTML elements that send what a hand does, and show what the painter says. They come
// before page.js in one module. None is moved while a hand holds it, or so shortly after that the answer is an old one.
const HOLD = 500;          // ms after a handle was let go in which no answer of the painter's moves it
const LARGEST = 6e6;       // bytes; what is larger is made smaller here, for servers refuse long messages

/** An element. Strings become text, never markup: a picture's name is data. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** VS Code shows outputs in a frame as long as the notebook: what fills this frame cannot be seen whole. */
const notebookFrame = () => "vscodeThemeKind" in document.body.dataset;

const url = (bytes, type = "image/jpeg") => URL.createObjectURL(new Blob([bytes], {type}));

async function smaller(file) {
  if (file.size <= LARGEST) return file.arrayBuffer();
  const bitmap = await createImageBitmap(file, {imageOrientation: "from-image"});
  const scale = Math.min(1, 1600 / Math.max(bitmap.width, bitmap.height));
  const canvas = make("canvas", {width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale)});
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return (await new Promise(done => canvas.toBlob(done, "image/jpeg", 0.92))).arrayBuffer();
}

/** What makes controls. page: {words, state, thumbs, set(changes, held), say(sentence)}; each shows itself by show(). */
function workshop(page) {
  const controls = [], prefix = "s" + Math.random().toString(36).slice(2);
  const id = () => `${prefix}-${controls.serial = (controls.serial ?? 0) + 1}`;
  const button = (text, action, more = {}) => make("button", {type: "button", click: action, ...more}, text);

  function hinted(key, node) {           // → the hint below a control, and tied to it for a screen reader
    if (!page.words.hints[key]) return [];
    const hint = make("small", {id: id()}, page.words.hints[key]);
    node.setAttribute("aria-describedby", hint.id);
    return [hint];
  }

  function slider(label, notches, read, move, hint, kind = "") {
    const input = make("input", {type: "range", id: id(), min: 0, max: notches.length - 1, step: 1});
    const value = make("span", {class: "value", "aria-hidden": true});
    let busy = 0, held = false, frame = 0;
    const control = {
      node: make("div", {class: `slider ${kind}`}, make("label", {for: input.id}, label), value, input,
        ...hinted(hint, input)),
      get value() { return notches[input.value][1]; },
      get busy() { return performance.now() < busy; },
      draw() {
        const text = notches[input.value][0];
        value.textContent = text;
        input.style.setProperty("--at", input.value / (notches.length - 1));
        input.setAttribute("aria-valuetext", +input.value * 2 === notches.length - 1 ? `${text}, neutral` : text);
      },
      show(settings) {
        if (control.busy) return;
        const far = notch => Math.abs(Math.log((notch[1] + 1e-4) / (read(settings) + 1e-4)));
        input.value = notches.reduce((best, notch, k) => far(notch) < far(notches[best]) ? k : best, 0);
        control.draw();
      }};
    const release = () => {
      cancelAnimationFrame(frame);
      frame = 0;
      if (held) move(control.value, false);
      held = false;
      busy = performance.now() + HOLD;
      setTimeout(() => control.show(page.state.settings), HOLD + 20);
    };
    input.addEventListener("input", () => {
      busy = Infinity;
      held = true;
      control.draw();
      frame ||= requestAnimationFrame(() => { frame = 0; move(control.value, true); });
    });
    input.addEventListener("pointerdown", () => { busy = Infinity; });
    for (const event of ["change", "pointerup", "pointercancel", "blur"]) input.addEventListener(event, release);
    controls.push(control);
    return control;
  }

  function menu(name, label, entries) {
    const select = make("select", {id: id()});
    let busy = 0;
    select.addEventListener("change", () => { busy = performance.now() + HOLD; page.set({[name]: entries[select.value][1]}); });
    const control = {
      node: make("div", {class: "menu"}, make("label", {for: select.id}, label), select, ...hinted(name, select)),
      offer(more) {
        if (JSON.stringify(more) === JSON.stringify(entries) && select.length) return;
        entries = more;
        select.replaceChildren(...entries.map(([text], k) => make("option", {value: k}, text)));
      },
      show(settings) {
        if (performance.now() < busy) return;
        const value = settings[name], known = entries.some(entry => entry[1] === value);
        control.offer(known ? entries : [...entries, [String(value), value]]);
        select.value = entries.findIndex(entry => entry[1] === value);
      }};
    control.offer(entries);
    controls.push(control);
    return control;
  }

  function gallery(role, label) {
    const row = make("div", {class: "row", role: "group", "aria-label": label});
    let shown = "";
    controls.push({show(settings) {
      const names = [...new Set([...page.state.names[role], ...page.state.names.own, settings[role]])];
      const now = JSON.stringify([names, [...page.thumbs.keys()]]);
      if (now !== shown) {
        shown = now;
        row.replaceChildren(...names.map(name => make("button", {type: "button", class: "thumb", title: name,
          click: () => page.set({[role]: name})}, make("img", {src: page.thumbs.get(name) ?? "", alt: ""}),
        make("span", {}, name))));
      }
      names.forEach((name, k) => row.children[k].setAttribute("aria-pressed", name === settings[role]));
    }});
    return row;
  }

  function file(text, accept, action) {
    const input = make("input", {type: "file", id: id(), accept, class: "hidden-input"});
    input.addEventListener("change", async () => {
      for (const one of input.files) {
        try { await action(one); } catch (error) { page.say(`${one.name} cannot be read here: save it again, smaller.`); }
      }
      input.value = "";
    });
    return make("label", {class: "button"}, input, text);
  }

  return {id, button, hinted, slider, menu, gallery, file, controls};
}

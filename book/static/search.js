// Under each page that was found: in which sections the words stand, and what stands around them. For that Sphinx would
// read the page, which one that was opened from a file may not; so the book brings its text along, in texts.js.
const SECTIONS = 3, AROUND = 90;                  // at most, for a page; letters on both sides of a word
const stemmer = new Stemmer();
const query = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase().trim();
const terms = splitQuery(query).filter(term => !stopwords.includes(term));

// Where a text has the query, or else its terms: { met: how many of them, place: [begin, end] }. As in Sphinx's index, a
// word is met by its stem, or by how it begins.
const look = text => {
  const whole = text.toLowerCase().indexOf(query);
  if (whole >= 0) return { met: terms.length + 1, place: [whole, whole + query.length] };
  const found = new Map();
  for (const { 0: word, index } of text.matchAll(/[\p{Letter}\p{Number}_]+/gu)) {
    const written = word.toLowerCase();
    for (const term of terms) {
      if (!found.has(term) && (written.startsWith(term) || stemmer.stemWord(written) === stemmer.stemWord(term))) {
        found.set(term, [index, index + word.length]);
      }
    }
  }
  return { met: found.size, place: [...found.values()][0] };
};

const context = (text, [begin, end]) => {
  const line = document.createElement("p");
  const from = text.indexOf(" ", Math.max(0, begin - AROUND)), to = text.lastIndexOf(" ", end + AROUND);
  const word = document.createElement("mark");
  word.textContent = text.slice(begin, end);
  line.append(begin > AROUND ? "…" + text.slice(from, begin) : text.slice(0, begin), word,
              text.length > end + AROUND ? text.slice(end, to) + " …" : text.slice(end));
  return line;
};

const tell = item => {
  const link = item.querySelector("a");
  const page = link.getAttribute("href").replace(/\.html$/, "");
  if (!(page in TEXTS)) return;                   // a heading that was found: it leads to its place already
  const sections = TEXTS[page].map(([id, title, text]) => ({ id, title, text, ...look(text) }));
  const most = Math.max(...sections.map(section => section.met));
  const list = document.createElement("ul");
  for (const section of sections.filter(({ met }) => met && met === most).slice(0, SECTIONS)) {
    const entry = list.appendChild(document.createElement("li"));
    const there = entry.appendChild(document.createElement("a"));
    there.href = `${page}.html#${section.id}`;
    there.textContent = section.title;
    entry.append(context(section.text, section.place));
  }
  if (list.children.length) item.append(list);
};

new MutationObserver(changes => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.matches?.("ul.search > li")) tell(node);
  }
}).observe(document.getElementById("search-results"), { childList: true, subtree: true });

if (!query) {                                     // the page was opened by itself
  const hint = document.createElement("p");
  hint.textContent = "Type a word into the field “Search”, above the list of chapters, and press Enter.";
  document.getElementById("search-results").append(hint);
}

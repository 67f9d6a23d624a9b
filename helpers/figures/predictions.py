"""Predictions: chosen or typed before a figure, kept by the page, and shown beside the answer after it."""

import hashlib
import html

from IPython.display import display

# Without script these are plain text. The script makes the controls, so that none is dead, and no kernel is asked.
ASKED = """<section class="prediction" data-key="{key}">
<p>Your prediction: {question}</p>
<ul>{options}</ul>
</section>
<script>{script}</script>"""
ANSWERED = """<p class="prediction-answer" data-key="{key}"><span></span>The answer: <strong>{answer}</strong></p>
<script>{script}</script>"""

# What was said lives in the page: an answer finds it wherever it stands, and a cell that is drawn anew shows it again.
SCRIPT = """{
const kept = window.predictions ??= {};
const tell = () => {
  for (const answer of document.querySelectorAll("p.prediction-answer")) {
    const said = kept[answer.dataset.key];
    answer.querySelector("span").textContent = said ? `You said: ${said}. ` : "";
  }
};
for (const section of document.querySelectorAll("section.prediction:not([data-ready])")) {
  section.dataset.ready = "";
  const key = section.dataset.key, options = [...section.querySelectorAll("li")].map(item => item.textContent);
  const box = document.createElement("fieldset");
  box.style.cssText = "margin:0;max-width:40em;border:1px solid currentColor;border-radius:.3em";
  box.appendChild(document.createElement("legend")).textContent = section.querySelector("p").textContent;
  for (const option of options.length ? options : [null]) {
    const label = box.appendChild(document.createElement("label"));
    label.style.cssText = "display:flex;align-items:center;gap:.6em;min-height:2em";
    const input = label.appendChild(document.createElement("input"));
    input.dataset.lmSuppressShortcuts = "true";   // else JupyterLab's shortcuts take the keys
    if (option === null) {
      input.setAttribute("aria-label", section.querySelector("p").textContent);
      input.style.cssText = "flex:1;font:inherit";
      input.value = kept[key] ?? "";
      input.addEventListener("input", () => { kept[key] = input.value.trim(); tell(); });
    } else {
      Object.assign(input, { type: "radio", name: `prediction-${key}`, checked: kept[key] === option });
      label.appendChild(document.createElement("span")).textContent = option;
      input.addEventListener("change", () => { kept[key] = option; tell(); });
    }
  }
  section.replaceChildren(box);
}
tell();
}"""


class Prediction:
    """A question with its options, or with a line to type in where there are none. Showing it is `predict`'s part."""

    def __init__(self, question, options):
        self.question, self.options = question, options
        self.key = hashlib.sha256(question.encode()).hexdigest()[:8]

    def ask(self):
        page = ASKED.format(key=self.key, question=html.escape(self.question), script=SCRIPT,
                            options="".join(f"<li>{html.escape(option)}</li>" for option in self.options))
        text = " / ".join(self.options) or "…"
        display({"text/html": page, "text/plain": f"Your prediction: {self.question} {text}"}, raw=True)

    def answer(self, answer):
        """Show what was said, if anything was, beside the answer. answer: one of the options, or a text."""
        if self.options and answer not in self.options:
            raise ValueError(f"The answer {answer!r} is none of the options: {', '.join(self.options)}.")
        page = ANSWERED.format(key=self.key, answer=html.escape(answer), script=SCRIPT)
        display({"text/html": page, "text/plain": f"The answer: {answer}"}, raw=True)


def predict(question, *options):
    """Ask for a prediction before a figure. It is kept in the page, and nothing is said about it until `.answer`.

    question: one sentence, another one in each place. options: what can be chosen; none: a line to type in. Returns
    the Prediction, whose `answer(text)` belongs after the figure. It works in JupyterLab, in the book and from a file;
    where no script is allowed, question and options stand there as text.
    """
    prediction = Prediction(question, options)
    prediction.ask()
    return prediction

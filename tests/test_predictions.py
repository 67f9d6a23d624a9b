"""`figures.predict`: a prediction as HTML, as text, and from a file in a real Chromium."""

import re

import pytest
from test_browser import browser  # noqa: F401

from helpers import figures
from helpers.figures import predictions as module

playwright = pytest.importorskip("playwright.sync_api")
SKY, STROKES, SMOOTH = "What happens to the sky?", "it fills with <strokes>", "it stays smooth"


@pytest.fixture
def shown(monkeypatch):
    """What predict and answer display, in their order."""
    bundles = []
    monkeypatch.setattr(module, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def test_question_options_and_answer_are_there_as_text(shown):
    prediction = figures.predict(SKY, STROKES, SMOOTH)
    prediction.answer(STROKES)
    asked, answered = shown
    assert asked["text/plain"] == f"Your prediction: {SKY} {STROKES} / {SMOOTH}"
    assert answered["text/plain"] == f"The answer: {STROKES}"
    assert "<li>it fills with &lt;strokes&gt;</li>" in asked["text/html"]
    assert "it fills with &lt;strokes&gt;</strong>" in answered["text/html"]
    assert not re.search(r"<(input|button|fieldset)", asked["text/html"]), "a control is made by the script alone"


def test_the_same_call_gives_the_same_text_and_another_question_another_key(shown):
    for question in (SKY, SKY, "What happens to the roof?"):
        figures.predict(question, STROKES)
    first, again, other = (bundle["text/html"] for bundle in shown)
    assert first == again
    assert re.search(r'data-key="(\w+)"', first)[1] != re.search(r'data-key="(\w+)"', other)[1]


def test_an_answer_that_was_no_option_is_named(shown):
    with pytest.raises(ValueError, match="none of the options: yes, no"):
        figures.predict("Does it fall?", "yes", "no").answer("maybe")


@pytest.fixture
def file(shown, tmp_path):
    """A page with a prediction to choose, one to type, and their answers below."""
    sky, roof = figures.predict(SKY, STROKES, SMOOTH), figures.predict("And the roof?")
    sky.answer(STROKES)
    roof.answer("its lines stand")
    path = tmp_path / "page.html"
    path.write_text('<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>'
                    + "".join(bundle["text/html"] for bundle in shown), encoding="utf-8")
    return path.as_uri()


def test_from_a_file_it_is_chosen_typed_kept_and_answered(browser, file):  # noqa: F811
    context = browser.new_context(viewport={"width": 390, "height": 700})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file)
    sky, roof = (page.locator("p.prediction-answer").nth(i) for i in range(2))
    assert sky.inner_text() == f"The answer: {STROKES}"
    page.get_by_role("group", name=SKY).get_by_role("radio", name=SMOOTH).press("Space")
    playwright.expect(sky).to_have_text(f"You said: {SMOOTH}. The answer: {STROKES}")
    page.get_by_role("radio", name=SMOOTH).press("ArrowUp")
    playwright.expect(sky).to_have_text(f"You said: {STROKES}. The answer: {STROKES}")
    page.get_by_role("textbox", name="And the roof?").fill("<i>it bends</i>")
    playwright.expect(roof).to_have_text("You said: <i>it bends</i>. The answer: its lines stand")
    assert page.locator("i").count() == 0, "what was typed is text, never HTML"

    # A cell that is run once more is drawn anew, and still shows what was said.
    page.evaluate("""() => {
        const old = document.querySelector("section.prediction"), anew = document.createElement("section");
        Object.assign(anew, { className: "prediction" }).dataset.key = old.dataset.key;
        anew.innerHTML = `<p>${old.querySelector("legend").textContent}</p><ul>` + [...old.querySelectorAll("span")]
            .map(span => `<li>${span.innerHTML}</li>`).join("") + "</ul>";
        old.replaceWith(anew);
        const script = document.createElement("script");
        script.textContent = document.querySelector("script").textContent;
        document.body.append(script); }""")
    assert page.get_by_role("radio", name="it fills with").is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    context.close()


def test_without_javascript_question_options_and_answer_can_be_read(browser, file):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file)
    assert page.locator("input").count() == 0
    assert page.locator("section").first.inner_text().split("\n")[0] == f"Your prediction: {SKY}"
    assert page.locator("li").all_inner_texts() == [STROKES, SMOOTH]
    context.close()

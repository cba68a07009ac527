const plot = (id) => document.querySelector(`#${id} .plot`);
const shownIn = (id) => JSON.stringify([plot(id).data, plot(id).layout?.yaxis?.title]);
const change = (control, value, event) => {
  if (value !== undefined) control.value = value;
  control.dispatchEvent(new Event(event));
};
const changed = (id, act) => {
  const before = shownIn(id);
  act();
  return before !== shownIn(id);
};
window.addEventListener("load", () => {
  const found = { errors: window.errors };
  try {
    found.drawn = [...document.querySelectorAll("figure:not([hidden]) .plot")]
      .map((one) => one.parentElement.id + (one.querySelector("svg.main-svg") ? "" : " is empty"));
    const box = document.querySelector("#policies input");
    const all = plot("plane").data.length;
    found.toggle = changed("plane", () => box.click());
    found.hides = all - plot("plane").data.length;
    box.click();
    found.shows = plot("plane").data.length === all;
    const slider = document.getElementById("point");
    if (slider) {
      found.slider = changed("plane", () => change(slider, 0, "input"));
      found.value = document.getElementById("point-value").textContent;
      const delay = document.querySelector("#delay select");
      found.quantile = changed("delay", () => change(delay, "p99", "change"));
    }
    const held = document.querySelector("select[data-held]");
    if (held) found.held = changed("ccdf", () => change(held, held.options[1].value, "change"));
    const measure = document.querySelector("#measure select");
    found.measure = changed("measure", () => change(measure, "objective", "change"));
    const time = document.getElementById("time");
    found.time = changed("map", () => change(time, 1, "input"));
    const atStart = shownIn("map");
    document.querySelector("#player button").click();
    setTimeout(() => {
      found.plays = atStart !== shownIn("map");
      document.querySelector("#player button").click();
      say(found);
    }, 1500);
  } catch (error) {
    found.errors.push(String(error));
    say(found);
  }
});
const say = (found) => {
  const verdict = document.createElement("pre");
  verdict.id = "verdict";
  verdict.textContent = JSON.stringify(found);
  document.body.append(verdict);
};

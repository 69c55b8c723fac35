// Works the household out again while one types: the page that the form would bring, of which the answer is taken.
// The old answer stays until the new one is there.
const form = document.getElementById("household");
const parts = ["sum", "answer"];
let waiting, current;

function fields(submitter) {
  const data = new URLSearchParams(new FormData(form));
  if (submitter?.name) data.set(submitter.name, submitter.value);
  return data;
}

async function fetched(submitter) {
  current?.abort();
  current = new AbortController();
  const answer = await fetch(form.action, { method: "POST", body: fields(submitter), signal: current.signal });
  if (answer.status !== 200 && answer.status !== 422) throw new Error("no answer");
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function again() {
  try {
    const found = await fetched();
    if (found.getElementById("problems")) return; // half a number is no fault yet; the button tells faults
    for (const id of parts) document.getElementById(id).replaceWith(found.getElementById(id));
    const slider = found.querySelector(".slider"), own = document.querySelector(".slider");
    if (slider && own && own !== document.activeElement) for (const key of ["max", "step", "value"]) own[key] = slider[key];
  } catch (fault) {
    if (fault.name !== "AbortError") form.submit();
  }
}

function show(slider) {
  if (slider) slider.hidden = false;
}

form.addEventListener("input", (event) => {
  const slider = event.target.closest(".slider"), field = slider && document.getElementById(slider.dataset.for);
  if (slider) field.value = Number(slider.value).toLocaleString("en-US");
  const own = form.querySelector(`.slider[data-for="${event.target.id}"]`);
  if (own) own.value = event.target.value.replace(/[^0-9.]/g, "");
  clearTimeout(waiting);
  waiting = setTimeout(again, event.target.tagName === "SELECT" ? 0 : 250);
});
form.addEventListener("change", (event) => {
  if (event.target.id === "over") form.requestSubmit(document.getElementById("work"));
});
show(document.querySelector(".slider"));
document.getElementById("problems")?.focus();

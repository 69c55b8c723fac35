// A slider over the days on which something changed: moves the date, and asks for the record of that day when let go.
const slider = document.querySelector("[data-days]"), day = document.getElementById("valid_at");
if (slider) {
  const days = slider.dataset.days.split(" ");
  const at = days.findLastIndex((one) => one <= day.value);
  slider.value = Math.max(at, 0);
  slider.hidden = false;
  const show = () => { day.value = days[slider.value]; slider.setAttribute("aria-valuetext", day.value); };
  slider.setAttribute("aria-valuetext", days[slider.value]);
  slider.addEventListener("input", show);
  slider.addEventListener("change", () => document.getElementById("dates").requestSubmit());
}

// Takes the reader to what is wrong, and prints on request. The pages need neither.
document.getElementById("problems")?.focus();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
// An amount and "I don't know" exclude each other.
for (const unknown of document.querySelectorAll('input[type=checkbox][name$="-unknown"], input[type=checkbox][name^="u.f."], input[type=checkbox][name^="x.f."]')) {
  const field = document.getElementById(unknown.name.replace(/-unknown$|^[ux]\./, ""));
  unknown.addEventListener("change", () => { if (unknown.checked) field.value = ""; });
  field.addEventListener("input", () => { if (field.value) unknown.checked = false; });
}

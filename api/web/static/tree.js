// Opens and closes every step at once. The steps are disclosures of the browser's own, and need no script.
for (const row of document.querySelectorAll("[data-tree]")) {
  const tree = document.getElementById(row.dataset.tree);
  row.hidden = false;
  row.addEventListener("click", (event) => {
    const open = event.target.closest("[data-open]")?.dataset.open;
    if (open) for (const step of tree.querySelectorAll("details")) step.open = open === "true";
  });
}

// A table whose cells can be typed in. Nothing is written before the kernel has checked all that was changed.
function render({ model, el }) {
  const columns = model.get("columns"), edited = {};
  const status = element("p", { role: "status", className: "said" });
  const page = element("div", { className: "page" });
  const body = element("tbody"), group = element("select", { ariaLabel: "Group of assumptions" });
  for (const name of model.get("groups")) group.append(element("option", { value: name[0], textContent: name[1] }));

  const cell = (row, column) => {
    const box = element("input", { type: "text", value: edited[row.name]?.[column] ?? row[column],
      size: column === "source" || column === "note" ? 28 : 11, ariaLabel: `${row.label}: ${column}` });
    box.addEventListener("input", () => { (edited[row.name] ??= {})[column] = box.value; });
    return element("td", {}, box);
  };
  const fill = () => body.replaceChildren(...model.get("rows").filter((row) => row.group === group.value).map((row) =>
    element("tr", {}, element("th", { scope: "row", textContent: row.label }), ...columns.map((c) => cell(row, c)))));
  const button = (words, kind) => {
    const made = element("button", { type: "button", textContent: words });
    made.addEventListener("click", () => { status.textContent = "Working …"; model.send({ kind, name: "", edited }); });
    return made;
  };
  const undo = element("button", { type: "button", textContent: "Undo all" });
  undo.addEventListener("click", () => { for (const name of Object.keys(edited)) delete edited[name]; fill(); });

  const head = element("tr", {}, ...["assumption", ...columns].map((c) => element("th", { scope: "col", textContent: c })));
  const scroll = element("div", { tabIndex: 0, role: "group", ariaLabel: "Assumptions" });
  scroll.style.overflowX = "auto";
  scroll.append(element("table", {}, element("thead", {}, head), body));
  el.classList.add("what-if");
  el.append(element("style", { textContent: model.get("style") }), element("p", {}, group, button("Check", "check"),
    button("Save", "save"), undo), status, scroll, page);
  group.addEventListener("change", fill);
  model.on("change", () => { status.textContent = model.get("said"); page.innerHTML = model.get("page"); });
  fill();
}

export default { render };

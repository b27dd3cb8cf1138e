// Sliders of the browser's own, each with a box for its value and a name that is heard. The kernel answers with new rows.
function render({ model, el }) {
  const send = (kind, more) => model.send({ kind, ...more });
  const status = element("p", { role: "status", className: "said" });
  const rows = element("div"), page = element("div", { className: "page" }), boxes = new Map();

  const row = ({ name, label }) => {
    const slider = element("input", { type: "range", ariaLabel: label });
    const box = element("input", { type: "text", size: 18, ariaLabel: `${label}, value` });
    const back = element("button", { type: "button", textContent: "Reset", ariaLabel: `Reset ${label}` });
    slider.addEventListener("change", () => send("slide", { name, value: Number(slider.value) }));
    box.addEventListener("change", () => send("type", { name, text: box.value }));
    back.addEventListener("click", () => send("reset", { name }));
    boxes.set(name, [slider, box]);
    return element("p", {}, element("span", { textContent: label, ariaHidden: "true" }), slider, box, back);
  };

  const follow = () => {
    const found = model.get("rows");
    if (found.length !== boxes.size) {
      boxes.clear();
      rows.replaceChildren(...found.map(row));
    }
    for (const { name, min, max, step, value, shown } of found) {
      const [slider, box] = boxes.get(name);
      Object.assign(slider, { min, max, step, value, ariaValueText: shown });
      box.value = shown;
    }
    page.innerHTML = model.get("page");
    status.textContent = model.get("said");
  };

  const more = element("select", { ariaLabel: "Another assumption" });
  more.append(element("option", { value: "", textContent: "Another assumption …" }));
  for (const [name, label] of model.get("others")) more.append(element("option", { value: name, textContent: label }));
  more.addEventListener("change", () => { if (more.value) send("add", { name: more.value }); more.value = ""; });
  const all = element("button", { type: "button", textContent: "Reset all" });
  all.addEventListener("click", () => send("reset", { name: "" }));
  const title = element("input", { type: "text", size: 24, placeholder: "my-question", ariaLabel: "Name of the scenario" });
  const save = element("button", { type: "button", textContent: "Save as scenario" });
  save.addEventListener("click", () => send("save", { name: title.value.trim() }));

  el.classList.add("what-if");
  el.append(element("style", { textContent: model.get("style") }), rows, element("p", {}, all, ...(model.get("others").length ? [more, title, save] : [])), status, page);
  model.on("change", follow);
  follow();
}

export default { render };

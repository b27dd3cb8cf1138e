// Headings of a sortable table become buttons. Without this script the table reads the same, in its given order.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], given = [...body.rows];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", next);
      const key = (row) => {
        const cell = row.cells[column], said = cell.dataset.sort;
        if (said === undefined) return cell.textContent.trim() === "" ? null : cell.textContent.trim();
        return said !== "" && Number.isFinite(Number(said)) ? Number(said) : said;
      };
      const sign = next === "ascending" ? 1 : -1;
      const rows = given.map((row, i) => [key(row), i, row]);
      rows.sort(([a, i], [b, j]) => {
        if (a === null || b === null) return a === b ? i - j : a === null ? 1 : -1;
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en-GB");
        return order * sign || i - j;
      });
      body.append(...rows.map(([, , row]) => row));
    });
  });
}

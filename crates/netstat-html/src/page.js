"use strict";
(() => {
  const words = document.body.dataset;
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Tables: headings sort, and a field above filters.
  const key = (row, column) => {
    const cell = row.cells[column];
    const sorts = cell.dataset.v;
    const text = sorts === undefined ? cell.textContent : sorts;
    const number = Number(text);
    return text !== "" && !Number.isNaN(number) ? number : text;
  };
  const compare = (one, two) => {
    if (typeof one === "number" && typeof two === "number") return one - two;
    if (typeof one !== typeof two) return typeof one === "number" ? -1 : 1;
    return one.localeCompare(two, document.documentElement.lang, { numeric: true });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = make("button", "sort", heading.textContent);
      button.type = "button";
      button.title = `${words.sort} ${heading.textContent}`;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const was = heading.getAttribute("aria-sort");
        // Of numbers the largest come first.
        const first = heading.classList.contains("n") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const now = was === first ? other : first;
        for (const each of headings) each.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", now);
        const sign = now === "ascending" ? 1 : -1;
        const keyed = rows.map((row) => [key(row, column), row]);
        keyed.sort((one, two) => sign * compare(one[0], two[0]));
        body.append(...keyed.map((pair) => pair[1]));
      });
    });
    if (rows.length < 2) continue;
    const tools = make("div", "tools");
    const field = make("input");
    field.type = "search";
    field.placeholder = words.filter;
    const title = table.caption ? table.caption.textContent : "";
    field.setAttribute("aria-label", `${words.filter}: ${title}`);
    const shown = make("span", "shown");
    shown.setAttribute("role", "status");
    const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, at) => {
        const matches = wanted.every((word) => texts[at].includes(word));
        row.hidden = !matches;
        if (matches) count += 1;
      });
      shown.textContent = wanted.length ? words.shown.replace("{0}", count).replace("{1}", rows.length) : "";
    });
    tools.append(field, shown);
    table.closest(".scroll").before(tools);
  }

  // Plots: the values of the interval under the pointer, or that the arrow keys have come to.
  for (const figure of document.querySelectorAll("figure")) {
    const drawing = figure.querySelector(".drawing");
    const values = figure.querySelector("details.values table");
    if (!values) continue;
    const svg = drawing.querySelector("svg");
    const cursor = svg.querySelector(".cursor");
    const [left, right, width] = ["left", "right", "width"].map((name) => Number(svg.dataset[name]));
    const rows = [...values.tBodies[0].rows];
    const names = [...values.tHead.rows[0].cells].map((cell) => cell.textContent);
    const swatches = [...figure.querySelectorAll(".legend .swatch")];
    const box = make("div", "values-box");
    box.hidden = true;
    box.setAttribute("role", "status");
    drawing.append(box);
    drawing.title = "";
    let at = -1;
    const show = (interval) => {
      at = Math.min(Math.max(interval, 0), rows.length - 1);
      const row = rows[at];
      const place = left + ((right - left) * (at + 0.5)) / rows.length;
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, place);
      cursor.setAttribute("visibility", "visible");
      const list = make("ul");
      [...row.cells].slice(1).forEach((cell, series) => {
        const value = cell.textContent.trim();
        const item = make("li");
        item.append(swatches[series].cloneNode(true), make("span", "name", names[series + 1]), make("b", "", value));
        list.append(item);
      });
      box.replaceChildren(make("strong", "", row.cells[0].textContent), list);
      box.hidden = false;
      const share = place / width;
      const room = drawing.clientWidth;
      const wanted = share * svg.clientWidth + (share > 0.5 ? -box.offsetWidth - 12 : 12);
      box.style.left = `${Math.min(Math.max(wanted, 0), Math.max(room - box.offsetWidth, 0))}px`;
    };
    const hide = () => {
      at = -1;
      box.hidden = true;
      cursor.setAttribute("visibility", "hidden");
    };
    svg.addEventListener("pointermove", (event) => {
      const bounds = svg.getBoundingClientRect();
      const here = ((event.clientX - bounds.left) / bounds.width) * width;
      const interval = Math.floor(((here - left) / (right - left)) * rows.length);
      if (interval < 0 || interval >= rows.length) hide();
      else if (interval !== at) show(interval);
    });
    svg.addEventListener("pointerleave", hide);
    drawing.setAttribute("aria-description", words.keys);
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (step !== undefined) show(at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step);
      else if (event.key === "Home") show(0);
      else if (event.key === "End") show(rows.length - 1);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
    });
    drawing.addEventListener("blur", hide);
  }
})();

// Building elements without ever parsing text as HTML.

/** An element with attributes, listeners (`onclick`), `data` and children; null children are skipped. */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "hue") element.style.setProperty("--hue", value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-5 16-3-7z",
  clip: "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.4 3.4 0 015 5l-8.5 8.4a1.7 1.7 0 01-2.4-2.4L15 7",
  keys: "M4 6h16v12H4zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  menu: "M5 7h14M5 12h14M5 17h14",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  reply: "M9 8l-5 4 5 4M4 12h10a6 6 0 016 6",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
};

/** A line icon, hidden from readers: its button carries the name. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "line", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A round picture of initials, coloured by id. */
export function avatar(name, id, small = false) {
  const letters = [...name.trim()].length ? name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") : "?";
  return h(small ? "span.avatar.small" : "span.avatar", { hue: (Number(id) * 67) % 360, "aria-hidden": "true" }, letters);
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function day(seconds) {
  return new Date(seconds * 1000).toLocaleDateString([], { day: "numeric", month: "long" });
}

export function size(bytes) {
  const units = ["B", "KB", "MB"];
  let at = 0;
  while (bytes >= 1024 && at < units.length - 1) (bytes /= 1024), at++;
  return `${at ? bytes.toFixed(1) : bytes} ${units[at]}`;
}

/** A short notice at the foot of the page. */
export function toast(text, kind = "") {
  const note = h(`div.toast${kind ? "." + kind : ""}`, {}, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 3800);
}

/** A modal box; resolves with the form's values, or null when it is cancelled. */
export function ask({ title, text, fields = [], yes = "OK", no = "Cancel" }) {
  return new Promise((resolve) => {
    const inputs = fields.map((field) => h("label.field", {}, h("span", {}, field.label),
      h("input", { name: field.name, value: field.value ?? "", placeholder: field.placeholder, required: field.required !== false,
        pattern: field.pattern, title: field.hint, autocomplete: "off", spellcheck: "false" }),
      field.hint ? h("small", {}, field.hint) : null));
    const form = h("form", { method: "dialog" }, h("h2", {}, title), text ? h("p.box-text", {}, text) : null, ...inputs,
      h("div.box-buttons", {}, no ? h("button.quiet", { type: "button", onclick: () => dialog.close() }, no) : null,
        h("button.main", { type: "submit", autofocus: !fields.length }, yes)));
    const dialog = h("dialog.box", { "aria-label": title }, form);
    let values = null;
    form.addEventListener("submit", () => { values = Object.fromEntries(new FormData(form)); });
    dialog.addEventListener("close", () => { dialog.remove(); resolve(values); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

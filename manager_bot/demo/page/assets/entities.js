// Text with entities becomes elements. Offsets are UTF-16 units, as JavaScript counts them too.

import { h, toast } from "./dom.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote", expandable_blockquote: "blockquote" };

/** Nodes for `text`; `act` says what a command and a t.me link do. */
export function render(text, entities, act) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, 0, text.length, sorted, act);
}

function span(text, start, end, entities, act) {
  const nodes = [];
  let at = start;
  for (let index = 0; index < entities.length; index++) {
    const one = entities[index];
    const stop = Math.min(one.offset + one.length, end);
    if (one.offset < at || one.offset >= end) continue;
    const block = BLOCKS.has(one.type);
    if (one.offset > at) nodes.push(block ? text.slice(at, one.offset).replace(/\n$/, "") : text.slice(at, one.offset));
    const inner = entities.slice(index + 1).filter((other) => other.offset < stop && other.offset >= one.offset);
    nodes.push(wrap(one, text.slice(one.offset, stop), span(text, one.offset, stop, inner, act), act));
    at = block && text[stop] === "\n" ? stop + 1 : stop;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

function wrap(one, plain, inner, act) {
  if (TAGS[one.type]) return h(TAGS[one.type], one.type === "code" ? { class: "tap", title: "Copy", onclick: () => copy(plain) } : {}, inner);
  switch (one.type) {
    case "pre": return pre(one, plain);
    case "spoiler": return h("button.spoiler", { type: "button", "aria-label": "Show the hidden text", onclick: (event) => event.currentTarget.classList.add("shown") }, inner);
    case "text_link": return link(one.url, inner, act);
    case "url": return link(/^[a-z]+:/i.test(plain) ? plain : `https://${plain}`, inner, act);
    case "email": return link(`mailto:${plain}`, inner, act);
    case "mention": return link(`https://t.me/${plain.slice(1)}`, inner, act);
    case "bot_command": return h("button.command", { type: "button", onclick: () => act.command(plain) }, inner);
    default: return h("span", {}, inner);
  }
}

function pre(one, plain) {
  const head = h("div.pre-head", {}, h("span", {}, one.language ?? "code"), h("button", { type: "button", onclick: () => copy(plain) }, "Copy"));
  return h("div.pre", {}, head, h("pre", { tabindex: "0" }, h("code", {}, plain)));
}

function link(url, inner, act) {
  let parsed;
  try { parsed = new URL(url); } catch { return h("span", {}, inner); }
  if (!["http:", "https:", "mailto:", "tg:"].includes(parsed.protocol)) return h("span", {}, inner);
  return h("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer", title: parsed.href,
    onclick: (event) => { if (act.link(parsed)) event.preventDefault(); } }, inner);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not let this page copy. Select the text by hand.");
  }
}

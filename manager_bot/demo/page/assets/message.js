// One message as a bubble.

import { chatPath, post } from "./api.js";
import { ask, clock, h, icon, size, toast } from "./dom.js";
import { copy, render } from "./entities.js";

const EMOJI = ["👍", "❤️", "🔥", "🎉", "😁", "👎"];

/** `view` gives `act` (commands and links), `find(id)`, `reply(message)`, `edit(message)`, `local(data)`. */
export function bubble(message, view) {
  const service = serviceText(message.service ?? {});
  if (service) return h("div.service", { data: { id: message.message_id } }, service);
  const mine = !message.outgoing;
  const body = h("div.bubble", {}, quote(message, view), attachment(message.file),
    message.text ? h("span.text", { dir: "auto" }, render(message.text, message.entities, view.act)) : null,
    h("div.meta", {}, message.pinned ? icon("pin") : null, message.edited ? "edited " : "",
      h("time", { datetime: new Date(message.date * 1000).toISOString() }, clock(message.date))));
  return h(mine ? "article.message.mine" : "article.message", { data: { id: message.message_id }, "aria-label": mine ? "You wrote" : "The bot wrote" },
    h("div.line-up", {}, body, view.local ? null : more(message, view)), keyboard(message, view), reactions(message, view));
}

function serviceText(service) {
  if (service.managed_bot_created) return `You created @${service.managed_bot_created.bot.username}`;
  const names = Object.keys(service);
  return names.length ? names.map((name) => name.replaceAll("_", " ")).join(", ") : "";
}

function quote(message, view) {
  const original = message.reply_to && view.find(message.reply_to);
  if (!original) return null;
  return h("button.quote", { type: "button", onclick: () => view.jump(original.message_id) }, (original.text || original.file?.name || "Message").slice(0, 90));
}

function attachment(file) {
  if (!file) return null;
  if (file.kind === "photo") {
    return h("a.photo", { href: file.url, target: "_blank", rel: "noopener" },
      h("img", { src: file.url, alt: "Photo", width: file.width || null, height: file.height || null, loading: "lazy" }));
  }
  return h("a.file", { href: file.url, download: file.name }, h("span.file-icon", {}, icon("file")),
    h("span.file-text", {}, h("strong", {}, file.name), h("small", {}, `${size(file.size)} · ${file.kind}`)));
}

function keyboard(message, view) {
  if (!message.buttons?.length) return null;
  return h("div.keyboard", { role: "group", "aria-label": "Buttons" }, message.buttons.map((row) => h("div.keyboard-row", {}, row.map((button) =>
    h(button.style ? `button.key.${button.style}` : "button.key", { type: "button", data: { data: button.callback_data ?? "" },
      onclick: (event) => press(event.currentTarget, message, button, view) },
      h("span", {}, button.text), button.url ? h("i.corner", { "aria-hidden": "true" }, "↗") : null)))));
}

async function press(element, message, button, view) {
  if (view.local) return view.local(button.callback_data);
  if (button.copy_text) return copy(button.copy_text.text);
  if (button.url) return view.openUrl(button.url);
  if (element.classList.contains("busy")) return;
  element.classList.add("busy");
  element.setAttribute("aria-busy", "true");
  try {
    const result = await post(chatPath(message.person, message.bot_id) + "/press", { data: button.callback_data, message_id: message.message_id });
    if (result.answer === null) toast("The bot did not answer this press.");
    else if (result.answer?.alert) await ask({ title: "Notice", text: result.answer.text, no: null });
    else if (result.answer?.text) toast(result.answer.text);
    if (result.answer?.url) view.openUrl(result.answer.url);
  } catch (error) {
    toast(error.message, "bad");
  } finally {
    element.classList.remove("busy");
    element.removeAttribute("aria-busy");
  }
}

function reactions(message, view) {
  if (!message.reactions?.length) return null;
  return h("div.reactions", {}, message.reactions.map((one) =>
    h("button.reaction", { type: "button", title: "Take the reaction back", onclick: () => react(message, null) }, one.emoji ?? "★")));
}

async function react(message, emoji) {
  await post(chatPath(message.person, message.bot_id) + "/react", { message_id: message.message_id, emoji }).catch((error) => toast(error.message, "bad"));
}

function more(message, view) {
  const button = h("button.more", { type: "button", "aria-label": "What to do with this message", "aria-haspopup": "menu" }, icon("more"));
  button.addEventListener("click", () => {
    const opened = document.querySelector(".popover");
    opened?.remove();
    if (opened?.dataset.id === String(message.message_id)) return;
    button.after(popover(message, view, button));
    button.parentElement.querySelector(".popover button").focus();
  });
  return button;
}

function popover(message, view, opener) {
  const done = (act) => () => { box.remove(); opener.focus(); act(); };
  const entry = (name, act) => h("button.entry", { type: "button", role: "menuitem", onclick: done(act) }, name);
  const box = h("div.popover", { role: "menu", data: { id: message.message_id } },
    h("div.emoji", {}, EMOJI.map((emoji) => h("button", { type: "button", role: "menuitem", "aria-label": `React with ${emoji}`, onclick: done(() => react(message, emoji)) }, emoji))),
    entry("Reply", () => view.reply(message)),
    message.text ? entry("Copy text", () => copy(message.text)) : null,
    message.outgoing || message.file ? null : entry("Edit", () => view.edit(message)),
    entry("Delete", () => post(chatPath(message.person, message.bot_id) + "/delete", { message_id: message.message_id }).catch((error) => toast(error.message, "bad"))));
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); done(() => {})(); } });
  return box;
}

// Writing: text, commands, files, replies, edits, and the bot's keyboard.

import { chatPath, get, post, call } from "./api.js";
import { ask, h, icon, size, toast } from "./dom.js";
import { store } from "./store.js";

const PHOTO = /^image\/(png|jpeg|webp|gif)$/;

export class Composer {
  /** `chat()` gives the open chat; `sent` is called when something was sent. */
  constructor({ botId, chat, sent, local }) {
    Object.assign(this, { botId, chat, sent, local, mode: null, file: null, keysShown: true });
    this.text = h("textarea", { id: "composer-text", rows: "1", placeholder: "Message", "aria-label": "Message", enterkeyhint: "send", autocomplete: "off" });
    this.note = h("div.composer-note", { hidden: true });
    this.suggestions = h("div.commands", { role: "listbox", "aria-label": "Commands", hidden: true });
    this.keys = h("div.reply-keyboard", { role: "group", "aria-label": "The bot's keyboard", hidden: true });
    this.picker = h("input", { type: "file", hidden: true, onchange: () => this.take(this.picker.files[0]) });
    this.keysButton = h("button.icon", { type: "button", hidden: true, "aria-label": "Show or hide the keyboard", onclick: () => this.toggleKeys() }, icon("keys"));
    this.element = h("form.composer", { onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.suggestions, this.note,
      h("div.composer-row", {},
        local ? null : h("button.icon", { type: "button", "aria-label": "Attach a file", onclick: () => this.picker.click() }, icon("clip")),
        local ? null : h("button.icon", { type: "button", "aria-label": "Commands", onclick: () => this.showCommands("") }, icon("menu")),
        this.text, this.keysButton, h("button.send", { type: "submit", "aria-label": "Send" }, icon("send"))), this.keys, this.picker);
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.text.addEventListener("paste", (event) => { if (event.clipboardData.files[0]) this.take(event.clipboardData.files[0]); });
    this.showKeys();
  }

  typed() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 160)}px`;
    const match = /^\/(\w*)$/.exec(this.text.value);
    if (match && !this.local) this.showCommands(match[1]);
    else this.suggestions.hidden = true;
  }

  pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && (this.mode || this.file || !this.suggestions.hidden)) {
      event.stopPropagation();
      this.clear(false);
    }
  }

  take(file) {
    if (!file) return;
    this.file = file;
    this.showNote(`${PHOTO.test(file.type) ? "Photo" : "File"}: ${file.name} · ${size(file.size)}`);
  }

  reply(message) { this.mode = { reply_to: message.message_id }; this.showNote(`Reply to: ${(message.text || message.file?.name || "").slice(0, 80)}`); }

  edit(message) {
    this.mode = { edit: message.message_id };
    this.text.value = message.text;
    this.showNote("Editing your message");
    this.typed();
  }

  showNote(text) {
    this.note.replaceChildren(h("span", {}, text), h("button.icon", { type: "button", "aria-label": "Cancel", onclick: () => this.clear(Boolean(this.mode?.edit)) }, icon("close")));
    this.note.hidden = false;
    this.text.focus();
  }

  clear(all = true) {
    if (all) this.text.value = "";
    [this.mode, this.file, this.picker.value, this.note.hidden, this.suggestions.hidden] = [null, null, "", true, true];
    this.text.style.height = "auto";
  }

  async send(text = this.text.value.trim()) {
    if (!text && !this.file) return;
    if (this.local) { this.clear(); return this.local(text); }
    const path = chatPath(store.me.id, this.botId);
    const [mode, file] = [this.mode, this.file];
    this.clear();
    try {
      if (mode?.edit) await post(path + "/edit", { message_id: mode.edit, text });
      else if (file) await call("POST", path + "/send", this.form(text, file, mode));
      else await post(path + "/send", { text, ...mode });
      this.sent();
    } catch (error) {
      toast(error.message, "bad");
      if (!this.text.value) this.text.value = text;
    }
  }

  form(text, file, mode) {
    const form = new FormData();
    if (text) form.set("text", text);
    if (mode?.reply_to) form.set("reply_to", String(mode.reply_to));
    form.set("kind", PHOTO.test(file.type) ? "photo" : "document");
    form.set("file", file, file.name);
    return form;
  }

  async showCommands(prefix) {
    const sets = await get(`/world/bots/${this.botId}/commands`).catch(() => []);
    const known = best(sets).filter((one) => one.command.startsWith(prefix));
    if (!known.length && !prefix) toast("This bot has no list of commands.");
    this.suggestions.hidden = !known.length;
    this.suggestions.replaceChildren(...known.map((one) => h("button", { type: "button", role: "option",
      onclick: () => { this.clear(); this.send(`/${one.command}`); this.text.focus(); } },
      h("strong", {}, `/${one.command}`), h("span", {}, one.description))));
  }

  toggleKeys() {
    this.keysShown = !this.keysShown;
    this.showKeys();
  }

  /** The keyboard the bot left under the chat. */
  showKeys() {
    const rows = this.local ? null : this.chat().info.keyboard;
    this.keysButton.hidden = !rows;
    this.keys.hidden = !rows || !this.keysShown;
    this.keys.replaceChildren(...(rows ?? []).map((row) => h("div.keyboard-row", {}, row.map((key) =>
      h("button.key", { type: "button", onclick: () => this.pressKey(key) }, key.text, key.request_managed_bot ? h("i.corner", { "aria-hidden": "true" }, "+") : null)))));
  }

  async pressKey(key) {
    let wish = {};
    if (key.request_managed_bot) {
      const asked = key.request_managed_bot;
      wish = await botForm(asked.suggested_name, asked.suggested_username);
      if (!wish) return;
    }
    try {
      await post(chatPath(store.me.id, this.botId) + "/press", { button: key.text, ...wish });
      this.sent();
    } catch (error) {
      toast(error.message, "bad");
    }
  }
}

/** Name and username of a bot to be made; null when the person thinks better of it. */
export function botForm(name = "", username = "") {
  return ask({ title: "Create a bot", text: "It will be yours, and this bot may manage it for you.", yes: "Create",
    fields: [{ name: "name", label: "Name", value: name },
      { name: "username", label: "Username", value: username, pattern: "[A-Za-z][A-Za-z0-9_]{1,28}[Bb][Oo][Tt]", hint: "Latin letters, digits, _; ends in “bot”" }] });
}

/** The command set a client shows this person: the most telling scope, their language first. */
function best(sets) {
  const rank = (one) => {
    const scope = JSON.parse(one.scope);
    const places = { chat: 3, all_private_chats: 2, default: 1 };
    if (scope.type === "chat" && scope.chat_id !== store.me.id) return 0;
    if (one.language_code && one.language_code !== store.me.language_code) return 0;
    return (places[scope.type] ?? 0) * 2 + (one.language_code ? 1 : 0);
  };
  const fitting = sets.filter((one) => rank(one) >= 2 && one.commands.length).sort((a, b) => rank(b) - rank(a));
  return fitting[0]?.commands ?? [];
}

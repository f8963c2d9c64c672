// The open chat.

import { chatPath, get, post } from "./api.js";
import { Composer, botForm } from "./composer.js";
import { avatar, day, h, icon, toast } from "./dom.js";
import { bubble } from "./message.js";
import { bot, chatWith, store, tell } from "./store.js";

export class ChatView {
  constructor(element, go) {
    Object.assign(this, { element, go, botId: null, typingEnds: 0 });
    setInterval(() => this.showTyping(), 500);
  }

  async open(botId) {
    this.botId = botId;
    this.chat = await chatWith(botId);
    this.typingEnds = this.chat.info.action ? Date.now() + 5000 : 0;
    const one = bot(botId);
    store.unread.delete(`${store.me.id}/${botId}`);
    this.status = h("span.status");
    this.log = h("div.log", { role: "log", "aria-label": `Messages with ${one.name}`, tabindex: "0" });
    this.composer = new Composer({ botId, chat: () => this.chat, sent: () => this.refresh() });
    this.foot = h("footer.foot");
    this.element.replaceChildren(header(one, this.status, this.go), this.log, this.foot);
    this.element.ondragover = (event) => event.preventDefault();
    this.element.ondrop = (event) => { event.preventDefault(); this.composer.take(event.dataTransfer.files[0]); };
    this.draw();
  }

  /** After one's own act: a one-time keyboard may have gone without an event. */
  async refresh() {
    const { messages, ...info } = await get(chatPath(store.me.id, this.botId));
    this.chat.info = info;
    this.composer.keysShown = true;
    this.showFoot();
    this.toEnd();
  }

  draw() {
    const nodes = [];
    let shown = "";
    for (const message of this.chat.messages.values()) {
      if (day(message.date) !== shown) nodes.push(h("div.day", {}, (shown = day(message.date))));
      nodes.push(bubble(message, this));
    }
    if (!nodes.length) nodes.push(this.welcome());
    this.typing = h("div.typing", { hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    this.draft = h("div.draft.bubble", { hidden: true });
    this.log.replaceChildren(...nodes, this.draft, this.typing);
    this.showFoot();
    this.showTyping();
    this.toEnd();
  }

  welcome() {
    const one = bot(this.botId);
    return h("div.welcome", {}, avatar(one.name, one.id), h("h2", {}, one.name), h("p", {}, "Nothing here yet. Press Start and the bot will answer."));
  }

  showFoot() {
    const { started, blocked } = this.chat.info;
    const path = chatPath(store.me.id, this.botId);
    const act = (name, doing) => h("button.wide", { type: "button", onclick: () => doing().catch((error) => toast(error.message, "bad")) }, name);
    if (blocked) return this.foot.replaceChildren(act("Unblock", async () => { await post(path + "/unblock"); }));
    if (!started && !this.chat.messages.size) return this.foot.replaceChildren(act("Start", () => post(path + "/send", { text: "/start" })));
    if (!this.composer.element.isConnected) this.foot.replaceChildren(this.composer.element);
    this.composer.showKeys();
    return null;
  }

  /** An event of the world; only those of this chat matter here. */
  heard(kind, event) {
    const subject = event.message ?? event.chat;
    if (this.botId === null || !subject || subject.bot_id !== this.botId || subject.person !== store.me?.id) return;
    if (kind === "message") {
      store.unread.delete(`${store.me.id}/${this.botId}`);
      this.append(event.message);
    } else if (["edit", "reaction", "pin"].includes(kind)) this.replace(event.message);
    else if (kind === "delete") this.remove(event.message.message_id);
    else if (kind === "typing") this.typingEnds = Date.now() + 5000;
    this.showFoot();
    this.showTyping();
  }

  append(message) {
    this.log.querySelector(".welcome")?.remove();
    if (!this.log.querySelector(".day")) this.log.prepend(h("div.day", {}, day(message.date)));
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 160;
    const node = bubble(message, this);
    node.classList.add("fresh");
    this.draft.before(node);
    if (message.outgoing) this.typingEnds = 0;
    if (atEnd || !message.outgoing) this.toEnd();
  }

  replace(message) {
    const old = this.node(message.message_id);
    const node = bubble(message, this);
    node.classList.add("changed");
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 160;
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.data : null;
    if (old) old.replaceWith(node);
    if (focused) [...node.querySelectorAll("[data-data]")].find((key) => key.dataset.data === focused)?.focus();
    if (atEnd) this.toEnd();
  }

  remove(id) {
    const node = this.node(id);
    node?.classList.add("gone");
    setTimeout(() => node?.remove(), 220);
  }

  node(id) { return this.log.querySelector(`[data-id="${id}"]:not(.popover)`); }

  showTyping() {
    if (this.botId === null || !this.typing) return;
    const one = bot(this.botId);
    const on = Date.now() < this.typingEnds;
    this.typing.hidden = !on;
    const draft = on ? this.chat.info.draft : null;
    this.draft.hidden = !draft;
    this.draft.textContent = draft ?? "";
    this.status.textContent = on ? "typing…" : one?.polling ? "bot · online" : "bot";
    if (on && this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120) this.toEnd();
  }

  toEnd() { requestAnimationFrame(() => { this.log.scrollTop = this.log.scrollHeight; }); }

  find(id) { return this.chat.messages.get(id); }
  reply(message) { this.composer.reply(message); }
  edit(message) { this.composer.edit(message); }
  jump(id) { this.node(id)?.scrollIntoView({ block: "center", behavior: "smooth" }); }

  /** What entities in a text may do. */
  act = { command: (text) => this.composer.send(text), link: (url) => this.inside(url) };

  openUrl(url) { if (!this.inside(new URL(url))) window.open(url, "_blank", "noopener"); }

  /** A t.me link stays in this world; true when it was one. */
  inside(url) {
    if (!["t.me", "telegram.me"].includes(url.hostname)) return false;
    const [first, manager, username] = url.pathname.slice(1).split("/");
    if (first === "newbot" && username) this.newManaged(manager, username, url.searchParams.get("name") ?? "");
    else if (first.toLowerCase() === "botfather") this.go.chat("father");
    else this.visit(first, url.searchParams.get("start"));
    return true;
  }

  async visit(username, start) {
    const found = store.bots.find((one) => one.username.toLowerCase() === username.toLowerCase());
    if (!found) return toast(`There is no @${username} in this world.`, "bad");
    await this.go.chat(found.id);
    if (start !== null) await post(chatPath(store.me.id, found.id) + "/send", { text: `/start ${start}`.trim() });
    return null;
  }

  async newManaged(manager, suggested, name) {
    const wish = await botForm(name, suggested);
    if (!wish) return;
    try {
      await post(`/world/people/${store.me.id}/newbot`, { manager, ...wish });
      toast(`@${wish.username} is yours.`);
    } catch (error) {
      toast(error.message, "bad");
    }
    tell("bots");
  }
}

export function header(one, status, go) {
  return h("header.chat-head", {}, h("button.icon.back", { type: "button", "aria-label": "Back to the chats", onclick: () => go.list() }, icon("back")),
    avatar(one.name, one.id), h("div.who", {}, h("strong", {}, one.name), status),
    h("button.icon", { type: "button", "aria-label": "What happens", title: "What happens", onclick: () => go.happens() }, icon("pulse")));
}

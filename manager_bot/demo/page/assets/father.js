// BotFather, played by the page: it makes bots and tells their tokens.

import { get, post } from "./api.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { header } from "./chat.js";
import { bubble } from "./message.js";
import { store } from "./store.js";

export const FATHER = { id: 93372553, name: "BotFather", username: "BotFather" };
const USERNAME = /^[A-Za-z][A-Za-z0-9_]{1,28}bot$/i;

const talks = new Map(); // person → messages of this visit

export class FatherView {
  constructor(element, go) {
    Object.assign(this, { element, go, step: null, draft: {} });
    this.local = (data) => this.choose(data);
    this.act = { command: (text) => this.heardText(text), link: () => false };
  }

  open() {
    this.messages = talks.get(store.me.id) ?? [];
    talks.set(store.me.id, this.messages);
    this.log = h("div.log", { role: "log", "aria-label": "Messages with BotFather", tabindex: "0" });
    this.composer = new Composer({ local: (text) => this.heardText(text) });
    const status = h("span.status", {}, "makes bots · part of this page");
    this.element.replaceChildren(header(FATHER, status, this.go), this.log, h("footer.foot", {}, this.composer.element));
    if (this.messages.length) for (const message of this.messages) this.log.append(bubble(message, this));
    else this.greet();
    this.toEnd();
  }

  greet() {
    this.say("I can help you create and manage bots. What shall it be?", [[["Create a bot", "/newbot"]], [["My tokens", "/token"], ["Revoke a token", "/revoke"]]]);
  }

  say(text, buttons = [], entities = []) {
    const rows = buttons.map((row) => row.map(([name, data]) => ({ text: name, callback_data: data })));
    this.put({ outgoing: true, text, entities, buttons: rows });
  }

  put(part) {
    const message = { message_id: this.messages.length + 1, date: Date.now() / 1000, ...part };
    this.messages.push(message);
    this.log.append(bubble(message, this));
    this.toEnd();
  }

  toEnd() { requestAnimationFrame(() => { this.log.scrollTop = this.log.scrollHeight; }); }

  heardText(text) {
    this.put({ outgoing: false, text });
    if (text.startsWith("/")) return this.choose(text.split(" ")[0]);
    if (this.step === "name") return this.named(text);
    if (this.step === "username") return this.finish(text.replace(/^@/, ""));
    return this.greet();
  }

  async choose(data) {
    const [command, id] = data.split(" ");
    this.step = null;
    if (command === "/newbot") {
      this.step = "name";
      this.say("Alright, a new bot. How are we going to call it? Please choose a name for your bot.");
    } else if (["/token", "/revoke"].includes(command)) {
      await (id ? this.tell(command, Number(id)) : this.offer(command));
    } else this.greet();
  }

  named(name) {
    this.step = "username";
    this.draft.name = name;
    const plain = name.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "").slice(0, 20) || "my";
    this.suggested = `${/^[A-Za-z]/.test(plain) ? plain.toLowerCase() : `my${plain}`}_bot`;
    const text = `Good. Now let's choose a username for your bot. It must end in "bot". Like this, for example: ${this.suggested}`;
    this.say(text, [], [{ type: "code", offset: text.length - this.suggested.length, length: this.suggested.length }]);
    this.composer.text.value = this.suggested;
    this.composer.text.select();
  }

  async finish(username) {
    if (!USERNAME.test(username)) return this.say('Sorry, this username is invalid. It must end in "bot" and hold Latin letters, digits and _ only.');
    try {
      const made = await post("/world/bots", { username, name: this.draft.name, owner: String(store.me.id) });
      this.step = null;
      return this.token("Done! Congratulations on your new bot. Use this token to access it; keep it secret:", made.token);
    } catch (error) {
      return this.say(`Sorry: ${error.message}. Please try something different.`);
    }
  }

  mine() { return store.bots.filter((one) => one.owner_id === store.me.id); }

  offer(command) {
    const own = this.mine();
    if (!own.length) return this.say("You have no bots yet.", [[["Create a bot", "/newbot"]]]);
    return this.say("Which bot?", own.map((one) => [[`@${one.username}`, `${command} ${one.id}`]]));
  }

  async tell(command, id) {
    const one = store.bots.find((other) => other.id === id);
    const { token } = command === "/revoke" ? await post(`/world/bots/${id}/revoke`) : await get(`/world/bots/${id}/token`);
    return this.token(command === "/revoke" ? `The old token of @${one.username} is dead. The new one:` : `The token of @${one.username}:`, token);
  }

  /** A token in a box with a Copy button. */
  token(text, token) {
    this.say(`${text}\n\n${token}`, [], [{ type: "pre", language: "token", offset: text.length + 2, length: token.length }]);
  }

  find(id) { return this.messages.find((one) => one.message_id === id); }
}

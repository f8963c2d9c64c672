// The page: who you are, which chats there are, and which one is open. The address holds both (#person/bot).

import { post } from "./api.js";
import { ChatView } from "./chat.js";
import { ask, avatar, clock, h, icon, toast } from "./dom.js";
import { FATHER, FatherView } from "./father.js";
import { Happens } from "./happens.js";
import { bot, lastMessage, live, loadChats, store, unreadOf, unreadOfPerson } from "./store.js";

const CAST = { ann: "subscriber", bob: "second subscriber", ada: "admin" };
const INVITED = [{ name: "Ann", username: "ann", language_code: "en" }, { name: "Bob", username: "bob", language_code: "en" }, { name: "Ada", username: "ada", language_code: "en" }];

const part = (id) => document.getElementById(id);
const app = part("app");
const go = { list: () => open(null), chat: (id) => open(id), happens: () => toggleHappens() };
const chat = new ChatView(part("chat"), go);
const father = new FatherView(part("chat"), go);
const happens = new Happens(part("happens"), () => toggleHappens());

function toggleHappens(shown = part("happens").hidden) {
  part("happens").hidden = !shown;
  app.classList.toggle("with-happens", shown);
  sessionStorage.setItem("happens", shown ? "1" : "");
}

function role(person) {
  return CAST[(person.username ?? "").toLowerCase()] ?? (person.username ? `@${person.username}` : `id ${person.id}`);
}

function drawPeople() {
  const one = (person) => {
    const waiting = person.id === store.me?.id ? 0 : unreadOfPerson(person.id);
    return h("button.person", { type: "button", "aria-pressed": String(person.id === store.me?.id), title: `${person.first_name}, ${role(person)}`, onclick: () => play(person.id) },
      avatar(person.first_name, person.id, true), h("span.person-name", {}, person.first_name, h("small", {}, role(person))),
      waiting ? h("b.badge", { "aria-label": `${waiting} unread` }, String(waiting)) : null);
  };
  const empty = store.people.length ? null : h("button.wide", { type: "button", onclick: () => invite() }, "Invite Ann, Bob and Ada");
  part("people").replaceChildren(...[empty, ...store.people.map(one),
    h("button.person.new", { type: "button", "aria-label": "New person", title: "New person", onclick: () => newPerson() }, icon("plus"))].filter(Boolean));
}

async function invite() {
  for (const one of INVITED) await post("/world/people", one).catch((error) => toast(error.message, "bad"));
  const ann = store.people.find((person) => person.username === "ann");
  if (ann) await play(ann.id);
}

async function newPerson() {
  const wish = await ask({ title: "A new person", yes: "Create", fields: [{ name: "name", label: "First name" },
    { name: "username", label: "Username", required: false, pattern: "[A-Za-z][A-Za-z0-9_]{3,31}", hint: "Optional; Latin letters, digits, _" },
    { name: "language_code", label: "Language", value: "en", pattern: "[a-z]{2}", hint: "Two letters: en, ru, es, zh …" }] });
  if (!wish) return;
  if (!wish.username) delete wish.username;
  try {
    const person = await post("/world/people", wish);
    if (!store.people.some((one) => one.id === person.id)) store.people.push(person);
    await play(person.id);
  } catch (error) {
    toast(error.message, "bad");
  }
}

/** Become this person. */
async function play(id) {
  store.me = store.people.find((person) => person.id === id) ?? null;
  await loadChats();
  await open(null);
}

function drawChats() {
  if (!store.me) return part("chats").replaceChildren(h("p.hint", {}, "Choose who you are."));
  const sorted = [...store.bots].sort((a, b) => weight(b) - weight(a));
  const known = sorted.filter((one) => mine(one));
  const others = sorted.filter((one) => !mine(one));
  const nodes = known.map(chatRow);
  nodes.push(fatherRow());
  if (others.length) nodes.push(h("h2.chats-title", {}, "Other bots in this world"), ...others.map(chatRow));
  return part("chats").replaceChildren(...nodes);
}

const mine = (one) => one.can_manage_bots || !one.manager_id && one.id === managerId() || one.owner_id === store.me.id || Boolean(store.chats.get(one.id)?.messages.size);
const managerId = () => (store.bots.find((one) => one.can_manage_bots) ?? store.bots[0])?.id;
const weight = (one) => (lastMessage(one.id)?.date ?? 0) + (one.id === managerId() ? 1 : 0);

function chatRow(one) {
  const last = lastMessage(one.id);
  const waiting = unreadOf(store.me.id, one.id);
  const preview = last ? (last.outgoing ? "" : "You: ") + (last.text || (last.file ? `📎 ${last.file.kind}` : "…")) : `@${one.username}`;
  return h("button.chat-row", { type: "button", "aria-current": store.open === one.id ? "page" : null, onclick: () => open(one.id) }, avatar(one.name, one.id),
    h("span.row-text", {}, h("span.row-top", {}, h("strong", {}, one.name), one.id === managerId() ? h("em.tag", {}, "manager") : null, last ? h("time", {}, clock(last.date)) : null),
      h("span.row-last", {}, h("span", {}, preview.slice(0, 80)), waiting ? h("b.badge", { "aria-label": `${waiting} unread` }, String(waiting)) : null)));
}

function fatherRow() {
  return h("button.chat-row", { type: "button", "aria-current": store.open === "father" ? "page" : null, onclick: () => open("father") }, avatar(FATHER.name, FATHER.id),
    h("span.row-text", {}, h("span.row-top", {}, h("strong", {}, FATHER.name)), h("span.row-last", {}, h("span", {}, "Create a bot, copy its token"))));
}

async function open(id) {
  if (id !== null && id !== "father" && !bot(id)) id = null;
  store.open = id;
  app.dataset.view = id === null ? "list" : "chat";
  history.replaceState(null, "", `#${store.me?.id ?? ""}${id === null ? "" : `/${id}`}`);
  chat.botId = null;
  if (id === "father") father.open();
  else if (id !== null) await chat.open(id);
  else part("chat").replaceChildren(nothing());
  drawPeople();
  drawChats();
  if (id !== null && matchMedia("(hover: hover)").matches) part("composer-text")?.focus();
}

/** What one can do here, while no chat is open. */
function nothing() {
  const steps = ["As Ann, open the manager bot, press Start and let it make your assistant.", "Write to your own bot: ask the time, or ask it to write a file and read it.",
    "Be Bob and write to Ann's bot: it will not answer.", "Be Ada, the admin, and send /admin to the manager bot."];
  return h("div.nothing", {}, h("img", { src: "/page/claw.svg", alt: "", width: "72", height: "72" }),
    h("h1", {}, store.me ? `You are ${store.me.first_name}` : "Welcome"), h("p", {}, store.me ? "Pick a chat to begin." : "Choose who you are, then pick a chat."),
    h("ol", {}, steps.map((step) => h("li", {}, step))),
    h("p.hint", {}, "Telegram, Gemini and GitHub are emulated here. The manager, the agents and their containers are real."));
}

async function restore() {
  const [person, place] = location.hash.slice(1).split("/");
  const wanted = store.me?.id ?? Number(person);
  store.me = store.people.find((one) => one.id === wanted) ?? store.people.find((one) => one.username === "ann") ?? null;
  await loadChats();
  await open(place === "father" ? "father" : place ? Number(place) : null);
  await happens.load();
}

store.listeners.add((kind, event) => {
  chat.heard(kind, event);
  happens.heard(kind, event);
  if (kind === "api_call" || kind === "gemini_call" || kind === "typing") return;
  if (kind === "bot_deleted" && store.open === event.bot.id) open(null);
  drawPeople();
  drawChats();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const popover = document.querySelector(".popover");
  if (popover) popover.remove();
  else if (app.dataset.view === "chat" && matchMedia("(max-width: 760px)").matches) open(null);
});
document.addEventListener("click", (event) => {
  const popover = document.querySelector(".popover");
  if (popover && !popover.parentElement.contains(event.target)) popover.remove();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && typeof store.open === "number" && store.me) store.unread.delete(`${store.me.id}/${store.open}`);
  drawPeople();
  if (store.me) drawChats();
});
part("open-happens-side").append(icon("pulse"));
part("open-happens-side").addEventListener("click", () => toggleHappens());
toggleHappens(Boolean(sessionStorage.getItem("happens")));
const lost = (away) => { part("offline").hidden = !away; };
live(() => lost(true), () => { lost(false); restore(); }).catch(() => lost(true));

// What the page knows of the world, kept true by the stream of events.

import { chatPath, follow, get } from "./api.js";

export const store = {
  people: [],
  bots: [],
  me: null,
  chats: new Map(), // bot id → {info, messages: Map}
  unread: new Map(), // "person/bot" → count
  open: null, // bot id, "father", or null
  listeners: new Set(),
};

export const bot = (id) => store.bots.find((one) => one.id === id);
export const unreadOf = (person, botId) => store.unread.get(`${person}/${botId}`) ?? 0;
export const unreadOfPerson = (person) => [...store.unread].reduce((sum, [key, count]) => sum + (key.startsWith(`${person}/`) ? count : 0), 0);

/** Tell every part of the page what happened. */
export function tell(kind, data = {}) {
  for (const listener of store.listeners) listener(kind, data);
}

export async function load() {
  const world = await get("/world");
  [store.people, store.bots] = await Promise.all([get("/world/people"), get("/world/bots")]);
  await loadChats();
  return world.last_event;
}

/** The chats of the person one plays, with their messages. */
export async function loadChats() {
  store.chats.clear();
  if (!store.me) return;
  const mine = (await get("/world/chats")).filter((chat) => chat.person === store.me.id);
  await Promise.all(mine.map((chat) => loadChat(chat.bot_id)));
}

export async function loadChat(botId) {
  const { messages, ...info } = await get(chatPath(store.me.id, botId));
  store.chats.set(botId, { info, messages: new Map(messages.filter((one) => !one.deleted).map((one) => [one.message_id, one])) });
}

/** The chat with a bot, also one that nobody has written in yet. */
export async function chatWith(botId) {
  if (!store.chats.has(botId)) await loadChat(botId);
  return store.chats.get(botId);
}

export function lastMessage(botId) {
  const messages = store.chats.get(botId)?.messages;
  return messages?.size ? [...messages.values()].at(-1) : null;
}

/** Follow the world; when it is lost, wait for it and begin again. */
export async function live(onLost, onFound) {
  const after = await load();
  onFound();
  follow(after, heard, async () => {
    onLost();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      try {
        return await live(onLost, onFound);
      } catch { /* still away */ }
    }
  });
}

function heard(kind, event) {
  if (kind === "reset") return location.reload();
  if (kind === "person" && !store.people.some((one) => one.id === event.person.id)) store.people.push(event.person);
  if (kind === "bot" || kind === "token_replaced" || kind === "commands") keepBot(event.bot);
  if (kind === "bot_deleted") {
    store.bots = store.bots.filter((one) => one.id !== event.bot.id);
    store.chats.delete(event.bot.id);
  }
  if (event.message) keepMessage(kind, event);
  if ((kind === "typing" || kind === "block") && event.chat.person === store.me?.id) {
    const chat = store.chats.get(event.chat.bot_id);
    if (chat) chat.info = event.chat;
  }
  tell(kind, event);
}

function keepBot(fresh) {
  const at = store.bots.findIndex((one) => one.id === fresh.id);
  if (at < 0) store.bots.push(fresh);
  else store.bots[at] = fresh;
}

function keepMessage(kind, { message, chat }) {
  const fresh = kind === "message" && message.outgoing;
  const seen = message.person === store.me?.id && message.bot_id === store.open && !document.hidden;
  if (fresh && !seen) {
    const key = `${message.person}/${message.bot_id}`;
    store.unread.set(key, (store.unread.get(key) ?? 0) + 1);
  }
  if (message.person !== store.me?.id) return;
  if (!store.chats.has(message.bot_id)) store.chats.set(message.bot_id, { info: chat ?? { person: message.person, bot_id: message.bot_id }, messages: new Map() });
  const mine = store.chats.get(message.bot_id);
  if (chat) mine.info = chat;
  if (message.deleted) mine.messages.delete(message.message_id);
  else mine.messages.set(message.message_id, message);
}

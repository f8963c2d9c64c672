// The world's control API and its stream of events.

export class Refused extends Error {}

export async function call(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const parsed = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(parsed?.error ?? `The world answered ${answer.status}.`);
  return parsed;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const chatPath = (person, bot) => `/world/chats/${person}/${bot}`;

const KINDS = ["person", "bot", "bot_deleted", "token_replaced", "message", "edit", "delete", "press", "callback_answer", "typing",
  "reaction", "pin", "block", "commands", "api_call", "gemini_call", "reset"];

/** Follow the world from event `after` on; `lost` is called once when the connection ends. */
export function follow(after, heard, lost) {
  const source = new EventSource(`/world/events?after=${after}`);
  for (const kind of KINDS) source.addEventListener(kind, (event) => heard(kind, JSON.parse(event.data)));
  source.addEventListener("error", () => { source.close(); lost(); }, { once: true });
}

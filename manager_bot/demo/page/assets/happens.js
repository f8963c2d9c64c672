// The side panel: what the bots ask of Telegram and what Gemini served, as it happens.

import { get } from "./api.js";
import { h, icon } from "./dom.js";

const KEPT = 150;
const QUIET = new Set(["getupdates", "getme"]);

export class Happens {
  constructor(element, close) {
    Object.assign(this, { element, only: "all", polls: 0, calls: 0, requests: 0, tokens: 0 });
    this.counts = h("dl.counts");
    this.list = h("ol.events", { "aria-label": "Latest first" });
    const filter = (name, label) => h("button", { type: "button", data: { only: name }, "aria-pressed": String(name === "all"), onclick: () => this.show(name) }, label);
    this.filters = h("div.filters", { role: "group", "aria-label": "Show" }, filter("all", "All"), filter("telegram", "Telegram"), filter("gemini", "Gemini"));
    element.append(h("header.happens-head", {}, h("strong", {}, "What happens"), h("button.icon", { type: "button", "aria-label": "Close", onclick: close }, icon("close"))),
      this.counts, this.filters, this.list, h("p.hint", {}, "Polls for updates are counted, not listed. Tokens are never shown here."));
    this.count();
  }

  async load() {
    [this.polls, this.calls, this.requests, this.tokens] = [0, 0, 0, 0];
    this.list.replaceChildren();
    this.closed = 0;
    const [calls, rows] = await Promise.all([get("/world/transcript?limit=1000"), this.served()]);
    const all = [...calls.map((call) => ({ at: call.at, call })), ...rows.map((row) => ({ at: row.at, row }))].sort((a, b) => a.at - b.at);
    for (const one of all) this.take(one);
    this.count();
  }

  /** Rows of Gemini's ledger not shown yet, up to the first that is still being answered. */
  async served() {
    const { served } = await get(`/world/gemini/served?after=${this.closed}`).catch(() => ({ served: [] }));
    const open = served.findIndex((row) => row.outcome === "open");
    const rows = (open < 0 ? served : served.slice(0, open)).filter((row) => row.number > this.closed);
    this.closed = rows.at(-1)?.number ?? this.closed;
    return rows;
  }

  async heard(kind, event) {
    if (kind === "api_call") this.take({ call: event.call });
    else if (kind === "gemini_call") for (const row of await this.served()) this.take({ row });
    else return;
    this.count();
  }

  take({ call, row }) {
    if (row) {
      this.requests += 1;
      this.tokens += row.outcome === "completed" ? row.usage.total : row.sent.total;
      return this.put("gemini", row.outcome === "completed", row.verb, servedLine(row), row);
    }
    if (QUIET.has(call.method.toLowerCase()) && call.ok) {
      this.polls += call.method.toLowerCase() === "getupdates" ? 1 : 0;
      return null;
    }
    this.calls += 1;
    return this.put("telegram", call.ok, call.method, `@${call.bot ?? "unknown"} · ${call.ok ? `${Math.round(call.seconds * 1000)} ms` : `${call.status} ${call.description ?? ""}`}`, call.parameters);
  }

  put(kind, ok, title, line, detail) {
    const item = h(`li.${kind}${ok ? "" : ".bad"}`, { hidden: this.only !== "all" && this.only !== kind },
      h("details", {}, h("summary", {}, h("strong", {}, title), h("span", {}, line)), h("pre", { tabindex: "0" }, JSON.stringify(detail, null, 1))));
    item.dataset.kind = kind;
    this.list.prepend(item);
    while (this.list.children.length > KEPT) this.list.lastChild.remove();
  }

  show(name) {
    this.only = name;
    for (const button of this.filters.children) button.setAttribute("aria-pressed", String(button.dataset.only === name));
    for (const item of this.list.children) item.hidden = name !== "all" && item.dataset.kind !== name;
  }

  count() {
    const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value.toLocaleString("en")));
    this.counts.replaceChildren(pair("Bot API calls", this.calls), pair("Polls", this.polls), pair("Gemini requests", this.requests), pair("Tokens served", this.tokens));
  }
}

function servedLine(row) {
  const { prompt, candidates, thoughts, cached } = row.outcome === "completed" ? row.usage : row.sent;
  const extra = [cached ? `${cached.toLocaleString("en")} cached` : "", thoughts ? `${thoughts} thought` : ""].filter(Boolean).join(", ");
  const outcome = row.outcome === "completed" ? "" : ` · ${row.outcome} ${row.status || ""}`;
  return `${row.model} · ${prompt.toLocaleString("en")} → ${candidates}${extra ? ` (${extra})` : ""}${outcome}`;
}

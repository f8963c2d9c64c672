"use strict";
// Asks the small JSON whether anything changed, and only then for the page; puts in what differs, where it differs.
(() => {
  const every = 15000;
  let seen = "";
  const offline = document.getElementById("offline");
  const fetchText = async (path) => {
    const answer = await fetch(path, { cache: "no-cache", credentials: "omit", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  };
  const parts = (root) => new Map([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  const put = (fresh) => {
    const now = parts(document);
    for (const [name, next] of parts(fresh)) {
      const old = now.get(name);
      if (name === "head") {
        old.className = next.className;
        const [was, is] = [old.querySelector("#headline"), next.querySelector("#headline")];
        if (was.textContent !== is.textContent) was.textContent = is.textContent;
      } else if (old.innerHTML !== next.innerHTML) {
        const [open, focused] = [old.querySelector("details")?.open, old.contains(document.activeElement)];
        old.replaceChildren(...next.childNodes);
        const details = old.querySelector("details");
        if (details && open) details.open = true;
        if (focused) details?.querySelector("summary")?.focus();
      }
    }
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const now = await fetchText("/status.json");
      if (now !== seen) put(new DOMParser().parseFromString(await fetchText("/"), "text/html"));
      seen = now;
      offline.hidden = true;
    } catch {
      offline.hidden = false;
    }
  };
  setInterval(look, every);
  document.addEventListener("visibilitychange", look);
})();

// Every page: theme, marked words, keyboard, filter box, citation. No page needs it.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector) => document.querySelector(selector);
  const recall = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const remember = (name, value) => {
    try { value ? localStorage.setItem(name, value) : localStorage.removeItem(name); } catch { /* not kept */ }
  };

  // Theme: auto, dark, light.
  const theme = $("#theme");
  const setTheme = (name) => {
    name ? (root.dataset.theme = name) : delete root.dataset.theme;
    if (theme) theme.textContent = `Theme: ${name || "auto"}`;
  };
  setTheme({ dark: "dark", light: "light" }[recall("theme")] || "");
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const next = { "": "dark", dark: "light", light: "" }[root.dataset.theme || ""];
      remember("theme", next);
      setTheme(next);
    });
  }

  // Mark the words of list, such as "rare earth*", in the text under element; return the first mark.
  const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\ud840-\ud8bf]/;
  const LETTER = /[\p{L}\p{N}\p{M}]/u;
  const fold = (text) =>
    text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFC").toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ");
  const mark = (element, list) => {
    const words = list.split(/\s+/).map((text) => ({ word: fold(text.replace(/\*$/, "")), open: text.endsWith("*") })).filter(({ word }) => word);
    if (!element || !words.length) return null;
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    let first = null;
    for (const node of nodes) {
      let folded = "";
      const origin = [];
      [...node.data].reduce((at, sign) => {
        for (const unit of fold(sign)) for (let i = 0; i < unit.length; i++) origin.push([at, at + sign.length]);
        folded += fold(sign);
        return at + sign.length;
      }, 0);
      const spans = [];
      for (const { word, open } of words) {
        for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + 1)) {
          const end = at + word.length;
          const whole = UNSPACED.test(word) || !(LETTER.test(folded[at - 1] || "") || (!open && LETTER.test(folded[end] || "")));
          if (whole) spans.push([origin[at][0], origin[end - 1][1]]);
        }
      }
      if (!spans.length) continue;
      const pieces = document.createDocumentFragment();
      let done = 0;
      for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
        if (to <= done) continue;
        const start = Math.max(from, done);
        pieces.append(node.data.slice(done, start));
        const found = document.createElement("mark");
        found.textContent = node.data.slice(start, to);
        pieces.append(found);
        first ??= found;
        done = to;
      }
      pieces.append(node.data.slice(done));
      node.replaceWith(pieces);
    }
    return first;
  };
  globalThis.pressmark = { mark };
  const sought = () => new URLSearchParams(location.hash.slice(1)).get("hl") ?? new URLSearchParams(location.search).get("hl");
  if (sought()) mark($("article"), sought())?.scrollIntoView({ block: "center" });

  // Filter box.
  const filter = $("#filter");
  if (filter) {
    filter.closest(".filter").hidden = false;
    filter.addEventListener("input", () => {
      const part = fold(filter.value.trim());
      let left = 0;
      for (const section of document.querySelectorAll(".letter")) {
        let any = false;
        for (const item of section.querySelectorAll("li")) {
          item.hidden = !fold(item.firstElementChild.textContent).includes(part);
          if (!item.hidden) { any = true; left++; }
        }
        section.hidden = !any;
      }
      $("#filtered").textContent = part ? `${left} left` : "";
    });
  }

  // Citation.
  const cite = $("#cite");
  if (cite && navigator.clipboard) {
    cite.hidden = false;
    cite.addEventListener("click", async () => {
      await navigator.clipboard.writeText($("#citation").textContent);
      cite.textContent = "Copied";
    });
  }

  // Keyboard; single keys can be switched off (WCAG 2.1.4), which is remembered.
  const keys = $("#keys");
  const keysOn = $("#keys-on");
  const showKeys = $("#show-keys");
  let enabled = recall("keys") !== "off";
  if (keys) {
    keysOn.checked = enabled;
    keysOn.addEventListener("change", () => {
      enabled = keysOn.checked;
      remember("keys", enabled ? "" : "off");
    });
    showKeys.hidden = false;
    showKeys.addEventListener("click", () => keys.showModal());
  }
  const step = (by) => {
    const heads = [...document.querySelectorAll("a.head")];
    if (!heads.length) return $(by > 0 ? "[rel=next]" : "[rel=prev]")?.click();
    const at = heads.indexOf(document.activeElement);
    heads[at < 0 ? (by > 0 ? 0 : heads.length - 1) : at + by]?.focus();
  };
  const places = { h: "#nav-home", t: "#nav-topics", d: "#nav-days", s: "#nav-search" };
  const actions = {
    "/": () => $("#q")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    o: () => (document.activeElement.matches("a.head") ? document.activeElement : $("#source"))?.click(),
    "?": () => keys?.showModal(),
  };
  let wentAt = -Infinity;
  addEventListener("keydown", (event) => {
    if (!enabled || event.ctrlKey || event.metaKey || event.altKey || keys?.open) return;
    if (event.target.matches?.("input, textarea, select, [contenteditable]")) return;
    const gone = event.timeStamp - wentAt < 1000;
    wentAt = event.key === "g" ? event.timeStamp : -Infinity;
    const place = gone && places[event.key];
    if (!place && !actions[event.key]) return;
    event.preventDefault();
    place ? $(place)?.click() : actions[event.key]();
  });
})();

// The search page: reads the index that site_builder/search.py writes, a file at a time, for the words typed.
//
// search/manifest.js   how many documents, and the first word of each term shard
// search/<segment>/
//   t-<n>.js  words in order, one a line: word, count of documents, postings
//   p-<n>.js  the same lines: where in each document the word stands; loaded for phrases only
//   d-<n>.js  16 documents each: title, address, language, first words
//   f-<name>.js  the values of a filter, most frequent first, each with its documents
//   docs.js   of each document its length class; days with their count of documents
//
// Each is a script that calls pressmarkSearch(name, content), so that all of it works by double click too.
// Documents are numbered from the newest; the undated come last.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const { Reader, VALUES, parse } = globalThis.pressmarkWords;
  const FACETS = ["site", "section", "topic", "author", "language"];
  const PAGE = 10;
  const VALUES_SHOWN = 10;

  // Ranking: BM25F. Places in title and description count more; body length is evened out.
  const WEIGHTS = { title: 5, description: 2, body: 1 };
  const K1 = 1.2;
  const B = 0.75;
  const PREFIX_WEIGHT = 0.5;
  const MAX_PREFIX_SHARDS = 8;

  // ---- files ----

  const arrived = new Map();
  const asked = new Map();
  globalThis.pressmarkSearch = (name, content) => arrived.set(name, content);

  const load = (name) => {
    if (!asked.has(name)) {
      asked.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `search/${name}.js`;
        script.onload = () => {
          script.remove();
          arrived.has(name) ? resolve(arrived.get(name)) : reject(new Error(name));
          arrived.delete(name);
        };
        script.onerror = () => {
          script.remove();
          asked.delete(name);
          reject(new Error(name));
        };
        document.head.append(script);
      }));
    }
    return asked.get(name);
  };

  const once = (make) => {
    const made = new Map();
    return (name) => {
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name);
    };
  };

  const manifest = () => load("manifest");
  const part = async (name) => load(`${(await manifest()).segment}/${name}`);

  // ---- numbers ----

  const places = (text) => {
    const reader = new Reader(text);
    const found = [];
    for (let last = -1; reader.more; found.push(last)) last += reader.number() + 1;
    return found;
  };

  // ---- words ----

  const termShard = once(async (n) => {
    const terms = new Map();
    (await part(`t-${n}`)).split("\n").forEach((line, row) => {
      const [word, count, postings] = line.split(" ");
      terms.set(word, { word, shard: n, row, count: new Reader(count).number(), postings });
    });
    return terms;
  });

  const positionShard = once(async (n) => (await part(`p-${n}`)).split("\n"));

  // The shards that hold the words from first up to last.
  const shards = (terms, first, last) => {
    const found = [];
    for (let n = 0; n < terms.length && terms[n] <= last; n++) {
      if (n + 1 === terms.length || terms[n + 1] > first) found.push(n);
    }
    return found;
  };

  // The words of the index that item, {word, prefix}, stands for.
  const terms = async (item, notes) => {
    const last = item.prefix ? item.word + "\uffff" : item.word;
    let where = shards((await manifest()).terms, item.word, last);
    if (where.length > MAX_PREFIX_SHARDS) {
      where = where.slice(0, MAX_PREFIX_SHARDS);
      notes.add(`Only some of the words that begin with “${item.word}” are looked for.`);
    }
    const found = [];
    for (const shard of await Promise.all(where.map(termShard))) {
      for (const term of shard.values()) {
        if (item.prefix ? term.word.startsWith(item.word) : term.word === item.word) found.push(term);
      }
    }
    return found;
  };

  // Where item occurs: the documents, each with its frequencies by field; how many; and the terms.
  const occurrences = async (item, notes) => {
    const { kept } = await manifest();
    const found = await terms(item, notes);
    const documents = new Map();
    for (const term of found) {
      const weight = term.word === item.word ? 1 : PREFIX_WEIGHT;
      if (term.count > kept) notes.add(`“${term.word}” is in ${term.count} articles: the newest ${kept} are searched.`);
      const reader = new Reader(term.postings);
      for (let id = -1; reader.more; ) {
        id += reader.number() + 1;
        const fields = reader.digit();
        const body = fields % 4;
        const sums = documents.get(id) ?? { title: 0, description: 0, body: 0 };
        sums.title += weight * (fields >> 4);
        sums.description += weight * ((fields >> 2) % 4);
        sums.body += weight * (body < 3 ? body : 3 + reader.number());
        documents.set(id, sums);
      }
    }
    const count = found.length === 1 ? found[0].count : documents.size;
    return { documents, count, terms: found };
  };

  // The positions of terms, by document.
  const positions = async (found) => {
    const all = new Map();
    for (const term of found) {
      const ids = [];
      const reader = new Reader(term.postings);
      for (let id = -1; reader.more; ids.push(id)) {
        id += reader.number() + 1;
        if (reader.digit() % 4 === 3) reader.number();
      }
      const where = new Reader((await positionShard(term.shard))[term.row]);
      for (const id of ids) {
        const set = all.get(id) ?? new Set();
        for (let left = where.number(), last = -1; left; left--) set.add((last += where.number() + 1));
        all.set(id, set);
      }
    }
    return all;
  };

  const lengthOfClass = (n) => Math.round(2 ** (n / 4));

  // The documents that fit a clause of the query, with their scores.
  const clauseScores = async (clause, notes) => {
    const [{ documents, bodyWords }, { lengths }] = await Promise.all([manifest(), part("docs")]);
    const parts = await Promise.all(clause.items.map((item) => occurrences(item, notes)));
    const where = parts.length > 1 ? await Promise.all(parts.map((found) => positions(found.terms))) : [];
    const average = bodyWords / documents || 1;
    const scores = new Map();
    for (const id of parts[0].documents.keys()) {
      if (!parts.every((found) => found.documents.has(id))) continue;
      if (where.length && ![...where[0].get(id)].some((at) => where.every((set, i) => set.get(id).has(at + i)))) continue;
      let score = 0;
      const evened = 1 - B + (B * lengthOfClass(VALUES.get(lengths[id]))) / average;
      for (const found of parts) {
        const sums = found.documents.get(id);
        const often = WEIGHTS.title * sums.title + WEIGHTS.description * sums.description + (WEIGHTS.body * sums.body) / evened;
        const rare = Math.log(1 + (documents - found.count + 0.5) / (found.count + 0.5));
        score += (rare * often * (K1 + 1)) / (K1 + often);
      }
      scores.set(id, score);
    }
    return scores;
  };

  // The scores of the documents that fit all clauses; null when nothing is asked for.
  const queryScores = async (clauses, notes) => {
    const wanted = clauses.filter((clause) => !clause.not);
    const all = await Promise.all(clauses.map((clause) => clauseScores(clause, notes)));
    let scores = null;
    clauses.forEach((clause, i) => {
      if (clause.not) return;
      if (!scores) scores = all[i];
      else scores = new Map([...scores].filter(([id]) => all[i].has(id)).map(([id, score]) => [id, score + all[i].get(id)]));
    });
    if (!wanted.length && clauses.length) {
      const { documents } = await manifest();
      scores = new Map(Array.from({ length: documents }, (_, id) => [id, 0]));
    }
    clauses.forEach((clause, i) => clause.not && all[i].forEach((_, id) => scores.delete(id)));
    return scores;
  };

  // ---- filters ----

  const dayOf = once(async () => {
    const { days } = await part("docs");
    return days.flatMap(([day, count]) => Array(count).fill(day));
  });

  const facet = once(async (name) =>
    new Map((await part(`f-${name}`)).map(([value, text]) => [value, places(text)])));

  const asDay = (iso) => (iso ? Date.parse(`${iso}T00:00:00Z`) / 86400000 : null);
  const inWords = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

  // Run state → {ids in order, scores, counts by facet, notes}.
  const search = async (state) => {
    const notes = new Set();
    const clauses = parse(state.q);
    let scores = await queryScores(clauses, notes);
    const chosen = FACETS.filter((name) => state[name].length);
    const { documents } = await manifest();
    const days = await dayOf("");
    scores ??= new Map(Array.from({ length: documents }, (_, id) => [id, 0]));
    const [from, to] = [asDay(state.from), asDay(state.to)];
    let ids = [...scores.keys()];
    if (from !== null) ids = ids.filter((id) => days[id] >= from);
    if (to !== null) ids = ids.filter((id) => days[id] <= to);
    const values = Object.fromEntries(await Promise.all(FACETS.map(async (name) => [name, await facet(name)])));
    const allowed = Object.fromEntries(
      chosen.map((name) => [name, new Set(state[name].flatMap((value) => values[name].get(value) ?? []))]));
    // A filter's own counts say what choosing another of its values would give.
    const fits = (id, except) => chosen.every((name) => name === except || allowed[name].has(id));
    const counts = {};
    for (const name of FACETS) {
      const within = new Set(ids.filter((id) => fits(id, name)));
      counts[name] = [...values[name]].map(([value, of]) => [value, of.filter((id) => within.has(id)).length]);
    }
    ids = ids.filter((id) => fits(id)).sort((a, b) => a - b);
    if (state.order === "relevance") ids.sort((a, b) => scores.get(b) - scores.get(a) || a - b);
    if (state.order === "oldest") ids = [...ids.filter((id) => id < days.length).reverse(), ...ids.filter((id) => id >= days.length)];
    return { ids, scores, counts, notes, clauses };
  };

  Object.assign(globalThis.pressmarkSearch, { search, load }); // for the tests, which ask what the page asks

  // ---- page ----

  const NAMES = { site: "Site", section: "Section", topic: "Topic", author: "Author", language: "Language" };
  const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/;
  let shown = PAGE;
  let latest = 0;
  let timer = 0;
  let opened = false;

  const empty = () => ({ q: "", from: "", to: "", order: "relevance", ...Object.fromEntries(FACETS.map((name) => [name, []])) });
  let current = empty();

  // The state stands behind the #, where it works by double click too; a plain form elsewhere leads here by ?q=.
  const stateInAddress = () => {
    const given = new URLSearchParams(location.hash.length > 1 ? location.hash.slice(1) : location.search);
    const state = empty();
    for (const name of ["q", "from", "to", "order"]) state[name] = given.get(name) ?? state[name];
    for (const name of FACETS) state[name] = given.getAll(name);
    return state;
  };

  // What a field does not take, such as a day that is none, is not asked for.
  const fill = (state) => {
    for (const name of ["q", "from", "to", "order"]) {
      const field = $(`#${name}`);
      if (field.value !== state[name]) field.value = state[name];
      state[name] = field.value;
    }
    if (!state.order) state.order = $("#order").value = "relevance";
    return state;
  };

  const address = (state) => {
    const given = new URLSearchParams();
    for (const name of ["q", "from", "to"]) if (state[name]) given.set(name, state[name]);
    if (state.order !== "relevance") given.set("order", state.order);
    for (const name of FACETS) for (const value of state[name]) given.append(name, value);
    return `#${location.search && !given.size ? "q=" : given}`;
  };

  const stateOnPage = () => {
    const state = empty();
    state.q = $("#q").value;
    for (const name of ["from", "to", "order"]) state[name] = $(`#${name}`).value;
    for (const box of document.querySelectorAll("#facets input:checked")) state[box.name].push(box.value);
    return state;
  };

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const filtered = (state) => state.from || state.to || FACETS.some((name) => state[name].length);

  const showFacets = (state, counts) => {
    const open = new Set([...document.querySelectorAll("#facets details[open]")].map((details) => details.dataset.name));
    const focused = document.activeElement?.dataset?.key;
    const groups = FACETS.map((name) => {
      const picked = new Set(state[name]);
      const values = counts[name].filter(([value, count]) => count || picked.has(value))
        .sort((a, b) => picked.has(b[0]) - picked.has(a[0]) || b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      if (!values.length) return null;
      const items = values.slice(0, Math.max(VALUES_SHOWN, picked.size)).map(([value, count]) => {
        const box = element("input", { type: "checkbox", name, value, checked: picked.has(value) });
        box.dataset.key = `${name}:${value}`;
        return element("li", {}, element("label", {}, box, element("span", { dir: "auto", textContent: value }), element("small", { textContent: count })));
      });
      const details = element("details", { open: open.has(name) || picked.size > 0 || (!open.size && name === "site") },
        element("summary", { textContent: NAMES[name] }), element("ul", {}, ...items));
      details.dataset.name = name;
      return details;
    });
    $("#facets").replaceChildren(...groups.filter(Boolean));
    if (focused) [...document.querySelectorAll("#facets input")].find((box) => box.dataset.key === focused)?.focus();
  };

  const hit = (record, id, found, days, siteOf) => {
    const [title, path, language, excerpt] = record;
    const items = found.clauses.filter((clause) => !clause.not).flatMap((clause) => clause.items);
    const sought = items.map((item) => item.word + (item.prefix ? "*" : "")).join(" ");
    const direction = language ? (RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr") : "auto";
    const link = element("a", { className: "head", textContent: title, lang: language, dir: direction });
    link.href = path.split("/").map(encodeURIComponent).join("/") + (sought ? `#hl=${encodeURIComponent(sought)}` : "");
    const text = element("p", { textContent: excerpt, lang: language, dir: direction });
    const about = [siteOf(id), days[id] === undefined ? "undated" : inWords.format(days[id] * 86400000)];
    const small = element("small", {}, ...about.filter(Boolean).map((textContent) => element("span", { textContent })));
    const item = element("li", {}, link, text, small);
    globalThis.pressmark?.mark(link, sought);
    globalThis.pressmark?.mark(text, sought);
    return item;
  };

  const showHits = async (found, run) => {
    const { shardSize } = await manifest();
    const ids = found.ids.slice(0, shown);
    const numbers = [...new Set(ids.map((id) => Math.floor(id / shardSize)))];
    const records = new Map(await Promise.all(numbers.map(async (n) => [n, await part(`d-${n}`)])));
    const days = await dayOf("");
    const sites = [...(await facet("site"))].map(([value, of]) => [value, new Set(of)]);
    const siteOf = (id) => sites.find(([, of]) => of.has(id))?.[0];
    if (run !== latest) return;
    $("#hits").replaceChildren(...ids.map((id) =>
      hit(records.get(Math.floor(id / shardSize))[id % shardSize], id, found, days, siteOf)));
    $("#more").hidden = found.ids.length <= shown;
  };

  const run = async (state = current) => {
    const mine = ++latest;
    const filters = $("#filters");
    const wanted = state.q || filtered(state);
    current = state;
    filters.hidden = false;
    if (wanted && !opened) {
      opened = true;
      filters.open = matchMedia("(min-width: 62rem)").matches;
    }
    try {
      const found = wanted || filters.open ? await search(state) : null; // nothing is loaded before
      if (mine !== latest) return;
      const total = found?.ids.length;
      $("#browse").hidden = Boolean(total);
      if (!found) {
        $("#count").textContent = "";
        $("#hits").replaceChildren();
        $("#more").hidden = true;
        return;
      }
      showFacets(state, found.counts);
      $("#clear").hidden = !filtered(state);
      $("#count").textContent = total
        ? `${total} ${total === 1 ? "article" : "articles"}`
        : `No article fits.${filtered(state) ? " Clear the filters, or try" : " Try"} fewer words, or the beginning of one.`;
      $("#cut").textContent = [...found.notes].join(" ");
      $("#cut").hidden = !found.notes.size;
      await showHits(found, mine);
    } catch (error) {
      if (mine !== latest) return;
      $("#count").textContent = `The search index could not be read (${error.message}). Load this page again; if that does not help, build the archive again.`;
      $("#hits").replaceChildren();
      $("#browse").hidden = false;
    }
  };

  const go = (state, step) => {
    shown = PAGE;
    const next = address(state);
    if (next !== location.hash) history[step ? "pushState" : "replaceState"](null, "", next);
    return run(state);
  };

  const back = () => {
    shown = PAGE;
    run(fill(stateInAddress()));
  };

  $("#search").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    go(stateOnPage(), true);
  });
  $("#q").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => go(stateOnPage(), false), 150);
  });
  $("#q").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") $("#hits a")?.focus();
  });
  $("#search").addEventListener("change", (event) => {
    if (event.target.id !== "q") go(stateOnPage(), true);
  });
  $("#clear").addEventListener("click", () => go(fill({ ...empty(), q: $("#q").value, order: $("#order").value }), true).then(() => $("#q").focus()));
  $("#more").addEventListener("click", async () => {
    const first = shown;
    shown += PAGE;
    await run();
    document.querySelectorAll("#hits a")[first]?.focus();
  });
  $("#filters").addEventListener("toggle", () => run());
  addEventListener("popstate", back);
  addEventListener("hashchange", back);
  back();
  if (!location.hash && !location.search) $("#q").focus();
})();

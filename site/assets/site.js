// What pages can do beyond being read: search, the switch of colours, copying code. The site works
// without any of it.
(() => {
  const script = document.currentScript;
  const root = script.dataset.root;

  // Light and dark
  const html = document.documentElement;
  document.querySelector(".theme-button").addEventListener("click", () => {
    const isDark = getComputedStyle(html).colorScheme === "dark" ||
      html.dataset.theme === undefined &&
        matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = isDark ? "light" : "dark";
    html.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Not kept where storage is forbidden.
    }
  });

  // Copying code
  for (const block of document.querySelectorAll(".code:not(.signature)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").innerText);
      button.textContent = "Copied";
      setTimeout(() => button.textContent = "Copy", 1500);
    });
    block.append(button);
  }

  /** Scrolls a list by itself, so that `link` is in its middle if it is out of sight. */
  function reveal(nav, link) {
    const { top, bottom } = link.getBoundingClientRect();
    const box = nav.getBoundingClientRect();
    if (top >= box.top && bottom <= box.bottom) return;
    nav.scrollTop += (top + bottom - box.top - box.bottom) / 2;
  }

  const pages = document.querySelector("nav.pages");
  const here = pages.querySelector("[aria-current]");
  if (here !== null) reveal(pages, here);

  // The heading that is being read, in the contents
  const contents = document.querySelector("nav.contents");
  const links = new Map();
  for (const link of document.querySelectorAll("nav.contents a")) {
    links.set(decodeURIComponent(link.hash.slice(1)), link);
  }
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.classList.remove("is-here");
      links.get(target.id).classList.add("is-here");
      reveal(contents, links.get(target.id));
    }
  }, { rootMargin: "-64px 0px -70% 0px" });
  for (const id of links.keys()) {
    const heading = document.getElementById(id);
    if (heading !== null) observer.observe(heading);
  }

  // Search
  const dialog = document.querySelector("dialog.search");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ol");
  const status = dialog.querySelector(".status");
  /** Rows of `[url, page, id, heading, text]`; fetched when the search is first opened. */
  let index;

  function loadIndex() {
    return index ??= new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = `${root}assets/search_index.js`;
      element.onload = () => resolve(globalThis.searchIndex);
      element.onerror = reject;
      document.head.append(element);
    });
  }

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    void loadIndex();
  }

  /** How well a row fits; 0 if one of the words is not in it. */
  function score([, page, , heading, text], words) {
    const title = page.toLowerCase();
    const head = heading.toLowerCase();
    const body = text.toLowerCase();
    let sum = 0;
    for (const word of words) {
      const own = head === word
        ? 40
        : startsIn(head, word)
        ? 20
        : head.includes(word)
        ? 8
        : 0;
      const other = startsIn(title, word) ? 6 : 0;
      const within = startsIn(body, word) ? 3 : body.includes(word) ? 1 : 0;
      if (own + other + within === 0) return 0;
      sum += own + other + within;
    }
    return sum;
  }

  /** Whether `word` begins a word of `text`. */
  function startsIn(text, word) {
    const at = text.indexOf(word);
    return at === 0 || at > 0 && (text.includes(` ${word}`) ||
          /[^\p{L}\p{N}]/u.test(text[at - 1]));
  }

  /** `text` with the words marked, around the first of them. */
  function excerpt(text, words) {
    const lower = text.toLowerCase();
    const first = Math.min(
      ...words.map((word) => lower.indexOf(word)).filter((at) => at >= 0),
    );
    const from = Number.isFinite(first) ? Math.max(0, first - 60) : 0;
    return marked(
      `${from > 0 ? "…" : ""}${text.slice(from, from + 170)}`,
      words,
    );
  }

  function marked(text, words) {
    const fragment = document.createDocumentFragment();
    const lower = text.toLowerCase();
    let at = 0;
    while (at < text.length) {
      const [begin, word] = words.map((one) => [lower.indexOf(one, at), one])
        .filter(([where]) => where >= 0)
        .sort((a, b) => a[0] - b[0] || b[1].length - a[1].length)[0] ??
        [text.length, ""];
      fragment.append(text.slice(at, begin));
      if (word === "") break;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(begin, begin + word.length);
      fragment.append(mark);
      at = begin + word.length;
    }
    return fragment;
  }

  async function search() {
    const words = input.value.toLowerCase().split(/\s+/)
      .filter((word) => word !== "");
    const rows = await loadIndex();
    if (words.length === 0) {
      list.replaceChildren();
      status.textContent = "";
      return;
    }
    const found = rows.map((row) => ({ row, points: score(row, words) }))
      .filter(({ points }) => points > 0)
      .sort((a, b) => b.points - a.points);
    list.replaceChildren(
      ...found.slice(0, 20).map(({ row }) => {
        const [url, page, id, heading, text] = row;
        const link = document.createElement("a");
        link.href = `${root}${url}${id === "" ? "" : `#${id}`}`;
        const name = document.createElement("b");
        name.append(marked(heading, words));
        const where = document.createElement("small");
        where.textContent = heading === page ? "" : ` · ${page}`;
        const context = document.createElement("span");
        context.append(excerpt(text, words));
        link.append(name, where, context);
        const item = document.createElement("li");
        item.append(link);
        return item;
      }),
    );
    status.textContent = found.length === 0
      ? "Nothing found."
      : `${found.length} found`;
  }

  document.querySelector(".search-button").addEventListener("click", open);
  input.addEventListener("input", () => void search());
  list.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    const found = [...list.querySelectorAll("a")];
    const at = found.indexOf(document.activeElement);
    if (event.key === "ArrowDown") {
      found[Math.min(at + 1, found.length - 1)]?.focus();
    } else if (event.key === "ArrowUp") {
      (at > 0 ? found[at - 1] : input).focus();
    } else if (event.key === "Enter" && document.activeElement === input) {
      found[0]?.click();
    } else {
      return;
    }
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(?:INPUT|TEXTAREA)$/.test(event.target.tagName);
    const isShortcut = event.key === "/" && !isTyping ||
      event.key === "k" && (event.ctrlKey || event.metaKey);
    if (!isShortcut) return;
    event.preventDefault();
    open();
  });
})();

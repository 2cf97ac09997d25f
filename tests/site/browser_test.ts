/** The documentation site in a browser: no errors, no page wider than a phone, colours that can be read. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve, type Server } from "../../mod.ts";
import { siteApp } from "../../site/app.ts";
import { buildSite } from "../../site/build.ts";
import { needsProgram } from "../_support/needs.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { CHROMIUM, Chromium, type Page } from "../wire/_chromium.ts";

const PHONE = 360;
const DESKTOP = 1280;
/** Tabs that walk through the pages: while one loads a page, another one is looked at. */
const TABS = 4;

/** Runs before the scripts of each page: keeps what went wrong, loads that failed among it. */
const KEEP_ERRORS = `
  globalThis.wrong = [];
  addEventListener("error", (event) => wrong.push(String(
    event.message ?? event.target?.outerHTML)), true);
  addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
  const log = console.error;
  console.error = (...args) => { wrong.push(args.join(" ")); log(...args); };
`;

/** What is wider than the window and does not scroll by itself. */
const TOO_WIDE = `(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1)
    .map((one) => one.tagName + ": " + one.textContent.slice(0, 40)).slice(0, 5)
    .concat("scrolls to " + document.documentElement.scrollWidth);
})()`;

/** Texts whose contrast is below 4.5, or 3 where they are large (WCAG 2.2, 1.4.3). */
const TOO_PALE = `(() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      known.set(color, [...context.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(color);
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] > 200) return color;
    }
    return [255, 255, 255, 255];
  };
  const pale = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) =>
      node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || !element.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(rgba(style.color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24;
    if (ratio < (isLarge ? 3 : 4.5)) {
      pale.add(element.tagName + "." + element.className + " " + ratio.toFixed(2));
    }
  }
  return [...pale].slice(0, 8);
})()`;

describe("in a browser", { skip: needsProgram(CHROMIUM) }, () => {
  let folder: string;
  let pages: readonly string[];
  let server: Server;
  let chromium: Chromium;
  let page: Page;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tricorn-site-browser-"));
    pages = buildSite(ROOT, folder).pages;
    server = serve(siteApp(folder), {
      port: 0,
      accessLog: false,
      logLevel: "error",
    });
    await server.listening;
    chromium = await Chromium.start();
    page = await openTab();
  });

  after(async () => {
    await chromium?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openTab(): Promise<Page> {
    const tab = await chromium.open("about:blank");
    await tab.command("Page.addScriptToEvaluateOnNewDocument", {
      source: KEEP_ERRORS,
    });
    await tab.command("Page.enable");
    return tab;
  }

  async function resize(width: number, tab = page): Promise<void> {
    await tab.command("Emulation.setDeviceMetricsOverride", {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: width === PHONE,
    });
  }

  async function prefer(scheme: string): Promise<void> {
    await page.command("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  async function go(url: string, tab = page): Promise<void> {
    const { href } = new URL(url, server.url!);
    await tab.command("Page.navigate", { url: href });
    await tab.until(
      `location.href === ${
        JSON.stringify(href)
      } && document.readyState === "complete"`,
    );
  }

  test("no page is wider than a phone, and none has an error", async () => {
    const left = [...pages];
    const seen: Record<string, unknown> = {};
    await Promise.all(Array.from({ length: TABS }, async () => {
      const tab = await openTab();
      await resize(PHONE, tab);
      for (let url = left.pop(); url !== undefined; url = left.pop()) {
        await go(url, tab);
        seen[url] = await tab.evaluate(`({ wrong, wide: ${TOO_WIDE} })`);
      }
      await tab.close();
    }));
    const fine = pages.map((url) => [url, { wrong: [], wide: [] }]);
    assert.deepEqual(seen, Object.fromEntries(fine));
  });

  for (const scheme of ["light", "dark"]) {
    test(`text is readable in ${scheme}`, async () => {
      await resize(DESKTOP);
      await prefer(scheme);
      for (
        const url of [
          "index.html",
          "asgi.html",
          "fetch.html",
          "deployment.html",
          "api/helpers.html",
        ]
      ) {
        await go(url);
        assert.deepEqual(await page.evaluate(TOO_PALE), [], url);
        const width = await page.evaluate(
          `document.querySelector("h1").parentElement.clientWidth`,
        );
        assert.ok(Number(width) >= 400, `${url} has ${width} pixels for text`);
      }
    });
  }

  test("the switch changes colours and images, and is remembered", async () => {
    await resize(DESKTOP);
    await prefer("light");
    await go("asgi.html");
    const shown = `[getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector("img.for-dark")).display]`;
    assert.deepEqual(await page.evaluate(shown), [
      "rgb(255, 255, 255)",
      "none",
    ]);
    await page.evaluate(`document.querySelector(".theme-button").click()`);
    assert.deepEqual(await page.evaluate(shown), ["rgb(16, 20, 27)", "block"]);
    await go("settings.html");
    assert.equal(
      await page.evaluate("getComputedStyle(document.body).backgroundColor"),
      "rgb(16, 20, 27)",
    );
    await page.evaluate(`document.querySelector(".theme-button").click()`);
    await page.evaluate("localStorage.clear()");
  });

  test("the search finds, and leads there by the keyboard", async () => {
    await go("api/helpers.html");
    await page.evaluate(
      `document.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }))`,
    );
    assert.equal(
      await page.evaluate("document.activeElement.type"),
      "search",
    );
    await page.command("Input.insertText", { text: "keep-alive seconds" });
    await page.until(`document.querySelectorAll("dialog li").length > 0`);
    assert.match(
      String(
        await page.evaluate(`document.querySelector("dialog li").innerText`),
      ),
      /--timeout-keep-alive SECONDS/,
    );
    for (const key of ["ArrowDown", "Enter"]) {
      for (const type of ["rawKeyDown", "char", "keyUp"]) {
        await page.command("Input.dispatchKeyEvent", {
          type,
          key,
          ...(key === "Enter"
            ? { text: "\r", windowsVirtualKeyCode: 13 }
            : type === "char"
            ? { type: "keyUp" }
            : {}),
        });
      }
    }
    await page.until(
      `location.pathname === "/settings.html" && location.hash.startsWith("#--timeout-keep-alive")`,
      "location.href",
    );
    assert.deepEqual(await page.evaluate("wrong"), []);
  });

  test("a phone has the pages behind a button", async () => {
    await resize(PHONE);
    await go("settings.html");
    const isShown = `document.querySelector("nav.pages").checkVisibility()`;
    assert.equal(await page.evaluate(isShown), false);
    await page.evaluate(`document.querySelector(".menu-button").click()`);
    assert.equal(await page.evaluate(isShown), true);
  });

  test("without JavaScript everything but the search is there", async () => {
    await resize(DESKTOP);
    await page.command("Emulation.setScriptExecutionDisabled", { value: true });
    try {
      await go("settings.html");
      assert.deepEqual(
        await page.evaluate(
          `[".search-button", ".theme-button", "nav.pages", "main"].map((one) =>
            document.querySelector(one).checkVisibility())`,
        ),
        [false, false, true, true],
      );
    } finally {
      await page.command("Emulation.setScriptExecutionDisabled", {
        value: false,
      });
    }
  });

  test("the first Tab shows the way past the navigation", async () => {
    await go("settings.html");
    for (const type of ["rawKeyDown", "keyUp"]) {
      await page.command("Input.dispatchKeyEvent", {
        type,
        key: "Tab",
        windowsVirtualKeyCode: 9,
      });
    }
    assert.equal(
      await page.evaluate("document.activeElement.className"),
      "skip",
    );
  });
});

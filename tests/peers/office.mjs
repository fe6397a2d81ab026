// A clerk's browser, through WebDriver: `node office.mjs <node_modules> <address> <login> <password> <decide|read>`.
//
// `decide` settles the first conflict of the inbox with the value "Missing", by keyboard only.
// `read` opens every page that the menu leads to, and the first entry of every list, in two languages and two widths,
// and has axe look at each. Prints what was found as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, address, login, password, task] = process.argv.slice(2);
const load = createRequire(resolve(modules, "from-here.js"));
const { Builder, By, Key, logging, until } = load("selenium-webdriver");
const chrome = load("selenium-webdriver/chrome");
const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

async function browser({ language, width, scripts = true }) {
  const options = new chrome.Options();
  options.setChromeBinaryPath(process.env.FIELDLOOP_PEER_CHROMIUM);
  options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", `--window-size=${width},900`);
  options.addArguments(`--lang=${language}`);
  options.setUserPreferences({
    "intl.accept_languages": language,
    "profile.managed_default_content_settings.javascript": scripts ? 1 : 2,
  });
  const logs = new logging.Preferences();
  logs.setLevel(logging.Type.BROWSER, logging.Level.WARNING);
  options.setLoggingPrefs(logs);
  const service = new chrome.ServiceBuilder(process.env.FIELDLOOP_PEER_CHROMEDRIVER);
  return new Builder().forBrowser("chrome").setChromeOptions(options).setChromeService(service).build();
}

async function signIn(driver) {
  await driver.get(`${address}/sign-in`);
  await driver.findElement(By.name("login_name")).sendKeys(login);
  await driver.findElement(By.name("password")).sendKeys(password, Key.ENTER);
  await driver.wait(until.elementLocated(By.css("a[href='/account']")), 10000);
}

const said = (driver) => driver.wait(until.elementLocated(By.css(".said")), 10000).then((line) => line.getText());

async function decide() {
  const driver = await browser({ language: "en", width: 1200 });
  try {
    await signIn(driver);
    await driver.get(`${address}/conflicts`);
    await driver.findElement(By.css("body")).sendKeys("j");
    await driver.switchTo().activeElement().sendKeys(Key.ENTER);
    await driver.wait(until.elementLocated(By.css("form[action$='/resolution']")), 10000);
    const labels = await driver.findElements(By.css("fieldset.choices label"));
    for (const label of labels) {
      if ((await label.getText()).includes("Missing"))
        await label.findElement(By.css("input")).sendKeys(Key.SPACE);
    }
    await driver.findElement(By.name("reason")).sendKeys("the photo shows it", Key.TAB, Key.ENTER);
    return { said: await said(driver) };
  } finally {
    await driver.quit();
  }
}

async function links(driver, css) {
  const found = [];
  for (const link of await driver.findElements(By.css(css))) found.push(await link.getAttribute("href"));
  return found;
}

/** Looks at the page that is open. */
async function look(driver, what, problems) {
  const violations = await driver.executeAsyncScript(
    `${axe}; const done = arguments[arguments.length - 1];
     axe.run().then((result) => done(result.violations.map((violation) =>
       violation.id + " " + violation.nodes[0].html.slice(0, 200))));`,
  );
  problems.push(...violations.map((violation) => `${what}: ${violation}`));
  const missing = (await driver.getPageSource()).match(/⟦[^⟧]*⟧/);
  if (missing) problems.push(`${what}: no word for ${missing[0]}`);
  const wide = await driver.executeScript("return document.documentElement.scrollWidth - innerWidth");
  if (wide > 1) problems.push(`${what}: ${wide} pixels wider than the window`);
  const foreign = await driver.executeScript(
    "return performance.getEntriesByType('resource').map((entry) => entry.name)" +
      ".filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'))",
  );
  problems.push(...foreign.map((name) => `${what}: asks ${name}`));
  const logged = await driver.manage().logs().get(logging.Type.BROWSER);
  problems.push(...logged.map((entry) => `${what}: ${entry.message}`));
}

async function read() {
  const problems = [];
  const pages = new Set();
  for (const [language, width] of [["en", 1200], ["zh-CN", 390]]) {
    const driver = await browser({ language, width });
    try {
      await signIn(driver);
      const menu = await links(driver, "nav.menu a");
      for (const address of menu) {
        await driver.get(address);
        const path = new URL(address).pathname;
        pages.add(path);
        await look(driver, `${path} ${language} ${width}`, problems);
        const [first] = await links(driver, "[data-keys] [data-open] a");
        if (!first) continue;
        await driver.get(first);
        pages.add(`the first of ${path}`);
        await look(driver, `the first of ${path} ${language} ${width}`, problems);
      }
    } finally {
      await driver.quit();
    }
  }
  return { pages: [...pages], problems };
}

console.log(JSON.stringify(await { decide, read }[task]()));

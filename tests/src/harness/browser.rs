//! A Chromium that a test drives as a person does: WebDriver, spoken to chromedriver directly.
//!
//! Elements are named by CSS selectors; a wait is for something that a person sees. Ends with its value.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long something may take to be seen; far beyond what it needs.
const SEEN_MAX: Duration = Duration::from_secs(20);
/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Keys that are no characters.
pub const ENTER: &str = "\u{E007}";
/// As above.
pub const TAB: &str = "\u{E004}";
/// As above.
pub const DOWN: &str = "\u{E015}";

/// What a browser is like.
#[derive(Debug, Clone, Copy)]
pub struct Habit {
    /// What it says in `Accept-Language`.
    pub language: &'static str,
    /// Width of its window in CSS pixels.
    pub width: u32,
    /// Whether pages may run scripts.
    pub scripts: bool,
}

impl Default for Habit {
    fn default() -> Self {
        Self { language: "en", width: 1200, scripts: true }
    }
}

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    session: String,
    site: String,
    driver: Child,
}

impl Browser {
    /// Starts a browser whose pages are those of the server at `site`.
    ///
    /// # Panics
    /// When Chromium or its driver cannot be started (see [`super::peer_browser`]).
    pub async fn open(site: &str, habit: Habit) -> Self {
        let http = Client::builder().build().expect("a client without special settings");
        let (driver, address) = start_driver(&http).await;
        let capabilities = json!({ "capabilities": { "alwaysMatch": capabilities(habit) } });
        let answer = http.post(format!("{address}/session")).json(&capabilities).send().await;
        let answer: Value = answer.expect("the driver answers").json().await.expect("WebDriver is JSON");
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {answer}"));
        let session = format!("{address}/session/{id}");
        let browser = Self { http, session, site: site.to_owned(), driver };
        browser.resize(habit.width).await;
        browser
    }

    /// Opens a page of the site.
    pub async fn go(&self, path: &str) {
        self.go_to(&format!("{}{path}", self.site)).await;
    }

    /// Opens any page.
    pub async fn go_to(&self, url: &str) {
        self.call(Method::POST, "/url", &json!({ "url": url })).await;
    }

    /// Path and query of the page that is open.
    pub async fn path(&self) -> String {
        let url = self.call(Method::GET, "/url", &Value::Null).await;
        let url = url.as_str().unwrap_or_default();
        url.strip_prefix(&self.site).unwrap_or(url).to_owned()
    }

    /// The page before this one.
    pub async fn back(&self) {
        self.call(Method::POST, "/back", &json!({})).await;
    }

    /// Signs in and waits for the start page, or for `next`.
    pub async fn sign_in(&self, login: &str, password: &str) {
        self.go("/sign-in").await;
        self.fill("[name=login_name]", login).await;
        self.fill("[name=password]", password).await;
        self.click("main form button").await;
        self.wait_for("a[href='/account']").await;
    }

    /// Waits until an element is there.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn wait_for(&self, css: &str) {
        self.element(css).await;
    }

    /// Waits until an element holds this text.
    ///
    /// # Panics
    /// When it does not.
    pub async fn wait_for_text(&self, css: &str, text: &str) {
        let began = Instant::now();
        loop {
            let texts = self.texts(css).await;
            if texts.iter().any(|known| known.contains(text)) {
                return;
            }
            assert!(began.elapsed() < SEEN_MAX, "no {text:?} in {css}: {texts:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many elements there are now.
    pub async fn count(&self, css: &str) -> usize {
        self.elements(css).await.len()
    }

    /// The visible text of the first such element, which is waited for.
    pub async fn text(&self, css: &str) -> String {
        let element = self.element(css).await;
        let text = self.call(Method::GET, &format!("/element/{element}/text"), &Value::Null).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The visible texts of all such elements that are there now.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.elements(css).await {
            // An element that a reload took away meanwhile has no text.
            let answer = self.ask(Method::GET, &format!("/element/{element}/text"), &Value::Null).await;
            texts.extend(answer.ok().and_then(|text| text.as_str().map(str::to_owned)));
        }
        texts
    }

    /// What stands in a field of a form.
    pub async fn value(&self, css: &str) -> String {
        let element = self.element(css).await;
        let value = self.call(Method::GET, &format!("/element/{element}/property/value"), &Value::Null).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// An attribute of the first such element.
    pub async fn attribute(&self, css: &str, name: &str) -> String {
        let element = self.element(css).await;
        let path = format!("/element/{element}/attribute/{name}");
        self.call(Method::GET, &path, &Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks with the mouse.
    pub async fn click(&self, css: &str) {
        let element = self.element(css).await;
        self.call(Method::POST, &format!("/element/{element}/click"), &json!({})).await;
    }

    /// Empties a field and types into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        self.call(Method::POST, &format!("/element/{element}/clear"), &json!({})).await;
        self.call(Method::POST, &format!("/element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Chooses in a list by the value behind the words.
    pub async fn choose(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value='{value}']")).await;
    }

    /// Presses key after key, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let steps: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": steps });
        self.call(Method::POST, "/actions", &json!({ "actions": [keyboard] })).await;
    }

    /// Presses Tab until the focus is on such an element.
    ///
    /// # Panics
    /// When the keyboard does not lead there.
    pub async fn tab_to(&self, css: &str) {
        for _ in 0..200 {
            self.press(TAB).await;
            if self.has_focus(css).await {
                return;
            }
        }
        panic!("Tab does not lead to {css} on {}", self.path().await);
    }

    /// Whether the focus is on such an element.
    pub async fn has_focus(&self, css: &str) -> bool {
        self.run("return document.activeElement.matches(arguments[0])", &json!([css])).await == true
    }

    /// What the last act said it did.
    pub async fn said(&self) -> String {
        self.text(".said").await
    }

    /// Runs a script in the page and returns what it returns.
    pub async fn run(&self, script: &str, arguments: &Value) -> Value {
        self.call(Method::POST, "/execute/sync", &json!({ "script": script, "args": arguments })).await
    }

    /// Runs a script that calls its last argument when it is done.
    pub async fn run_to_its_end(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/async", &json!({ "script": script, "args": [] })).await
    }

    /// A command of Chromium's own protocol.
    pub async fn chromium(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.call(Method::POST, "/goog/cdp/execute", &body).await
    }

    /// Makes the window so wide, as pages see it.
    pub async fn resize(&self, width: u32) {
        let narrow = width < 600;
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": narrow });
        self.chromium("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Says to pages that the person likes dark colours, or light ones.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", features).await;
    }

    /// Pulls the plug of the network, or puts it in again.
    pub async fn set_offline(&self, offline: bool) {
        let conditions =
            json!({ "offline": offline, "latency": 0, "download_throughput": -1, "upload_throughput": -1 });
        let body = json!({ "network_conditions": conditions });
        self.call(Method::POST, "/chromium/network_conditions", &body).await;
    }

    /// Loses all cookies, as when a session has ended.
    pub async fn forget(&self) {
        self.call(Method::DELETE, "/cookie", &Value::Null).await;
    }

    /// What the browser complained about since it was asked last.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.call(Method::POST, "/se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().into_iter().flatten();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn elements(&self, css: &str) -> Vec<String> {
        let found = json!({ "using": "css selector", "value": css });
        let found = self.call(Method::POST, "/elements", &found).await;
        let found = found.as_array().into_iter().flatten();
        found.filter_map(|element| element[ELEMENT].as_str().map(str::to_owned)).collect()
    }

    /// The first such element, which is waited for.
    async fn element(&self, css: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(first) = self.elements(css).await.into_iter().next() {
                return first;
            }
            if began.elapsed() > SEEN_MAX {
                panic!("no {css} on {}: {:?}", self.path().await, self.texts("body").await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body).await;
        answer.unwrap_or_else(|error| panic!("{path} {body:.200}: {error}"))
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Value> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.session));
        if method == Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the driver answers");
        let is_done = answer.status().is_success();
        let mut answer: Value = answer.json().await.expect("WebDriver is JSON");
        let value = answer["value"].take();
        if is_done { Ok(value) } else { Err(value) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that ends leaves its browser running; it closes it when the session ends.
        let _ = self.end_session();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// By hand, since nothing can be awaited while a value is dropped.
    fn end_session(&self) -> std::io::Result<()> {
        let rest = self.session.trim_start_matches("http://");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut line = TcpStream::connect(host)?;
        line.set_read_timeout(Some(SEEN_MAX))?;
        write!(line, "DELETE /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
        // The answer comes when the browser has ended.
        line.read(&mut [0; 512]).map(drop)
    }
}

fn capabilities(habit: Habit) -> Value {
    let program = std::env::var("FIELDLOOP_PEER_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let arguments = [
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--hide-scrollbars".to_owned(),
        // No colour is measured while it changes.
        "--force-prefers-reduced-motion".to_owned(),
        format!("--lang={}", habit.language),
        format!("--window-size={},900", habit.width),
    ];
    let javascript = if habit.scripts { 1 } else { 2 };
    json!({
        "goog:loggingPrefs": { "browser": "WARNING" },
        "goog:chromeOptions": {
            "binary": program,
            "args": arguments,
            "prefs": {
                "intl.accept_languages": habit.language,
                "profile.managed_default_content_settings.javascript": javascript,
            },
        },
    })
}

/// Starts a driver on a free port and waits until it takes orders.
async fn start_driver(http: &Client) -> (Child, String) {
    let program = std::env::var("FIELDLOOP_PEER_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("a bound listener has an address").port();
    drop(listener);
    let mut command = Command::new(program);
    command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let driver = command.spawn().expect("chromedriver can be started");
    let address = format!("http://127.0.0.1:{port}");
    let began = Instant::now();
    while http.get(format!("{address}/status")).send().await.is_err() {
        assert!(began.elapsed() < SEEN_MAX, "chromedriver does not answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (driver, address)
}

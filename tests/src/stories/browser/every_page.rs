//! Every page there is, in two languages, two widths and two colour schemes: nobody is kept out, nothing is cut off,
//! nothing comes from elsewhere.
//!
//! The pages are those of `docs/pages.md`, which a test of the server keeps complete. With `FIELDLOOP_SCREENS` set to
//! a folder, their pictures are written there.

use super::screens::Screens;
use super::{peer_browser, status};
use crate::harness::{Browser, DEMO_PASSWORD, Demo, Desk, FieldDevice, Habit, peer_node_modules};
use crate::stories::device_id;
use serde_json::{Value, json};
use std::path::Path;

/// Somebody of the story who gets every role of the office.
const READER: &str = "admin";

/// What can be fetched without being a page: a stream and a file.
const NO_PAGES: [&str; 4] = ["/live", "/server-log.csv", "/exports/{table}", "/reports/{period}/{table}"];
/// What is looked at while nothing can be merged: in this story nothing waits.
const ELSEWHERE: [&str; 1] = ["/arrivals/pending/{log_index}"];

/// The story, told a little further, and where to find its people and things.
struct Samples {
    demo: Demo,
    /// The beginning of a path and what stands there in this story.
    places: Vec<(&'static str, String)>,
    /// Name and address of pages that are worth a second look in another state.
    more: Vec<(&'static str, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_by_everybody() {
    let test = "every_page_can_be_used_by_everybody";
    let (Some(modules), true) = (peer_node_modules(test), peer_browser(test)) else { return };
    let samples = Samples::told().await;
    let (english, chinese) = tokio::join!(walk(&samples, "en", &modules), walk(&samples, "zh-CN", &modules));
    let problems: Vec<String> = english.into_iter().chain(chinese).collect();
    assert!(problems.is_empty(), "{} problems: {problems:#?}", problems.len());
}

impl Samples {
    async fn told() -> Self {
        let demo = Demo::open().await;
        demo.run(&["user", "role", READER, "administrator", "lead", "reviewer", "clerk", "inspector"]);
        let desk = demo.desk(READER).await;
        leave_field_work_and_something_in_escrow(&demo, &desk).await;
        let conflict = first(&desk, "/v1/conflicts?state=open").await;
        let photo = of(&conflict, "visit_id");
        let photo = desk.get(&format!("/v1/visits/{photo}/photos")).await["photos"][0].clone();
        let complaint = format!("/complaints/{}", of(&conflict, "complaint_id"));
        let of_state = async |state: &str| {
            let found = first(&desk, &format!("/v1/complaints?state={state}")).await;
            format!("/complaints/{}", of(&found, "complaint_id"))
        };
        let twin = first(&desk, "/v1/complaints?q=罗艳").await;
        let more = vec![
            (
                "complaints-id-duplicates-likely",
                format!("/complaints/{}/duplicates", of(&twin, "complaint_id")),
            ),
            ("photos-turned", format!("/photos/{}?turn=90&zoom=2", of(&photo, "sha256"))),
            ("record-new", of_state("received").await),
            ("record-reviewed", of_state("reviewed").await),
            ("record-closed", of_state("closed").await),
            ("knowledge-new-case", of_state("closed").await.replace("/complaints/", "/knowledge/new?case=")),
            ("record-visits", format!("{complaint}?all=1")),
            ("back-billing-case", format!("{complaint}/back-billing?case=wiring_error")),
            ("queue-nothing", "/queue?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E6%A0%B7%E7%9A%84".to_owned()),
            ("queue-conflicts", "/queue?view=conflicts".to_owned()),
            (
                "complaints-new-from-field",
                format!(
                    "/complaints/new?field_work={}",
                    of(&first(&desk, "/v1/field-work").await, "field_work_id")
                ),
            ),
            ("failure-404", "/nowhere".to_owned()),
        ];
        let places = vec![
            ("/complaints/{id}", complaint),
            ("/visits/{id}", format!("/visits/{}", of(&conflict, "visit_id"))),
            ("/photos/{sha256}", format!("/photos/{}", of(&photo, "sha256"))),
            ("/conflicts/{conflict_id}", format!("/conflicts/{}", of(&conflict, "conflict_id"))),
            (
                "/arrivals/quarantine/{id}",
                format!("/arrivals/quarantine/{}", first(&desk, "/v1/quarantine").await["id"]),
            ),
            (
                "/arrivals/escrow/{envelope_hash}",
                format!("/arrivals/escrow/{}", of(&first(&desk, "/v1/escrow").await, "envelope_hash")),
            ),
            (
                "/returns/{id}",
                format!("/returns/{}", of(&first(&desk, "/v1/return-visits?list=open").await, "return_id")),
            ),
            (
                "/sections/{id}",
                format!("/sections/{}", of(&first(&desk, "/v1/sections?list=open").await, "section_id")),
            ),
            (
                "/expert-seats/{id}",
                format!(
                    "/expert-seats/{}",
                    of(&first(&desk, "/v1/expert-requests?list=waiting").await, "request_id")
                ),
            ),
            (
                "/planned-events/{id}",
                format!(
                    "/planned-events/{}",
                    of(&first(&desk, "/v1/planned-events?list=coming").await, "event_id")
                ),
            ),
            (
                "/restricted/{id}",
                format!("/restricted/{}", of(&first(&desk, "/v1/restricted-findings").await, "finding_id")),
            ),
            (
                "/corrective-actions/{id}",
                format!(
                    "/corrective-actions/{}",
                    of(&first(&desk, "/v1/corrective-actions?list=open").await, "action_id")
                ),
            ),
            (
                "/knowledge/{id}",
                format!("/knowledge/{}", of(&first(&desk, "/v1/articles?list=current").await, "article_id")),
            ),
            ("/warnings/{id}", format!("/warnings/{}", of(&warned(&desk).await, "warning_id"))),
            (
                "/devices/{device_id}",
                format!("/devices/{}", of(&first(&desk, "/v1/devices").await, "device_id")),
            ),
            (
                "/people/{person_id}",
                format!("/people/{}", of(&first(&desk, "/v1/people").await, "person_id")),
            ),
        ];
        Self { demo, places, more }
    }

    /// Every page that can be opened: its name and its address.
    fn pages(&self) -> Vec<(String, String)> {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pages.md");
        let list = std::fs::read_to_string(list).expect("the list of pages is among the documents");
        let shown = list.lines().filter(|line| line.contains("| GET"));
        let mut pages: Vec<(String, String)> = shown
            .filter_map(|line| line.split('`').nth(1))
            .filter(|pattern| !NO_PAGES.contains(pattern) && !ELSEWHERE.contains(pattern))
            .map(|pattern| (name_of(pattern), self.place_of(pattern)))
            .collect();
        assert!(pages.len() > 30, "the list has a row for every page: {pages:?}");
        pages.extend(self.more.iter().map(|(name, path)| ((*name).to_owned(), path.clone())));
        pages
    }

    fn place_of(&self, pattern: &str) -> String {
        let known = self.places.iter().find(|(start, _)| pattern.starts_with(start));
        let path = known.map_or_else(|| pattern.to_owned(), |(start, place)| pattern.replace(start, place));
        assert!(!path.contains('{'), "{pattern}: add a sample to the places of this test");
        path
    }
}

/// A device brings a complaint that cannot be opened, and writes something after it was revoked.
async fn leave_field_work_and_something_in_escrow(demo: &Demo, desk: &Desk) {
    let device = FieldDevice::enrolled(&demo.invite("lina"), demo.address);
    assert_eq!(device.run(&["sync"]).code, Some(6), "the story leaves conflicts open");
    let address = "城东老街拐角处门牌脱落的三层小楼后院。".repeat(15);
    let mut met = vec!["complaint", "new", "邻居家电表箱冒烟，柜门烫手。", "--address", address.as_str()];
    met.extend([
        "--utility",
        "power",
        "--category",
        "power.BIZ.metering",
        "--customer",
        "王强",
        "--phone",
        "13900001111",
        "--meter",
        "\u{1d}",
    ]);
    device.ok(&met);
    assert_eq!(device.run(&["sync"]).code, Some(6), "its meter number is none");
    let visits = device.ok(&["--json", "today"]).events("visit");
    let number = visits.first().map(|visit| visit["number"].clone()).expect("the story plans work for today");
    device.ok(&["visit", "start", number.as_str().expect("a number is text")]);
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "软管接头处有白霜，用肥皂水检查后起泡。"]);
    let revocation = format!("/v1/devices/{}/revocation", device_id(&device));
    desk.post(&revocation, &json!({ "reason": "设备遗失在出租车上" })).await;
    assert_eq!(device.run(&["sync"]).code, Some(4), "the office revoked it");
}

/// Five complaints about one thing on one day, and the early warning that they raise.
async fn warned(desk: &Desk) -> Value {
    for number in 1..=5 {
        let form = json!({ "utility": "gas", "category": "gas.READ", "channel": "phone",
            "summary": format!("抄表员没有上门，账单按估计数收取（{number}）"), "address": format!("滨江路 {number} 号"),
            "region": "binjiang", "customer": {}, "no_contact_reason": "未留电话" });
        desk.post("/v1/complaints", &form).await;
    }
    for _ in 0..120 {
        let page = desk.get("/v1/warnings?list=open").await;
        if page["items"][0].is_object() {
            return page["items"][0].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("five complaints of a class in one region on one day are a batch");
}

async fn first(desk: &Desk, list: &str) -> Value {
    let page = desk.get(list).await;
    assert!(page["items"][0].is_object(), "the story has something for {list}: {page}");
    page["items"][0].clone()
}

fn of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// `/complaints/{id}/edit` is `complaints-id-edit`.
fn name_of(pattern: &str) -> String {
    let name = pattern.trim_matches('/').replace('/', "-").replace(['{', '}'], "");
    if name.is_empty() { "start".to_owned() } else { name }
}

/// Opens every page and looks at it; returns what is wrong.
async fn walk(samples: &Samples, language: &'static str, modules: &Path) -> Vec<String> {
    let habit = Habit { language, ..Habit::default() };
    let mut eye = Eye::open(&samples.demo.url(""), habit, modules).await;
    let (open, inside): (Vec<_>, Vec<_>) =
        samples.pages().into_iter().partition(|(name, _)| ["sign-in", "enrol"].contains(&name.as_str()));
    for (name, path) in open {
        eye.visit(&name, &path).await;
    }
    eye.browser.sign_in(READER, DEMO_PASSWORD).await;
    for (name, path) in inside {
        eye.visit(&name, &path).await;
    }
    eye.posted(samples).await;
    eye.problems
}

/// Somebody who looks closely at pages.
pub(super) struct Eye {
    pub(super) browser: Browser,
    /// The source of axe.
    axe: String,
    language: &'static str,
    screens: Option<Screens>,
    pub(super) problems: Vec<String>,
}

impl Eye {
    /// A browser of this site with axe from the peers in `modules`.
    pub(super) async fn open(site: &str, habit: Habit, modules: &Path) -> Self {
        Self {
            browser: Browser::open(site, habit).await,
            axe: std::fs::read_to_string(modules.join("axe-core/axe.min.js"))
                .expect("axe is among the peers"),
            language: habit.language,
            screens: Screens::wanted(),
            problems: Vec::new(),
        }
    }

    pub(super) async fn visit(&mut self, name: &str, path: &str) {
        self.browser.resize(1200).await;
        self.browser.go(path).await;
        self.look(name).await;
    }

    /// Pages that only an act leads to.
    async fn posted(&mut self, samples: &Samples) {
        self.browser.go("/complaints/new").await;
        self.browser.fill("[name=summary]", "门上贴了停电通知单，但是没有欠费，请核实。").await;
        self.browser.fill("[name=address]", "临河西巷 40 号").await;
        self.browser.click("button[value=create]").await;
        self.look("complaints-new-wrong").await;

        self.browser.go(&samples.place_of("/complaints/{id}/edit")).await;
        self.browser.fill("[name=address]", "解放路 88 号 2 幢").await;
        self.browser.run("document.querySelector('[name=version]').value = '1'", &json!([])).await;
        self.browser.click("form[action$='/edit'] button").await;
        self.look("failure-412").await;

        self.browser.go("/queue?view=unassigned").await;
        self.choose_two().await;
        self.browser.click("details.bulk:has([name=person]) summary").await;
        self.browser.click("[name=person] option:last-child").await;
        self.browser.click("button[formaction='/queue/assignments']").await;
        self.look("queue-assignments").await;

        self.browser.go("/queue").await;
        self.choose_two().await;
        self.browser.click("details.bulk:has([name=holder]) summary").await;
        self.browser.click("[name=holder] option:last-child").await;
        self.browser.fill("[name=reason]", "换班，由接班人员继续跟进。").await;
        self.browser.click("button[formaction='/queue/handovers']").await;
        self.look("queue-handovers").await;

        self.browser.go("/devices").await;
        self.browser.click("main summary").await;
        self.browser.click("[name=person] option:last-child").await;
        self.browser.click("form[action='/devices/invitations'] button").await;
        self.look("devices-invitation").await;

        self.browser.go(&samples.place_of("/complaints/{id}/handover")).await;
        self.browser.fill("[name=reason]", "铅封争议由核查班长继续跟进，客户要求当面说明。").await;
        self.browser.click("[name=holder] option:last-child").await;
        self.browser.forget().await;
        self.browser.click("main form button").await;
        self.look("sign-in-again").await;
        self.browser.fill("[name=login_name]", READER).await;
        self.browser.fill("[name=password]", DEMO_PASSWORD).await;
        self.browser.click("main form button").await;
        self.browser.wait_for_text("main", "铅封争议由核查班长继续跟进").await;
        self.look("sign-in-resume").await;
        self.browser.forget().await;
        self.browser.sign_in("chenjing", DEMO_PASSWORD).await;
        self.visit("failure-403", "/devices").await;
    }

    /// Ticks the first two complaints of the queue.
    async fn choose_two(&self) {
        let tick =
            "[...document.querySelectorAll('[name=complaint]')].slice(0, 2).forEach((box) => box.click())";
        self.browser.wait_for("[name=complaint]").await;
        self.browser.run(tick, &json!([])).await;
    }

    /// Looks at the page that is open.
    pub(super) async fn look(&mut self, name: &str) {
        let what = format!("{name} {}", self.language);
        self.browser.wait_for("main h1").await;
        self.browser.run(&self.axe, &json!([])).await;
        for (width, scheme) in [(1200, "light"), (1200, "dark"), (390, "dark"), (390, "light")] {
            self.browser.resize(width).await;
            self.browser.prefer(scheme).await;
            let what = format!("{what} {width} {scheme}");
            // The colour scheme changes nothing but colours.
            let options =
                if scheme == "dark" { "{ runOnly: ['color-contrast', 'link-in-text-block'] }" } else { "{}" };
            let found = self.browser.run_to_its_end(&AXE.replace("OPTIONS", options)).await;
            self.note(&what, &found);
            let wide = self
                .browser
                .run("return document.documentElement.scrollWidth - innerWidth", &json!([]))
                .await;
            if wide.as_i64().is_none_or(|pixels| pixels > 1) {
                self.problems.push(format!("{what}: {wide} pixels wider than the window"));
            }
            if let (Some(screens), "light") = (&self.screens, scheme) {
                screens.take(&self.browser, name, self.language, width).await;
            }
        }
        let found = self.browser.run(STRANGE, &json!([])).await;
        self.note(&what, &found);
        let refusal = format!(
            "Failed to load resource: the server responded with a status of {}",
            status(&self.browser).await
        );
        let said = self.browser.complaints().await;
        self.problems.extend(
            said.iter().filter(|said| !said.contains(&refusal)).map(|said| format!("{what}: {said}")),
        );
    }

    fn note(&mut self, what: &str, found: &Value) {
        let found = found.as_array().unwrap_or_else(|| panic!("{what}: {found}"));
        self.problems.extend(found.iter().map(|found| format!("{what}: {found}")));
    }
}

const AXE: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'], ...OPTIONS }).then((result) => done(result.violations.map((violation) =>
        violation.id + ' ' + violation.nodes[0].html.slice(0, 200) + ' ' + (violation.nodes[0].any[0]?.message ?? ''))))";

/// Words that are missing, edges of a photo that cannot be scrolled to, and whatever was asked of another host.
const STRANGE: &str = "const cut = [...document.querySelectorAll('.viewer img')].filter((photo) => {
        const [frame, shown] = [photo.parentElement, photo.getBoundingClientRect()];
        const edge = frame.getBoundingClientRect();
        const [left, top] = [shown.left - edge.left + frame.scrollLeft, shown.top - edge.top + frame.scrollTop];
        return left < -1 || top < -1 || left + shown.width > frame.scrollWidth + 2 || top + shown.height > frame.scrollHeight + 2;
    }).map(() => 'a photo is cut off');
    return [...document.documentElement.outerHTML.matchAll(/⟦[^⟧]*⟧/g)].map((found) => found[0])
    .concat(cut, performance.getEntriesByType('resource').map((entry) => entry.name)
        .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:')))";

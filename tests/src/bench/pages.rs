//! What the pages of the office cost with a few complaints and with many.

use crate::fleet::{self, Remote};
use crate::process;
use crate::report::Report;
use crate::work;
use anyhow::{Context as _, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::Instant;
use sync_core::ids::VisitId;
use sync_core::protocol::Request;
use sync_core::testing::Rng;
use sync_core::testing::fleet::Device;
use tests::harness::{CLERK_PASSWORD, Desk, Office, TestDatabase};

/// Complaints in the office when its pages are measured.
const STAGES: [usize; 2] = [1_000, 10_000];
const DEVICES: usize = 20;
/// Complaints written down at once.
const CLERKS: usize = 8;
/// Every so many complaints two technicians contradict each other: a page is full of conflicts from the first stage on.
const CONTRADICTED: usize = 10;
/// To every so many complaints nobody is sent. Two others of so many get a visit more, so that there are two visits
/// for each complaint.
const UNASSIGNED: usize = 9;
/// The answer to every so many complaints is overdue.
const OVERDUE: usize = 8;
/// The visits of every so many complaints are finished: they wait for review.
const FINISHED: usize = 7;
/// Of so many visits one is not told to be over by its device.
const STILL_OUT: usize = 20;
/// Visits that a device settles with one request.
const SETTLED_AT_ONCE: usize = 100;
/// How often a page is opened once it is warm.
const REPEATED: usize = 15;

/// Measures every stage on one server.
pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let admin = office.desk("bench-admin", &["administrator", "lead", "clerk", "reviewer"]).await;
    let mut rng = Rng::new(7);
    let mut fleet = Vec::new();
    for number in 0..DEVICES {
        fleet.push(fleet::enrol(&office, &admin, number).await?);
    }
    let mut done = 0;
    let mut few = Vec::new();
    for complaints in STAGES {
        grow(&office, &admin, &mut fleet, done..complaints, &mut rng).await?;
        done = complaints;
        office.kill();
        office.start().await;
        let many = open_pages(&office, &admin).await?;
        if few.is_empty() {
            few = many;
        } else {
            tell(report, &few, &many);
            let entries = timeline_entries(&admin).await? * complaints as f64;
            report.row(
                "timeline entries of these complaints, from 200 of them",
                format!("{entries:.0}"),
                "100000",
            );
            exports(&office, report).await?;
        }
    }
    Ok(())
}

/// What whole tables cost, and by how much the memory of the server grows with them.
async fn exports(office: &Office, report: &mut Report) -> anyhow::Result<()> {
    let cookie = sign_in(office).await?;
    for table in ["complaints.csv", "visits.csv", "findings.csv"] {
        let before = process::peak_bytes(office.pid());
        let (ms, bytes) = open_page(office, &cookie, &format!("/exports/{table}")).await?;
        let grown = process::peak_bytes(office.pid()).saturating_sub(before);
        report.row(
            format!("export {table} with {} complaints and {} visits", STAGES[1], 2 * STAGES[1]),
            format!(
                "{:.1} s, {:.1} MB, peak memory {:.1} MB higher",
                ms / 1000.0,
                bytes as f64 / 1e6,
                grown as f64 / 1e6
            ),
            "",
        );
    }
    Ok(())
}

/// One page: the first time after the server started, and then the middle of several.
struct Opened {
    name: &'static str,
    first_ms: f64,
    repeated_ms: f64,
    bytes: usize,
    entries: Option<usize>,
}

fn tell(report: &mut Report, few: &[Opened], many: &[Opened]) {
    for (before, now) in few.iter().zip(many) {
        let entries = now.entries.map(|count| format!(", {count} timeline entries")).unwrap_or_default();
        report.row(
            format!("page {} with {} complaints and {} visits", now.name, STAGES[1], 2 * STAGES[1]),
            format!(
                "first {:.1} ms, then {:.1} ms ({:.1} ms with {}), {:.1} kB{entries}",
                now.first_ms,
                now.repeated_ms,
                before.repeated_ms,
                STAGES[0],
                now.bytes as f64 / 1000.0
            ),
            "200 ms",
        );
    }
}

/// Timeline entries of a complaint, in the mean of the newest ones: every kind of complaint is among them.
async fn timeline_entries(desk: &Desk) -> anyhow::Result<f64> {
    let page = desk.get("/v1/complaints?limit=200").await;
    let newest = page["items"].as_array().context("a list of complaints")?;
    let mut entries = 0;
    for complaint in newest {
        let record = desk.get(&format!("/v1/complaints/{}", text(complaint, "complaint_id")?)).await;
        entries += record["timeline"].as_array().map_or(0, Vec::len);
    }
    Ok(entries as f64 / newest.len() as f64)
}

/// A browser session, since pages know cookies only.
async fn sign_in(office: &Office) -> anyhow::Result<String> {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let form = format!("login_name=bench-admin&password={}", CLERK_PASSWORD.replace(' ', "+"));
    let request = client.post(office.url("/sign-in")).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form).send().await?;
    let cookie = answer.headers().get("set-cookie").context("signing in sets a cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

async fn open_pages(office: &Office, desk: &Desk) -> anyhow::Result<Vec<Opened>> {
    let cookie = sign_in(office).await?;
    let conflict = desk.get("/v1/conflicts").await["items"][0]["conflict_id"].to_string();
    let page = desk.get("/v1/complaints?limit=200").await;
    let complaint = page["items"][150]["complaint_id"].as_str().context("a complaint")?.to_owned();
    let record = desk.get(&format!("/v1/complaints/{complaint}")).await;
    let entries = record["timeline"].as_array().map(Vec::len);
    let conflict = format!("/conflicts/{}", conflict.trim_matches('"'));
    let record = format!("/complaints/{complaint}");
    let places = [
        ("start", "/"),
        ("queue", "/queue"),
        ("queue, mine", "/queue?view=mine"),
        ("queue, unassigned", "/queue?view=unassigned"),
        ("queue, due today", "/queue?view=due"),
        ("queue, waiting for review", "/queue?view=review"),
        ("queue, conflicts", "/queue?view=conflicts"),
        ("late and stuck", "/watch"),
        ("queue, unseen work", "/queue?view=unseen"),
        ("queue, a word found everywhere", "/queue?q=%E7%94%B5%E8%A1%A8"),
        ("queue, an address", "/queue?q=%E6%A2%A7%E6%A1%90%E8%B7%AF+77+%E5%8F%B7"),
        ("queue, a word found nowhere", "/queue?q=%E9%98%80%E9%97%A8"),
        ("record", &record),
        ("conflicts", "/conflicts"),
        ("conflict", &conflict),
        ("duplicates of a complaint", &format!("{record}/duplicates")),
        ("warnings", "/warnings"),
        ("report, the week in which all of them happened", "/reports"),
        ("report, a week in which none happened", "/reports?period=2020-W10"),
        ("arrivals", "/arrivals"),
        ("server log", "/server-log"),
    ];
    let mut opened = Vec::new();
    for (name, place) in places {
        let place = &led_on(office, &cookie, place).await?;
        let (first_ms, bytes) = open_page(office, &cookie, place).await?;
        let mut times = Vec::new();
        for _ in 0..REPEATED {
            times.push(open_page(office, &cookie, place).await?.0);
        }
        times.sort_by(f64::total_cmp);
        let entries = entries.filter(|_| name == "record");
        opened.push(Opened { name, first_ms, repeated_ms: times[REPEATED / 2], bytes, entries });
    }
    Ok(opened)
}

/// A search leads on to an address without its words; that one is measured.
async fn led_on(office: &Office, cookie: &str, place: &str) -> anyhow::Result<String> {
    if !place.contains("q=") {
        return Ok(place.to_owned());
    }
    let request = office.http.get(office.url(place)).header("cookie", cookie).header("accept", "text/html");
    let answer = request.send().await?;
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    let query = answer.url().query().unwrap_or_default();
    Ok(location.map_or_else(|| format!("{}?{query}", answer.url().path()), str::to_owned))
}

async fn open_page(office: &Office, cookie: &str, place: &str) -> anyhow::Result<(f64, usize)> {
    let request = office.http.get(office.url(place)).header("cookie", cookie).header("accept", "text/html");
    let began = Instant::now();
    let answer = request.send().await?;
    let status = answer.status();
    let bytes = answer.bytes().await?.len();
    ensure!(status == 200, "{place}: {status}");
    Ok((began.elapsed().as_secs_f64() * 1000.0, bytes))
}

/// Writes complaints down, sends technicians, and has them record and come back.
async fn grow(
    office: &Office,
    desk: &Desk,
    fleet: &mut [Remote],
    range: std::ops::Range<usize>,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let people: Vec<String> = fleet.iter().map(|remote| remote.device.person.to_string()).collect();
    let numbers: Vec<usize> = range.collect();
    let mut running = tokio::task::JoinSet::new();
    for part in numbers.chunks(numbers.len().div_ceil(CLERKS)) {
        let (desk, people, part) = (desk.clone(), people.clone(), part.to_vec());
        running.spawn(async move {
            let mut visits = Vec::new();
            for number in part {
                visits.extend(dispatch(&desk, &people, number).await?);
            }
            anyhow::Ok(visits)
        });
    }
    while let Some(visits) = running.join_next().await {
        for Sent { visit, crew, finished } in visits?? {
            for (place, index) in crew.into_iter().enumerate() {
                let device = &mut fleet[index].device;
                device.take_on(visit);
                work::visit(device, visit, place, rng);
                if finished {
                    device.command(visit, &Request::Finish { visit, outcome: "resolved_on_site".to_owned() });
                }
            }
        }
    }
    while fleet.iter().any(|remote| remote.device.visits.values().any(|visit| !visit.unsettled.is_empty())) {
        fleet::everybody(fleet, office.address).await?;
    }
    settle(office, fleet).await?;
    Ok(())
}

/// The devices say of most of their visits that they hold nothing more, in parts of a size that is listened to.
async fn settle(office: &Office, fleet: &mut [Remote]) -> anyhow::Result<()> {
    let over = |device: &Device| -> Vec<VisitId> {
        let visits = device.visits.keys().copied().enumerate();
        visits.filter(|(number, _)| number % STILL_OUT != 0).map(|(_, visit)| visit).collect()
    };
    let most = fleet.iter().map(|remote| remote.device.visits.len()).max().unwrap_or(0);
    for part in 0..most.div_ceil(SETTLED_AT_ONCE) {
        for device in fleet.iter_mut().map(|remote| &mut remote.device) {
            device.settled =
                over(device).into_iter().skip(part * SETTLED_AT_ONCE).take(SETTLED_AT_ONCE).collect();
        }
        fleet::everybody(fleet, office.address).await?;
    }
    fleet.iter_mut().for_each(|remote| remote.device.settled.clear());
    Ok(())
}

/// A visit of the bench.
struct Sent {
    visit: VisitId,
    /// Places of those who are sent.
    crew: Vec<usize>,
    /// Whether they say that they are done.
    finished: bool,
}

/// A complaint with its visits; some have none.
async fn dispatch(desk: &Desk, people: &[String], number: usize) -> anyhow::Result<Vec<Sent>> {
    let complaint = json!({
        "utility": "power", "category": "power.BIZ.metering", "channel": "phone", "region": "310115",
        "summary": format!("电表走得快，上月 {} 度，这月翻倍", 100 + number % 400),
        "address": format!("梧桐路 {number} 号 {} 室", 101 + number % 30),
        "customer": { "number": format!("{:010}", 310_000_000 + number), "name": format!("客户 {number}"), "phone": format!("139{number:08}") },
        "meter": { "number": format!("A{number:07}"), "class": "2" },
        "deadlines": { "answer_due_at_ms": if number % OVERDUE == 3 { json!(1_700_000_000_000_i64) } else { Value::Null } },
    });
    let complaint = desk.post("/v1/complaints", &complaint).await;
    let id = text(&complaint, "complaint_id")?;
    if number % UNASSIGNED == 4 {
        return Ok(Vec::new());
    }
    let turns = if matches!(number % UNASSIGNED, 5 | 6) { 3 } else { 2 };
    let order = desk.post(&format!("/v1/complaints/{id}/work-orders"), &json!({})).await;
    let path = format!("/v1/work-orders/{}/visits", text(&order, "work_order_id")?);
    let mut visits = Vec::new();
    for turn in 0..turns {
        let visit = desk.post(&path, &json!({ "planned_on": "2026-11-23" })).await;
        let visit = text(&visit, "visit_id")?;
        let mut crew = vec![(number + turn) % people.len()];
        if turn == 0 && number.is_multiple_of(CONTRADICTED) {
            crew.push((number + 2) % people.len());
        }
        for index in &crew {
            let path = format!("/v1/visits/{visit}/assignments/{}", people[*index]);
            let assigned = desk.request(Method::PUT, &path).send().await?;
            ensure!(assigned.status().is_success(), "{path}: {}", assigned.status());
        }
        visits.push(Sent { visit: visit.parse()?, crew, finished: number % FINISHED == 5 });
    }
    Ok(visits)
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    Ok(value[name].as_str().with_context(|| format!("an answer has {name}"))?.to_owned())
}

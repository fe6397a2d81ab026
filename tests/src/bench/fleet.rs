//! 50 devices come back at once after a server restart.

use crate::process;
use crate::report::Report;
use crate::work;
use anyhow::{Context as _, ensure};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use sync_core::ids::VisitId;
use sync_core::log::SigningKey;
use sync_core::protocol::{EnrolmentAnswer, MEDIA_TYPE, enrolment_proof_input};
use sync_core::testing::Rng;
use sync_core::testing::fleet::Device;
use tests::harness::{Desk, Link, Office, TestDatabase};

const DEVICES: usize = 50;
const VISITS: usize = 20;
const CHANGED: usize = 5;
/// Rounds in which every visit is touched.
const ROUNDS: usize = 10;
/// One exchange takes everything up to this size.
const BODY_MAX: usize = 3 * 1024 * 1024;

/// A device and its way to the server.
pub(crate) struct Remote {
    pub(crate) device: Device,
    visits: Vec<VisitId>,
    server: String,
}

/// How often the job is done: other work on the machine can only add to what it costs.
const JOBS: usize = 5;

/// The job, done once.
struct Job {
    office: Office,
    fleet: Vec<Remote>,
    rng: Rng,
    /// Processor seconds.
    cpu: f64,
    peak: u64,
    once: u64,
    up: u64,
    wall: Duration,
}

impl Job {
    /// Prepares the devices, lets the server come to rest, starts it anew and lets all devices come back.
    async fn with_saves(saves: usize) -> anyhow::Result<Self> {
        let mut office = Office::open(TestDatabase::sqlite()).await;
        let mut rng = Rng::new(42);
        let mut fleet = prepare(&office, &mut rng).await?;
        everybody(&mut fleet, office.address).await?;
        for remote in &mut fleet {
            for visit in remote.visits.iter().take(CHANGED) {
                work::edit(&mut remote.device, *visit, saves, &mut rng);
            }
        }
        process::until_idle(office.pid()).await?;
        office.kill();
        office.start().await;
        let link = Link::to(office.address).await;
        let before = process::cpu_seconds(office.pid());
        let began = Instant::now();
        everybody(&mut fleet, link.address).await?;
        let wall = began.elapsed();
        let cpu = process::cpu_seconds(office.pid()) - before;
        let peak = process::peak_bytes(office.pid());
        let once = process::proportional_bytes(office.pid());
        for remote in &fleet {
            let settled = remote.device.visits.values().all(|visit| visit.unsettled.is_empty());
            ensure!(settled && !remote.device.differs, "a device is not in step after one exchange");
        }
        let connections = link.traffic().connections;
        ensure!(connections == DEVICES as u64, "more than one connection for a device");
        Ok(Self { office, fleet, rng, cpu, peak, once, up: link.traffic().up, wall })
    }
}

/// Measures the job with so many saves per visit.
pub(crate) async fn measure(report: &mut Report, saves: usize) -> anyhow::Result<()> {
    let mut job = Job::with_saves(saves).await?;
    let mut costs = vec![job.cpu];
    while costs.len() < JOBS {
        job = Job::with_saves(saves).await?;
        costs.push(job.cpu);
    }
    costs.sort_by(f64::total_cmp);
    let name = |what: &str| format!("{what} ({saves} saves per visit)");
    let strict = saves == 6;
    let bar = |text: &'static str| if strict { text } else { "beside it" };
    report.row(name("exchanges per device until in step"), "1", bar("1"));
    report.row(
        name("bytes up per device, everything included"),
        format!("{:.2} kB", kilo(job.up) / DEVICES as f64),
        bar("16 kB, aim 14"),
    );
    let all: Vec<String> = costs.iter().map(|cost| format!("{cost:.2}")).collect();
    report.row(
        name("server CPU for 250 changed visits"),
        format!("{:.2} s, the least of {}", costs[0], all.join(" ")),
        bar("1.0 s"),
    );
    let each = costs[0] * 1000.0 / (DEVICES * CHANGED) as f64;
    report.row(name("server CPU per changed visit"), format!("{each:.2} ms"), bar("aim 3 ms"));
    report.row(
        name("peak memory, merge workers included"),
        format!("{:.1} MB", kilo(job.peak) / 1000.0),
        bar("80 MB"),
    );
    report.row(
        name("memory after it, shared pages once"),
        format!("{:.1} MB", kilo(job.once) / 1000.0),
        "beside it",
    );
    report.row(name("wall time until all are in step"), format!("{:.2} s", job.wall.as_secs_f64()), "");
    if strict {
        unchanged(report, &job.office, &mut job.fleet).await?;
        memory_over_many_visits(report, &job.office, &mut job.fleet, &mut job.rng).await?;
    }
    Ok(())
}

/// Every visit of every device is changed and merged, round after round.
async fn memory_over_many_visits(
    report: &mut Report,
    office: &Office,
    fleet: &mut [Remote],
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let mut resident = Vec::new();
    for _ in 0..ROUNDS {
        for remote in fleet.iter_mut() {
            for visit in &remote.visits {
                work::touch(&mut remote.device, *visit, rng);
            }
        }
        everybody(fleet, office.address).await?;
        resident.push(format!("{:.0}", kilo(process::resident_bytes(office.pid())) / 1000.0));
    }
    report.row(
        format!(
            "memory after every {} of {} visits touched, MB",
            DEVICES * VISITS,
            ROUNDS * DEVICES * VISITS
        ),
        resident.join(" "),
        "flat",
    );
    Ok(())
}

async fn unchanged(report: &mut Report, office: &Office, fleet: &mut [Remote]) -> anyhow::Result<()> {
    let link = Link::to(office.address).await;
    let before = process::cpu_seconds(office.pid());
    everybody(fleet, link.address).await?;
    let cpu = process::cpu_seconds(office.pid()) - before;
    let each = kilo(link.traffic().up) / DEVICES as f64;
    report.row("bytes up per device without changes", format!("{each:.2} kB"), "1 kB");
    report.row("server CPU for 50 devices without changes", format!("{cpu:.2} s"), "");
    Ok(())
}

fn kilo(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}

/// Enrols the devices, dispatches their visits and lets them write the first record of each.
async fn prepare(office: &Office, rng: &mut Rng) -> anyhow::Result<Vec<Remote>> {
    let admin = office.desk("bench-admin", &["administrator", "lead", "clerk"]).await;
    let mut fleet = Vec::new();
    for number in 0..DEVICES {
        let mut remote = enrol(office, &admin, number).await?;
        for visit in dispatch(&admin, &remote, VISITS).await? {
            remote.device.take_on(visit);
            work::fill(&mut remote.device, visit, rng);
            remote.visits.push(visit);
        }
        fleet.push(remote);
    }
    Ok(fleet)
}

/// A technician and a device of theirs.
pub(crate) async fn enrol(office: &Office, admin: &Desk, number: usize) -> anyhow::Result<Remote> {
    let login = format!("technician-{number:04}");
    let person = json!({ "login_name": login, "display_name": login, "roles": [{ "role": "technician" }] });
    let person = admin.post("/v1/people", &person).await;
    let invitation = json!({ "person_id": person["person_id"], "label": "bench" });
    let invitation = admin.post("/v1/device-invitations", &invitation).await;
    let code = invitation["code"].as_str().context("an invitation has a code")?.to_owned();
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    let key = SigningKey::from_seed(&seed);
    let proof = key.sign(&enrolment_proof_input(&code, &key.public()));
    let request = json!({
        "code": code,
        "public_key": HEXLOWER.encode(key.public().as_bytes()),
        "proof": HEXLOWER.encode(&proof),
        "label": "bench",
        "app_version": "0.1.0",
    });
    let answer = office.http.post(office.url("/v1/enrolments")).json(&request).send().await?;
    let answer: EnrolmentAnswer = answer.error_for_status()?.json().await?;
    let device =
        Device::with_identity(answer.device_id, answer.person_id, key, answer.server_id, answer.epoch);
    Ok(Remote { device, visits: Vec::new(), server: answer.server_id.to_string() })
}

/// Complaints with a visit each for a technician.
pub(crate) async fn dispatch(desk: &Desk, remote: &Remote, count: usize) -> anyhow::Result<Vec<VisitId>> {
    let mut visits = Vec::new();
    for number in 0..count {
        let complaint = json!({
            "utility": "power", "category": "power.BIZ.metering", "channel": "phone",
            "summary": format!("电表走得快 {number}"), "address": format!("梧桐路 {number} 号"), "region": "310115",
            "customer": { "name": format!("客户 {number}"), "phone": format!("137{number:08}") },
        });
        let complaint = desk.post("/v1/complaints", &complaint).await;
        let id = complaint["complaint_id"].as_str().context("a complaint has an id")?;
        let order = desk.post(&format!("/v1/complaints/{id}/work-orders"), &json!({})).await;
        let order = order["work_order_id"].as_str().context("a work order has an id")?.to_owned();
        let path = format!("/v1/work-orders/{order}/visits");
        let visit = desk.post(&path, &json!({ "planned_on": "2026-11-23" })).await;
        let visit = visit["visit_id"].as_str().context("a visit has an id")?.to_owned();
        let path = format!("/v1/visits/{visit}/assignments/{}", remote.device.person);
        let assigned = desk.request(Method::PUT, &path).send().await?;
        ensure!(assigned.status().is_success(), "{path}: {}", assigned.status());
        visits.push(visit.parse()?);
    }
    Ok(visits)
}

/// Every device exchanges once, all at the same moment.
pub(crate) async fn everybody(fleet: &mut [Remote], address: SocketAddr) -> anyhow::Result<()> {
    let mut running = tokio::task::JoinSet::new();
    for (index, remote) in fleet.iter().enumerate() {
        let body = remote.device.request(BODY_MAX, 8 * 1024 * 1024).body;
        let request = Client::new()
            .post(format!("http://{address}/v1/exchange"))
            .header("authorization", format!("Assertion {}", remote.assertion()?))
            .header("content-type", MEDIA_TYPE)
            .body(body);
        running.spawn(async move { (index, answer_of(request).await) });
    }
    while let Some(done) = running.join_next().await {
        let (index, answer) = done?;
        let whole = fleet[index].device.read(&answer?);
        ensure!(whole, "device {index} got an answer that was cut");
    }
    Ok(())
}

async fn answer_of(request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
    let answer = request.send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(status.is_success(), "exchange: {status} {}", String::from_utf8_lossy(&body));
    Ok(body.to_vec())
}

impl Remote {
    /// A JWT signed by the device key (RFC 7523).
    fn assertion(&self) -> anyhow::Result<String> {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let now = now_s()?;
        let id = self.device.id.to_string();
        let header = json!({ "alg": "EdDSA", "typ": "client-authentication+jwt" });
        let claims = json!({
            "iss": id, "sub": id, "aud": self.server, "iat": now, "exp": now + 300, "jti": HEXLOWER.encode(&jti),
        });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = self.device.sign(input.as_bytes());
        Ok(format!("{input}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

#[expect(clippy::disallowed_methods, reason = "the bench is its own clock")]
fn now_s() -> anyhow::Result<u64> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())
}

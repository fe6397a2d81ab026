//! What a technician waits for, on a store with 200 visits.

use crate::report::Report;
use serde_json::json;
use std::time::Instant;
use tests::harness::{FieldDevice, Office, TestDatabase};

const VISITS: usize = 200;
const RUNS: usize = 21;

/// Measures `field status` and `field finding add` as whole processes.
pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let office = Office::open(TestDatabase::sqlite()).await;
    let admin = office.desk("bench-admin", &["administrator", "lead", "clerk"]).await;
    let remote = crate::fleet::enrol(&office, &admin, 0).await?;
    let visits = crate::fleet::dispatch(&admin, &remote, VISITS).await?;
    let invitation = json!({ "person_id": remote.device.person, "label": "bench" });
    let invitation = admin.post("/v1/device-invitations", &invitation).await;
    let device = FieldDevice::enrolled(invitation["code"].as_str().unwrap_or_default(), office.address);
    device.ok(&["sync"]);
    let first = visits[0].to_string();
    device.ok(&["visit", "start", &first]);
    let status = median(|| drop(device.ok(&["status"])));
    report.row("`field status`, 200 visits", format!("{status:.0} ms"), "50 ms");
    let add = median(|| drop(device.ok(&["finding", "add", "SEAL_OK", "--text", "表位 3-602，铅封完好"])));
    report.row("`field finding add`, 200 visits, fsync included", format!("{add:.0} ms"), "100 ms");
    Ok(())
}

fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

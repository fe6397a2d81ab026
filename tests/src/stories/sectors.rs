//! Complaints of every sector, taken in the field.

use super::{clerk, technician};
use crate::harness::{Office, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_opens_a_complaint_of_every_sector_and_the_office_finds_it() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (device, _) = technician(&office, &desk, "zhang", office.address).await;
    device.ok(&["sync"]);
    let sectors = [
        ("power", "power.PQ.voltage", "晚间电压偏低"),
        ("gas", "gas.IGN", "通气后点不着火"),
        ("telecom", "telecom.NET", "宽带频繁掉线"),
        // The name of a category is taken for its code, in either language.
        ("water", "水压", "五楼以上没有水"),
    ];
    for (utility, category, summary) in sectors {
        let what = ["complaint", "new", summary, "--address", "梧桐路 14 号", "--utility", utility];
        device.ok(&[&what[..], &["--category", category, "--no-visit"]].concat());
    }
    // A category of another sector is refused while the customer is there, not by the server later.
    let what = ["complaint", "new", "没有水", "--address", "梧桐路 14 号", "--utility", "water"];
    let refused = device.run(&[&what[..], &["--category", "power.BIZ.metering", "--no-visit"]].concat());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("water.PRESS (Pressure)"), "{refused:?}");

    device.ok(&["sync"]);
    for (utility, _, summary) in sectors {
        let query: String = summary.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = desk.get(&format!("/v1/complaints?q={query}")).await;
        let items = found["items"].as_array().expect("a page has items");
        assert_eq!(items.len(), 1, "{summary}: {found:#}");
        assert_eq!(items[0]["utility"], utility, "{found:#}");
        assert!(items[0]["category"].as_str().is_some_and(|code| code.starts_with(utility)), "{found:#}");
    }
}

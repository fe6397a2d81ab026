//! What the start page tells each role.

use crate::complaints::tests::Bureau;
use crate::exchange::tests::exchange;
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::review::tests::Site;
use axum::http::Method;
use serde_json::json;

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn what_came_from_the_field_is_told_and_no_past_day_changes() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let mut site = Site::of(&bureau).await;
        let browser = Browser::of(test, &bureau.reviewer.1);
        assert!(browser.get("/").await.html().contains("Nothing came in from the field today"));
        // Something on a visit that goes on.
        site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        exchange(test, &mut site.zhang).await;
        let today = browser.get("/").await;
        for said in ["zhang 测试", "1 act<", &format!("/complaints/{}", site.complaint), "view=late"] {
            assert!(today.html().contains(said), "{said}: {}", today.html());
        }
        // Finished, sent back and finished again the day after.
        site.finish(&bureau).await;
        let ended = |html: &str| {
            let rows = html.split("<tbody>").last().unwrap_or_default();
            let rows: Vec<_> = rows.split("<td class=\"number\">").skip(1).collect();
            // Complaints and visits of today, then of the day before.
            [1, 3].map(|at| rows[at].split('<').next().unwrap_or_default().to_owned())
        };
        assert_eq!(ended(browser.get("/").await.html()), ["1", "0"]);
        let again = json!({ "visit_id": site.visit, "reason": "缺铭牌照片", "paths": ["answers/meter-accuracy.seal"] });
        let path = format!("/v1/complaints/{}/rework-requests", site.complaint);
        let call = test.call(Method::POST, &path).header("authorization", &bureau.reviewer.1);
        assert_eq!(call.json(&again).send().await.status, 201);
        test.app.clock.advance_ms(DAY_MS);
        let (_, reviewer) = a_person(test, "tomorrow", &[Role::Reviewer]).await;
        let browser = Browser::of(test, &reviewer);
        assert_eq!(ended(browser.get("/").await.html()), ["0", "1"], "sending it back takes nothing away");
        for device in [&mut site.zhang, &mut site.wang] {
            device.now = test.app.clock.now();
            device.token = None;
        }
        exchange(test, &mut site.zhang).await;
        site.finish(&bureau).await;
        assert_eq!(ended(browser.get("/").await.html()), ["1", "1"], "it ended on both days");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_sees_devices_and_arrivals() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let mut site = Site::of(&bureau).await;
        let (_, admin) = a_person(test, "root", &[Role::Administrator]).await;
        let page = Browser::of(test, &admin).get("/").await;
        for said in ["Devices silent", "Refused items", "Devices that reported, by day", "class=\"days\""] {
            assert!(page.html().contains(said), "{said}: {}", page.html());
        }
        let devices = page.html().split("From the field today, by device").nth(1).unwrap();
        assert!(devices.contains("Nothing came in from the field today"), "{devices}");
        site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        exchange(test, &mut site.zhang).await;
        let page = Browser::of(test, &admin).get("/").await;
        let devices = page.html().split("From the field today, by device").nth(1).unwrap();
        let link = format!("/devices/{}", site.zhang.device);
        assert!(
            devices.contains(&link) && devices.contains("zhang 测试") && devices.contains("1 act<"),
            "{devices}"
        );
        test.app.clock.advance_ms(2 * DAY_MS);
        let (_, admin) = a_person(test, "root-2", &[Role::Administrator]).await;
        let later = Browser::of(test, &admin).get("/").await;
        assert!(later.html().contains("<strong>2</strong>Devices silent"), "{}", later.html());
    })
    .await;
}

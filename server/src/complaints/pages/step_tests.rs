//! What the forms of steps promise: one decision, four eyes, nothing typed is lost.

use crate::complaints::tests::Bureau;
use crate::exchange::tests::exchange;
use crate::pages::testing::{Browser, HOSTILE};
use crate::people::{Grant, Role, set_roles};
use crate::review::tests::Site;
use crate::testing::{Answer, TestApp};

/// What a form says that its reader saw.
fn seen(form: &Answer) -> String {
    let rest = form.html().split("name=\"seen\" value=\"").nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn evidence(form: &Answer) -> String {
    let rest = form.html().split("name=\"evidence\" value=\"").nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// A visit on which something was found, finished or not.
async fn a_site(bureau: &Bureau, is_finished: bool) -> Site {
    let mut site = Site::of(bureau).await;
    site.zhang.save(site.visit, |edit| {
        edit.answer("meter-accuracy.seal", "intact").unwrap();
        let finding = sync_core::document::Finding {
            code: "seal_broken".into(),
            text: HOSTILE.into(),
            item: None,
            severity: None,
        };
        edit.add_finding(sync_core::ids::EntryId::from_bytes([9; 16]), &finding).unwrap();
    });
    exchange(&bureau.test, &mut site.zhang).await;
    if is_finished {
        site.finish(bureau).await;
    }
    site
}

#[tokio::test]
async fn a_verdict_is_given_once_what_is_open_was_seen() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = a_site(&bureau, false).await;
        site.zhang.command(
            Some(site.visit),
            &sync_core::protocol::Request::Finish { visit: site.visit, outcome: "resolved_on_site".into() },
        );
        exchange(&bureau.test, &mut site.zhang).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/complaints/{}/review", site.complaint);
        let form = browser.get(&path).await;
        assert_eq!(form.status, 200, "{}", form.html());
        assert!(form.html().contains("A device may hold work nobody has seen"), "{}", form.html());
        let (tag, named) = (seen(&form), evidence(&form));
        let fields = [
            ("seen", tag.as_str()),
            ("verdict", "substantiated"),
            ("cause", "M01"),
            ("note", HOSTILE),
            ("evidence", named.as_str()),
        ];
        let blocked = browser.post(&path, &fields).await;
        assert_eq!(blocked.status, 409);
        assert!(blocked.html().contains("Something is still open") && blocked.html().contains("سلام😀"));
        assert!(blocked.html().contains(&format!("value=\"{named}\" checked")));
        let mut without_cause = fields.to_vec();
        without_cause[2].1 = "";
        let refused = browser.post(&path, &without_cause).await;
        assert_eq!((refused.status, refused.html().contains("needs a cause")), (422, true));
        let mut overridden = fields.to_vec();
        overridden.push(("override_reason", "客户等不及"));
        let done = browser.post(&path, &overridden).await;
        assert_eq!(
            (done.status, done.location()),
            (303, format!("/complaints/{}?said=reviewed", site.complaint).as_str()),
            "{}",
            done.html()
        );
        let record = browser.get(done.location()).await;
        assert!(record.html().contains("The verdict is on record.") && record.html().contains("客户等不及"));
        let overridden = record.html().split("Given although something was open").nth(1).unwrap();
        assert!(overridden.split("</div>").next().unwrap().contains("<li>"), "{}", record.html());
        let again = browser.get(&path).await;
        assert!(
            again.html().contains("gave a verdict") && again.html().contains("checked"),
            "{}",
            again.html()
        );
        assert!(record.html().contains("Reviewed") && !record.html().contains("<script>alert"));
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_stale_comes_back_with_what_was_typed() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let mut site = a_site(&bureau, true).await;
    let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
    for step in ["review", "rework", "withdrawal", "handover"] {
        let path = format!("/complaints/{}/{step}", site.complaint);
        let tag = seen(&browser.get(&path).await);
        site.wang.save(site.visit, |edit| edit.answer("meter-accuracy.load", step).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        let fields =
            [("seen", tag.as_str()), ("verdict", "partly"), ("note", "慢慢写的话"), ("reason", "慢慢写的话")];
        let stale = browser.post(&path, &fields).await;
        assert_eq!(stale.status, 412, "{step}: {}", stale.html());
        assert!(stale.html().contains("慢慢写的话</textarea>"), "{step}");
        assert!(stale.html().contains("The record changed while you were typing"), "{step}");
        assert_ne!(seen(&stale), tag, "{step}: what is shown now");
    }
}

#[tokio::test]
async fn nobody_approves_their_own_visit() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let site = a_site(&bureau, true).await;
    let app = &bureau.test.app;
    let grants = [Grant::everywhere(Role::Technician), Grant::everywhere(Role::Reviewer)];
    crate::people::tests::an_administrator(&bureau.test).await;
    let mut tx = app.store.write().await.unwrap();
    set_roles(&mut tx, site.zhang.person, &grants, None, None, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let session = crate::people::tests::a_session(&bureau.test, site.zhang.person).await;
    let browser = Browser::of(&bureau.test, &session);
    let path = format!("/complaints/{}/review", site.complaint);
    let form = browser.get(&path).await;
    let (tag, named) = (seen(&form), evidence(&form));
    let fields = [
        ("seen", tag.as_str()),
        ("verdict", "not_substantiated"),
        ("note", "x"),
        ("evidence", named.as_str()),
    ];
    let refused = browser.post(&path, &fields).await;
    assert_eq!(refused.status, 409);
    assert!(refused.html().contains("Nobody approves their own visit"), "{}", refused.html());
    let other = Browser::of(&bureau.test, &bureau.reviewer.1).post(&path, &fields).await;
    assert_eq!(other.status, 303, "{}", other.html());
    let record = browser.get(path.strip_suffix("/review").unwrap()).await;
    let entry = named.split_once('/').unwrap().1;
    assert!(record.html().contains(&format!("href=\"?all=1#entry-{entry}\"")), "{}", record.html());
}

#[tokio::test]
async fn rework_names_fields_and_what_comes_back_is_marked() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let mut site = a_site(&bureau, true).await;
    let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
    let record = format!("/complaints/{}", site.complaint);
    let path = format!("{record}/rework");
    bureau.test.app.clock.advance_ms(60_000);
    let form = browser.get(&path).await;
    assert!(form.html().contains("State of the seals") && form.html().contains("Phase voltage"));
    let (tag, visit) = (seen(&form), site.visit.to_string());
    let named = format!("{visit} answers/meter-accuracy.seal");
    let nothing = [("seen", tag.as_str()), ("visit_id", &visit), ("reason", "看不清")];
    let refused = browser.post(&path, &nothing).await;
    assert_eq!(refused.status, 422, "{}", refused.html());
    assert!(refused.html().contains("Name what is to be redone"), "{}", refused.html());
    assert!(refused.html().contains("看不清</textarea>"), "what was typed is kept");
    let fields = [("seen", tag.as_str()), ("visit_id", &visit), ("reason", "看不清"), ("paths", &named)];
    let done = browser.post(&path, &fields).await;
    assert_eq!(done.location(), format!("{record}?said=sent-back"), "{}", done.html());
    site.zhang.now = bureau.test.app.clock.now().plus_ms(30_000);
    let html = browser.get(&record).await;
    assert!(html.html().contains("Sent back for rework: 看不清"), "{}", html.html());
    site.zhang.save(site.visit, |edit| {
        edit.answer("meter-accuracy.seal", "broken").unwrap();
        edit.answer("meter-accuracy.load", true).unwrap();
    });
    exchange(&bureau.test, &mut site.zhang).await;
    let html = browser.get(&record).await;
    assert_eq!(html.html().matches(">redone or confirmed<").count(), 1, "{}", html.html());
    assert_eq!(html.html().matches("outside the fields asked for").count(), 1);
    // The same value once more, and a rival of what nobody asked for.
    site.zhang.now = site.zhang.now.plus_ms(30_000);
    site.zhang.save(site.visit, |edit| edit.confirming().answer("meter-accuracy.seal", "broken").unwrap());
    exchange(&bureau.test, &mut site.zhang).await;
    site.wang.now = site.zhang.now;
    site.wang.save(site.visit, |edit| edit.answer("meter-accuracy.load", false).unwrap());
    exchange(&bureau.test, &mut site.wang).await;
    let html = browser.get(&record).await;
    assert_eq!(html.html().matches(">redone or confirmed<").count(), 1, "{}", html.html());
    assert_eq!(html.html().matches("outside the fields asked for").count(), 2);
}

#[tokio::test]
async fn a_complaint_goes_its_way_by_forms() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&serde_json::json!({})).await;
        let id = complaint["complaint_id"].as_str().unwrap().to_owned();
        let browser = Browser::of(&bureau.test, &bureau.lead.1);
        let done = browser.post(&format!("/complaints/{id}/acceptance"), &[]).await;
        assert_eq!(done.location(), format!("/complaints/{id}?said=step-taken"));
        let reviewer = bureau.reviewer.0.to_string();
        for (step, more) in [
            ("handover", vec![("holder", reviewer.as_str())]),
            ("review", vec![("verdict", "undetermined"), ("note", "无需到访"), ("without_visit", "1")]),
            ("answer", vec![]),
            ("closure", vec![]),
            ("reopening", vec![]),
            ("withdrawal", vec![]),
        ] {
            let path = format!("/complaints/{id}/{step}");
            let tag = seen(&browser.get(&path).await);
            if step != "review" {
                let empty = browser.post(&path, &[("seen", &tag), ("holder", &reviewer)]).await;
                assert_eq!((empty.status, empty.html().contains("1 to 2000")), (422, true), "{step}");
            }
            let mut fields = vec![("seen", tag.as_str()), ("reason", "说明")];
            fields.extend(more);
            let done = browser.post(&path, &fields).await;
            assert_eq!(done.status, 303, "{step}: {}", done.html());
        }
        let record = browser.get(&format!("/complaints/{id}")).await;
        assert!(record.html().contains("Withdrawn"));
        let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
        assert_eq!(clerk.get(&format!("/complaints/{id}/closure")).await.status, 403);
    })
    .await;
}

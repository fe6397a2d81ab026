//! What the pages of limits and calendars promise.

use super::watch::{WatchLine, WatchPage};
use crate::complaints::tests::Bureau;
use crate::deadlines::publish_built_in;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use serde_json::json;

async fn bureau() -> Bureau {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    bureau
}

/// The fields of a form as a browser would send them.
fn fields(html: &str) -> Vec<(String, String)> {
    let value_of = |tag: &str, name: &str| {
        let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
        tag[start..].split('"').next().map(|text| text.replace("&#34;", "\"").replace("&#38;", "&"))
    };
    let mut found = Vec::new();
    let mut rest = html.split_once("<form method=\"post\" action=\"/deadlines").unwrap().1;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let tag = rest.split('>').next().unwrap();
        if tag.starts_with("/form") {
            break;
        }
        let Some(name) = value_of(tag, " name").filter(|name| name != "csrf" && name != "act") else {
            continue;
        };
        if tag.starts_with("input") {
            found.push((name, value_of(tag, " value").unwrap_or_default()));
        } else if tag.starts_with("textarea") {
            let text = rest[tag.len() + 1..].split("</textarea>").next().unwrap();
            found.push((name, text.to_owned()));
        } else if tag.starts_with("select") {
            let options = rest.split("</select>").next().unwrap();
            let chosen = options.split("<option").skip(1).find(|option| option.contains(" selected"));
            let first = options.split("<option").nth(1).unwrap();
            found.push((name, value_of(chosen.unwrap_or(first), " value").unwrap()));
        }
    }
    found
}

fn with<'a>(
    fields: &'a [(String, String)],
    changes: &[(&'a str, usize, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut counts = std::collections::HashMap::new();
    let mut sent = Vec::new();
    for (name, value) in fields {
        let place = counts.entry(name.as_str()).or_insert(0_usize);
        let changed = changes.iter().find(|(which, at, _)| which == name && at == place);
        sent.push((name.as_str(), changed.map_or(value.as_str(), |(_, _, text)| text)));
        *place += 1;
    }
    sent
}

#[tokio::test]
async fn rules_are_changed_row_by_row_shown_before_and_published_once() {
    let bureau = bureau().await;
    bureau.complaint(&json!({})).await;
    let lead = Browser::of(&bureau.test, &bureau.lead.1);
    let overview = lead.get("/deadlines").await;
    for words in ["version 1, which came with the server", "45 minutes", "Everything else", "15 working days"]
    {
        assert!(overview.html().contains(words), "{words}: {}", overview.html());
    }
    let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
    assert_eq!(clerk.get("/deadlines").await.status, 403);

    let form = lead.get("/deadlines/rules").await;
    let fields = fields(form.html());
    let stricter = with(&fields, &[("answer", 3, "3"), ("watch", 0, "6")]);
    let preview = lead.post("/deadlines/rules", &[&stricter[..], &[("act", "preview")]].concat()).await;
    assert_eq!(preview.status, 200, "{}", preview.html());
    for words in
        ["Nothing is published yet. Of 1 open complaints, 1 would", "Would fit 1 open complaints; 1 of them"]
    {
        assert!(preview.html().contains(words), "{words}: {}", preview.html());
    }
    for (changes, words) in [
        (("answer", 3, "many"), "Rule 4: an amount"),
        (("answer", 3, "0"), "Rule 4: an amount"),
        (("source", 1, ""), "Rule 2: say where"),
        (("utility", 6, "gas"), "The last rule must fit everything"),
        (("effective_from", 0, "2020-01-01T00:00"), "from now on or later"),
        (("effective_from", 0, "soon"), "from which day"),
        (("warn_percent", 0, "often"), "the share is 1 to 99"),
        (("watch", 1, "never"), "an amount a whole number"),
    ] {
        let sent = with(&fields, &[changes]);
        let refused = lead.post("/deadlines/rules", &[&sent[..], &[("act", "publish")]].concat()).await;
        assert_eq!(refused.status, 422, "{changes:?}");
        assert!(refused.html().contains(words), "{words}: {}", refused.html());
        assert!(refused.html().contains(changes.2), "what was typed is kept: {changes:?}");
    }
    let done = lead.post("/deadlines/rules", &[&stricter[..], &[("act", "publish")]].concat()).await;
    assert_eq!(done.location(), "/deadlines?said=rules-published", "{}", done.html());
    let again = lead.post("/deadlines/rules", &[&stricter[..], &[("act", "publish")]].concat()).await;
    assert!(again.html().contains("published a newer version meanwhile"), "{}", again.html());
    let overview = lead.get("/deadlines").await;
    assert!(overview.html().contains("not in force yet: version 2"), "{}", overview.html());
    let policies = bureau.get("/v1/deadline-policies").await.json;
    assert_eq!(policies[0]["policy"]["rules"][3]["limits"]["answer"]["amount"], 3);
    let after = json!({ "amount": 6, "unit": "hour" });
    assert_eq!(policies[0]["policy"]["watch"]["escalations"][0], json!({ "after": after, "to": "lead" }));
    assert_eq!(policies[0]["policy"]["rules"].as_array().unwrap().len(), 7, "empty rows are no rules");
}

#[tokio::test]
async fn rules_about_special_complaints_are_previewed_and_published_with_the_others_as_they_are() {
    let bureau = bureau().await;
    bureau.complaint(&json!({ "summary": "充电桩附近停电" })).await;
    let lead = Browser::of(&bureau.test, &bureau.lead.1);
    assert!(lead.get("/deadlines").await.html().contains("/deadlines/special"));
    let form = lead.get("/deadlines/special").await;
    assert!(
        form.html().contains("mayor_12345") && form.html().contains("Repeat complaint"),
        "{}",
        form.html()
    );
    let fields = fields(form.html());
    let words = [
        ("special_list", 3, "充电桩"),
        ("special_answer", 4, "1"),
        ("special_zh", 2, ""),
        ("special_en", 2, ""),
        ("special_amount", 2, ""),
    ];
    let changed = with(&fields, &words);
    let preview = lead.post("/deadlines/special", &[&changed[..], &[("act", "preview")]].concat()).await;
    assert!(preview.html().contains("Focus: 1 (0)"), "{}", preview.html());
    for wrong in [
        ("special_number", 0, "soon"),
        ("special_number", 1, "1"),
        ("special_number", 12, "101"),
        ("special_zh", 0, ""),
    ] {
        let sent = with(&fields, &[wrong]);
        let refused = lead.post("/deadlines/special", &[&sent[..], &[("act", "publish")]].concat()).await;
        assert!(
            refused.status == 422 && refused.html().contains("fill in every number"),
            "{}",
            refused.html()
        );
    }
    let done = lead.post("/deadlines/special", &[&changed[..], &[("act", "publish")]].concat()).await;
    assert_eq!(done.location(), "/deadlines?said=rules-published", "{}", done.html());
    let policies = bureau.get("/v1/deadline-policies").await.json;
    let (new, old) = (&policies[0]["policy"], &policies[1]["policy"]);
    assert_eq!(new["special"]["focus"]["words"], json!(["充电桩"]));
    assert_eq!(new["special"]["focus"]["flow"]["limits"]["answer"]["amount"], 1);
    assert_eq!(new["special"]["batch"]["flow"]["level"], serde_json::Value::Null);
    assert_eq!((&new["rules"], &new["disciplines"]), (&old["rules"], &old["disciplines"]));
    let again = lead.post("/deadlines/special", &[&changed[..], &[("act", "publish")]].concat()).await;
    assert!(again.html().contains("published a newer version meanwhile"), "{}", again.html());

    // The other form leaves them as they are.
    let form = lead.get("/deadlines/rules").await;
    let shown = self::fields(form.html());
    let sent = with(&shown, &[]).into_iter().map(|(a, b)| (a.to_owned(), b.to_owned()));
    let sent: Vec<(String, String)> = sent.collect();
    let sent: Vec<(&str, &str)> = sent.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let done = lead.post("/deadlines/rules", &[&sent[..], &[("act", "publish")]].concat()).await;
    assert_eq!(done.location(), "/deadlines?said=rules-published", "{}", done.html());
    let policies = bureau.get("/v1/deadline-policies").await.json;
    assert_eq!(policies[0]["policy"]["special"], policies[1]["policy"]["special"]);
}

#[tokio::test]
async fn a_calendar_takes_the_days_of_a_notice() {
    let bureau = bureau().await;
    let lead = Browser::of(&bureau.test, &bureau.lead.1);
    let form = lead.get("/deadlines/calendar").await;
    assert!(form.html().contains("2026-10-01 2026-10-02 2026-10-05"), "{}", form.html());
    let fields = fields(form.html());
    let off = format!("{}\n2027-01-01，2027-02-05", fields.iter().find(|(name, _)| name == "off").unwrap().1);
    let next = [("covered_to", 0, "2027-12-31"), ("off", 0, off.as_str())];
    for (changes, words) in [
        (vec![next[1]], "2027-01-01 lies outside"),
        (vec![next[0], ("off", 0, "1 January")], "&#34;1&#34; is no day"),
        (vec![next[0], ("closing", 0, "25:00")], "Write when work ends"),
        (vec![("covered_to", 0, "2020-01-01")], "lies before the first"),
        (vec![next[0], ("on", 0, "2026-10-01")], "2026-10-01 is both"),
    ] {
        let refused = lead.post("/deadlines/calendar", &with(&fields, &changes)).await;
        assert_eq!(refused.status, 422, "{words}");
        assert!(refused.html().contains(words), "{words}: {}", refused.html());
    }
    let done = lead.post("/deadlines/calendar", &with(&fields, &next)).await;
    assert_eq!(done.location(), "/deadlines?said=calendar-published", "{}", done.html());
    let calendar = bureau.get("/v1/calendars").await.json[0].clone();
    assert_eq!(
        (&calendar["version"], &calendar["calendar"]["covered_to"]),
        (&json!(2), &json!("2027-12-31"))
    );
    assert!(calendar["calendar"]["off"].as_array().unwrap().contains(&json!("2027-02-05")));
    assert!(!lead.get("/deadlines").await.html().contains("The next year is missing"));
}

#[test]
fn the_lists_of_the_watch_are_told_in_both_languages() {
    let line = |class, to: &[&str]| WatchLine {
        href: "/complaints/019de8f2-7c00-7000-8000-000000000001".to_owned(),
        number: "C-2026-0001".to_owned(),
        state: Some(("warn", HOSTILE.to_owned())),
        summary: HOSTILE.to_owned(),
        who: HOSTILE.to_owned(),
        what: HOSTILE.to_owned(),
        when: HOSTILE.to_owned(),
        span: HOSTILE.to_owned(),
        class,
        to: to.iter().map(|&to| to.to_owned()).collect(),
    };
    for shell in shells() {
        for list in ["late", "near", "stuck", "sections", "experts", "silent"] {
            for (rows, next) in [
                (Vec::new(), None),
                (vec![line("bad", &[HOSTILE, HOSTILE]), line("warn", &[])], Some("/watch?list=late&after=x")),
            ] {
                check(&WatchPage { shell: shell.clone(), list, rows, next: next.map(str::to_owned) });
            }
        }
    }
}

#[tokio::test]
async fn what_is_late_is_listed_until_it_is_over() {
    let bureau = bureau().await;
    let app = &bureau.test.app;
    let complaint = bureau.complaint(&json!({ "category": "power.OUT.repair" })).await;
    app.clock.advance_ms(50 * 60_000);
    super::super::watch::round(app).await.unwrap();
    let browser = Browser::of(&bureau.test, &bureau.lead.1);
    let page = browser.get("/watch").await;
    assert!(page.html().contains(complaint["number"].as_str().unwrap()), "{}", page.html());
    assert!(
        page.html().contains("late by 5 minutes") && page.html().contains("Be on site"),
        "{}",
        page.html()
    );
    assert!(browser.get("/watch?list=near").await.html().contains("Nothing comes near its deadline"));
    assert!(browser.get("/watch?list=silent").await.html().contains("has been heard of"));
    let record = format!("/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    assert!(browser.get(&record).await.html().contains("A deadline was missed"));
}

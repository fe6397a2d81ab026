//! Whether anything was added to a record since a page of it was opened.

use crate::app::App;
use crate::complaints::scope::READERS;
use crate::complaints::{ComplaintError, find, reach_of};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::store::{StoreError, Tx, statement};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/news", Policy::Roles(READERS), get(show_news))
}

/// A number that rises with everything that is added to a record: an event, a correction, something merged into a
/// visit or refused, a record merged into this one.
pub(super) async fn mark(tx: &mut Tx, complaint: ComplaintId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT CAST(coalesce(sum(p.n), 0) AS BIGINT) FROM (\
        SELECT version AS n FROM complaints WHERE complaint_id = $1 OR merged_into = $1 \
        UNION ALL SELECT count(*) FROM complaint_events WHERE complaint_id = $1 \
        UNION ALL SELECT d.version FROM visit_plans v JOIN complaints c ON c.complaint_id = v.complaint_id \
            JOIN visit_documents d ON d.visit_id = v.visit_id WHERE c.complaint_id = $1 OR c.merged_into = $1 \
        UNION ALL SELECT 1 FROM visit_plans v JOIN quarantine q ON q.visit_id = v.visit_id \
            WHERE v.complaint_id = $1) p";
    let id = complaint.to_string();
    statement(SQL).bind(id).value(tx).await
}

#[derive(Debug, Deserialize)]
struct NewsQuery {
    /// What [`mark`] said when the page was made.
    since: i64,
}

/// A line that leads to what is new, or nothing.
#[derive(Template)]
#[template(path = "complaints/record_news.html")]
pub(super) struct NewsPage {
    pub(super) shell: Shell,
    pub(super) id: ComplaintId,
    pub(super) is_new: bool,
}

async fn show_news(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
    Query(query): Query<NewsQuery>,
) -> Result<Response, Problem> {
    let reach = reach_of(&viewer.office, READERS)?;
    let mut tx = app.store.read().await?;
    let found = find(&mut tx, id).await?.filter(|complaint| reach.includes(complaint));
    found.ok_or(ComplaintError::Unknown)?;
    let is_new = mark(&mut tx, id).await? > query.since;
    Ok(page(&NewsPage { shell: viewer.shell, id, is_new }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::tests::{Bureau, a_regional_clerk};
    use crate::exchange::tests::exchange;
    use crate::pages::testing::{Browser, check, shells};
    use crate::review::tests::Site;
    use axum::http::Method;
    use serde_json::json;
    use sync_core::document::Finding;
    use sync_core::ids::EntryId;

    #[tokio::test]
    async fn what_comes_from_the_field_or_the_office_is_news_to_an_open_record() {
        Bureau::for_each_engine(|bureau| async move {
            let mut site = Site::of(&bureau).await;
            let id: ComplaintId = site.complaint.parse().unwrap();
            let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
            let now = async || {
                let mut tx = bureau.test.app.store.read().await.unwrap();
                mark(&mut tx, id).await.unwrap()
            };
            let is_new = async |since: i64| {
                let answer = browser.get(&format!("/complaints/{id}/news?since={since}")).await;
                assert_eq!(answer.status, 200, "{}", answer.html());
                answer.html().contains("Something new came in")
            };
            let opened = now().await;
            assert!(!is_new(opened).await);
            site.zhang.save(site.visit, |edit| {
                let finding = Finding { code: "note".into(), text: "x".into(), item: None, severity: None };
                edit.add_finding(EntryId::from_bytes([1; 16]), &finding).unwrap();
            });
            exchange(&bureau.test, &mut site.zhang).await;
            assert!(is_new(opened).await, "a visit grew");
            let merged = now().await;
            assert!(!is_new(merged).await);
            let corrected = bureau.call(Method::PATCH, &format!("/v1/complaints/{id}"));
            assert_eq!(corrected.json(&json!({ "address": "x 1" })).send().await.status, 200);
            assert!(is_new(merged).await, "the office corrected something");
            let stranger = a_regional_clerk(&bureau.test, "nowhere").await;
            let answer =
                Browser::of(&bureau.test, &stranger).get(&format!("/complaints/{id}/news?since=0")).await;
            assert_eq!(answer.status, 404);
        })
        .await;
    }

    #[test]
    fn news_can_be_read_in_both_languages() {
        for shell in shells() {
            for is_new in [true, false] {
                check(&NewsPage { shell: shell.clone(), id: ComplaintId::from_bytes([7; 16]), is_new });
            }
        }
    }
}

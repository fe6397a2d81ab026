//! The six links of a complaint: listened to, recorded, analysed, investigated, corrected, answered (听、记、析、查、纠、答).
//!
//! Nothing is stored: each link is read from what happened. Work that was sent back, or a complaint that was taken up
//! again, breaks the links from there on; they are made anew.

use super::PersonRef;
use super::bodies::ComplaintBody;
use super::model::{EventKind, State};
use super::record::TimelineEntry;
use crate::corrective::ActionBody;
use crate::review::VerdictBody;
use crate::words::words;
use serde::Serialize;
use sync_core::ids::{ActionId, VisitId};
use utoipa::ToSchema;

words! {
    /// A link of the chain that a complaint goes through.
    pub(crate) Link {
        /// The customer was listened to.
        Heard = "heard",
        /// It was written down.
        Recorded = "recorded",
        /// Somebody decided what is to be done: took it up, sent somebody, or judged it without a visit.
        Analysed = "analysed",
        /// The matter was looked into: the last visit was finished, or it was judged without one.
        Investigated = "investigated",
        /// What was wrong was put right.
        Corrected = "corrected",
        /// The customer was told.
        Answered = "answered",
    }
}

words! {
    /// Whether a link is made.
    pub(crate) LinkState {
        /// It is.
        Made = "made",
        /// It is not, so far.
        Missing = "missing",
        /// It need not be: there was nothing to put right, or the complaint was taken back.
        NotNeeded = "not_needed",
    }
}

/// A link with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LinkBody {
    pub(crate) link: Link,
    pub(crate) state: LinkState,
    /// When it was made, Unix milliseconds: of field work the earlier of what the device says and its receipt.
    pub(crate) at_ms: Option<i64>,
    /// Who made it.
    pub(crate) person: Option<PersonRef>,
    /// The visit that shows it.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) visit_id: Option<VisitId>,
    /// The corrective action that shows it.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) action_id: Option<ActionId>,
}

/// What links are read from.
pub(crate) struct Told<'a> {
    pub(crate) complaint: &'a ComplaintBody,
    /// In the order in which the server learned of it.
    pub(crate) timeline: &'a [TimelineEntry],
    pub(crate) verdicts: &'a [VerdictBody],
    pub(crate) actions: &'a [ActionBody],
}

/// The six links in their order.
pub(crate) fn links(told: &Told<'_>) -> Vec<LinkBody> {
    let reopened = told.since(State::Reopened);
    let sent_back = told.since(State::Rework).max(reopened);
    let opened = told.complaint;
    let heard = LinkBody {
        at_ms: Some(opened.requested_at_ms.unix_ms()),
        person: Some(opened.first_owner.clone()),
        ..link(Link::Heard, LinkState::Made)
    };
    let recorded =
        LinkBody { at_ms: Some(opened.received_at_ms.unix_ms()), link: Link::Recorded, ..heard.clone() };
    let analysed = told.first(reopened, |entry| {
        leads_to(entry, &[State::Accepted, State::Assigned]) || is_judged_without_visit(entry)
    });
    let investigated = told.last(sent_back, |entry| {
        entry.kind == EventKind::Finished.as_str() || is_judged_without_visit(entry)
    });
    let answered = told.last(sent_back, |entry| leads_to(entry, &[State::Answered]));
    let corrected = told.corrected(sent_back);
    let mut all = vec![
        heard,
        recorded,
        made(Link::Analysed, analysed),
        made(Link::Investigated, investigated),
        corrected,
        made(Link::Answered, answered),
    ];
    if opened.state == State::Withdrawn {
        let missing = all.iter_mut().filter(|link| link.state == LinkState::Missing);
        missing.for_each(|link| link.state = LinkState::NotNeeded);
    }
    all
}

impl Told<'_> {
    /// The place after the last entry that led to this state; 0 where none did.
    fn since(&self, state: State) -> usize {
        self.timeline.iter().rposition(|entry| leads_to(entry, &[state])).map_or(0, |place| place + 1)
    }

    fn first(&self, from: usize, is_it: impl Fn(&TimelineEntry) -> bool) -> Option<&TimelineEntry> {
        self.timeline[from..].iter().find(|entry| is_it(entry))
    }

    fn last(&self, from: usize, is_it: impl Fn(&TimelineEntry) -> bool) -> Option<&TimelineEntry> {
        self.timeline[from..].iter().rev().find(|entry| is_it(entry))
    }

    /// Corrective actions decide where there are any; else the verdict says that nothing was wrong, or the technician
    /// put it right on site.
    fn corrected(&self, from: usize) -> LinkBody {
        let open = self.actions.iter().any(|action| action.over_at_ms.or(action.done_at_ms).is_none());
        let newest = self.actions.iter().filter(|action| action.done_at_ms.is_some());
        if let Some(action) = newest.max_by_key(|action| action.done_at_ms).filter(|_| !open) {
            return LinkBody {
                at_ms: action.done_at_ms,
                person: action.done_by.clone(),
                action_id: Some(action.action_id),
                ..link(Link::Corrected, LinkState::Made)
            };
        }
        if open {
            return link(Link::Corrected, LinkState::Missing);
        }
        let on_site = self.last(from, |entry| {
            entry.kind == EventKind::Finished.as_str() && entry.detail["outcome"] == "resolved_on_site"
        });
        let judged = self.last(from, |entry| entry.kind == EventKind::Reviewed.as_str());
        match (on_site, judged) {
            (Some(_), _) => made(Link::Corrected, on_site),
            (None, Some(_)) if self.verdicts.last().is_some_and(|verdict| !verdict.finds_fault()) => {
                link(Link::Corrected, LinkState::NotNeeded)
            }
            _ => link(Link::Corrected, LinkState::Missing),
        }
    }
}

/// What happened to a record that was merged into this one moved that record.
fn leads_to(entry: &TimelineEntry, states: &[State]) -> bool {
    entry.merged_from.is_none()
        && entry.state_to.as_deref().is_some_and(|to| states.iter().any(|state| state.as_str() == to))
}

fn is_judged_without_visit(entry: &TimelineEntry) -> bool {
    entry.kind == EventKind::Reviewed.as_str() && entry.detail["without_visit"] == true
}

fn link(link: Link, state: LinkState) -> LinkBody {
    LinkBody { link, state, at_ms: None, person: None, visit_id: None, action_id: None }
}

fn made(which: Link, by: Option<&TimelineEntry>) -> LinkBody {
    let Some(entry) = by else { return link(which, LinkState::Missing) };
    let claimed = entry.claimed_at_ms.unwrap_or(entry.received_at_ms);
    LinkBody {
        at_ms: Some(claimed.min(entry.received_at_ms)),
        person: entry.person.clone(),
        visit_id: entry.visit_id,
        ..link(which, LinkState::Made)
    }
}

#[cfg(test)]
mod tests {
    use crate::complaints::tests::Bureau;
    use crate::returns::tests::{a_leak, finish, for_each_engine};
    use crate::work_orders::tests::Technician;
    use serde_json::{Value, json};

    /// `hrxxxx`: one letter for each link, as far as it is made; `x` is missing, `-` is not needed.
    async fn chain(bureau: &Bureau, complaint: &str) -> String {
        let record = bureau.get(&format!("/v1/complaints/{complaint}")).await.json;
        let letter = |link: &Value| match link["state"].as_str().unwrap() {
            "made" => link["link"].as_str().unwrap().chars().next().unwrap(),
            "missing" => 'x',
            _ => '-',
        };
        record["links"].as_array().unwrap().iter().map(letter).collect()
    }

    #[tokio::test]
    async fn each_link_is_made_by_what_happened_and_breaks_when_work_begins_again() {
        for_each_engine(|bureau| async move {
            let zhang = Technician::of(&bureau, "zhang").await;
            let leak = a_leak(&bureau).await;
            let id = &leak.complaint;
            assert_eq!(chain(&bureau, id).await, "hrxxxx");
            leak.send(&bureau, zhang).await;
            assert_eq!(chain(&bureau, id).await, "hraxxx");
            finish(&bureau, &leak, zhang).await;
            // The technician says that it was put right on site.
            assert_eq!(chain(&bureau, id).await, "hraicx");
            let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
            assert_eq!(record["links"][3]["visit_id"], json!(leak.visit));
            assert_eq!(record["links"][3]["person"]["person_id"], json!(zhang.person));

            bureau.test.app.clock.advance_ms(60_000);
            let verdict = json!({ "verdict": "undetermined", "note": "只有口头说法" });
            let judged = bureau.test.post(&format!("/v1/complaints/{id}/reviews"));
            let judged = judged.header("authorization", &bureau.reviewer.1).json(&verdict).send().await;
            assert_eq!(judged.status, 200, "{}", judged.json);
            assert_eq!(
                bureau
                    .post(&format!("/v1/complaints/{id}/answer"), &json!({ "reason": "已告知" }))
                    .await
                    .status,
                200
            );
            assert_eq!(chain(&bureau, id).await, "hraica");
            let again = json!({ "reason": "客户说还有味道" });
            assert_eq!(bureau.post(&format!("/v1/complaints/{id}/reopening"), &again).await.status, 200);
            assert_eq!(chain(&bureau, id).await, "hrxxxx");
            assert_eq!(bureau.post(&format!("/v1/complaints/{id}/withdrawal"), &again).await.status, 200);
            assert_eq!(chain(&bureau, id).await, "hr----");
        })
        .await;
    }

    #[tokio::test]
    async fn without_a_visit_the_verdict_is_the_investigation_and_may_find_nothing_to_put_right() {
        for_each_engine(|bureau| async move {
            let made = bureau.complaint(&json!({})).await;
            let id = made["complaint_id"].as_str().unwrap();
            let judge = async |verdict: &str, cause: Option<&str>| {
                let verdict =
                    json!({ "verdict": verdict, "cause": cause, "note": "电话核实", "without_visit": true });
                let judged = bureau.test.post(&format!("/v1/complaints/{id}/reviews"));
                let judged = judged.header("authorization", &bureau.reviewer.1).json(&verdict).send().await;
                assert_eq!(judged.status, 200, "{}", judged.json);
            };
            judge("substantiated", Some("M01")).await;
            assert_eq!(chain(&bureau, id).await, "hraixx", "something is to be put right");
            judge("not_substantiated", None).await;
            assert_eq!(chain(&bureau, id).await, "hrai-x");
        })
        .await;
    }
}

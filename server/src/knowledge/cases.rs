//! The case library: a closed complaint, told without its people, as an article that knows where it comes from.

use super::model::{ArticleContent, KnowledgeError};
use super::sql;
use crate::auth::OfficeAuth;
use crate::complaints::model::{Complaint, State};
use crate::complaints::record::CentralRecord;
use crate::complaints::scope::OFFICE;
use crate::complaints::{self, reachable};
use crate::pages::Words;
use crate::problem::Problem;
use crate::store::{StoreError, Tx};
use crate::work_orders::redaction::{BLANK, redacted};
use serde::Serialize;
use sync_core::codes::CodeTable;
use sync_core::ids::{ArticleId, ComplaintId};
use utoipa::ToSchema;

/// A case of the library that came from a complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CaseRef {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) article_id: ArticleId,
    /// For example `K-0007`.
    pub(crate) number: String,
    /// Whether it was approved and not withdrawn since.
    pub(crate) stands: bool,
}

/// The cases that came from a complaint.
pub(crate) async fn cases_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<CaseRef>, StoreError> {
    let found = sql::cases_of(tx, complaint).await?;
    Ok(found
        .into_iter()
        .map(|case| CaseRef {
            article_id: case.id,
            number: case.name(),
            stands: case.approved.is_some() && case.withdrawn.is_none(),
        })
        .collect())
}

/// What is expected where the complaint of a case is missing or still open.
pub(super) fn source_needed() -> KnowledgeError {
    KnowledgeError::invalid("/source_complaint_id", "a closed complaint within reach")
}

/// The complaint that a case may come from.
pub(super) async fn source(tx: &mut Tx, office: &OfficeAuth, id: ComplaintId) -> Result<Complaint, Problem> {
    let complaint = reachable(tx, office, OFFICE, id).await?;
    if complaint.state != State::Closed {
        return Err(source_needed().into());
    }
    Ok(complaint)
}

/// Refuses a case that names the customer of its complaint, or says where it was.
pub(super) async fn require_redacted(
    tx: &mut Tx,
    source: Option<ComplaintId>,
    content: &ArticleContent,
) -> Result<(), KnowledgeError> {
    let Some(source) = source else { return Ok(()) };
    let Some(complaint) = complaints::find(tx, source).await? else { return Ok(()) };
    let texts = [&content.title_zh, &content.body_zh, &content.title_en, &content.body_en, &content.changes];
    if texts.into_iter().any(|text| tells(&complaint, text)) {
        Err(KnowledgeError::NamesPeople)
    } else {
        Ok(())
    }
}

/// What tells whose complaint it was, besides the customer.
fn traces(complaint: &Complaint) -> impl Iterator<Item = &str> {
    let meter = complaint.intake.meter.as_ref().map(|meter| meter.number.as_str());
    let traces = [Some(complaint.intake.address.as_str()), meter, Some(complaint.number.as_str())];
    traces.into_iter().flatten().filter(|trace| trace.chars().count() > 2)
}

fn tells(complaint: &Complaint, text: &str) -> bool {
    let customer = &complaint.intake.customer;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let phone = customer.phone.as_deref().map(digits).filter(|phone| phone.len() >= 7);
    let named = customer.name.as_deref().is_some_and(|name| text.contains(name))
        || customer.number.as_deref().is_some_and(|number| text.contains(number));
    named
        || phone.is_some_and(|phone| digits(text).contains(&phone))
        || traces(complaint).any(|trace| text.contains(trace))
}

/// Title and text that the form of a case begins with: what the record says, without its people.
pub(super) fn told(w: Words, complaint: &Complaint, record: &CentralRecord) -> (String, String) {
    let blanked = |text: &str| {
        let text = redacted(text, &complaint.intake.customer);
        traces(complaint).fold(text, |text, trace| text.replace(trace, BLANK))
    };
    let newest = record.verdicts.last();
    let cause = newest.and_then(|verdict| verdict.cause.as_deref());
    let found = record.visits.iter().map(|visit| visit.cause_text.as_str()).filter(|text| !text.is_empty());
    let done = record.corrective_actions.iter().map(|action| action.title.as_str());
    let mut parts = vec![(w.t("case-said"), blanked(&complaint.intake.summary))];
    parts.push((w.t("case-found"), found.map(blanked).collect::<Vec<_>>().join("\n")));
    parts.push((
        w.t("case-cause"),
        cause.map(|code| CodeTable::RootCauses.name(code, w.codes()).to_owned()).unwrap_or_default(),
    ));
    parts.push((w.t("case-decided"), newest.map(|verdict| blanked(&verdict.note)).unwrap_or_default()));
    parts.push((w.t("case-done"), done.map(blanked).collect::<Vec<_>>().join("\n")));
    parts.push((w.t("case-learnt"), String::new()));
    let body = parts.into_iter().map(|(heading, text)| format!("{heading}\n{text}\n"));
    (
        w.category(&complaint.intake.category).to_owned(),
        body.collect::<Vec<_>>().join("\n").trim_end().to_owned(),
    )
}

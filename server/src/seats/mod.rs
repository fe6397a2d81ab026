//! Expert seats: questions from the field or the desk, the queue of each skill, and answers that technicians read after
//! their next exchange.
//!
//! Invariants: an answer is due so long after the server received the question, around the clock, whatever the device
//! says of when it was asked; nobody answers their own question; a question is answered once and stays as it was asked;
//! what comes after its complaint was closed is kept and can still be answered. An answer changes no record and holds
//! nothing back.

mod acts;
mod api;
mod bodies;
mod model;
mod pages;
mod problems;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use acts::{NewRequest, ask};
pub(crate) use api::{ANSWERERS, routes};
pub(crate) use bodies::ExpertRequestBody;
pub(crate) use model::RequestError;
pub(crate) use pages::{SeatLine, SeatsPart, pages, pressing_lines, seat_facts, seats_part};
pub(crate) use sql::count_waiting;

use crate::complaints::{self, Names};
use crate::store::{StoreError, Tx};
use sync_core::ids::ComplaintId;
use sync_core::protocol::{ExpertCard, TermCard};
use sync_core::time::Timestamp;

/// Questions of a complaint that technicians carry at most: the newest ones; the record has all of them.
const CARRIED_MAX: usize = 20;

/// The questions about a complaint and the records merged into it, oldest first.
pub(crate) async fn of_complaint(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<ExpertRequestBody>, StoreError> {
    let mut found = Vec::new();
    for record in complaints::family(tx, complaint).await? {
        for request in sql::of_complaint(tx, record).await? {
            found.push(ExpertRequestBody::of(tx, names, request).await?);
        }
    }
    found.sort_by_key(|request| request.received_at_ms);
    Ok(found)
}

/// The same as technicians carry them.
pub(crate) async fn cards(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ExpertCard>, StoreError> {
    let found = of_complaint(tx, &mut Names::default(), complaint).await?;
    let spare = found.len().saturating_sub(CARRIED_MAX);
    Ok(found.into_iter().skip(spare).map(card).collect())
}

fn card(body: ExpertRequestBody) -> ExpertCard {
    let at = Timestamp::from_unix_ms;
    let answered = body.answer.is_some();
    ExpertCard {
        id: body.request_id,
        skill: TermCard { code: body.skill, zh: body.skill_zh, en: body.skill_en },
        question: body.question,
        state: body.state.as_str().to_owned(),
        asked_by: body.asked_by.name.unwrap_or_default(),
        asked_at: at(body.claimed_at_ms.unwrap_or(body.received_at_ms)),
        due_at: at(body.due_at_ms),
        answer: body.answer,
        answered_by: body.over_by.and_then(|by| by.name).filter(|_| answered),
        answered_at: body.over_at_ms.map(at).filter(|_| answered),
    }
}

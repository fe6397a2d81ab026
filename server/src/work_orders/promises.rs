//! What was promised to customers at the door: until when, what it rests on, and that it was kept. The words are in the
//! visit document, the deadline in table `promise_deadlines`; how a promise was put right after its article changed is
//! the business of `knowledge`.

use super::commands::FieldCommand;
use crate::knowledge::article_name;
use crate::store::{StoreError, Tx, statement};
use serde::Serialize;
use sqlx_macros::FromRow;
use sync_core::document::{Entry, VisitView};
use sync_core::ids::{EntryId, VisitId};
use sync_core::knowledge::ArticleRef;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// A promise with its deadline; its words are in the entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromiseBody {
    /// Its entry in the visit document.
    #[schema(format = "uuid")]
    pub(crate) entry_id: String,
    /// Unix milliseconds.
    pub(crate) due_at_ms: i64,
    /// When it was kept; null: not yet.
    pub(crate) kept_at_ms: Option<i64>,
    /// False when its technician took it back or replaced it: nobody owes it any more.
    pub(crate) stands: bool,
    /// The article that it rests on; null: none was named.
    pub(crate) rests_on: Option<PromiseArticle>,
    /// How it was put right, oldest first.
    #[serde(skip)]
    corrections: Vec<Corrected>,
}

/// The version of an article that a promise rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PromiseArticle {
    #[schema(format = "uuid")]
    pub(crate) article_id: String,
    /// For example `K-0007`; null: this server does not know the article.
    pub(crate) number: Option<String>,
    /// The version that was read at the door.
    pub(crate) article_version: i64,
    /// The version that the promise agrees with, as corrected.
    pub(crate) stands_on: i64,
}

#[derive(FromRow)]
struct Row {
    entry_id: String,
    due_at_ms: i64,
    kept_at_ms: Option<i64>,
    article_id: Option<String>,
    article_version: Option<i64>,
    stands_on: Option<i64>,
    number: Option<i64>,
    corrected_at_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct Corrected {
    entry_id: String,
    at_ms: i64,
    from_version: i64,
    due_before_ms: i64,
}

impl PromiseBody {
    fn of(row: Row, view: Option<&VisitView>) -> Self {
        let entry = row.entry_id.parse().ok().and_then(|id: EntryId| view?.promises.get(&id));
        let article = row.article_id.zip(row.article_version).zip(row.stands_on);
        Self {
            stands: entry.is_none_or(Entry::stands),
            entry_id: row.entry_id,
            due_at_ms: row.due_at_ms,
            kept_at_ms: row.kept_at_ms,
            rests_on: article.map(|((article_id, article_version), stands_on)| PromiseArticle {
                article_id,
                number: row.number.map(article_name),
                article_version,
                stands_on,
            }),
            corrections: Vec::new(),
        }
    }

    /// Turns it into what was known of it at this moment.
    pub(super) fn as_of(&mut self, at: Timestamp) {
        self.kept_at_ms = self.kept_at_ms.filter(|kept| *kept <= at.unix_ms());
        if let Some(next) = self.corrections.iter().find(|correction| correction.at_ms > at.unix_ms()) {
            self.due_at_ms = next.due_before_ms;
            if let Some(article) = &mut self.rests_on {
                article.stands_on = next.from_version;
            }
        }
    }
}

/// The promises of a visit whose document is, or was, this view, the most urgent first.
pub(super) async fn of_visit(
    tx: &mut Tx,
    visit: VisitId,
    view: Option<&VisitView>,
) -> Result<Vec<PromiseBody>, StoreError> {
    const SQL: &str = "SELECT p.entry_id, p.due_at_ms, p.kept_at_ms, p.article_id, p.article_version, p.stands_on, \
        a.number, p.corrected_at_ms FROM promise_deadlines p LEFT JOIN articles a ON a.article_id = p.article_id \
        WHERE p.visit_id = $1 ORDER BY p.due_at_ms, p.entry_id";
    const CORRECTED: &str = "SELECT entry_id, at_ms, from_version, due_before_ms FROM promise_corrections \
        WHERE visit_id = $1 ORDER BY correction_no";
    let visit = visit.to_string();
    let rows: Vec<Row> = statement(SQL).bind(&visit).rows(tx).await?;
    let any_corrected = rows.iter().any(|row| row.corrected_at_ms.is_some());
    let mut promises: Vec<PromiseBody> = rows.into_iter().map(|row| PromiseBody::of(row, view)).collect();
    if any_corrected {
        let corrected: Vec<Corrected> = statement(CORRECTED).bind(&visit).rows(tx).await?;
        for correction in corrected {
            let mut all = promises.iter_mut();
            if let Some(promise) = all.find(|promise| promise.entry_id == correction.entry_id) {
                promise.corrections.push(correction);
            }
        }
    }
    Ok(promises)
}

pub(super) async fn add_promise(
    tx: &mut Tx,
    command: &FieldCommand,
    (visit, entry): (VisitId, EntryId),
    due: Timestamp,
    relied_on: Option<ArticleRef>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO promise_deadlines (visit_id, entry_id, due_at_ms, person_id, device_id, \
        claimed_at_ms, received_at_ms, article_id, article_version, stands_on) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (visit_id, entry_id) DO NOTHING";
    let article = relied_on.map(|named| named.article.to_string());
    let version = relied_on.map(|named| i64::from(named.version));
    statement(SQL)
        .bind(visit.to_string())
        .bind(entry.to_string())
        .bind(due.unix_ms())
        .bind(command.person.to_string())
        .bind(command.device.to_string())
        .bind(command.claimed_at.unix_ms())
        .bind(command.received_at.unix_ms())
        .bind(article)
        .bind(version)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that a promise was kept. The first time stays; says whether there is such a promise.
pub(super) async fn keep_promise(
    tx: &mut Tx,
    visit: VisitId,
    entry: EntryId,
    by: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE promise_deadlines SET kept_by = coalesce(kept_by, $3), \
        kept_at_ms = coalesce(kept_at_ms, $4) WHERE visit_id = $1 AND entry_id = $2";
    let changed = statement(SQL)
        .bind(visit.to_string())
        .bind(entry.to_string())
        .bind(by)
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::document::{ActorId16, Container, EditAuthor, Promise, Role, VisitDocument};
    use sync_core::ids::{DeviceId, PersonId};

    fn row(entry: EntryId) -> Row {
        Row {
            entry_id: entry.to_string(),
            due_at_ms: 70,
            kept_at_ms: Some(90),
            article_id: Some("article".to_owned()),
            article_version: Some(1),
            stands_on: Some(3),
            number: Some(7),
            corrected_at_ms: Some(60),
        }
    }

    #[test]
    fn nobody_owes_a_promise_that_was_taken_back() {
        let visit = VisitId::from_bytes([1; 16]);
        let (kept, taken_back) = (EntryId::from_bytes([2; 16]), EntryId::from_bytes([3; 16]));
        let mut document = VisitDocument::birth(visit);
        let author = EditAuthor {
            actor: ActorId16::of_device(DeviceId::from_bytes([4; 16]), visit, 0),
            person: PersonId::from_bytes([5; 16]),
            at: Timestamp::from_unix_ms(1),
            role: Role::Field,
        };
        let mut edit = document.edit(author);
        for entry in [kept, taken_back] {
            let promise = Promise {
                what: "call back".to_owned(),
                due_ms: Timestamp::from_unix_ms(7),
                to: None,
                relied_on: None,
            };
            edit.add_promise(entry, &promise).unwrap();
        }
        edit.withdraw(Container::Promises, taken_back, "undone").unwrap();
        edit.commit();
        let view = document.view();
        let stands = |entry: EntryId| PromiseBody::of(row(entry), Some(&view)).stands;
        assert!(stands(kept) && !stands(taken_back));
        assert!(stands(EntryId::from_bytes([6; 16])), "an entry that has not arrived yet");
    }

    #[test]
    fn what_was_known_of_a_promise_is_what_held_before_its_next_correction() {
        let correction = |at_ms, from_version, due_before_ms| Corrected {
            entry_id: String::new(),
            at_ms,
            from_version,
            due_before_ms,
        };
        let known = |at| {
            let mut promise = PromiseBody::of(row(EntryId::from_bytes([2; 16])), None);
            promise.corrections = vec![correction(40, 1, 50), correction(60, 2, 55)];
            promise.as_of(Timestamp::from_unix_ms(at));
            let article = promise.rests_on.unwrap();
            assert_eq!(article.number.as_deref(), Some("K-0007"));
            (promise.due_at_ms, article.stands_on, promise.kept_at_ms)
        };
        assert_eq!(known(39), (50, 1, None));
        assert_eq!(known(40), (55, 2, None));
        assert_eq!(known(60), (70, 3, None));
        assert_eq!(known(90), (70, 3, Some(90)));
    }
}

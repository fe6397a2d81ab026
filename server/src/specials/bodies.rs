//! Special complaints as the API tells them.

use super::model::{IssueType, Sign, Source, Special, SpecialAct, SpecialKind, SpecialState};
use super::sql::Act;
use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use sync_core::deadline::Limits;
use utoipa::ToSchema;

/// In which way a complaint is special, or was proposed to be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SpecialBody {
    pub(crate) kind: SpecialKind,
    pub(crate) state: SpecialState,
    /// 1; 2: it is brought before the lead.
    pub(crate) level: i64,
    /// By which signs the rules propose it; empty: somebody set it.
    pub(crate) signs: Vec<Sign>,
    /// Since when it stands like this, Unix milliseconds.
    pub(crate) since_ms: i64,
    /// Who decided; null: the server.
    pub(crate) by: Option<PersonRef>,
    /// While it is confirmed: limits from `since_ms` on, where they end earlier than the usual ones.
    #[schema(value_type = Object)]
    pub(crate) limits: Limits,
    /// What happened, oldest first.
    pub(crate) acts: Vec<SpecialActBody>,
}

/// What happened to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SpecialActBody {
    pub(crate) act: SpecialAct,
    pub(crate) level: i64,
    /// What was said; null: nothing.
    pub(crate) words: Option<String>,
    /// Null: the server.
    pub(crate) person: Option<PersonRef>,
    pub(crate) at_ms: i64,
}

/// How a complaint is to be dealt with, and from whom it came.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PathBody {
    /// Null: nobody said.
    pub(crate) issue_type: Option<IssueType>,
    /// Null: the customer came by themselves.
    pub(crate) source: Option<Source>,
    pub(crate) set_by: PersonRef,
    pub(crate) set_at_ms: i64,
}

impl SpecialBody {
    /// A kind with what happened to it, out of all acts of its complaint.
    pub(super) async fn of(
        tx: &mut Tx,
        names: &mut Names,
        special: Special,
        acts: &[Act],
    ) -> Result<Self, StoreError> {
        let mut told = Vec::new();
        for act in acts.iter().filter(|act| act.kind == special.kind) {
            let person = match act.person {
                Some(person) => Some(names.person(tx, person).await?),
                None => None,
            };
            let (words, at_ms) = (act.words.clone(), act.at.unix_ms());
            told.push(SpecialActBody { act: act.act, level: act.level, words, person, at_ms });
        }
        let by = match special.by {
            Some(person) => Some(names.person(tx, person).await?),
            None => None,
        };
        Ok(Self {
            kind: special.kind,
            state: special.state,
            level: special.level,
            signs: special.signs,
            since_ms: special.since.unix_ms(),
            by,
            limits: special.limits,
            acts: told,
        })
    }
}

//! How sections look in answers.

use super::model::{Section, SectionAct, SectionActKind, SectionState};
use super::sql;
use crate::complaints::{self, Names, PersonRef};
use crate::deadlines;
use crate::review::EvidenceRef;
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use sync_core::deadline::{Discipline, Limit};
use sync_core::ids::{ComplaintId, SectionId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of sections.
    pub(crate) SectionList {
        /// Open ones that the reader's units hold, the most urgent first.
        Mine = "mine",
        /// All open ones within reach, the most urgent first.
        Open = "open",
        /// Open ones whose limit has passed.
        Overdue = "overdue",
        /// Those that were signed off or dropped, newest first.
        Over = "over",
    }
}

/// The part of a complaint that one discipline answers for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SectionBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) section_id: SectionId,
    /// For `If-Match`.
    pub(crate) version: i64,
    pub(crate) state: SectionState,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) complaint_number: String,
    /// What the customer says.
    pub(crate) summary: String,
    /// Region of the complaint; empty: not known.
    pub(crate) region: String,
    /// Unit of the complaint; empty: not allotted.
    pub(crate) complaint_unit: String,
    /// Its stable code.
    pub(crate) discipline: String,
    pub(crate) discipline_zh: String,
    pub(crate) discipline_en: String,
    /// What is asked.
    pub(crate) task: String,
    /// What was found and done; empty: nothing yet.
    pub(crate) work: String,
    /// Entries of visits that it rests on.
    pub(crate) evidence: Vec<EvidenceRef>,
    /// The unit that holds it; empty where nobody's roles name a unit.
    pub(crate) unit: String,
    pub(crate) held_since_ms: i64,
    /// How long its holder may take: `{amount, unit}`.
    #[schema(value_type = Object)]
    pub(crate) within: Limit,
    pub(crate) due_at_ms: i64,
    /// Whether a calendar did not reach so far.
    pub(crate) provisional: bool,
    pub(crate) opened_at_ms: i64,
    pub(crate) opened_by: PersonRef,
    /// When it was signed off or dropped.
    pub(crate) over_at_ms: Option<i64>,
    pub(crate) over_by: Option<PersonRef>,
}

/// A section with everything that was done about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SectionDetail {
    #[serde(flatten)]
    pub(crate) section: SectionBody,
    /// Whether its holder took, or takes, longer than promised.
    pub(crate) late: bool,
    /// Oldest first.
    pub(crate) acts: Vec<SectionActBody>,
}

/// Something that was done about a section.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SectionActBody {
    pub(crate) act: SectionActKind,
    /// Task, work or reason.
    pub(crate) words: Option<String>,
    /// Who holds it from then on.
    pub(crate) unit: Option<String>,
    /// Until when from then on.
    pub(crate) due_at_ms: Option<i64>,
    pub(crate) person: PersonRef,
    pub(crate) at_ms: i64,
}

/// A discipline of the rules that hold now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DisciplineBody {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    /// The unit that usually has its sections; empty: chosen each time.
    pub(crate) unit: String,
    /// How long whoever holds a section may take: `{amount, unit}`.
    #[schema(value_type = Object)]
    pub(crate) within: Limit,
}

impl From<Discipline> for DisciplineBody {
    fn from(one: Discipline) -> Self {
        Self { code: one.code, zh: one.zh, en: one.en, unit: one.unit, within: one.within }
    }
}

/// Names of people and disciplines, each looked up once.
#[derive(Default)]
pub(super) struct Lookup {
    names: Names,
    policies: BTreeMap<i64, Vec<Discipline>>,
}

impl Lookup {
    /// What a discipline was called in Chinese and English under these rules; its code when nobody knows.
    async fn discipline(
        &mut self,
        tx: &mut Tx,
        version: i64,
        code: &str,
    ) -> Result<(String, String), StoreError> {
        let known = match self.policies.entry(version) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let published = deadlines::policy_version(tx, version).await?;
                place.insert(published.map(|published| published.policy.disciplines).unwrap_or_default())
            }
        };
        let found = known.iter().find(|one| one.code == code);
        Ok(found.map_or_else(|| (code.to_owned(), code.to_owned()), |one| (one.zh.clone(), one.en.clone())))
    }

    /// The section as answers show it.
    pub(super) async fn body(&mut self, tx: &mut Tx, row: Section) -> Result<SectionBody, StoreError> {
        let complaint = complaints::standing(tx, row.complaint).await?;
        let complaint =
            complaint.ok_or_else(|| StoreError::impossible("complaint_sections", "complaint_id", ""))?;
        let (discipline_zh, discipline_en) = self.discipline(tx, row.policy, &row.discipline).await?;
        let over_by = match row.over {
            Some((_, person)) => Some(self.names.person(tx, person).await?),
            None => None,
        };
        Ok(SectionBody {
            section_id: row.id,
            version: row.version,
            state: row.state,
            complaint_id: complaint.id,
            complaint_number: complaint.number,
            summary: complaint.intake.summary,
            region: complaint.intake.region,
            complaint_unit: complaint.intake.unit,
            discipline: row.discipline,
            discipline_zh,
            discipline_en,
            task: row.task,
            work: row.work,
            evidence: row.evidence,
            unit: row.unit,
            held_since_ms: row.held_since.unix_ms(),
            within: row.within,
            due_at_ms: row.due_at.unix_ms(),
            provisional: row.provisional,
            opened_at_ms: row.opened_at.unix_ms(),
            opened_by: self.names.person(tx, row.opened_by).await?,
            over_at_ms: row.over.map(|(at, _)| at.unix_ms()),
            over_by,
        })
    }

    /// The section with everything that was done about it.
    pub(super) async fn detail(
        &mut self,
        tx: &mut Tx,
        row: Section,
        now: Timestamp,
    ) -> Result<SectionDetail, StoreError> {
        let mut acts = Vec::new();
        for act in sql::acts(tx, row.id).await? {
            acts.push(self.act(tx, act).await?);
        }
        Ok(SectionDetail { late: row.is_late(now), section: self.body(tx, row).await?, acts })
    }

    async fn act(&mut self, tx: &mut Tx, act: SectionAct) -> Result<SectionActBody, StoreError> {
        Ok(SectionActBody {
            act: act.kind,
            words: act.words,
            unit: act.unit,
            due_at_ms: act.due_at.map(Timestamp::unix_ms),
            person: self.names.person(tx, act.person).await?,
            at_ms: act.at.unix_ms(),
        })
    }
}

//! Whether a visit can be finished: what its checklist still asks for, and which dangers nobody was told of.
//!
//! The same answer on the device that finishes and on the server that reviews. Nothing in here forbids
//! recording; it says what is open.

use crate::document::{Entry, GasTest, Hazard, HazardLevel, Scalar, VisitView};
use crate::gas::HazardItem;
use crate::ids::EntryId;
use crate::protocol::{CheckKind, ChecklistItem, ChecklistTemplate, ItemKind};
use serde::Serialize;

/// Code of the finding that says why a checklist item was left out; its text has the reason.
pub const SKIPPED: &str = "skipped";

/// How far an item of the checklist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// There is an answer, or the evidence it asks for.
    Done,
    /// Left out, with a reason on record.
    Skipped,
    /// Nothing yet.
    Open,
}

/// An item of the checklist and how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ItemStatus<'a> {
    /// The item.
    pub item: &'a ChecklistItem,
    /// How far it is.
    pub state: ItemState,
}

impl ItemStatus<'_> {
    /// Whether the visit cannot be finished because of it.
    pub fn blocks(&self) -> bool {
        self.state == ItemState::Open && self.item.required
    }
}

/// How far every item is, in the order of the checklist.
pub fn item_states<'a>(template: &'a ChecklistTemplate, view: &VisitView) -> Vec<ItemStatus<'a>> {
    template.items.iter().map(|item| ItemStatus { item, state: state_of(item, view) }).collect()
}

fn state_of(item: &ChecklistItem, view: &VisitView) -> ItemState {
    let answered = view.answers.get(&item.code).is_some_and(|answer| answer.shown != Scalar::Null);
    let evidence = match &item.kind {
        ItemKind::Photo { role } => {
            view.photos.values().any(|photo| photo.stands() && photo.content.role == *role)
        }
        ItemKind::MeterCheck { of } => is_checked(of, view),
        ItemKind::Reading => view.readings.values().any(crate::document::Entry::stands),
        ItemKind::YesNo | ItemKind::Choice { .. } | ItemKind::Number { .. } | ItemKind::Text => false,
    };
    let finding = |skipped: bool| {
        view.findings.values().any(|finding| {
            let content = &finding.content;
            let meant = content.item.as_deref() == Some(item.code.as_str());
            finding.stands() && meant && (content.code == SKIPPED) == skipped
        })
    };
    if answered || evidence || (item.kind == ItemKind::Text && finding(false)) {
        ItemState::Done
    } else if finding(true) {
        ItemState::Skipped
    } else {
        ItemState::Open
    }
}

/// Whether a check of one of these kinds stands; of any kind where none is named.
fn is_checked(of: &[CheckKind], view: &VisitView) -> bool {
    let belongs = |kind: Option<CheckKind>| of.is_empty() || kind.is_some_and(|kind| of.contains(&kind));
    let electricity = belongs(Some(CheckKind::Electricity)) && view.meter_checks.values().any(Entry::stands);
    let is_of = |test: &Entry<GasTest>| belongs(CheckKind::of_gas_test(&test.content.kind));
    electricity || view.gas_tests.values().any(|test| test.stands() && is_of(test))
}

/// Dangers of the highest level, or that the law names, of which no written notice is on record (Art. 9 of the criteria for major
/// hidden dangers of gas operation: found and not notified in writing is itself a major danger).
pub fn hazards_without_notice(view: &VisitView) -> Vec<EntryId> {
    let told = |id: &EntryId| {
        let mut notices = view.notices.values().filter(|notice| notice.stands());
        notices.any(|notice| notice.content.hazard.is_none_or(|hazard| hazard == *id))
    };
    let asks = |hazard: &Hazard| {
        HazardLevel::parse(&hazard.level) == HazardLevel::H1
            || HazardItem::find(&hazard.code).is_some_and(|item| item.notice)
    };
    view.hazards
        .iter()
        .filter(|(id, hazard)| hazard.stands() && asks(&hazard.content) && !told(id))
        .map(|(id, _)| *id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{
        ActorId16, Edit, EditAuthor, Finding, Hazard, MeterCheck, Notice, Photo, Role, VisitDocument,
    };
    use crate::ids::{BlobHash, PersonId, VisitId};
    use crate::time::Timestamp;
    use std::collections::BTreeMap;

    fn item(code: &str, kind: ItemKind) -> ChecklistItem {
        ChecklistItem {
            code: code.to_owned(),
            zh: code.to_owned(),
            en: code.to_owned(),
            kind,
            required: true,
        }
    }

    fn id(n: u8) -> EntryId {
        EntryId::from_bytes([n; 16])
    }

    fn after(compose: impl FnOnce(&mut Edit<'_>)) -> VisitView {
        let mut document = VisitDocument::birth(VisitId::from_bytes([1; 16]));
        let author = EditAuthor {
            actor: ActorId16::of_office(1, VisitId::from_bytes([1; 16])),
            person: PersonId::from_bytes([2; 16]),
            at: Timestamp::from_unix_ms(1_795_000_000_000),
            role: Role::Field,
        };
        let mut edit = document.edit(author);
        compose(&mut edit);
        edit.commit();
        document.view()
    }

    fn finding(code: &str, item: &str) -> Finding {
        Finding { code: code.to_owned(), text: "why".to_owned(), item: Some(item.to_owned()), severity: None }
    }

    #[test]
    fn an_item_is_done_by_an_answer_or_by_its_evidence_or_skipped_with_a_reason() {
        let photo = ItemKind::Photo { role: "seal".to_owned() };
        let items =
            vec![item("open", ItemKind::YesNo), item("photo", photo.clone()), item("said", ItemKind::Text)];
        let template =
            ChecklistTemplate { code: "c".into(), version: 1, zh: "c".into(), en: "c".into(), items };
        let states =
            |view: &VisitView| item_states(&template, view).iter().map(|s| s.state).collect::<Vec<_>>();
        use ItemState::{Done, Open, Skipped};
        assert_eq!(states(&after(|_| {})), [Open, Open, Open]);
        let view = after(|edit| {
            edit.answer("open", false).unwrap();
            edit.add_finding(id(1), &finding(SKIPPED, "photo")).unwrap();
            edit.add_finding(id(2), &finding("note", "said")).unwrap();
        });
        assert_eq!(states(&view), [Done, Skipped, Done]);
        let view = after(|edit| {
            edit.answer("open", true).unwrap();
            edit.clear_answer("open").unwrap();
            edit.add_finding(id(2), &finding("note", "photo")).unwrap();
            let seal = Photo {
                sha256: BlobHash::from_bytes([9; 32]),
                size: 1,
                media_type: "image/jpeg".into(),
                role: "seal".into(),
                caption: None,
                taken_at: None,
                lat: None,
                lon: None,
                accuracy: None,
                finding: None,
            };
            edit.add_photo(id(3), &seal).unwrap();
        });
        assert_eq!(states(&view), [Open, Done, Open]);
    }

    #[test]
    fn a_check_ticks_no_item_that_asks_for_another_kind() {
        use CheckKind::{Electricity, GasMeter, GasTightness};
        let (inputs, profile, meter_no) = (BTreeMap::new, None::<String>, None::<String>);
        let gas = |kind: &str| {
            let (profile, meter_no) = (profile.clone(), meter_no.clone());
            let test = GasTest { kind: kind.into(), inputs: inputs(), profile, meter_no };
            after(|edit| edit.add_gas_test(id(1), &test).unwrap())
        };
        let (method, class) = ("watt_second".to_owned(), None);
        let check = MeterCheck {
            method,
            inputs: inputs(),
            class,
            profile: profile.clone(),
            meter_no: meter_no.clone(),
        };
        let power = after(|edit| edit.add_meter_check(id(1), &check).unwrap());
        for (of, view, ticked) in [
            (vec![], &gas("leak_check"), true),
            (vec![], &power, true),
            (vec![Electricity], &power, true),
            (vec![Electricity], &gas("leak_check"), false),
            (vec![Electricity], &gas("meter_error"), false),
            (vec![Electricity, GasMeter], &gas("meter_error"), true),
            (vec![GasTightness], &gas("cn_pressure"), true),
            (vec![GasTightness], &gas("uk_tightness"), true),
            (vec![GasTightness], &gas("meter_error"), false),
            (vec![GasTightness], &power, false),
            (vec![GasTightness], &gas("of later times"), false),
        ] {
            let state = state_of(&item("check", ItemKind::MeterCheck { of: of.clone() }), view);
            assert_eq!(state == ItemState::Done, ticked, "{of:?}");
        }
    }

    #[test]
    fn an_urgent_danger_stays_open_until_somebody_was_told_in_writing() {
        let of_level =
            |level: &str, code: &str| Hazard { level: level.into(), code: code.into(), action: None };
        let hazard = |level: &str| of_level(level, "leak");
        let notice = |hazard| Notice {
            number: "N-1".into(),
            delivered: "handed_over".into(),
            kind: None,
            hazard,
            photo: None,
        };
        let view = after(|edit| {
            edit.add_hazard(id(1), &hazard("H1")).unwrap();
            edit.add_hazard(id(2), &of_level("H2", "no_item_of_the_list")).unwrap();
            edit.add_hazard(id(3), &hazard("H1")).unwrap();
            edit.add_notice(id(4), &notice(Some(id(1)))).unwrap();
        });
        assert_eq!(hazards_without_notice(&view), [id(3)]);
        let view = after(|edit| {
            edit.add_hazard(id(1), &hazard("H1")).unwrap();
            edit.add_notice(id(4), &notice(None)).unwrap();
        });
        assert!(hazards_without_notice(&view).is_empty());
    }
}

//! The story as data: people, complaints, visits, what was recorded on site, what was decided. No code knows its content.

use super::calendar::When;
use super::consumption::{Consumption, Use};
use super::pictures::Picture;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::gas::GasTestInput;
use sync_core::metering::MeterCheckInput;
use sync_core::restricted::Conduct;

/// Everything that is told.
pub(super) struct Story {
    pub(super) people: People,
    pub(super) checklists: Vec<Value>,
    pub(super) articles: Vec<Article>,
    pub(super) planned: Vec<Planned>,
    pub(super) complaints: Vec<Complaint>,
    pub(super) visits: Vec<Visit>,
    pub(super) field_work: Vec<FieldWork>,
    pub(super) decisions: Vec<Decision>,
    pub(super) consumption: Consumption,
}

/// Who takes part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    /// Of everybody who signs in at the office.
    pub(super) password: String,
    pub(super) office: Vec<Person>,
    pub(super) technicians: Vec<Technician>,
}

/// Somebody in the office.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) login_name: String,
    pub(super) display_name: String,
    pub(super) staff_number: String,
    pub(super) roles: Vec<String>,
}

/// Somebody on site, with the device of the past days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Technician {
    pub(super) login_name: String,
    pub(super) display_name: String,
    pub(super) staff_number: String,
    /// What the device is called.
    pub(super) device: String,
    /// How far its clock is off.
    pub(super) clock_ahead_s: i64,
}

/// An article of the knowledge base.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Article {
    /// Login name of who wrote it.
    pub(super) by: String,
    /// Login name of who approved it; none: a draft.
    #[serde(default)]
    pub(super) approved_by: Option<String>,
    /// The first day.
    pub(super) from_day: i32,
    /// The last one.
    #[serde(default)]
    pub(super) to_day: Option<i32>,
    /// Body of `POST /v1/articles`; its days are added.
    pub(super) form: Value,
    /// What superseded it.
    #[serde(default)]
    pub(super) next: Option<NextVersion>,
}

/// The second version of an article, approved by whoever approved the first one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NextVersion {
    /// The first day.
    pub(super) from_day: i32,
    /// What it says otherwise than the first one.
    pub(super) changes: serde_json::Map<String, Value>,
}

/// A planned event, and how far it came.
#[derive(Debug, Deserialize)]
pub(super) struct Planned {
    #[serde(flatten)]
    pub(super) when: When,
    /// Login name of who wrote it.
    pub(super) by: String,
    /// Not submitted so far.
    #[serde(default)]
    pub(super) is_draft: bool,
    /// Why it is submitted late; told only where public holidays make it so.
    #[serde(default)]
    pub(super) late_reason: String,
    /// Login name of who approved it; none: it waits.
    pub(super) approved_by: Option<String>,
    /// How customers were told.
    #[serde(default)]
    pub(super) announced: Option<String>,
    pub(super) begins: When,
    pub(super) ends: When,
    /// Body of `POST /v1/planned-events`; its times are added.
    pub(super) form: Value,
}

/// A complaint, and what the office did with it by itself.
#[derive(Debug, Deserialize)]
pub(super) struct Complaint {
    /// Its name in this story.
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) when: When,
    /// Login name of the clerk.
    pub(super) by: String,
    /// Body of `POST /v1/complaints`; the reading on record is added.
    pub(super) form: Value,
    #[serde(default)]
    pub(super) consumption: Option<Use>,
    #[serde(default)]
    pub(super) answer_within_days: Option<i32>,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

/// Something the office does with a complaint.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(flatten)]
    pub(super) when: When,
    /// Login name.
    pub(super) by: String,
    #[serde(flatten)]
    pub(super) act: OfficeAct,
}

/// A step after visits, which names its complaint.
#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    pub(super) complaint: String,
    #[serde(flatten)]
    pub(super) step: Step,
}

/// What the office does.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum OfficeAct {
    Accept,
    Answer {
        reason: String,
    },
    Close {
        reason: String,
    },
    Withdraw {
        reason: String,
    },
    Review {
        verdict: String,
        #[serde(default)]
        cause: Option<String>,
        responsibility: String,
        note: String,
        /// Names of entries of the visit; none: decided without a visit.
        #[serde(default)]
        evidence: Vec<String>,
    },
    /// Opens a section of a discipline.
    Section {
        discipline: String,
        task: String,
        unit: String,
    },
    /// Asks an expert at the desk.
    AskExpert {
        skill: String,
        question: String,
    },
    /// Answers the newest question about the complaint.
    AnswerExpert {
        answer: String,
    },
    /// Plans a corrective action.
    Correct {
        title: String,
        /// Login name.
        owner: String,
        /// Its last day, in days from today.
        until_day: i32,
    },
}

/// A work order with its one visit.
#[derive(Debug, Deserialize)]
pub(super) struct Visit {
    /// Of which complaint; also the name of the visit in this story.
    pub(super) complaint: String,
    #[serde(flatten)]
    pub(super) when: When,
    pub(super) by: String,
    pub(super) checklist: String,
    #[serde(default)]
    pub(super) instructions: Option<String>,
    pub(super) planned_day: i32,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) crew: Vec<String>,
}

/// Something that happens on a device.
#[derive(Debug, Deserialize)]
pub(super) struct FieldWork {
    /// Login name of its owner.
    pub(super) device: String,
    #[serde(flatten)]
    pub(super) when: When,
    #[serde(flatten)]
    pub(super) act: DeviceAct,
}

/// What a device does.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum DeviceAct {
    /// One save.
    Save {
        visit: String,
        /// The person the entries name, where it is another one than is signed in.
        #[serde(default, rename = "as")]
        written_as: Option<String>,
        acts: Vec<Act>,
    },
    /// A complaint met on site, with a visit of its own.
    OpenComplaint {
        key: String,
        provisional: String,
        form: FieldForm,
    },
    Grumble {
        text: String,
        category: String,
        place: String,
    },
    /// Seals what is said about the conduct of staff.
    Restrict {
        visit: String,
        conduct: Conduct,
        accused: String,
        report: String,
    },
    Exchange,
    /// Sends the bytes of photos: all, or of some visits so many per cent of each photo.
    Upload {
        #[serde(default)]
        percents: BTreeMap<String, BTreeMap<String, u8>>,
    },
}

/// What a technician types about a complaint met on site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldForm {
    pub(super) utility: String,
    pub(super) category: String,
    pub(super) summary: String,
    pub(super) address: String,
    pub(super) customer_name: String,
    pub(super) customer_phone: String,
}

/// One act within a save. `key` names an entry within its visit, for other acts to refer to.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Act {
    Start,
    Finish {
        outcome: String,
    },
    NoAccess {
        reason: String,
    },
    Answer {
        item: String,
        value: Value,
    },
    Finding {
        key: String,
        code: String,
        text: String,
        #[serde(default)]
        item: Option<String>,
        #[serde(default)]
        severity: Option<String>,
    },
    Reword {
        finding: String,
        text: String,
    },
    Reading {
        register: String,
        #[serde(default)]
        photo: Option<String>,
    },
    MeterCheck {
        profile: String,
        input: Box<MeterCheckInput>,
    },
    GasTest {
        input: GasTestInput,
    },
    Seal {
        position: String,
        state: String,
        #[serde(default)]
        number_found: Option<String>,
    },
    Photo {
        key: String,
        role: String,
        picture: Picture,
        #[serde(default)]
        caption: Option<String>,
    },
    Statement {
        key: String,
        from: String,
        text: String,
    },
    Signature {
        covers: String,
        #[serde(default)]
        refused_reason: Option<String>,
    },
    Promise {
        what: String,
        due_day: i32,
        due_at: String,
        /// Number and version of the article that it rests on.
        #[serde(default)]
        relied_on: Option<(String, u32)>,
    },
    /// Asks an expert.
    AskExpert {
        skill: String,
        question: String,
    },
    Hazard {
        key: String,
        level: String,
        code: String,
        action: String,
    },
    Notice {
        number: String,
        delivered: String,
        kind: String,
        hazard: String,
        photo: String,
    },
    Propose {
        values: BTreeMap<String, String>,
    },
    Cause {
        text: String,
    },
    Note {
        text: String,
    },
}

impl Story {
    /// The story that comes with the program.
    pub(super) fn embedded() -> Self {
        const TESTED: &str = "the embedded story is tested to parse";
        macro_rules! read {
            ($file:literal) => {
                serde_json::from_str(include_str!(concat!("data/", $file))).expect(TESTED)
            };
        }
        Self {
            people: read!("people.json"),
            checklists: read!("checklists.json"),
            articles: read!("articles.json"),
            planned: read!("planned_events.json"),
            complaints: read!("complaints.json"),
            visits: read!("visits.json"),
            field_work: read!("field_work.json"),
            decisions: read!("decisions.json"),
            consumption: read!("consumption.json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_in_the_story_is_somebody_or_something() {
        let story = Story::embedded();
        let office: BTreeSet<&str> =
            story.people.office.iter().map(|person| person.login_name.as_str()).collect();
        let field: BTreeSet<&str> =
            story.people.technicians.iter().map(|person| person.login_name.as_str()).collect();
        let complaints: BTreeSet<&str> =
            story.complaints.iter().map(|complaint| complaint.key.as_str()).collect();
        assert!(complaints.len() >= 38);
        for complaint in &story.complaints {
            assert!(office.contains(complaint.by.as_str()), "{}", complaint.key);
            assert!(
                complaint.steps.iter().all(|step| office.contains(step.by.as_str())),
                "{}",
                complaint.key
            );
        }
        let mut visits: BTreeSet<&str> = BTreeSet::new();
        for visit in &story.visits {
            assert!(complaints.contains(visit.complaint.as_str()), "{}", visit.complaint);
            assert!(visit.crew.iter().all(|person| field.contains(person.as_str())), "{}", visit.complaint);
            visits.insert(&visit.complaint);
        }
        for work in &story.field_work {
            assert!(field.contains(work.device.as_str()), "{}", work.device);
            match &work.act {
                DeviceAct::Save { visit, .. } => assert!(visits.contains(visit.as_str()), "{visit}"),
                DeviceAct::OpenComplaint { key, .. } => _ = visits.insert(key),
                _ => {}
            }
        }
    }
}

//! The office of the story: people sign in and act through the JSON API.

use super::SeedError;
use super::calendar::{Today, date_of};
use super::client::{Client, member};
use super::consumption::Register;
use super::field::Entries;
use super::story::{Article, Complaint, OfficeAct, Planned, Step, Story, Visit};
use crate::app::App;
use crate::people::{self, Grant, NewPerson, Role};
use axum::http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_core::ids::{
    ArticleId, ComplaintId, ExpertRequestId, PersonId, PlannedEventId, VisitId, WorkOrderId,
};
use sync_core::knowledge::ArticleRef;
use sync_core::restricted::SealingKey;
use sync_core::time::Timestamp;

/// While the story is told a session lasts a day: a sign-in costs a password hash. Opened anew well before.
const SESSION_MS: i64 = 20 * 3_600_000;

/// The meter of a site, as far as the story knows it.
#[derive(Debug, Clone)]
pub(super) struct SiteMeter {
    pub(super) number: String,
    pub(super) register: Register,
    pub(super) unit: &'static str,
}

/// Where a device works.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) visit: VisitId,
    pub(super) work_order: Option<WorkOrderId>,
    pub(super) complaint: Option<ComplaintId>,
    pub(super) meter: Option<SiteMeter>,
}

/// Everybody in the office and what they have made so far.
pub(super) struct Office<'a> {
    client: Client,
    app: &'a App,
    story: &'a Story,
    today: Today,
    sessions: BTreeMap<String, (String, Timestamp)>,
    people: BTreeMap<String, PersonId>,
    complaints: BTreeMap<String, ComplaintId>,
    sites: BTreeMap<String, Site>,
    articles: BTreeMap<String, ArticleId>,
}

impl<'a> Office<'a> {
    /// An office in which nobody works yet.
    pub(super) fn new(client: Client, app: &'a App, story: &'a Story, today: Today) -> Self {
        let (sessions, people, complaints, sites, articles) = Default::default();
        Self { client, app, story, today, sessions, people, complaints, sites, articles }
    }

    /// The site of a visit.
    pub(super) fn site(&self, visit: &str) -> Result<&Site, SeedError> {
        self.sites.get(visit).ok_or_else(|| SeedError::Story { what: format!("no visit {visit:?} yet") })
    }

    /// A visit that began in the field.
    pub(super) fn add_site(&mut self, key: &str, site: Site) {
        self.sites.insert(key.to_owned(), site);
    }

    /// The person with this login name.
    pub(super) fn person(&self, login_name: &str) -> Result<PersonId, SeedError> {
        let known = self.people.get(login_name).copied();
        known.ok_or_else(|| SeedError::Story { what: format!("nobody is called {login_name:?}") })
    }

    /// Makes the accounts: the administrator as on the server's terminal, everybody else through the API.
    pub(super) async fn hire(&mut self) -> Result<(), SeedError> {
        let story = self.story;
        let people = &story.people;
        let (first, others) = people
            .office
            .split_first()
            .ok_or_else(|| SeedError::Story { what: "nobody works here".into() })?;
        let id = self.hire_first(&first.login_name, &first.display_name, &first.staff_number).await?;
        self.people.insert(first.login_name.clone(), id);
        for person in others {
            let id =
                self.hire_one(&person.login_name, &person.display_name, &person.staff_number, &person.roles);
            let id = id.await?;
            let path = format!("/v1/people/{id}/password");
            self.call(&first.login_name, Method::PUT, &path, &json!({ "password": people.password })).await?;
            self.people.insert(person.login_name.clone(), id);
        }
        for person in &people.technicians {
            let roles = [Role::Technician.to_string()];
            let id =
                self.hire_one(&person.login_name, &person.display_name, &person.staff_number, &roles).await?;
            self.people.insert(person.login_name.clone(), id);
        }
        Ok(())
    }

    async fn hire_first(&self, login: &str, name: &str, staff_number: &str) -> Result<PersonId, SeedError> {
        let (app, now) = (self.app, self.app.clock.now());
        let new = NewPerson {
            login_name: login.to_owned(),
            display_name: name.to_owned(),
            staff_number: staff_number.to_owned(),
            roles: vec![Grant::everywhere(Role::Administrator)],
        };
        let hash = app.passwords.hash(self.story.people.password.clone(), app.entropy.bytes()).await;
        let hash = hash.ok_or_else(|| SeedError::Story { what: "the password cannot be hashed".into() })?;
        let mut tx = app.store.write().await?;
        let id = PersonId::from_entropy(now, app.entropy.bytes());
        people::create(&mut tx, id, &new, None, now).await?;
        people::set_password(&mut tx, id, &hash, None, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn hire_one(
        &mut self,
        login: &str,
        name: &str,
        staff_number: &str,
        roles: &[String],
    ) -> Result<PersonId, SeedError> {
        let grants: Result<Vec<Grant>, _> = roles.iter().map(|text| text.parse()).collect();
        let roles =
            grants.map_err(|_| SeedError::Story { what: format!("{login:?} has an unknown role") })?;
        let form = json!({
            "login_name": login, "display_name": name, "staff_number": staff_number, "roles": roles,
        });
        member(&self.call_as_admin(Method::POST, "/v1/people", &form).await?, "person_id")
    }

    /// Publishes the checklists that the utility uses beside the built-in ones.
    pub(super) async fn publish_checklists(&mut self, by: &str) -> Result<(), SeedError> {
        let story = self.story;
        for template in &story.checklists {
            let code = template["code"].as_str().unwrap_or_default();
            let path = format!("/v1/checklists/{code}/versions/{}", template["version"]);
            let form = json!({ "zh": template["zh"], "en": template["en"], "items": template["items"] });
            self.call(by, Method::PUT, &path, &form).await?;
        }
        Ok(())
    }

    /// What restricted findings are sealed to.
    pub(super) fn sealing_key(&self) -> SealingKey {
        self.app.keys.sealing_key()
    }

    /// Writes an article and has it approved.
    pub(super) async fn publish_article(&mut self, article: &Article) -> Result<(), SeedError> {
        let mut form = article.form.clone();
        form["content"]["valid_from"] = json!(self.today.date(article.from_day).to_string());
        if let Some(day) = article.to_day {
            form["content"]["valid_to"] = json!(self.today.date(day).to_string());
        }
        let answer = self.call(&article.by, Method::POST, "/v1/articles", &form).await?;
        if let Some(by) = &article.approved_by {
            let id: ArticleId = member(&answer, "article_id")?;
            let path = format!("/v1/articles/{id}/approvals");
            self.call(by, Method::POST, &path, &json!({ "article_version": 1 })).await?;
            self.articles.insert(member(&answer, "number")?, id);
            if let Some(next) = &article.next {
                let mut content = form["content"].clone();
                content["valid_from"] = json!(self.today.date(next.from_day).to_string());
                for (name, value) in &next.changes {
                    content[name] = value.clone();
                }
                self.call(&article.by, Method::PUT, &format!("/v1/articles/{id}/draft"), &content).await?;
                self.call(by, Method::POST, &path, &json!({ "article_version": 2 })).await?;
            }
        }
        Ok(())
    }

    /// Plans an event, and takes it as far as the story does.
    pub(super) async fn plan(&mut self, planned: &Planned) -> Result<(), SeedError> {
        let mut form = planned.form.clone();
        form["begins_at_ms"] = json!(self.today.moment(&planned.begins)?);
        form["ends_at_ms"] = json!(self.today.moment(&planned.ends)?);
        let answer = self.call(&planned.by, Method::POST, "/v1/planned-events", &form).await?;
        let id: PlannedEventId = member(&answer, "event_id")?;
        let path = format!("/v1/planned-events/{id}");
        if planned.is_draft {
            return Ok(());
        }
        let submitted = json!({ "late_reason": planned.late_reason });
        self.call(&planned.by, Method::POST, &format!("{path}/submission"), &submitted).await?;
        if let Some(by) = &planned.approved_by {
            let version = json!({ "event_version": 1 });
            self.call(by, Method::POST, &format!("{path}/approval"), &version).await?;
        }
        if let Some(how) = &planned.announced {
            let told = json!({ "how": how });
            self.call(&planned.by, Method::POST, &format!("{path}/announcement"), &told).await?;
        }
        Ok(())
    }

    /// A version of the article with this number.
    pub(super) fn article(&self, (number, version): &(String, u32)) -> Result<ArticleRef, SeedError> {
        let article = self.articles.get(number).copied();
        let article = article.ok_or_else(|| SeedError::Story { what: format!("no article {number:?}") })?;
        Ok(ArticleRef { article, version: *version })
    }

    /// Invites a device for a person and tells the code.
    pub(super) async fn invite(&mut self, person: PersonId, label: &str) -> Result<String, SeedError> {
        let form = json!({ "person_id": person, "label": label });
        member(&self.call_as_admin(Method::POST, "/v1/device-invitations", &form).await?, "code")
    }

    /// Writes a complaint down.
    pub(super) async fn open(&mut self, complaint: &Complaint) -> Result<(), SeedError> {
        let now = self.app.clock.now();
        let mut form = complaint.form.clone();
        form["requested_at_ms"] = json!(now.plus_ms(-7 * 60_000));
        if let Some(days) = complaint.answer_within_days {
            let due = self.today.clock(self.day_of(now) + days, "17:30")?;
            form["deadlines"] = json!({ "answer_due_at_ms": due });
        }
        if let Some(usage) = &complaint.consumption {
            let day = usage.last_read_day;
            let shown = self.shown(&complaint.key, self.today.date(day), Decimal::ZERO)?;
            form["meter"]["last_reading"] = json!(shown);
            form["meter"]["last_read_at_ms"] = json!(self.today.clock(day, "10:00")?);
        }
        let answer = self.call(&complaint.by, Method::POST, "/v1/complaints", &form).await?;
        self.complaints.insert(complaint.key.clone(), member(&answer, "complaint_id")?);
        Ok(())
    }

    fn day_of(&self, at: Timestamp) -> i32 {
        let days = date_of(at).since(self.today.date(0)).map(|span| span.get_days());
        days.unwrap_or_default()
    }

    /// What the register of a complaint's meter shows on a day.
    pub(super) fn shown(
        &self,
        key: &str,
        day: jiff::civil::Date,
        extra: Decimal,
    ) -> Result<String, SeedError> {
        let complaint = self.story.complaints.iter().find(|complaint| complaint.key == key);
        let known = complaint.and_then(|complaint| Some((complaint, complaint.consumption.as_ref()?)));
        let (complaint, usage) =
            known.ok_or_else(|| SeedError::Story { what: format!("{key:?} has no meter that counts") })?;
        let meter = meter_of(complaint);
        let register = meter.map(|meter| meter.register).unwrap_or(Register { digits: 6, decimals: 2 });
        let made_on = complaint.form["meter"]["made_on"].as_str().unwrap_or_default();
        let number = complaint.form["meter"]["number"].as_str().unwrap_or_default();
        self.story.consumption.shown(&usage.of_meter(number), register, made_on, day, extra)
    }

    /// Plans the one visit of a work order and sends its crew.
    pub(super) async fn dispatch(&mut self, visit: &Visit) -> Result<(), SeedError> {
        let key = &visit.complaint;
        let complaint = self.complaint(key)?;
        let mut order = json!({ "checklist": visit.checklist });
        if let Some(instructions) = &visit.instructions {
            order["instructions"] = json!(instructions);
        }
        let path = format!("/v1/complaints/{complaint}/work-orders");
        let answer = self.call(&visit.by, Method::POST, &path, &order).await?;
        let work_order: WorkOrderId = member(&answer, "work_order_id")?;
        let form = json!({
            "planned_on": self.today.date(visit.planned_day).to_string(),
            "appointment_from_ms": self.today.clock(visit.planned_day, &visit.from)?,
            "appointment_to_ms": self.today.clock(visit.planned_day, &visit.to)?,
        });
        let path = format!("/v1/work-orders/{work_order}/visits");
        let answer = self.call(&visit.by, Method::POST, &path, &form).await?;
        let id: VisitId = member(&answer, "visit_id")?;
        for login_name in &visit.crew {
            let path = format!("/v1/visits/{id}/assignments/{}", self.person(login_name)?);
            self.call(&visit.by, Method::PUT, &path, &json!({})).await?;
        }
        let form = self.story.complaints.iter().find(|complaint| complaint.key == *key);
        let meter = form.and_then(meter_of);
        let site = Site { visit: id, work_order: Some(work_order), complaint: Some(complaint), meter };
        self.sites.insert(key.clone(), site);
        Ok(())
    }

    /// Moves a complaint on.
    pub(super) async fn step(&mut self, key: &str, step: &Step, entries: &Entries) -> Result<(), SeedError> {
        let (what, form) = match &step.act {
            OfficeAct::Accept => ("acceptance", json!({})),
            OfficeAct::Answer { reason } => ("answer", json!({ "reason": reason })),
            OfficeAct::Close { reason } => ("closure", json!({ "reason": reason })),
            OfficeAct::Withdraw { reason } => ("withdrawal", json!({ "reason": reason })),
            OfficeAct::Section { discipline, task, unit } => {
                ("sections", json!({ "discipline": discipline, "task": task, "unit": unit }))
            }
            OfficeAct::AskExpert { skill, question } => {
                ("expert-requests", json!({ "skill": skill, "question": question }))
            }
            OfficeAct::AnswerExpert { answer } => return self.answer_expert(key, &step.by, answer).await,
            OfficeAct::Correct { title, owner, until_day } => {
                let due_on = self.today.date(*until_day).to_string();
                let form = json!({ "title": title, "owner": self.person(owner)?, "due_on": due_on });
                ("corrective-actions", form)
            }
            OfficeAct::Review { verdict, cause, responsibility, note, evidence } => {
                let evidence = self.evidence(key, evidence, entries)?;
                let mut form = json!({
                    "verdict": verdict, "responsibility": responsibility, "note": note,
                    "without_visit": evidence.is_empty(), "evidence": evidence,
                });
                if let Some(cause) = cause {
                    form["cause"] = json!(cause);
                }
                ("reviews", form)
            }
        };
        let path = format!("/v1/complaints/{}/{what}", self.complaint(key)?);
        self.call(&step.by, Method::POST, &path, &form).await.map(drop)
    }

    /// Answers the newest question to an expert about a complaint.
    async fn answer_expert(&mut self, key: &str, by: &str, answer: &str) -> Result<(), SeedError> {
        let path = format!("/v1/complaints/{}", self.complaint(key)?);
        let record = self.call(by, Method::GET, &path, &Value::Null).await?;
        let asked = record["expert_requests"].as_array().and_then(|asked| asked.last());
        let id: ExpertRequestId = member(asked.unwrap_or(&Value::Null), "request_id")?;
        let path = format!("/v1/expert-requests/{id}/answer");
        self.call(by, Method::POST, &path, &json!({ "answer": answer })).await.map(drop)
    }

    /// What a verdict rests on: entries of the visit, by their names.
    fn evidence(&self, key: &str, names: &[String], entries: &Entries) -> Result<Vec<Value>, SeedError> {
        let mut found = Vec::new();
        for name in names {
            let entry = entries.get(&(key.to_owned(), name.clone()));
            let entry = entry.ok_or_else(|| SeedError::Story { what: format!("{key} has no {name:?}") })?;
            found.push(json!({ "visit_id": self.site(key)?.visit, "entry_id": entry }));
        }
        Ok(found)
    }

    fn complaint(&self, key: &str) -> Result<ComplaintId, SeedError> {
        let known = self.complaints.get(key).copied();
        known.ok_or_else(|| SeedError::Story { what: format!("no complaint {key:?} yet") })
    }

    async fn call_as_admin(&mut self, method: Method, path: &str, form: &Value) -> Result<Value, SeedError> {
        let admin = self.story.people.office.first().map(|person| person.login_name.clone());
        self.call(&admin.unwrap_or_default(), method, path, form).await
    }

    /// A request of somebody who is signed in.
    async fn call(&mut self, by: &str, method: Method, path: &str, form: &Value) -> Result<Value, SeedError> {
        let now = self.app.clock.now();
        let token = match self.sessions.get(by) {
            Some((token, at)) if now.since_ms(*at) < SESSION_MS => token.clone(),
            _ => self.sign_in(by).await?,
        };
        let answer = self.client.json(method, path, Some(&token), form).await?;
        self.sessions.insert(by.to_owned(), (token, now));
        Ok(answer)
    }

    async fn sign_in(&self, by: &str) -> Result<String, SeedError> {
        let form = json!({ "login_name": by, "password": self.story.people.password });
        member(&self.client.json(Method::POST, "/v1/sessions", None, &form).await?, "token")
    }
}

fn meter_of(complaint: &Complaint) -> Option<SiteMeter> {
    let meter = complaint.form.get("meter")?;
    let count = |name: &str| meter[name].as_u64().and_then(|count| u8::try_from(count).ok());
    let unit = if complaint.form["utility"] == "gas" { "m3" } else { "kWh" };
    Some(SiteMeter {
        number: meter["number"].as_str()?.to_owned(),
        register: Register { digits: count("digits")?, decimals: count("decimals")? },
        unit,
    })
}

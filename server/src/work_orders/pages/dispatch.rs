//! Sending people to one complaint: work orders, visits, who goes, who is taken off, what is called off.

use crate::app::App;
use crate::checklists;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::model::{Complaint, Priority};
use crate::complaints::scope::OFFICE;
use crate::complaints::{Names, office_moment, office_time, reachable};
use crate::devices;
use crate::pages::{
    PageRoutes, Policy, Posted, Shell, Viewer, Words, changed_meanwhile, page, see_other, unprocessable,
};
use crate::people;
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::store::{StoreError, Tx};
use crate::work_orders::api::{DISPATCHERS, reachable_order, reachable_visit};
use crate::work_orders::dispatch::{self, NewOrder, NewVisit};
use crate::work_orders::model::{OrderKind, VisitAct, VisitPlan, VisitState, WorkOrder, next_visit_state};
use crate::work_orders::sending::usual_kind;
use crate::work_orders::sql;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use sync_core::date::CivilDate;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;

/// Devices that are looked at for when technicians were last in contact.
const DEVICES_MAX: u32 = 500;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let senders = Policy::Roles(DISPATCHERS);
    routes
        .page("/complaints/{id}/dispatch", Policy::Roles(OFFICE), get(show).post(send))
        .page("/complaints/{id}/dispatch/visits", senders, post(plan))
        .page("/complaints/{id}/dispatch/crew", senders, post(add_crew))
        .page("/complaints/{id}/dispatch/removal", senders, post(take_off))
        .page("/complaints/{id}/dispatch/cancellation", senders, post(call_off))
}

/// A technician who can be sent, with their devices.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) staff_number: String,
    /// Label and last contact of each device that has access; no contact yet: empty.
    pub(super) devices: Vec<(String, String)>,
    pub(super) chosen: bool,
}

/// Somebody on a visit.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) id: PersonId,
    pub(super) name: String,
    /// When they took it.
    pub(super) accepted: Option<String>,
}

/// A visit with who goes there.
#[derive(Debug, Clone)]
pub(super) struct VisitRow {
    pub(super) id: VisitId,
    pub(super) state: VisitState,
    pub(super) planned_on: String,
    pub(super) window: String,
    pub(super) crew: Vec<Member>,
    /// Whether people can still be sent.
    pub(super) takes_people: bool,
    /// Whether it can be called off.
    pub(super) can_be_cancelled: bool,
}

impl VisitRow {
    /// Whether the people who are sent may still take it.
    fn is_awaited(&self) -> bool {
        matches!(self.state, VisitState::Planned | VisitState::Rework)
    }
}

/// A work order with its visits; none for visits born in the field.
#[derive(Debug, Clone)]
pub(super) struct OrderRow {
    pub(super) order: Option<WorkOrder>,
    pub(super) visits: Vec<VisitRow>,
}

/// Sending people to one complaint.
#[derive(Template)]
#[template(path = "work_orders/dispatch.html")]
pub(super) struct DispatchPage {
    pub(super) shell: Shell,
    pub(super) id: ComplaintId,
    pub(super) number: String,
    pub(super) summary: String,
    pub(super) address: String,
    pub(super) orders: Vec<OrderRow>,
    pub(super) technicians: Vec<Candidate>,
    /// Code and title.
    pub(super) checklists: Vec<(String, String)>,
    pub(super) form: SendForm,
    /// Whether the reader may send people, and the complaint takes them.
    pub(super) may_send: bool,
    /// Whether name or phone of the customer is not known.
    pub(super) no_contact: bool,
    pub(super) failure: Option<String>,
}

impl DispatchPage {
    pub(super) fn kinds(&self) -> &'static [OrderKind] {
        OrderKind::ALL
    }

    pub(super) fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
}

/// A new work order with its first visit, or a further visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SendForm {
    /// The work order of a further visit.
    pub(super) order: String,
    /// The visit that people join or leave.
    pub(super) visit: String,
    pub(super) kind: String,
    pub(super) checklist: String,
    pub(super) instructions: String,
    pub(super) priority: String,
    pub(super) planned_on: String,
    /// Appointment, `HH:MM`.
    pub(super) from: String,
    pub(super) to: String,
    /// Who goes.
    pub(super) person: Vec<String>,
    pub(super) reason: String,
    /// Why somebody is sent although nobody can be reached.
    pub(super) override_reason: String,
}

impl SendForm {
    fn visit(&self, id: VisitId) -> Result<NewVisit, Problem> {
        let day = self.planned_on.trim();
        if day.parse::<CivilDate>().is_err() {
            return Err(Problem::invalid_field("/planned_on", "a day, YYYY-MM-DD"));
        }
        let moment = |time: &str| -> Option<Timestamp> {
            office_moment(format!("{day}T{}", time.trim()).parse().ok()?)
        };
        let appointment = match (self.from.trim().is_empty(), self.to.trim().is_empty()) {
            (true, true) => None,
            _ => {
                let ends = moment(&self.from).zip(moment(&self.to)).filter(|(from, to)| from < to);
                Some(ends.ok_or_else(|| Problem::invalid_field("/to", "an end after the beginning"))?)
            }
        };
        Ok(NewVisit { id, planned_on: day.to_owned(), appointment })
    }

    fn order(&self, id: WorkOrderId) -> Result<NewOrder, Problem> {
        let instructions = Some(clean(&self.instructions)).filter(|text| !text.is_empty());
        let instructions = instructions.map(|text| checked_reason("/instructions", &text)).transpose();
        let overridden = Some(clean(&self.override_reason)).filter(|text| !text.is_empty());
        let override_reason = overridden.map(|text| checked_reason("/override_reason", &text)).transpose();
        Ok(NewOrder {
            id,
            kind: self.kind.parse().unwrap_or(OrderKind::Investigation),
            checklist: Some(self.checklist.clone()).filter(|code| !code.is_empty()),
            instructions: instructions.map_err(ComplaintError::Invalid)?,
            priority: self.priority.parse().ok(),
            due_at: None,
            override_reason: override_reason.map_err(ComplaintError::Invalid)?,
        })
    }

    fn people(&self) -> Result<Vec<PersonId>, Problem> {
        let people: Result<Vec<PersonId>, _> = self.person.iter().map(|id| id.parse()).collect();
        people.map_err(|_| Problem::new(&problem::PERSON_NOT_SENDABLE))
    }

    fn visit_id(&self) -> Result<VisitId, Problem> {
        self.visit.parse().map_err(|_| Problem::new(&problem::VISIT_UNKNOWN))
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let form = SendForm {
        kind: usual_kind(complaint.state).to_string(),
        checklist: checklists::usual_for(complaint.intake.utility).to_owned(),
        priority: complaint.intake.priority.to_string(),
        planned_on: office_time(app.clock.now()).date().to_string(),
        ..SendForm::default()
    };
    Ok(page(&build(&mut tx, &viewer, complaint, form, None).await?))
}

/// A new work order, its first visit, and everybody who goes there: all or nothing.
async fn send(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (now, office) = (app.clock.now(), &viewer.office);
    let actor = Actor::office(office.person_id, now);
    let done = async {
        let order = form.order(WorkOrderId::from_entropy(now, app.entropy.bytes()))?;
        let visit = form.visit(VisitId::from_entropy(now, app.entropy.bytes()))?;
        let people = form.people()?;
        let mut tx = app.store.write().await?;
        reachable(&mut tx, office, DISPATCHERS, id).await?;
        let complaint = find_open_to_acts(&mut tx, id).await?;
        let order = dispatch::create_order(&mut tx, &complaint, order, actor).await?;
        let visit = dispatch::plan_visit(&mut tx, &order, visit, actor).await?;
        assign_all(&mut tx, &visit, &people, actor).await?;
        Ok(tx.commit().await?)
    };
    let done = done.await;
    answer(&app, &viewer, id, form, done, "visit-planned").await
}

/// A further visit of a work order.
async fn plan(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let now = app.clock.now();
    let actor = Actor::office(viewer.office.person_id, now);
    let done = async {
        let order = form.order.parse().map_err(|_| Problem::new(&problem::WORK_ORDER_UNKNOWN))?;
        let visit = form.visit(VisitId::from_entropy(now, app.entropy.bytes()))?;
        let people = form.people()?;
        let mut tx = app.store.write().await?;
        let order = reachable_order(&mut tx, &viewer.office, DISPATCHERS, order).await?;
        let visit = dispatch::plan_visit(&mut tx, &order, visit, actor).await?;
        assign_all(&mut tx, &visit, &people, actor).await?;
        Ok(tx.commit().await?)
    };
    let done = done.await;
    answer(&app, &viewer, id, form, done, "visit-planned").await
}

/// Further people for a visit.
async fn add_crew(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let actor = Actor::office(viewer.office.person_id, app.clock.now());
    let done = async {
        let people = form.people()?;
        let mut tx = app.store.write().await?;
        let visit = reachable_visit(&mut tx, &viewer.office, DISPATCHERS, form.visit_id()?).await?;
        assign_all(&mut tx, &visit, &people, actor).await?;
        Ok(tx.commit().await?)
    };
    let done = done.await;
    answer(&app, &viewer, id, form, done, "people-sent").await
}

/// Somebody is taken off a visit.
async fn take_off(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let actor = Actor::office(viewer.office.person_id, app.clock.now());
    let done = async {
        let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
        let people = form.people()?;
        let mut tx = app.store.write().await?;
        let visit = reachable_visit(&mut tx, &viewer.office, DISPATCHERS, form.visit_id()?).await?;
        for person in people {
            dispatch::unassign(&mut tx, &visit, person, &reason, actor).await?;
        }
        Ok(tx.commit().await?)
    };
    let done = done.await;
    answer(&app, &viewer, id, form, done, "person-taken-off").await
}

/// A visit is called off.
async fn call_off(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let actor = Actor::office(viewer.office.person_id, app.clock.now());
    let done = async {
        let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
        let mut tx = app.store.write().await?;
        let visit = reachable_visit(&mut tx, &viewer.office, DISPATCHERS, form.visit_id()?).await?;
        if visit.state == VisitState::Cancelled {
            return Err(Problem::new(&problem::PRECONDITION_FAILED));
        }
        dispatch::cancel_visit(&mut tx, &visit, &reason, actor).await?;
        Ok(tx.commit().await?)
    };
    let done = done.await;
    answer(&app, &viewer, id, form, done, "visit-called-off").await
}

async fn assign_all(tx: &mut Tx, visit: &VisitPlan, people: &[PersonId], by: Actor) -> Result<(), Problem> {
    for person in people {
        // An assignment changes the work order, not the visit: the plan that was read stays true.
        dispatch::assign(tx, visit, *person, by).await?;
    }
    Ok(())
}

async fn answer(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    form: SendForm,
    done: Result<(), Problem>,
    said: &str,
) -> Result<Response, Problem> {
    let problem = match done {
        Ok(()) => return Ok(see_other(&format!("/complaints/{id}/dispatch"), Some(said))),
        Err(problem) if problem.kind().code == problem::ROLE_MISSING.code => return Err(problem),
        Err(problem) if problem.status().is_client_error() => problem,
        Err(problem) => return Err(problem),
    };
    let (title, detail) = problem.words(viewer.w().language);
    let overtaken = problem.kind().code == problem::PRECONDITION_FAILED.code;
    let why = match problem.kind().code {
        _ if overtaken => viewer.w().a("dispatch-called-off-already", &form.reason),
        code if code == problem::BODY_INVALID.code => viewer.w().t("dispatch-wrong"),
        code if code == problem::CONTACT_MISSING.code => viewer.w().t("dispatch-no-contact-failure"),
        _ => format!("{title} {detail}"),
    };
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let shown = build(&mut tx, viewer, complaint, form, Some(why)).await?;
    Ok(if overtaken { changed_meanwhile(&shown) } else { unprocessable(&shown) })
}

async fn build(
    tx: &mut Tx,
    viewer: &Viewer,
    complaint: Complaint,
    form: SendForm,
    failure: Option<String>,
) -> Result<DispatchPage, Problem> {
    let w = viewer.w();
    let checklists = checklists::list(tx).await?.into_iter();
    let title = |zh: String, en: String| if w.tag() == "en" { en } else { zh };
    let act = crate::complaints::model::Act::Assign;
    let takes_people =
        complaint.merged_into.is_none() && crate::complaints::model::next_state(complaint.state, act).is_ok();
    Ok(DispatchPage {
        shell: viewer.shell.clone(),
        id: complaint.id,
        orders: orders(tx, w, complaint.id).await?,
        technicians: technicians(tx, w, &form.person).await?,
        checklists: checklists.map(|list| (list.code, title(list.zh, list.en))).collect(),
        form,
        no_contact: !complaint.intake.is_reachable(),
        may_send: takes_people
            && viewer.shell.reaches(DISPATCHERS, &complaint.intake.unit, &complaint.intake.region),
        failure,
        number: complaint.number,
        summary: complaint.intake.summary,
        address: complaint.intake.address,
    })
}

async fn orders(tx: &mut Tx, w: Words, id: ComplaintId) -> Result<Vec<OrderRow>, StoreError> {
    let mut names = Names::default();
    let mut visits: BTreeMap<Option<WorkOrderId>, Vec<VisitRow>> = BTreeMap::new();
    for visit in sql::visits_of(tx, id).await? {
        let order = visit.work_order;
        let row = visit_row(tx, &mut names, w, visit).await?;
        visits.entry(order).or_default().push(row);
    }
    let mut rows = Vec::new();
    for order in sql::orders_of(tx, id).await? {
        let visits = visits.remove(&Some(order.id)).unwrap_or_default();
        rows.push(OrderRow { order: Some(order), visits });
    }
    rows.extend(visits.into_values().map(|visits| OrderRow { order: None, visits }));
    rows.reverse();
    Ok(rows)
}

async fn visit_row(
    tx: &mut Tx,
    names: &mut Names,
    w: Words,
    visit: VisitPlan,
) -> Result<VisitRow, StoreError> {
    let mut crew = Vec::new();
    for row in sql::assignments_of(tx, visit.id).await?.into_iter().filter(|row| row.ended_at.is_none()) {
        let name = names.person(tx, row.person).await?.name.unwrap_or_default();
        crew.push(Member { id: row.person, name, accepted: row.accepted_at.map(|at| w.time(at)) });
    }
    let minute = |at: Timestamp| office_time(at).strftime("%H:%M").to_string();
    let window = visit.appointment.map(|(from, to)| format!("{}–{}", minute(from), minute(to)));
    Ok(VisitRow {
        id: visit.id,
        state: visit.state,
        planned_on: visit.planned_on,
        window: window.unwrap_or_default(),
        crew,
        takes_people: !matches!(visit.state, VisitState::Approved | VisitState::Cancelled),
        can_be_cancelled: visit.state != VisitState::Cancelled
            && next_visit_state(visit.state, VisitAct::Cancel).is_ok(),
    })
}

/// Everybody who can be sent, with when their devices were last in contact.
async fn technicians(tx: &mut Tx, w: Words, chosen: &[String]) -> Result<Vec<Candidate>, StoreError> {
    let mut devices: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for status in devices::list(tx, 0, DEVICES_MAX).await? {
        if status.device.revoked.is_none() {
            let seen = status.last_contact.map(|(at, _)| w.time(at)).unwrap_or_default();
            let of_person = devices.entry(status.device.person_id.to_string()).or_default();
            of_person.push((status.device.label, seen));
        }
    }
    let people = people::technicians(tx).await?.into_iter();
    Ok(people
        .map(|person| Candidate {
            devices: devices.remove(&person.person_id).unwrap_or_default(),
            chosen: chosen.contains(&person.person_id),
            id: person.person_id,
            name: person.display_name,
            staff_number: person.staff_number,
        })
        .collect())
}

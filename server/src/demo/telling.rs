//! Tells the story: every event at its own time, from the oldest to the newest, on a clock that is moved by hand.

use super::SeedError;
use super::calendar::Today;
use super::client::Client;
use super::device::Device;
use super::field::{Entries, Save};
use super::office::{Office, Site};
use super::story::{Complaint, DeviceAct, FieldForm, FieldWork, Planned, Step, Story, Visit};
use super::upload;
use crate::app::{self, App};
use crate::clock::Clock;
use std::collections::BTreeMap;
use sync_core::protocol::{NewComplaint, Request};
use sync_core::restricted::RestrictedFinding;
use sync_core::time::Timestamp;

/// Accounts and devices are made this long before the first event.
const PREPARATION_MS: i64 = 2 * 3_600_000;

/// Something that happens.
enum Event<'a> {
    Planned(&'a Planned),
    Complaint(&'a Complaint),
    Step(&'a str, &'a Step),
    Visit(&'a Visit),
    Field(&'a FieldWork),
}

/// The whole story in the order of its times.
struct Timeline<'a>(Vec<(Timestamp, Event<'a>)>);

impl<'a> Timeline<'a> {
    fn of(story: &'a Story, today: Today) -> Result<Self, SeedError> {
        let mut events = Vec::new();
        for complaint in &story.complaints {
            events.push((today.moment(&complaint.when)?, Event::Complaint(complaint)));
            for step in &complaint.steps {
                events.push((today.moment(&step.when)?, Event::Step(&complaint.key, step)));
            }
        }
        for planned in &story.planned {
            events.push((today.moment(&planned.when)?, Event::Planned(planned)));
        }
        for visit in &story.visits {
            events.push((today.moment(&visit.when)?, Event::Visit(visit)));
        }
        for work in &story.field_work {
            events.push((today.moment(&work.when)?, Event::Field(work)));
        }
        for decision in &story.decisions {
            events
                .push((today.moment(&decision.step.when)?, Event::Step(&decision.complaint, &decision.step)));
        }
        // Stable: what has the same time stays in the order of the files.
        events.sort_by_key(|(at, _)| *at);
        Ok(Self(events))
    }

    fn begin(&self, today: Today) -> Result<Timestamp, SeedError> {
        match self.0.first() {
            Some((at, _)) => Ok(at.plus_ms(-PREPARATION_MS)),
            None => today.clock(-1, "08:00"),
        }
    }
}

/// When the first event of the story begins, for a clock that starts there.
pub(super) fn beginning(story: &Story, today: Today) -> Result<Timestamp, SeedError> {
    Timeline::of(story, today)?.begin(today)
}

/// Tells the story to a new server whose clock stands at [`beginning`].
pub(super) async fn tell(app: &App, story: &Story, today: Today) -> Result<(), SeedError> {
    let timeline = Timeline::of(story, today)?;
    let client = Client::new(app::router(app.clone()));
    let mut office = Office::new(client.clone(), app, story, today);
    office.hire().await?;
    let lead = story.people.office.iter().find(|person| person.roles.iter().any(|role| role == "lead"));
    let lead = lead.ok_or_else(|| SeedError::Story { what: "nobody leads".into() })?;
    office.publish_checklists(&lead.login_name).await?;
    for article in &story.articles {
        office.publish_article(article).await?;
    }
    let mut devices = BTreeMap::new();
    for technician in &story.people.technicians {
        let person = office.person(&technician.login_name)?;
        let code = office.invite(person, &technician.device).await?;
        let enrolled = Device::enrol(&client, app, &code, &technician.device, technician.clock_ahead_s);
        devices.insert(technician.login_name.as_str(), enrolled.await?);
    }
    let mut teller = Teller { client, today, office, devices, entries: Entries::new() };
    for (at, event) in &timeline.0 {
        move_to(&app.clock, *at);
        let happened = match event {
            Event::Planned(planned) => teller.office.plan(planned).await,
            Event::Complaint(complaint) => teller.office.open(complaint).await,
            Event::Step(complaint, step) => teller.office.step(complaint, step, &teller.entries).await,
            Event::Visit(visit) => teller.office.dispatch(visit).await,
            Event::Field(work) => teller.field(work, *at).await,
        };
        happened.map_err(|source| SeedError::Event { at: *at, source: Box::new(source) })?;
    }
    Ok(())
}

fn move_to(clock: &Clock, at: Timestamp) {
    clock.advance_ms(at.since_ms(clock.now()));
}

struct Teller<'a> {
    client: Client,
    today: Today,
    office: Office<'a>,
    devices: BTreeMap<&'a str, Device>,
    entries: Entries,
}

impl Teller<'_> {
    async fn field(&mut self, work: &FieldWork, now: Timestamp) -> Result<(), SeedError> {
        let device = self.devices.get_mut(work.device.as_str());
        let device =
            device.ok_or_else(|| SeedError::Story { what: format!("{:?} has no device", work.device) })?;
        match &work.act {
            DeviceAct::Exchange => device.exchange(&self.client, now).await,
            DeviceAct::Upload { percents } => upload::send(&self.client, device, percents).await,
            DeviceAct::Grumble { text, category, place } => {
                let (text, category, place) = (text.clone(), Some(category.clone()), Some(place.clone()));
                device.command(now, None, &Request::Grumble { text, category, place })
            }
            DeviceAct::Restrict { visit, conduct, accused, report } => {
                let site = self.office.site(visit)?;
                let finding = |complaint| RestrictedFinding {
                    conduct: conduct.as_str().to_owned(),
                    complaint,
                    visit: Some(site.visit),
                    accused: Some(accused.clone()),
                    report: report.clone(),
                };
                let what = || format!("{visit:?} has no complaint");
                let complaint = site.complaint.ok_or_else(|| SeedError::Story { what: what() })?;
                device.seal_restricted(now, &finding(complaint), &self.office.sealing_key())
            }
            DeviceAct::OpenComplaint { key, provisional, form } => {
                let site = open_complaint(device, now, provisional, form)?;
                self.office.add_site(key, site);
                Ok(())
            }
            DeviceAct::Save { visit, written_as, acts } => {
                let site = self.office.site(visit)?;
                let written_as = match written_as {
                    Some(login_name) => self.office.person(login_name)?,
                    None => device.person(),
                };
                let (office, today) = (&self.office, self.today);
                let save = Save { visit_key: visit, acts, now, today, site, office, written_as };
                save.record(device, &mut self.entries)
            }
        }
    }
}

/// A complaint met on site: its visit begins at once, under a number that the customer can keep.
fn open_complaint(
    device: &mut Device,
    now: Timestamp,
    provisional: &str,
    form: &FieldForm,
) -> Result<Site, SeedError> {
    let (complaint, visit) = device.mint(now);
    let site = Site { visit, work_order: None, complaint: Some(complaint), meter: None };
    device.begin(now, &site)?;
    let request = Request::OpenComplaint(NewComplaint {
        complaint,
        visit: Some(visit),
        provisional_number: provisional.replace("{device}", &device.mark()),
        utility: form.utility.clone(),
        category: form.category.clone(),
        summary: form.summary.clone(),
        address: form.address.clone(),
        customer_name: Some(form.customer_name.clone()),
        customer_phone: Some(form.customer_phone.clone()),
        meter_no: None,
        confidential: None,
    });
    device.command(now, Some(visit), &request)?;
    Ok(site)
}

//! `field complaint new` and `field grumble`: what customers bring up on the way.

use super::choice::{Choice, of_table, pick};
use super::standing;
use super::visit::{progress, step};
use super::{Outcome, site};
use crate::cli::help::argument_name;
use crate::cli::{ComplaintCommand, ComplaintNewArgs, GrumbleArgs, Utility};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{NUMBERS, Start, Store};
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::protocol::{
    ADDRESS_CHARS_MAX, AssignmentCard, CardCustomer, CardMeter, ChecklistTemplate, NewComplaint, Request,
    SUMMARY_CHARS_MAX, WORD_CHARS_MAX,
};

/// Runs a subcommand of `field complaint`.
pub(crate) async fn run(ctx: &mut Ctx, command: ComplaintCommand) -> Outcome {
    match command {
        ComplaintCommand::New(args) => new(ctx, &args).await,
    }
}

async fn new(ctx: &mut Ctx, args: &ComplaintNewArgs) -> Outcome {
    let store = ctx.store().await?;
    let complaint = compose(ctx, &store, args).await?;
    let number = complaint.provisional_number.clone();
    standing::warn(ctx, &store, None).await?;
    if complaint.visit.is_none() {
        let command = store.record_command(None, &Request::OpenComplaint(complaint.clone())).await?;
        ctx.out.done(&say!(ctx.words, "complaint-reported", number = number.clone()));
        ctx.out.event(
            "complaint",
            json!({ "number": number, "complaint": complaint.complaint, "command": command }),
        );
        return Ok(Exit::Ok);
    }
    let visit = complaint.visit.unwrap_or_else(|| VisitId::from_entropy(ctx.now(), ctx.machine.bytes()));
    let card = card(ctx, &store, args, &complaint, visit).await?;
    let start = Start { work_order: None, complaint: Some(complaint.complaint), card: Some(card) };
    let recorded = store
        .record_born(visit, start, |act| {
            step(act, &progress("started"))?;
            act.command(&Request::OpenComplaint(complaint.clone()));
            act.set_current(Some(visit));
            Ok::<_, Failure>(())
        })
        .await?;
    ctx.out.done(&say!(ctx.words, "complaint-opened", number = number.clone()));
    ctx.out.note(&say!(ctx.words, "complaint-number-hint"));
    ctx.out.event(
        "complaint",
        json!({
            "number": number, "complaint": complaint.complaint, "visit": visit, "at_ms": recorded.at,
        }),
    );
    let site = site::load(&store, visit).await?;
    let open = site
        .items(&recorded.view)
        .iter()
        .find(|status| status.blocks())
        .map(|open| site::fill_command(&ctx.words, open.item, &site));
    let command = open.unwrap_or_else(|| "field finding add --text \"…\"".to_owned());
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
    Ok(Exit::Ok)
}

async fn compose(ctx: &Ctx, store: &Store, args: &ComplaintNewArgs) -> Result<NewComplaint, Failure> {
    let summary = ctx.need(args.summary.as_deref(), "<SUMMARY>", &say!(ctx.words, "ask-summary"))?;
    within(ctx, &summary, "<SUMMARY>", SUMMARY_CHARS_MAX)?;
    let address = ctx.need(args.address.as_deref(), "--address", &say!(ctx.words, "ask-address"))?;
    within(ctx, &address, "--address", ADDRESS_CHARS_MAX)?;
    for (argument, typed) in
        [("--customer", &args.customer), ("--phone", &args.phone), ("--meter", &args.meter)]
    {
        within(ctx, typed.as_deref().unwrap_or_default(), argument, WORD_CHARS_MAX)?;
    }
    let utility = utility(ctx, args.utility)?;
    let prefix = format!("{}.", utility.code());
    let mut categories = of_table(&ctx.words, CodeTable::Categories);
    categories.retain(|choice| choice.code.starts_with(&prefix));
    let category = match args.category.as_deref() {
        // `METER` is enough once the utility is known.
        Some(typed) if !typed.contains('.') => {
            let full = format!("{prefix}{typed}");
            let known = categories.iter().any(|choice| choice.code.eq_ignore_ascii_case(&full));
            let typed = if known { full } else { typed.to_owned() };
            pick(ctx, Some(&typed), "--category", "", categories)?
        }
        typed => pick(ctx, typed, "--category", &say!(ctx.words, "ask-category"), categories)?,
    };
    let (now, machine) = (ctx.now(), &ctx.machine);
    Ok(NewComplaint {
        complaint: ComplaintId::from_entropy(now, machine.bytes()),
        visit: (!args.no_visit).then(|| VisitId::from_entropy(now, machine.bytes())),
        provisional_number: provisional_number(store).await?,
        utility: utility.code().to_owned(),
        category: category.code,
        summary,
        address,
        customer_name: args.customer.clone(),
        customer_phone: args.phone.clone(),
        meter_no: args.meter.clone(),
        confidential: args.confidential.then_some(true),
    })
}

/// Refuses what the office could not take.
pub(super) fn within(ctx: &Ctx, text: &str, argument: &str, max: usize) -> Result<(), Failure> {
    let found = text.chars().count();
    if found <= max {
        return Ok(());
    }
    let argument = argument_name(&ctx.words, argument);
    Err(Failure::usage(
        "too-long",
        say!(ctx.words, "text-too-long", argument = argument, found = found, max = max),
    ))
}

fn utility(ctx: &Ctx, typed: Option<Utility>) -> Result<Utility, Failure> {
    if let Some(utility) = typed {
        return Ok(utility);
    }
    let all = [Utility::Power, Utility::Gas, Utility::Telecom, Utility::Water];
    let options: Vec<Choice> = all
        .iter()
        .map(|utility| Choice::named(utility.code(), ctx.words.code("utility", utility.code())))
        .collect();
    let choice = ctx.choose("--utility", &say!(ctx.words, "ask-utility"), options)?;
    Ok(all.into_iter().find(|utility| utility.code() == choice.code).unwrap_or(Utility::Power))
}

/// `P-3F9A2C-1`: the end of the device's id and a count, so that no two devices give the same number.
/// A number is used up even when the complaint is not recorded after all.
async fn provisional_number(store: &Store) -> Result<String, Failure> {
    let next = store.next_count(NUMBERS).await?;
    let device = store.identity().await?.device.to_string().to_uppercase();
    Ok(format!("P-{}-{next}", &device[device.len() - 6..]))
}

/// What the device shows until the server sends its own card.
async fn card(
    ctx: &Ctx,
    store: &Store,
    args: &ComplaintNewArgs,
    complaint: &NewComplaint,
    visit: VisitId,
) -> Result<AssignmentCard, Failure> {
    let person = store.identity().await?.person;
    Ok(AssignmentCard {
        visit,
        work_order: None,
        complaint: complaint.complaint,
        number: complaint.provisional_number.clone(),
        aliases: Vec::new(),
        utility: complaint.utility.clone(),
        region: String::new(),
        category: complaint.category.clone(),
        summary: complaint.summary.clone(),
        address: complaint.address.clone(),
        customer: CardCustomer {
            number: None,
            name: complaint.customer_name.clone(),
            phone: complaint.customer_phone.clone(),
        },
        confidential: args.confidential,
        meter: complaint.meter_no.clone().map(|number| CardMeter { number, ..CardMeter::default() }),
        checklist: checklist(ctx, store, args, &complaint.utility).await?,
        planned_on: render::day(ctx.now(), &ctx.zone).to_string(),
        appointment_from: None,
        appointment_to: None,
        due_at: None,
        priority: "normal".to_owned(),
        state: "accepted".to_owned(),
        position: None,
        crew: vec![person],
        expert_requests: Vec::new(),
    })
}

/// The checklist that was named, or the only one whose code begins like the utility.
async fn checklist(
    ctx: &Ctx,
    store: &Store,
    args: &ComplaintNewArgs,
    utility: &str,
) -> Result<String, Failure> {
    let items = store.pack_items("checklist/").await?;
    let lists: Vec<ChecklistTemplate> =
        items.iter().filter_map(|item| serde_json::from_str(&item.json).ok()).collect();
    if let Some(typed) = args.checklist.as_deref() {
        let options =
            lists.iter().map(|list| Choice::new(&ctx.words, &list.code, &list.zh, &list.en)).collect();
        return Ok(pick(ctx, Some(typed), "--checklist", "", options)?.code);
    }
    let mut fitting = lists.iter().filter(|list| list.code.starts_with(utility));
    match (fitting.next(), fitting.next()) {
        (Some(list), None) => Ok(list.code.clone()),
        _ => Ok(String::new()),
    }
}

/// `field grumble`.
pub(crate) async fn grumble(ctx: &mut Ctx, args: &GrumbleArgs) -> Outcome {
    let store = ctx.store().await?;
    let text = ctx.need(Some(&args.text), "<TEXT>", &say!(ctx.words, "ask-grumble"))?;
    within(ctx, &text, "<TEXT>", SUMMARY_CHARS_MAX)?;
    let category = match args.category.as_deref() {
        Some(typed) => {
            Some(pick(ctx, Some(typed), "--category", "", of_table(&ctx.words, CodeTable::Categories))?.code)
        }
        None => None,
    };
    let request = Request::Grumble { text, category, place: args.place.clone() };
    standing::warn(ctx, &store, None).await?;
    let command = store.record_command(None, &request).await?;
    ctx.out.done(&say!(ctx.words, "grumble-saved"));
    ctx.out.event("saved", json!({ "command": command }));
    Ok(Exit::Ok)
}

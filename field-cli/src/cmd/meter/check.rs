//! `field meter check`: error, limit and verdict as soon as the figures are typed.
//!
//! What is recorded are the figures; everything shown here is computed from them, now and later.

use super::meter_no;
use super::verdict::{line, show};
use crate::cli::{
    CheckCommon, ErrorsArgs, MeterCheckCommand, PowerArgs, PulseArgs, ReferenceArgs, Utility, WattArgs,
};
use crate::cmd::site::{Site, entry_as, numbered, saved};
use crate::cmd::visit::civil_day;
use crate::cmd::{Outcome, number, site, utility};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use serde_json::json;
use sync_core::date::CivilDate;
use sync_core::document::{MeterCheck, VisitView};
use sync_core::ids::EntryId;
use sync_core::metering::{
    AccuracyClass, Energy, LimitProfile, Load, LoadCharacter, MeterCheckInput, MeterCheckResult, Method,
    Ratio, ReferenceInstrument, Timing, Transformers, evaluate, evaluate_runs, nameplate_currents,
};
use sync_core::number::Entered;
use sync_core::recorded::{self, RecordedError};

/// The profile by which a check on site is judged when nothing else is said: what a meter over its
/// class on site leads to.
const PROFILE: &str = "CN_DLT448_REPLACE";

/// Runs a subcommand of `field meter check`.
pub(crate) async fn run(ctx: &mut Ctx, command: &MeterCheckCommand) -> Outcome {
    let common = match command {
        MeterCheckCommand::Watt(args) => &args.common,
        MeterCheckCommand::Reference(args) => &args.common,
        MeterCheckCommand::Pulse(args) => &args.common,
        MeterCheckCommand::Power(args) => &args.common,
        MeterCheckCommand::Errors(args) => &args.common,
    };
    let common = common.clone();
    let store = ctx.store().await?;
    let mut site = site::recording(ctx, &store, common.on.visit.as_deref()).await?;
    utility::agree(ctx, &mut site, Utility::Power, common.confirm_utility)?;
    let meter = meter_no(ctx, &site, common.meter.as_deref());
    if meter.as_deref() != site.meter_no() {
        // Class, constant and rating on record are those of another meter.
        site.forget_meter();
    }
    let method = match command {
        MeterCheckCommand::Watt(args) => watt(ctx, &site, args)?,
        MeterCheckCommand::Reference(args) => reference(ctx, args)?,
        MeterCheckCommand::Pulse(args) => pulse(ctx, &site, args)?,
        MeterCheckCommand::Power(args) => power(ctx, args)?,
        MeterCheckCommand::Errors(args) => errors(ctx, args)?,
    };
    let day = civil_day(ctx.now(), &ctx.zone);
    let profile = profile(ctx, common.profile.as_deref(), day)?;
    let input = MeterCheckInput {
        class: class(ctx, &site, &common)?,
        energy: if common.reactive { Energy::Reactive } else { Energy::Active },
        method,
        load: load(ctx, &site, &common)?,
        reference: instrument(ctx, &common, day)?,
    };
    let corrects = match common.corrects.as_deref() {
        Some(typed) => Some(find(&ctx.words, &store.document(site.visit).await?.view(), typed)?),
        None => None,
    };
    let result = evaluate(&input, profile).map_err(|error| number::check(&ctx.words, &error))?;
    let check = recorded::meter_check(&input, Some(&profile.code), meter.as_deref()).map_err(|error| {
        Failure::usage("too-many-figures", say!(ctx.words, "edit-failed", error = error.to_string()))
    })?;
    show(ctx, &input, &result);
    let done = store
        .record(site.visit, |act| {
            let id = act.new_entry();
            match corrects {
                Some(old) => act.edit().correct(old, id, &check)?,
                None => act.edit().add_meter_check(id, &check)?,
            }
            Ok::<_, Failure>(id)
        })
        .await?;
    mean(ctx, &done.view, (&check, &input), profile);
    let number =
        numbered(&done.view.meter_checks).iter().find(|(_, id, _)| *id == done.value).map(|row| row.0);
    let name = number.map(label).unwrap_or_default();
    saved(
        ctx,
        &site,
        &done,
        &say!(ctx.words, "check-saved", check = name.clone()),
        json!({ "check": done.value, "number": number, "result": result }),
    );
    if result.is_implausible() {
        let command = site.on_it(format!("field meter withdraw {name} --reason …"));
        ctx.out.next(&say!(ctx.words, "next-step", command = command));
    }
    Ok(Exit::Ok)
}

fn constant(ctx: &Ctx, site: &Site, typed: Option<&str>) -> Result<Entered, Failure> {
    let on_record = site.card.as_ref().and_then(|card| card.meter.as_ref()?.constant);
    match (typed, on_record) {
        (None, Some(constant)) => Ok(Entered::from_value(constant.into())),
        (typed, _) => number::ask(ctx, "constant", typed, "--constant"),
    }
}

fn watt(ctx: &Ctx, site: &Site, args: &WattArgs) -> Result<Method, Failure> {
    let ratio = |typed: &Option<String>, argument| {
        typed.as_deref().map(|text| ratio(ctx, text, argument)).transpose()
    };
    let (ct, pt) = (ratio(&args.ct, "--ct")?, ratio(&args.pt, "--pt")?);
    // Behind transformers the power is that of the primary side.
    let power = if ct.is_some() || pt.is_some() { "primary-watts" } else { "watts" };
    Ok(Method::WattSecond {
        constant: constant(ctx, site, args.constant.as_deref())?,
        pulses: number::ask(ctx, "pulses", args.pulses.as_deref(), "--pulses")?,
        seconds: number::ask(ctx, "seconds", args.seconds.as_deref(), "--seconds")?,
        watts: number::ask(ctx, power, args.watts.as_deref(), "--watts")?,
        transformers: (ct.is_some() || pt.is_some()).then_some(Transformers { ct, pt }),
        timing: if args.timed { Timing::Instrument } else { Timing::Stopwatch },
    })
}

fn reference(ctx: &Ctx, args: &ReferenceArgs) -> Result<Method, Failure> {
    let reference_kwh = number::ask(ctx, "reference-kwh", args.reference.as_deref(), "--reference")?;
    match (&args.start, &args.stop) {
        (Some(start), Some(stop)) => Ok(Method::RegisterRun {
            start_kwh: number::read(&ctx.words, "--start", start)?,
            stop_kwh: number::read(&ctx.words, "--stop", stop)?,
            reference_kwh,
        }),
        _ => {
            let tested_kwh = number::ask(ctx, "tested-kwh", args.tested.as_deref(), "--tested")?;
            Ok(Method::ReferenceEnergy { tested_kwh, reference_kwh })
        }
    }
}

fn pulse(ctx: &Ctx, site: &Site, args: &PulseArgs) -> Result<Method, Failure> {
    if args.seconds.is_some() || args.watts.is_some() {
        let (constant, pulses) = (args.constant.clone(), args.pulses.clone());
        let (seconds, watts) = (args.seconds.clone(), args.watts.clone());
        return watt(ctx, site, &WattArgs { constant, pulses, seconds, watts, ..WattArgs::default() });
    }
    Ok(Method::PulseComparison {
        reference_constant: number::ask(
            ctx,
            "reference-constant",
            args.reference_constant.as_deref(),
            "--reference-constant",
        )?,
        tested_constant: constant(ctx, site, args.constant.as_deref())?,
        tested_pulses: number::ask(ctx, "pulses", args.pulses.as_deref(), "--pulses")?,
        reference_pulses: number::ask(
            ctx,
            "reference-pulses",
            args.reference_pulses.as_deref(),
            "--reference-pulses",
        )?,
    })
}

fn power(ctx: &Ctx, args: &PowerArgs) -> Result<Method, Failure> {
    Ok(Method::PowerComparison {
        meter_watts: number::ask(ctx, "meter-watts", args.shown.as_deref(), "--shown")?,
        reference_watts: number::ask(ctx, "reference-watts", args.reference.as_deref(), "--reference")?,
    })
}

fn errors(ctx: &Ctx, args: &ErrorsArgs) -> Result<Method, Failure> {
    let read = |text: &String| number::read(&ctx.words, "<PERCENT>", text.trim_end_matches(['%', '％']));
    Ok(Method::Readings { errors_percent: args.errors.iter().map(read).collect::<Result<_, _>>()? })
}

fn ratio(ctx: &Ctx, text: &str, argument: &str) -> Result<Ratio, Failure> {
    let Some((primary, secondary)) = text.split_once(['/', '／', ':']) else {
        return Err(Failure::usage(
            "wrong-value",
            say!(ctx.words, "usage-wrong-value", value = text, argument = argument),
        )
        .hint(say!(ctx.words, "ratio-hint")));
    };
    Ok(Ratio {
        primary: number::read(&ctx.words, argument, primary)?,
        secondary: number::read(&ctx.words, argument, secondary)?,
    })
}

fn class(ctx: &Ctx, site: &Site, common: &CheckCommon) -> Result<AccuracyClass, Failure> {
    let on_record = site.card.as_ref().and_then(|card| card.meter.as_ref()?.class.as_deref());
    let question = ctx.words.code("label", "class");
    let known = common.class.as_deref().or(on_record);
    loop {
        let text = ctx.need(known, "--class", &question)?;
        match read_class(ctx, &text, "--class") {
            Err(failure) if known.is_none() && ctx.interactive => ctx.tell_slip(failure),
            class => return class,
        }
    }
}

fn read_class(ctx: &Ctx, text: &str, argument: &str) -> Result<AccuracyClass, Failure> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = AccuracyClass::all().map(AccuracyClass::code).collect();
        Failure::usage(
            "class-unknown",
            say!(ctx.words, "usage-wrong-value", value = text, argument = argument),
        )
        .hint(say!(ctx.words, "usage-valid-values", values = known.join(", ")))
    })
}

fn profile(ctx: &Ctx, typed: Option<&str>, day: CivilDate) -> Result<&'static LimitProfile, Failure> {
    let code = typed.unwrap_or(PROFILE);
    let upper = code.trim().to_uppercase().replace('-', "_");
    LimitProfile::find(&upper, day).ok_or_else(|| {
        let known: Vec<&str> = LimitProfile::embedded().iter().map(|profile| profile.code.as_str()).collect();
        let what = say!(ctx.words, "usage-wrong-value", value = code, argument = "--profile");
        Failure::usage("profile-unknown", what).hint(say!(
            ctx.words,
            "usage-valid-values",
            values = known.join(", ")
        ))
    })
}

/// The load, when current and power factor were measured; currents of the nameplate from the record.
fn load(ctx: &Ctx, site: &Site, common: &CheckCommon) -> Result<Option<Load>, Failure> {
    let (Some(current), Some(factor)) = (&common.current, &common.power_factor) else {
        return match (&common.current, &common.power_factor) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(lacks(ctx, "--power-factor")),
            (_, Some(_)) => Err(lacks(ctx, "--current")),
        };
    };
    let on_record = site.card.as_ref().and_then(|card| card.meter.as_ref()?.rating.clone());
    let rating = common.rating.clone().or(on_record).ok_or_else(|| lacks(ctx, "--rating"))?;
    let currents = rating.rsplit(['V', 'v']).next().unwrap_or(&rating);
    let (basic_a, max_a) =
        nameplate_currents(currents).map_err(|error| number::failure(&ctx.words, "--rating", &error))?;
    let (figure, character) = match factor.trim().to_uppercase() {
        text if text.ends_with('L') => {
            (text.trim_end_matches('L').to_owned(), Some(LoadCharacter::Inductive))
        }
        text if text.ends_with('C') => {
            (text.trim_end_matches('C').to_owned(), Some(LoadCharacter::Capacitive))
        }
        text => (text, None),
    };
    Ok(Some(Load {
        current_a: number::read(&ctx.words, "--current", current)?,
        basic_a,
        max_a: Some(max_a),
        power_factor: number::read(&ctx.words, "--power-factor", &figure)?,
        character,
    }))
}

fn lacks(ctx: &Ctx, argument: &str) -> Failure {
    Failure::usage("missing-value", say!(ctx.words, "usage-missing", arguments = argument))
}

fn instrument(
    ctx: &Ctx,
    common: &CheckCommon,
    day: CivilDate,
) -> Result<Option<ReferenceInstrument>, Failure> {
    let Some(number) = &common.instrument else { return Ok(None) };
    let class = common
        .instrument_class
        .as_deref()
        .map(|text| read_class(ctx, text, "--instrument-class"))
        .transpose()?;
    let valid_to = common.instrument_valid_to.as_deref().map(|text| {
        text.parse().map_err(|_| {
            let what = say!(ctx.words, "usage-wrong-value", value = text, argument = "--instrument-valid-to");
            Failure::usage("wrong-value", what).hint(say!(ctx.words, "date-hint"))
        })
    });
    Ok(Some(ReferenceInstrument {
        number: number.clone(),
        class,
        valid_to: valid_to.transpose()?,
        checked_on: Some(day),
    }))
}

/// Shows the mean of all standing runs that measured the same on the same meter, once there are two.
fn mean(
    ctx: &mut Ctx,
    view: &VisitView,
    (check, input): (&MeterCheck, &MeterCheckInput),
    profile: &LimitProfile,
) {
    let runs: Vec<MeterCheckInput> = view
        .meter_checks
        .values()
        .filter(|entry| entry.stands())
        .map(|entry| &entry.content)
        .filter(|other| other.meter_no == check.meter_no && other.profile == check.profile)
        .filter_map(|other| recorded::meter_check_input(other).ok())
        .filter(|other| other.is_in_series_with(input))
        .collect();
    if let Ok(mean) = evaluate_runs(&runs, profile) {
        let spread = mean.worked.spread_percent.unwrap_or_default().round_dp(2).to_string();
        let line = line(&ctx.words, &mean);
        ctx.out.data(&format!(
            "  {}",
            say!(ctx.words, "check-mean", runs = runs.len(), line = line, spread = spread)
        ));
    }
}

/// The check with a label as listed, or with the end of an id.
pub(super) fn find(words: &Words, view: &VisitView, typed: &str) -> Result<EntryId, Failure> {
    let number = typed.trim().trim_start_matches(['c', 'C']);
    entry_as(words, &view.meter_checks, number, typed.trim())
}

/// How a check is called in lists and in `--corrects`: readings have the plain numbers.
pub(crate) fn label(number: usize) -> String {
    format!("c{number}")
}

/// What follows from a recorded check.
pub(crate) fn result_of(check: &MeterCheck, day: CivilDate) -> Result<MeterCheckResult, RecordedError> {
    recorded::evaluate_meter_check(check, PROFILE, day)
}

/// A recorded check in one line.
pub(crate) fn result_line(words: &Words, check: &MeterCheck, day: CivilDate) -> String {
    let method = words.code("method", &check.method);
    match result_of(check, day) {
        Ok(result) => say!(words, "result-line", method = method, line = line(words, &result)),
        Err(_) => say!(words, "check-unreadable", method = method),
    }
}

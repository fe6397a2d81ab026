//! `field gas`: leak, pressure and meter tests, judged as soon as they are typed.
//!
//! What is recorded are the figures; everything shown here is computed from them, now and later.

use super::choice::{Choice, pick};
use super::meter::meter_no;
use super::site::{Site, saved};
use super::visit::civil_day;
use super::{Outcome, number, site, utility};
use crate::cli::{GasCommand, GasLeakArgs, GasPressureArgs, GasTightnessArgs, GasVolumeArgs, Utility};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::store::Store;
use serde_json::json;
use sync_core::date::CivilDate;
use sync_core::document::GasTest;
use sync_core::gas::{
    CnPressureTest, GasFigures, GasKind, GasMeterPoint, GasMeterTest, GasReason, GasTestError, GasTestInput,
    GasTestResult, GasVerdict, Gauge, JointCheck, LeakCheck, LeakMethod, PipeRun, PressureRun, UkTightness,
    evaluate,
};
use sync_core::number::Entered;
use sync_core::recorded;

/// The profile by which a gas meter is judged when nothing else is said.
const PROFILE: &str = "CN_GAS_IN_SERVICE";

/// Runs a subcommand of `field gas`.
pub(crate) async fn run(ctx: &mut Ctx, command: GasCommand) -> Outcome {
    let (common, meter) = match &command {
        GasCommand::Leak(args) => (&args.common, args.meter.as_deref()),
        GasCommand::Pressure(args) => (&args.common, None),
        GasCommand::Tightness(args) => (&args.common, args.meter.as_deref()),
        GasCommand::Volume(args) => (&args.common, args.meter.as_deref()),
    };
    let store = ctx.store().await?;
    let mut site = site::recording(ctx, &store, common.on.visit.as_deref()).await?;
    utility::agree(ctx, &mut site, Utility::Gas, common.confirm_utility)?;
    let input = match &command {
        GasCommand::Leak(args) => leak(ctx, args)?,
        GasCommand::Pressure(args) => pressure(ctx, args)?,
        GasCommand::Tightness(args) => tightness(ctx, args)?,
        GasCommand::Volume(args) => volume(ctx, args)?,
    };
    record(ctx, &store, &site, &input, meter).await
}

async fn record(
    ctx: &mut Ctx,
    store: &Store,
    site: &Site,
    input: &GasTestInput,
    meter: Option<&str>,
) -> Outcome {
    let day = civil_day(ctx.now(), &ctx.zone);
    let result = evaluate(input, day).map_err(|error| failure(&ctx.words, &error))?;
    let meter = meter_no(ctx, site, meter);
    let test = recorded::gas_test(input, meter.as_deref()).map_err(|error| {
        Failure::usage("too-many-figures", say!(ctx.words, "edit-failed", error = error.to_string()))
    })?;
    show(ctx, &result);
    let done = store
        .record(site.visit, |act| {
            let id = act.new_entry();
            act.edit().add_gas_test(id, &test)?;
            Ok::<_, Failure>(id)
        })
        .await?;
    saved(ctx, site, &done, "", json!({ "gas_test": done.value, "result": result }));
    if let Some(level) = result.hazard {
        let command = site.on_it(format!("field hazard add leak --level {}", level.code()));
        ctx.out.next(&say!(ctx.words, "next-step", command = command));
    }
    Ok(Exit::Ok)
}

fn optional(ctx: &Ctx, typed: Option<&str>, argument: &str) -> Result<Option<Entered>, Failure> {
    typed.map(|text| number::read(&ctx.words, argument, text)).transpose()
}

/// `place=ok` or `place=leak` for every joint.
fn leak(ctx: &Ctx, args: &GasLeakArgs) -> Result<GasTestInput, Failure> {
    let mut joints = Vec::new();
    for text in &args.joint {
        let (place, found) = text.split_once(['=', '＝']).unwrap_or((text, ""));
        let leaks = match sync_core::search::fold(found).as_str() {
            "ok" | "no" | "tight" | "无" | "不漏" | "正常" => false,
            "leak" | "leaks" | "yes" | "bubbles" | "漏" | "漏气" | "冒泡" => true,
            _ => {
                let what = say!(ctx.words, "usage-wrong-value", value = text.clone(), argument = "--joint");
                return Err(Failure::usage("wrong-value", what).hint(say!(ctx.words, "joint-hint")));
            }
        };
        joints.push(JointCheck { place: place.trim().to_owned(), leaks });
    }
    match (joints.is_empty(), ctx.interactive) {
        (false, _) => {}
        (true, true) => joints = asked_joints(ctx)?,
        (true, false) => {
            let what = say!(ctx.words, "usage-missing", arguments = "--joint");
            return Err(Failure::usage("missing-value", what).hint(say!(ctx.words, "joint-hint")));
        }
    }
    let options = vec![
        Choice::named("soap", ctx.words.code("leak-method", "soap")),
        Choice::named("detector", ctx.words.code("leak-method", "detector")),
    ];
    let method = pick(ctx, Some(args.method.as_deref().unwrap_or("soap")), "--method", "", options)?;
    let method = if method.code == "soap" { LeakMethod::Soap } else { LeakMethod::Detector };
    Ok(GasTestInput::LeakCheck(LeakCheck { method, joints }))
}

/// One joint after the other, until no other follows.
fn asked_joints(ctx: &Ctx) -> Result<Vec<JointCheck>, Failure> {
    let mut joints = Vec::new();
    loop {
        let place = ctx.need(None, "--joint", &ctx.words.code("label", "joint"))?;
        let found = [("ok", say!(ctx.words, "joint-ok")), ("leak", say!(ctx.words, "joint-leaks"))];
        let found = found.map(|(code, name)| Choice::named(code, name));
        let found = ctx.choose("--joint", &ctx.words.code("label", "joint-found"), found.to_vec())?;
        joints.push(JointCheck { place, leaks: found.code == "leak" });
        if !ctx.confirm(&say!(ctx.words, "another-joint"))? {
            return Ok(joints);
        }
    }
}

fn pressure(ctx: &Ctx, args: &GasPressureArgs) -> Result<GasTestInput, Failure> {
    Ok(GasTestInput::CnPressure(CnPressureTest {
        start_kpa: number::ask(ctx, "start-kpa", args.start.as_deref(), "--start")?,
        end_kpa: number::ask(ctx, "end-kpa", args.stop.as_deref(), "--stop")?,
        minutes: number::ask(ctx, "minutes", args.minutes.as_deref(), "--minutes")?,
    }))
}

fn tightness(ctx: &Ctx, args: &GasTightnessArgs) -> Result<GasTestInput, Failure> {
    let run = |typed: &Option<String>, argument: &str| {
        typed.as_deref().map(|text| pressure_run(ctx, text, argument)).transpose()
    };
    let pipes: Result<Vec<PipeRun>, Failure> = args
        .pipe
        .iter()
        .map(|text| {
            let (diameter, length) =
                text.split_once(['x', 'X', '×', '*']).ok_or_else(|| wrong(ctx, text, "--pipe"))?;
            Ok(PipeRun {
                diameter_mm: number::read(&ctx.words, "--pipe", diameter)?,
                length_m: number::read(&ctx.words, "--pipe", length)?,
            })
        })
        .collect();
    let test = match run(&args.run, "--run")? {
        Some(run) => run,
        None => asked_run(ctx)?,
    };
    let mut installation_m3 = optional(ctx, args.volume.as_deref(), "--volume")?;
    if installation_m3.is_none() && args.pipe.is_empty() && ctx.interactive {
        installation_m3 = Some(number::ask(ctx, "installation-m3", None, "--volume")?);
    }
    Ok(GasTestInput::UkTightness(Box::new(UkTightness {
        gas: if args.lpg { GasKind::Lpg } else { GasKind::Natural },
        gauge: if args.water_gauge { Gauge::Water } else { Gauge::Electronic },
        pipes: pipes?,
        installation_m3,
        meter_m3: optional(ctx, args.meter_volume.as_deref(), "--meter-volume")?,
        let_by: run(&args.let_by, "--let-by")?,
        run: test,
        appliances_connected: args.appliances,
        pipework_run: run(&args.pipework_run, "--pipework-run")?,
    })))
}

/// The figures of a run one by one.
fn asked_run(ctx: &Ctx) -> Result<PressureRun, Failure> {
    if !ctx.interactive {
        let what = say!(ctx.words, "usage-missing", arguments = "--run");
        return Err(Failure::usage("missing-value", what).hint(say!(ctx.words, "pressure-run-hint")));
    }
    Ok(PressureRun {
        start_mbar: number::ask(ctx, "start-mbar", None, "--run")?,
        end_mbar: number::ask(ctx, "end-mbar", None, "--run")?,
        minutes: number::ask(ctx, "minutes", None, "--run")?,
    })
}

/// `20/19.5/2`: mbar at the start, at the end, minutes.
fn pressure_run(ctx: &Ctx, text: &str, argument: &str) -> Result<PressureRun, Failure> {
    let parts: Vec<&str> = text.split(['/', '／']).collect();
    let [start, end, minutes] = parts.as_slice() else { return Err(wrong(ctx, text, argument)) };
    Ok(PressureRun {
        start_mbar: number::read(&ctx.words, argument, start)?,
        end_mbar: number::read(&ctx.words, argument, end)?,
        minutes: number::read(&ctx.words, argument, minutes)?,
    })
}

fn volume(ctx: &Ctx, args: &GasVolumeArgs) -> Result<GasTestInput, Failure> {
    let mut points: Vec<GasMeterPoint> = args
        .point
        .iter()
        .map(|text| {
            let parts: Vec<&str> = text.split(['/', '／']).collect();
            let (meter, reference, seconds) = match parts.as_slice() {
                [meter, reference] => (meter, reference, None),
                [meter, reference, seconds] => (meter, reference, Some(*seconds)),
                _ => return Err(wrong(ctx, text, "--point")),
            };
            Ok(GasMeterPoint {
                meter_m3: number::read(&ctx.words, "--point", meter)?,
                reference_m3: number::read(&ctx.words, "--point", reference)?,
                seconds: optional(ctx, seconds, "--point")?,
            })
        })
        .collect::<Result<_, Failure>>()?;
    if points.is_empty() && ctx.interactive {
        points = asked_points(ctx)?;
    }
    Ok(GasTestInput::MeterError(GasMeterTest {
        profile: args.profile.clone().unwrap_or_else(|| PROFILE.to_owned()),
        class: number::ask(ctx, "class", args.class.as_deref(), "--class")?,
        q_min_m3h: optional(ctx, args.q_min.as_deref(), "--q-min")?,
        q_max_m3h: optional(ctx, args.q_max.as_deref(), "--q-max")?,
        q_t_m3h: optional(ctx, args.q_t.as_deref(), "--q-t")?,
        points,
    }))
}

/// One draw after the other, until no other follows.
fn asked_points(ctx: &Ctx) -> Result<Vec<GasMeterPoint>, Failure> {
    let mut points = Vec::new();
    loop {
        points.push(GasMeterPoint {
            meter_m3: number::ask(ctx, "meter-m3", None, "--point")?,
            reference_m3: number::ask(ctx, "reference-m3", None, "--point")?,
            seconds: Some(number::ask(ctx, "seconds", None, "--point")?),
        });
        if !ctx.confirm(&say!(ctx.words, "another-point"))? {
            return Ok(points);
        }
    }
}

fn wrong(ctx: &Ctx, text: &str, argument: &str) -> Failure {
    let what = say!(ctx.words, "usage-wrong-value", value = text, argument = argument);
    Failure::usage("wrong-value", what).hint(say!(ctx.words, "pressure-run-hint"))
}

fn failure(words: &Words, error: &GasTestError) -> Failure {
    match error {
        GasTestError::Quantity(error) => number::quantity(words, error),
        GasTestError::VolumeMissing => Failure::usage("volume-missing", say!(words, "gas-volume-missing")),
        GasTestError::NothingMeasured => {
            Failure::usage("nothing-measured", say!(words, "gas-nothing-measured"))
        }
        GasTestError::ProfileNotInForce { code, .. } => {
            let what = say!(words, "usage-wrong-value", value = code.clone(), argument = "--profile");
            Failure::usage("profile-unknown", what)
        }
    }
}

/// Shows what follows from the figures.
fn show(ctx: &mut Ctx, result: &GasTestResult) {
    for line in figures(&ctx.words, &result.figures) {
        ctx.out.data(&format!("  {line}"));
    }
    let verdict = verdict(&ctx.words, result.verdict);
    let name = ctx.words.lang.pick(&result.profile_name.zh, &result.profile_name.en).to_owned();
    ctx.out.data(&format!("  {verdict} · {name}"));
    for reason in &result.reasons {
        ctx.out.warn("gas", &reason_text(&ctx.words, reason));
    }
}

fn figures(words: &Words, figures: &GasFigures) -> Vec<String> {
    let mut lines: Vec<String> = figures
        .points
        .iter()
        .map(|point| {
            let limit = point.limit_percent.map_or_else(|| "–".to_owned(), |limit| format!("±{limit} %"));
            let flow = point.flow_m3h.map_or_else(|| "–".to_owned(), |flow| flow.to_string());
            let error = format!("{:+}", point.error_percent);
            say!(words, "gas-point", flow = flow, error = error, limit = limit)
        })
        .collect();
    if let Some((drop, limit)) = figures.drop_mbar.zip(figures.drop_limit_mbar) {
        lines.push(say!(words, "gas-drop", drop = drop.to_string(), limit = limit.to_string()));
    }
    if let Some((volume, purge)) = figures.installation_volume_m3.zip(figures.purge_volume_m3) {
        lines.push(say!(words, "gas-volume", volume = volume.to_string(), purge = purge.to_string()));
    }
    lines
}

fn verdict(words: &Words, verdict: GasVerdict) -> String {
    match verdict {
        GasVerdict::Pass => say!(words, "gas-verdict-pass"),
        GasVerdict::Fail => say!(words, "gas-verdict-fail"),
        GasVerdict::Incomplete => say!(words, "verdict-incomplete"),
        GasVerdict::NoLimitKnown => say!(words, "verdict-no-limit"),
    }
}

fn reason_text(words: &Words, reason: &GasReason) -> String {
    match reason {
        GasReason::ClassNotCovered => say!(words, "reason-class-not-covered"),
        GasReason::FlowNotKnown => say!(words, "gas-reason-flow-unknown"),
        GasReason::FlowOutOfRange => say!(words, "gas-reason-flow"),
        GasReason::OneSign { limit_percent } => {
            say!(words, "gas-reason-one-sign", limit = limit_percent.to_string())
        }
        GasReason::PressureDropped => say!(words, "gas-reason-dropped"),
        GasReason::PressureRose => say!(words, "gas-reason-rose"),
        GasReason::PressureTooLow { needed } => {
            say!(words, "gas-reason-too-low", needed = needed.to_string())
        }
        GasReason::TooShort { needed_min } => {
            say!(words, "gas-reason-short", needed = needed_min.to_string())
        }
        GasReason::LetByMissing => say!(words, "gas-reason-let-by-missing"),
        GasReason::LetByPressure { lowest_mbar, highest_mbar } => {
            let (lowest, highest) = (lowest_mbar.to_string(), highest_mbar.to_string());
            say!(words, "gas-reason-let-by-pressure", lowest = lowest, highest = highest)
        }
        GasReason::LetsBy => say!(words, "gas-reason-lets-by"),
        GasReason::PipeworkTestMissing => say!(words, "gas-reason-pipework-missing"),
        GasReason::PipeworkDropped => say!(words, "gas-reason-pipework-dropped"),
        GasReason::VolumeNotCovered => say!(words, "gas-reason-volume"),
        GasReason::JointsLeak { places } => say!(words, "gas-reason-joints", places = places.join(", ")),
        GasReason::RuleNotVerified => say!(words, "reason-not-verified"),
    }
}

/// A recorded test in one line.
pub(crate) fn result_line(words: &Words, test: &GasTest, day: CivilDate) -> String {
    let kind = words.code("gas-test", &test.kind);
    match recorded::evaluate_gas_test(test, day) {
        Ok(result) => say!(words, "result-line", method = kind, line = verdict(words, result.verdict)),
        Err(_) => say!(words, "check-unreadable", method = kind),
    }
}

//! What follows from the figures of a meter check, in words.

use crate::ctx::Ctx;
use crate::i18n::{Words, say};
use rust_decimal::Decimal;
use sync_core::metering::{Limit, MeterCheckInput, MeterCheckResult, Method, Reason, Verdict};

/// Decimals of an error that was not rounded.
const UNROUNDED_DECIMALS: u32 = 4;

/// Shows what follows from the figures.
pub(super) fn show(ctx: &mut Ctx, input: &MeterCheckInput, result: &MeterCheckResult) {
    if let Some(steps) = steps(&ctx.words, input, result) {
        ctx.out.data(&format!("  {steps}"));
    }
    let text = line(&ctx.words, result);
    let class = say!(ctx.words, "show-class", class = input.class.code());
    let name = ctx.words.lang.pick(&result.profile_name.zh, &result.profile_name.en).to_owned();
    ctx.out.data(&format!("  {text}"));
    ctx.out.data(&format!("  {class} · {name}"));
    if result.is_implausible() {
        ctx.out.warn("implausible", &say!(ctx.words, "warn-check-implausible"));
    }
    for reason in &result.reasons {
        ctx.out.warn("check", &reason_text(&ctx.words, reason));
    }
}

/// The figures in between, for whoever wants to check them.
fn steps(words: &Words, input: &MeterCheckInput, result: &MeterCheckResult) -> Option<String> {
    let worked = &result.worked;
    let expected = match (&input.method, worked.theoretical_seconds, worked.theoretical_pulses) {
        (Method::WattSecond { seconds, .. }, Some(expected), _) => {
            say!(words, "check-seconds", expected = expected.to_string(), measured = seconds.typed())
        }
        (Method::PulseComparison { reference_pulses, .. }, _, Some(expected)) => {
            say!(words, "check-pulses", expected = expected.to_string(), measured = reference_pulses.typed())
        }
        _ => {
            return worked
                .spread_percent
                .map(|spread| say!(words, "check-spread", spread = spread.round_dp(2).to_string()));
        }
    };
    let multiplier = worked.multiplier.zip(worked.terminal_watts).map(|(multiplier, watts)| {
        say!(words, "check-multiplier", multiplier = multiplier.to_string(), watts = watts.to_string())
    });
    Some(format!("{expected}{}", multiplier.unwrap_or_default()))
}

/// Error, limit and verdict in one line.
pub(super) fn line(words: &Words, result: &MeterCheckResult) -> String {
    let mut unrounded = result.error_percent.round_dp(UNROUNDED_DECIMALS);
    unrounded.rescale(UNROUNDED_DECIMALS);
    let unrounded = signed(&unrounded.to_string());
    let error = match result.step {
        Some(_) => {
            say!(words, "check-rounded", error = signed(&result.rounded_text), unrounded = unrounded)
        }
        // Judged as it is: one figure says it.
        None => say!(words, "check-unrounded", error = unrounded),
    };
    let verdict = verdict(words, result);
    match &result.limit {
        Some(limit) => {
            say!(
                words,
                "check-line",
                error = error,
                limit = limit_text(limit, result.step),
                verdict = verdict
            )
        }
        None => say!(words, "check-line-no-limit", error = error, verdict = verdict),
    }
}

fn verdict(words: &Words, result: &MeterCheckResult) -> String {
    match (result.verdict, result.within_limit) {
        (Verdict::Pass, _) => say!(words, "verdict-pass"),
        (Verdict::Fail, _) => say!(words, "verdict-fail"),
        (Verdict::ScreeningOnly, Some(true)) => say!(words, "verdict-screening-within"),
        (Verdict::ScreeningOnly, Some(false)) => say!(words, "verdict-screening-outside"),
        (Verdict::ScreeningOnly, None) => say!(words, "verdict-screening"),
        (Verdict::UnsuitableLoad, _) => say!(words, "verdict-unsuitable-load"),
        (Verdict::NoLimitKnown, _) => say!(words, "verdict-no-limit"),
    }
}

/// The limit with as many decimals as errors are rounded to.
fn limit_text(limit: &Limit, step: Option<Decimal>) -> String {
    let decimals = step.map_or(0, |step| step.scale());
    let shown = |mut value: Decimal| {
        value.rescale(value.normalize().scale().max(decimals));
        value
    };
    if limit.upper == -limit.lower {
        format!("±{} %", shown(limit.upper))
    } else {
        format!("+{} / {} %", shown(limit.upper), shown(limit.lower))
    }
}

fn signed(text: &str) -> String {
    match text.parse::<Decimal>() {
        Ok(value) if value > Decimal::ZERO && !text.starts_with('+') => format!("+{text}"),
        _ => text.replace('-', "−"),
    }
}

fn reason_text(words: &Words, reason: &Reason) -> String {
    match reason {
        Reason::StopwatchTooShort { seconds, needed } => {
            say!(words, "reason-stopwatch-short", seconds = seconds.to_string(), needed = needed.to_string())
        }
        Reason::StopwatchRefusedForClass => say!(words, "reason-stopwatch-class"),
        Reason::MethodScreensWiring => say!(words, "reason-screens-wiring"),
        Reason::ReferenceExpired { valid_to } => say!(words, "reason-expired", date = valid_to.to_string()),
        Reason::ReferenceNotBetterByTwo { class } => {
            say!(words, "reason-reference-class", class = class.code())
        }
        Reason::CurrentTooSmall { of_basic, needed } => {
            say!(words, "reason-current-small", found = of_basic.to_string(), needed = needed.to_string())
        }
        Reason::CurrentAboveMax => say!(words, "reason-current-max"),
        Reason::PowerFactorTooSmall { needed } => {
            say!(words, "reason-power-factor", needed = needed.to_string())
        }
        Reason::ClassNotCovered => say!(words, "reason-class-not-covered"),
        Reason::LoadNotCovered => say!(words, "reason-load-not-covered"),
        Reason::LoadNotRecorded => say!(words, "reason-load-not-recorded"),
        Reason::TakenAsInductive => say!(words, "reason-inductive"),
        Reason::LimitsNotVerified => say!(words, "reason-not-verified"),
    }
}

//! `field meter read`: registers as displayed, compared with the last reading on record.

use super::{meter_no, reading_line};
use crate::cli::MeterReadArgs;
use crate::cmd::choice::{choices_of, pick};
use crate::cmd::site::{Site, entry, saved};
use crate::cmd::{Outcome, number, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use serde_json::{Value, json};
use sync_core::document::Reading;
use sync_core::metering::{
    Connection, ConsumptionError, ConsumptionInput, PlausibilityInput, PlausibilityWarning, Ratio,
    ReadingKind, RegisterFormat, Transformers, consumption, nameplate_currents, plausibility, register_sum,
};
use sync_core::number::Entered;
use sync_core::protocol::CardMeter;

/// The registers that meters on record have.
const REGISTERS: [&str; 5] = [TOTAL, "sharp", "peak", "flat", "valley"];
/// The register that counts everything.
const TOTAL: &str = "total";

/// Records readings of one meter in one act.
pub(crate) async fn run(ctx: &mut Ctx, args: &MeterReadArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let photo = args.photo.as_deref().map(|typed| entry(&ctx.words, &view.photos, typed)).transpose()?;
    let corrects =
        args.corrects.as_deref().map(|typed| entry(&ctx.words, &view.readings, typed)).transpose()?;
    let typed = typed_registers(ctx, args)?;
    if corrects.is_some() && typed.len() > 1 {
        return Err(Failure::usage("one-at-a-time", say!(ctx.words, "reading-one-correction")));
    }
    let strange = typed.iter().filter(|(register, _)| !REGISTERS.contains(&register.as_str()));
    for (register, _) in strange {
        let known: Vec<String> =
            REGISTERS.iter().map(|code| format!("{code} ({})", ctx.words.code("register", code))).collect();
        let (register, known) = (register.clone(), known.join(", "));
        ctx.out.warn(
            "register-unknown",
            &say!(ctx.words, "warn-register-unknown", register = register, known = known),
        );
    }
    let kind = kind(ctx, args, corrects.is_some())?;
    let meter = meter_no(ctx, &site, args.meter.as_deref());
    if kind.needs_photo() && photo.is_none() {
        ctx.out.warn("photo-wanted", &say!(ctx.words, "warn-reading-photo"));
    }
    let booked = booked_meter(&site, meter.as_deref());
    let mut more = json!({});
    for (register, reading) in &typed {
        if register == TOTAL {
            more = compare(ctx, reading, booked, args)?;
        }
    }
    check_sum(ctx, &typed)?;
    let unit = args.unit.clone().unwrap_or_else(|| unit_of(&site).to_owned());
    let readings: Vec<Reading> = typed
        .iter()
        .map(|(register, entered)| Reading {
            register: register.clone(),
            unit: unit.clone(),
            shown: entered.typed().to_owned(),
            value: entered.value().to_string(),
            kind: kind.code().to_owned(),
            digits: digits(entered, booked.and_then(|meter| meter.digits)).0,
            decimals: digits(entered, None).1,
            meter_no: meter.clone(),
            photo,
        })
        .collect();
    let recorded = store
        .record(site.visit, |act| {
            for reading in &readings {
                let id = act.new_entry();
                match corrects {
                    Some(old) => act.edit().correct(old, id, reading)?,
                    None => act.edit().add_reading(id, reading)?,
                }
            }
            Ok::<_, Failure>(())
        })
        .await?;
    let lines: Vec<String> = readings.iter().map(|reading| reading_line(&ctx.words, reading)).collect();
    saved(ctx, &site, &recorded, &lines.join("; "), more);
    Ok(Exit::Ok)
}

fn typed_registers(ctx: &Ctx, args: &MeterReadArgs) -> Result<Vec<(String, Entered)>, Failure> {
    let mut texts = args.register.clone();
    if texts.is_empty() {
        texts.push(format!(
            "{TOTAL}={}",
            ctx.need(None, "--register total=…", &say!(ctx.words, "ask-reading"))?
        ));
    }
    texts.iter().map(|text| typed_register(ctx, text)).collect()
}

/// `total=012345.6`; a bare figure is the total.
fn typed_register(ctx: &Ctx, text: &str) -> Result<(String, Entered), Failure> {
    let (register, shown) = text.split_once(['=', '＝']).unwrap_or((TOTAL, text));
    let entered = number::read(&ctx.words, "--register", shown)?;
    entered.not_negative("reading").map_err(|error| number::quantity(&ctx.words, &error))?;
    let register = match register.trim().to_lowercase().as_str() {
        "总" | "total" | "" => TOTAL.to_owned(),
        "尖" => "sharp".to_owned(),
        "峰" => "peak".to_owned(),
        "平" => "flat".to_owned(),
        "谷" => "valley".to_owned(),
        other => other.to_owned(),
    };
    Ok((register, entered))
}

fn kind(ctx: &Ctx, args: &MeterReadArgs, correction: bool) -> Result<ReadingKind, Failure> {
    let fallback = if correction { ReadingKind::Corrected } else { ReadingKind::Actual };
    let Some(typed) = args.kind.as_deref() else { return Ok(fallback) };
    let choice = pick(ctx, Some(typed), "--kind", "", choices_of!(&ctx.words, ReadingKind))?;
    Ok(choice.code.parse().unwrap_or(fallback))
}

/// The meter on record, if it is the one that is read.
fn booked_meter<'a>(site: &'a Site, found: Option<&str>) -> Option<&'a CardMeter> {
    let meter = site.card.as_ref()?.meter.as_ref()?;
    (found == Some(meter.number.as_str())).then_some(meter)
}

fn unit_of(site: &Site) -> &'static str {
    match site.card.as_ref().map(|card| card.utility.as_str()) {
        Some("gas" | "water") => "m3",
        _ => "kWh",
    }
}

/// Digits before and behind the point, as displayed or as the record says.
fn digits(entered: &Entered, on_record: Option<u8>) -> (i64, i64) {
    let shown = entered.typed();
    let (whole, rest) = shown.split_once(['.', '．', '。']).unwrap_or((shown, ""));
    let count = |text: &str| i64::try_from(text.chars().filter(|c| c.is_numeric()).count()).unwrap_or(0);
    (on_record.map_or_else(|| count(whole), i64::from), count(rest))
}

/// Compares with the last reading on record: what was used since, and whether that can be.
fn compare(
    ctx: &mut Ctx,
    reading: &Entered,
    meter: Option<&CardMeter>,
    args: &MeterReadArgs,
) -> Result<Value, Failure> {
    let Some(meter) = meter else { return Ok(json!({})) };
    let previous = meter.last_reading.as_deref().and_then(|text| Entered::parse(text).ok());
    let (Some(previous), Some(whole)) = (previous, meter.digits) else { return Ok(json!({})) };
    let multiplier = multiplier(meter);
    let input = ConsumptionInput {
        previous: previous.clone(),
        current: reading.clone(),
        register: RegisterFormat { digits: whole, decimals: meter.decimals.unwrap_or(0) },
        multiplier,
        rollover_confirmed: args.confirm_rollover,
        meter_exchanged: false,
    };
    match consumption(&input) {
        Ok(used) => {
            let consumed = Entered::from_value(used.consumption.normalize());
            tell_consumption(ctx, meter, &consumed, used.rolled_over);
            doubt(ctx, meter, &consumed);
            Ok(json!({ "consumption": consumed, "rolled_over": used.rolled_over }))
        }
        Err(ConsumptionError::BelowPrevious { if_rolled_over, .. }) => {
            below_last(ctx, &input, &if_rolled_over.normalize().to_string(), args.confirm_below)
        }
        Err(ConsumptionError::DoesNotFitRegister { found, digits, decimals, .. }) => {
            let shape = format!("{digits}+{decimals}");
            ctx.out.warn(
                "register-shape",
                &say!(ctx.words, "warn-register-shape", value = found, shape = shape),
            );
            Ok(json!({}))
        }
        Err(ConsumptionError::Quantity(error)) => Err(number::quantity(&ctx.words, &error)),
        Err(ConsumptionError::RegisterFormat { .. } | ConsumptionError::MeterExchanged) => Ok(json!({})),
    }
}

/// A register below the last reading is a slip of the finger until somebody says otherwise.
fn below_last(
    ctx: &mut Ctx,
    input: &ConsumptionInput,
    used: &str,
    confirmed: bool,
) -> Result<Value, Failure> {
    let (last, found) = (input.previous.typed().to_owned(), input.current.typed().to_owned());
    let is_right = json!({ "below_last": true, "last_reading": last });
    if confirmed {
        ctx.out.warn("below-last", &say!(ctx.words, "warn-below-last", value = found, last = last));
        return Ok(is_right);
    }
    let what = say!(ctx.words, "reading-below-last", value = found, last = last, used = used);
    if ctx.interactive {
        ctx.out.warn("below-last", &what);
        if ctx.confirm(&say!(ctx.words, "ask-rollover"))? {
            return Ok(json!({ "rolled_over": true, "consumption": used }));
        }
        if ctx.confirm(&say!(ctx.words, "ask-below-last"))? {
            return Ok(is_right);
        }
        return Err(Failure::usage("below-last", say!(ctx.words, "nothing-recorded")));
    }
    Err(Failure::usage("below-last", what).hint(say!(ctx.words, "reading-below-last-hint")))
}

fn multiplier(meter: &CardMeter) -> Entered {
    let ratio = |text: &Option<String>| {
        let (primary, secondary) = text.as_deref()?.split_once('/')?;
        Some(Ratio { primary: primary.parse().ok()?, secondary: secondary.parse().ok()? })
    };
    let transformers = Transformers { ct: ratio(&meter.ct), pt: ratio(&meter.pt) };
    Entered::from_value(transformers.multiplier().unwrap_or(rust_decimal::Decimal::ONE))
}

fn tell_consumption(ctx: &mut Ctx, meter: &CardMeter, used: &Entered, rolled_over: bool) {
    let now = ctx.now();
    let since = meter
        .last_read_at
        .map(|at| render::date(&ctx.words, render::day(at, &ctx.zone), render::day(now, &ctx.zone)));
    let last = meter.last_reading.clone().unwrap_or_default();
    let used = used.typed().to_owned();
    let line = match since {
        Some(since) => say!(ctx.words, "reading-used-since", used = used, last = last, since = since),
        None => say!(ctx.words, "reading-used", used = used, last = last),
    };
    ctx.out.note(&line);
    if rolled_over {
        ctx.out.note(&say!(ctx.words, "reading-rolled-over"));
    }
}

/// Warns when more was used than the connection can carry.
fn doubt(ctx: &mut Ctx, meter: &CardMeter, used: &Entered) {
    let Some((connection, last)) = connection(meter).zip(meter.last_read_at) else { return };
    let hours = ctx.now().since_ms(last) / 3_600_000;
    let input = PlausibilityInput {
        consumption_kwh: used.clone(),
        hours: Entered::from_value(hours.max(1).into()),
        connection: Some(connection),
        max_demand_kw: None,
    };
    for warning in plausibility(&input).unwrap_or_default() {
        let (PlausibilityWarning::AboveConnection { ceiling_kwh }
        | PlausibilityWarning::AboveDemand { ceiling_kwh }) = warning;
        let ceiling = ceiling_kwh.normalize().to_string();
        ctx.out.warn("above-connection", &say!(ctx.words, "warn-above-connection", ceiling = ceiling));
    }
}

/// The electrical size from a rating such as `220V 5(60)A` or `3x220/380V 1.5(6)A`.
fn connection(meter: &CardMeter) -> Option<Connection> {
    let rating = meter.rating.as_deref()?;
    let (voltage, current) = rating.split_once(['V', 'v'])?;
    let (phases, voltage) = match voltage.split_once(['x', '×', 'X']) {
        Some((count, voltage)) => (count.trim().parse().ok()?, voltage),
        None => (1, voltage),
    };
    let voltage = voltage.split('/').next()?.trim();
    let (_, max_a) = nameplate_currents(current).ok()?;
    // Behind transformers the secondary rating says nothing about the connection.
    if meter.ct.is_some() || meter.pt.is_some() {
        return None;
    }
    Some(Connection { voltage_v: voltage.parse().ok()?, max_a, phases })
}

/// Warns when tariff registers do not add up to the total.
fn check_sum(ctx: &mut Ctx, typed: &[(String, Entered)]) -> Result<(), Failure> {
    let total = typed.iter().find(|(register, _)| register == TOTAL);
    let tariffs: Vec<Entered> = typed
        .iter()
        .filter(|(register, _)| matches!(register.as_str(), "sharp" | "peak" | "flat" | "valley"))
        .map(|(_, entered)| entered.clone())
        .collect();
    let Some((_, total)) = total.filter(|_| tariffs.len() > 1) else { return Ok(()) };
    let warning = register_sum(&tariffs, total).map_err(|error| number::quantity(&ctx.words, &error))?;
    if let Some(warning) = warning {
        let (sum, total) = (warning.sum.to_string(), warning.total.to_string());
        ctx.out.warn("register-sum", &say!(ctx.words, "warn-register-sum", sum = sum, total = total));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_as_displayed() {
        let counted = |text: &str| digits(&Entered::parse(text).unwrap(), None);
        assert_eq!(counted("012345.6"), (6, 1));
        assert_eq!(counted("０１２．３４"), (3, 2));
        assert_eq!(counted("77"), (2, 0));
    }

    #[test]
    fn a_rating_tells_the_size_of_the_connection() {
        let meter = |rating: &str| CardMeter { rating: Some(rating.to_owned()), ..CardMeter::default() };
        let single = connection(&meter("220V 5(60)A")).unwrap();
        assert_eq!((single.voltage_v.typed(), single.max_a.typed(), single.phases), ("220", "60", 1));
        let three = connection(&meter("3×220/380V 10(100)A")).unwrap();
        assert_eq!((three.voltage_v.typed(), three.max_a.typed(), three.phases), ("220", "100", 3));
        assert!(connection(&meter("G4")).is_none());
    }
}

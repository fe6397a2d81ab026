use super::*;
use crate::number::d;
use proptest::prelude::*;

fn e(text: &str) -> Entered {
    text.parse().unwrap()
}

fn class(text: &str) -> AccuracyClass {
    text.parse().unwrap()
}

fn profile(code: &str) -> &'static LimitProfile {
    LimitProfile::find(code, "2026-11-21".parse().unwrap()).unwrap()
}

fn a_check(class_code: &str, method: Method) -> MeterCheckInput {
    MeterCheckInput { class: class(class_code), energy: Energy::Active, method, load: None, reference: None }
}

fn watt_second([pulses, constant, watts, seconds]: [&str; 4], timing: Timing) -> Method {
    Method::WattSecond {
        constant: e(constant),
        pulses: e(pulses),
        seconds: e(seconds),
        watts: e(watts),
        transformers: None,
        timing,
    }
}

fn by_class_value(input: &MeterCheckInput) -> MeterCheckResult {
    evaluate(input, profile("CN_DLT448_REPLACE")).unwrap()
}

#[test]
fn watt_second_examples_hold() {
    // name, N C P t, theoretical s, error %, class, rounded, within
    for (name, inputs, seconds, error, class, rounded, within) in [
        ("WS-1 class 2", ["10", "1600", "1000", "22.9"], "22.5", "-1.7467", "2", "-1.8", true),
        ("WS-1 class 1", ["10", "1600", "1000", "22.9"], "22.5", "-1.7467", "1", "-1.7", false),
        ("WS-2", ["1", "1600", "100", "22.5"], "22.5", "0", "2", "0.0", true),
        ("WS-3", ["20", "1200", "2000", "30.5"], "30", "-1.6393", "1", "-1.6", false),
        ("WS-4", ["5", "1200", "1500", "9.8"], "10", "2.0408", "2", "+2.0", true),
    ] {
        let result = by_class_value(&a_check(class, watt_second(inputs, Timing::Instrument)));
        assert_eq!(result.worked.theoretical_seconds, Some(d(seconds)), "{name}");
        assert_eq!(shown(result.error_percent, 4), d(error), "{name}");
        assert_eq!(result.rounded_text, rounded, "{name}");
        assert_eq!(result.within_limit, Some(within), "{name}");
        assert_eq!(result.verdict, if within { Verdict::Pass } else { Verdict::Fail }, "{name}");
    }
}

#[test]
fn ws_5_primary_power_is_brought_to_the_terminals() {
    let ratio =
        |primary, secondary| Some(crate::metering::Ratio { primary: e(primary), secondary: e(secondary) });
    let method = Method::WattSecond {
        constant: e("5000"),
        pulses: e("10"),
        seconds: e("47.6"),
        watts: e("600000"),
        transformers: Some(Transformers { ct: ratio("200", "5"), pt: ratio("10000", "100") }),
        timing: Timing::Instrument,
    };
    let result = by_class_value(&a_check("1", method));
    assert_eq!(result.worked.multiplier, Some(d("4000")));
    assert_eq!(result.worked.terminal_watts, Some(d("150")));
    assert_eq!(result.worked.theoretical_seconds, Some(d("48")));
    assert_eq!(shown(result.error_percent, 4), d("0.8403"));
}

#[test]
fn a_short_stopwatch_run_only_screens() {
    let cases = [
        ("2", "9.8", Verdict::ScreeningOnly, Some(true)),
        ("2", "49.9", Verdict::ScreeningOnly, Some(false)),
        ("1", "99.9", Verdict::ScreeningOnly, Some(false)),
        ("0.5", "500", Verdict::ScreeningOnly, None),
        ("0.2S", "500", Verdict::ScreeningOnly, None),
        ("C", "500", Verdict::ScreeningOnly, None),
        ("2", "50", Verdict::Fail, Some(false)),
    ];
    for (class, seconds, verdict, within) in cases {
        let result =
            by_class_value(&a_check(class, watt_second(["5", "1200", "1500", seconds], Timing::Stopwatch)));
        assert_eq!((result.verdict, result.within_limit), (verdict, within), "{class} {seconds}");
    }
    let enough = by_class_value(&a_check("2", watt_second(["25", "1200", "1500", "49"], Timing::Stopwatch)));
    let needed = Reason::StopwatchTooShort { seconds: d("49"), needed: d("50") };
    assert!(enough.reasons.contains(&needed));
}

#[test]
fn energy_and_pulse_comparisons_hold() {
    let energy = Method::ReferenceEnergy { tested_kwh: e("10.23"), reference_kwh: e("10.00") };
    let result = by_class_value(&a_check("2", energy));
    assert_eq!((result.error_percent, result.rounded_percent), (d("2.3"), d("2.4")), "RF-1");
    assert_eq!(result.verdict, Verdict::Fail);
    assert_eq!(result.consequence, Consequence::ReplaceWithin3WorkingDays);

    let run = Method::RegisterRun { start_kwh: e("1200.00"), stop_kwh: e("1210.23"), reference_kwh: e("10") };
    assert_eq!(by_class_value(&a_check("2", run)).error_percent, d("2.3"));

    let pulses = Method::PulseComparison {
        reference_constant: e("36000000"),
        tested_constant: e("6400"),
        tested_pulses: e("20"),
        reference_pulses: e("112000"),
    };
    let result = by_class_value(&a_check("0.5S", pulses));
    assert_eq!(result.worked.theoretical_pulses, Some(d("112500")), "PC-1");
    assert_eq!(shown(result.error_percent, 4), d("0.4464"), "PC-1");
    assert_eq!(result.rounded_text, "+0.45");
}

#[test]
fn a_stopped_meter_is_an_error_of_minus_100_percent() {
    let dead = Method::RegisterRun { start_kwh: e("1200"), stop_kwh: e("1200"), reference_kwh: e("0.5") };
    let result = by_class_value(&a_check("2", dead));
    assert_eq!((result.error_percent, result.verdict), (d("-100"), Verdict::Fail));
}

#[test]
fn power_comparison_screens_even_a_reversed_meter() {
    let reversed = Method::PowerComparison { meter_watts: e("-500"), reference_watts: e("1500") };
    let result = by_class_value(&a_check("2", reversed));
    assert_eq!(result.verdict, Verdict::ScreeningOnly);
    assert_eq!(shown(result.error_percent, 4), d("-133.3333"));
}

#[test]
fn the_mean_of_readings_is_rounded_after_averaging() {
    let result =
        by_class_value(&a_check("1", Method::Readings { errors_percent: vec![e("1.04"), e("1.06")] }));
    assert_eq!((result.error_percent, result.rounded_percent), (d("1.05"), d("1.0")));
    assert_eq!(
        (result.runs, result.worked.spread_percent, result.verdict),
        (2, Some(d("0.02")), Verdict::Pass)
    );
    let one = a_check("1", Method::Readings { errors_percent: vec![e("1.04")] });
    assert!(matches!(evaluate(&one, profile("CN_VERIFY")), Err(MeterCheckError::RunCount { found: 1, .. })));
}

#[test]
fn runs_of_one_meter_are_averaged_and_keep_their_doubts() {
    let run = |seconds| a_check("2", watt_second(["30", "1200", "1500", seconds], Timing::Stopwatch));
    let result = evaluate_runs(&[run("58.8"), run("61.2"), run("60")], profile("CN_DLT448_REPLACE")).unwrap();
    assert_eq!((result.runs, result.verdict), (3, Verdict::Pass));
    assert!(result.worked.spread_percent.unwrap() > d("4"));
    let screened = evaluate_runs(&[run("60"), run("40")], profile("CN_DLT448_REPLACE")).unwrap();
    assert_eq!(screened.verdict, Verdict::ScreeningOnly);
    let other = a_check("1", watt_second(["30", "1200", "1500", "60"], Timing::Stopwatch));
    let mixed = evaluate_runs(&[run("60"), other], profile("CN_DLT448_REPLACE"));
    assert!(matches!(mixed, Err(MeterCheckError::MixedClasses { .. })));
}

#[test]
fn the_rounded_error_decides_on_both_sides_of_a_tie() {
    for (class, error, verdict) in [
        ("1", "1.05", Verdict::Pass),
        ("1", "1.051", Verdict::Fail),
        ("1", "-1.05", Verdict::Pass),
        ("1", "-1.15", Verdict::Fail),
        ("2", "2.10", Verdict::Pass),
        ("2.0", "2.11", Verdict::Fail),
        ("2", "2.30", Verdict::Fail),
        ("2", "-2.10", Verdict::Pass),
        ("0.5S", "0.525", Verdict::Pass),
        ("0.5s", "0.575", Verdict::Fail),
        ("0.2S", "0.21", Verdict::Pass),
        ("0.2S", "0.23", Verdict::Fail),
    ] {
        let twice = Method::Readings { errors_percent: vec![e(error), e(error)] };
        assert_eq!(by_class_value(&a_check(class, twice)).verdict, verdict, "{class} {error}");
    }
}

#[test]
fn zero_and_negative_figures_are_refused_by_name() {
    for (inputs, field) in [
        (["0", "1600", "1000", "22.5"], "pulses"),
        (["10", "0", "1000", "22.5"], "constant"),
        (["10", "1600", "0", "22.5"], "watts"),
        (["10", "1600", "1000", "0"], "seconds"),
        (["10", "1600", "1000", "-22.5"], "seconds"),
        (["10", "-1600", "1000", "22.5"], "constant"),
    ] {
        let refused =
            evaluate(&a_check("2", watt_second(inputs, Timing::Stopwatch)), profile("CN_DLT448_REPLACE"));
        assert!(
            matches!(&refused, Err(MeterCheckError::Quantity(QuantityError::NotPositive { field: found, .. })) if *found == field),
            "{inputs:?}: {refused:?}"
        );
    }
    let broken = evaluate(
        &a_check("2", watt_second(["1.5", "1600", "1000", "22.5"], Timing::Stopwatch)),
        profile("CN_DLT448_REPLACE"),
    );
    assert!(matches!(
        broken,
        Err(MeterCheckError::Quantity(QuantityError::NotWhole { field: "pulses", .. }))
    ));
    let run = Method::RegisterRun { start_kwh: e("10"), stop_kwh: e("9"), reference_kwh: e("1") };
    let refused = evaluate(&a_check("2", run), profile("CN_DLT448_REPLACE"));
    assert!(matches!(refused, Err(MeterCheckError::StopBelowStart { .. })));
}

fn a_load(
    current: &str,
    power_factor: &str,
    character: Option<crate::metering::LoadCharacter>,
) -> Option<Load> {
    Some(Load {
        current_a: e(current),
        basic_a: e("5"),
        max_a: Some(e("60")),
        power_factor: e(power_factor),
        character,
    })
}

#[test]
fn the_load_decides_whether_and_by_what_the_meter_is_judged() {
    use crate::metering::LoadCharacter::{Capacitive, Inductive};
    let energy = Method::ReferenceEnergy { tested_kwh: e("10.31"), reference_kwh: e("10") };
    for (load, verdict, limit) in [
        (None, Verdict::NoLimitKnown, None),
        (a_load("5", "1", None), Verdict::Fail, Some("3")),
        (a_load("5", "0.5", Some(Inductive)), Verdict::Pass, Some("3.4")),
        (a_load("5", "0.75", Some(Inductive)), Verdict::Pass, Some("3.2")),
        (a_load("0.5", "0.8", Some(Capacitive)), Verdict::Pass, Some("4")),
        (a_load("5", "0.9", Some(Capacitive)), Verdict::NoLimitKnown, None),
        (a_load("0.4", "1", None), Verdict::UnsuitableLoad, None),
        (a_load("61", "1", None), Verdict::UnsuitableLoad, Some("3")),
        (a_load("5", "0.4", Some(Inductive)), Verdict::UnsuitableLoad, None),
    ] {
        let input = MeterCheckInput { load, ..a_check("2", energy.clone()) };
        let result = evaluate(&input, profile("CN_FIELD_JJF1055")).unwrap();
        assert_eq!(result.verdict, verdict, "{:?}", input.load);
        assert_eq!(result.limit.map(|l| l.upper), limit.map(d), "{:?}", input.load);
    }
    let assumed = MeterCheckInput { load: a_load("5", "0.9", None), ..a_check("2", energy) };
    let result = evaluate(&assumed, profile("CN_FIELD_JJF1055")).unwrap();
    assert!(result.reasons.contains(&Reason::TakenAsInductive));
}

#[test]
fn an_impossible_load_is_refused() {
    let energy = Method::ReferenceEnergy { tested_kwh: e("10"), reference_kwh: e("10") };
    for load in [a_load("5", "1.2", None), a_load("5", "0", None), a_load("-5", "1", None)] {
        let input = MeterCheckInput { load, ..a_check("2", energy.clone()) };
        assert!(evaluate(&input, profile("CN_DLT448_REPLACE")).is_err(), "{:?}", input.load);
    }
}

#[test]
fn british_limits_are_lopsided_and_not_rounded() {
    for (error, verdict) in
        [("2.5", Verdict::Pass), ("2.51", Verdict::Fail), ("-3.5", Verdict::Pass), ("-3.501", Verdict::Fail)]
    {
        let twice = Method::Readings { errors_percent: vec![e(error), e(error)] };
        let result = evaluate(&a_check("B", twice), profile("UK_ELEC")).unwrap();
        assert_eq!((result.verdict, result.step), (verdict, None), "{error}");
    }
}

#[test]
fn a_poor_reference_instrument_decides_nothing() {
    let energy = Method::ReferenceEnergy { tested_kwh: e("10"), reference_kwh: e("10") };
    let with = |class_code: &str, valid_to: &str| MeterCheckInput {
        reference: Some(ReferenceInstrument {
            number: "BZ-7".to_owned(),
            class: Some(class(class_code)),
            valid_to: Some(valid_to.parse().unwrap()),
            checked_on: Some("2026-11-21".parse().unwrap()),
        }),
        ..a_check("1", energy.clone())
    };
    assert_eq!(by_class_value(&with("0.2", "2026-11-21")).verdict, Verdict::Pass);
    assert_eq!(by_class_value(&with("0.2", "2026-11-20")).verdict, Verdict::ScreeningOnly);
    assert_eq!(by_class_value(&with("0.5", "2027-11-20")).verdict, Verdict::ScreeningOnly);
}

#[test]
fn inputs_and_results_travel_as_json() {
    let json = r#"{"class":"2.0","method":"watt_second","constant":"１６００","pulses":"10","seconds":"22.10","watts":"1000"}"#;
    let input: MeterCheckInput = serde_json::from_str(json).unwrap();
    let result = by_class_value(&input);
    assert_eq!((result.rounded_text.as_str(), result.verdict), ("+1.8", Verdict::ScreeningOnly));
    let again: MeterCheckInput = serde_json::from_str(&serde_json::to_string(&input).unwrap()).unwrap();
    assert_eq!(again, input);
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<MeterCheckResult>(&text).unwrap(), result);
    insta::assert_snapshot!(text, @r#"{"error_percent":"1.809955","rounded_percent":"1.8","rounded_text":"+1.8","step":"0.2","limit":{"lower":"-2","upper":"2"},"within_limit":true,"verdict":"screening_only","reasons":[{"reason":"stopwatch_too_short","seconds":"22.10","needed":"50"},{"reason":"load_not_recorded"}],"runs":1,"profile":"CN_DLT448_REPLACE","profile_name":{"zh":"超差更换（DL/T 448-2000 7.3 d）","en":"Replace when over the class limit (DL/T 448-2000 7.3 d)"},"source":"DL/T 448-2000 §7.3 d, www.gfjl.org/thread-118914-1-1.html; minimum load: SD 109 practice, recalled","consequence":"replace_within_3_working_days","worked":{"theoretical_seconds":"22.5"}}"#);
}

proptest! {
    #[test]
    fn no_figures_panic(
        pulses in "[0-9]{1,15}", constant in "-?[0-9]{1,8}\\.[0-9]{1,7}",
        watts in "[0-9]{1,15}", seconds in "0\\.[0-9]{1,14}", class in 0usize..14,
    ) {
        let input = MeterCheckInput {
            class: AccuracyClass::all().nth(class).unwrap(),
            ..a_check("2", watt_second([&pulses, &constant, &watts, &seconds], Timing::Stopwatch))
        };
        for profile in LimitProfile::embedded() {
            let _ = evaluate(&input, profile);
        }
    }

    #[test]
    fn a_meter_that_counts_more_runs_faster(reference in 1u32..1_000_000, tested in 0u32..1_000_000) {
        let error = |tested: u32| {
            let energy = Method::ReferenceEnergy {
                tested_kwh: Entered::from_value(Decimal::from(tested)),
                reference_kwh: Entered::from_value(Decimal::from(reference)),
            };
            by_class_value(&a_check("2", energy)).rounded_percent
        };
        prop_assert!(error(tested) <= error(tested + 1));
        prop_assert_eq!(error(tested) > Decimal::ZERO && tested <= reference, false);
    }
}

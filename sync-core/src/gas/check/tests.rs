use super::*;
use crate::gas::{GasKind, GasMeterPoint, Gauge, JointCheck, LeakMethod, PipeRun, PressureRun};
use crate::number::{Entered, d};
use proptest::prelude::*;

fn e(text: &str) -> Entered {
    text.parse().unwrap()
}

fn today() -> CivilDate {
    "2026-11-21".parse().unwrap()
}

fn verdict(input: &GasTestInput) -> GasVerdict {
    evaluate(input, today()).unwrap().verdict
}

fn uk(test: UkTightness) -> GasTestInput {
    GasTestInput::UkTightness(Box::new(test))
}

fn run(start: &str, end: &str, minutes: &str) -> PressureRun {
    PressureRun { start_mbar: e(start), end_mbar: e(end), minutes: e(minutes) }
}

fn a_tightness_test() -> UkTightness {
    UkTightness {
        gas: GasKind::Natural,
        gauge: Gauge::Water,
        installation_m3: None,
        pipes: vec![
            PipeRun { diameter_mm: e("20.2"), length_m: e("8") },
            PipeRun { diameter_mm: e("13.6"), length_m: e("4") },
        ],
        meter_m3: Some(e("0.0024")),
        let_by: Some(run("8", "8", "1")),
        run: run("20", "20", "2"),
        appliances_connected: true,
        pipework_run: Some(run("20", "20", "2")),
    }
}

fn an_installation_of(gas: GasKind, volume_m3: &str) -> UkTightness {
    UkTightness { gas, installation_m3: Some(e(volume_m3)), ..a_tightness_test() }
}

#[test]
fn the_installation_volume_vector_holds() {
    let result = evaluate(&uk(a_tightness_test()), today()).unwrap();
    assert_eq!(result.figures.installation_volume_m3, Some(d("0.005859")));
    assert_eq!(result.figures.purge_volume_m3, Some(d("0.008788")));
    assert_eq!(result.figures.drop_limit_mbar, Some(d("4")));
    assert_eq!((result.verdict, result.profile.as_str()), (GasVerdict::Pass, "IGEM_UP1B_ED4"));
}

#[test]
fn allowed_drops_follow_the_installation_volume() {
    use GasKind::{Lpg, LpgAir, Natural};
    for (gas, volume, limit) in [
        (Natural, "0.005", Some("8")),
        (Natural, "0.0051", Some("4")),
        (Natural, "0.010", Some("4")),
        (Natural, "0.015", Some("2.5")),
        (Natural, "0.035", Some("1")),
        (Lpg, "0.0025", Some("2")),
        (Lpg, "0.005", Some("1")),
        (Lpg, "0.010", Some("0.5")),
        (Lpg, "0.035", None),
        (LpgAir, "0.025", Some("1.5")),
        (LpgAir, "0.035", Some("0.5")),
    ] {
        let test =
            |end: &str| uk(UkTightness { run: run("20", end, "2"), ..an_installation_of(gas, volume) });
        let result = evaluate(&test("20"), today()).unwrap();
        assert_eq!(result.figures.drop_limit_mbar, limit.map(d), "{gas:?} {volume}");
        assert_eq!(result.verdict, GasVerdict::Pass, "{gas:?} {volume}");
        let at_limit = (d("20") - d(limit.unwrap_or("0.24"))).to_string();
        assert_eq!(verdict(&test(&at_limit)), GasVerdict::Pass, "{gas:?} {volume} {at_limit}");
        let beyond = (d("20") - d(limit.unwrap_or("0.24")) - d("0.01")).to_string();
        assert_eq!(verdict(&test(&beyond)), GasVerdict::Fail, "{gas:?} {volume} {beyond}");
    }
    let large = uk(an_installation_of(Natural, "0.0351"));
    assert_eq!(verdict(&large), GasVerdict::NoLimitKnown);
}

#[test]
fn a_tightness_test_passes_only_when_made_as_the_rule_says() {
    use GasVerdict::{Fail, Incomplete, Pass};
    let good = a_tightness_test;
    for (name, test, expected) in [
        ("as it should be", good(), Pass),
        ("no let-by test", UkTightness { let_by: None, ..good() }, Incomplete),
        ("let-by at 12 mbar", UkTightness { let_by: Some(run("12", "12", "1")), ..good() }, Incomplete),
        ("valve lets by", UkTightness { let_by: Some(run("8", "8.5", "1")), ..good() }, Fail),
        ("too short", UkTightness { run: run("20", "20", "1.5"), ..good() }, Incomplete),
        ("pressure too low", UkTightness { run: run("17.9", "17.9", "2"), ..good() }, Incomplete),
        ("pressure rose", UkTightness { run: run("20", "20.5", "2"), ..good() }, Incomplete),
        ("drop within the limit", UkTightness { run: run("20", "16", "2"), ..good() }, Pass),
        ("drop above the limit", UkTightness { run: run("20", "15.9", "2"), ..good() }, Fail),
        ("above the limit and too short", UkTightness { run: run("20", "15", "1"), ..good() }, Fail),
        ("pipework not tested alone", UkTightness { pipework_run: None, ..good() }, Incomplete),
        ("pipework leaks", UkTightness { pipework_run: Some(run("20", "19.7", "2")), ..good() }, Fail),
        (
            "pipework too short",
            UkTightness { pipework_run: Some(run("20", "20", "1")), ..good() },
            Incomplete,
        ),
        ("pipework only", UkTightness { appliances_connected: false, pipework_run: None, ..good() }, Pass),
        (
            "pipework only, water gauge moves",
            UkTightness { appliances_connected: false, run: run("20", "19.75", "2"), ..good() },
            Fail,
        ),
        (
            "pipework only, electronic gauge moves",
            UkTightness {
                appliances_connected: false,
                gauge: Gauge::Electronic,
                run: run("20", "19.8", "2"),
                ..good()
            },
            Fail,
        ),
    ] {
        assert_eq!(verdict(&uk(test)), expected, "{name}");
    }
}

#[test]
fn a_missing_pipework_test_is_asked_for_and_a_leak_is_an_immediate_hazard() {
    let open = UkTightness { pipework_run: None, ..a_tightness_test() };
    let result = evaluate(&uk(open), today()).unwrap();
    assert_eq!(result.figures.follow_up, [GasFollowUp::TestPipeworkAlone]);
    assert_eq!(result.hazard, None);
    let leak = UkTightness { run: run("20", "10", "2"), ..a_tightness_test() };
    let result = evaluate(&uk(leak), today()).unwrap();
    assert_eq!(result.hazard, Some(HazardLevel::H1));
}

#[test]
fn edition_4_is_not_applied_before_its_day() {
    let early = evaluate(&uk(a_tightness_test()), "2026-09-30".parse().unwrap());
    assert!(matches!(early, Err(GasTestError::ProfileNotInForce { .. })));
}

#[test]
fn chinese_leak_tests_know_no_small_leak() {
    let pressure = |start: &str, end: &str, minutes: &str| {
        GasTestInput::CnPressure(CnPressureTest { start_kpa: e(start), end_kpa: e(end), minutes: e(minutes) })
    };
    assert_eq!(verdict(&pressure("5", "5.0", "15")), GasVerdict::Pass);
    assert_eq!(verdict(&pressure("5", "4.99", "15")), GasVerdict::Fail);
    assert_eq!(verdict(&pressure("4.9", "4.9", "15")), GasVerdict::Incomplete);
    assert_eq!(verdict(&pressure("5", "5", "14")), GasVerdict::Incomplete);
    let joint = |place: &str, leaks| JointCheck { place: place.to_owned(), leaks };
    let soap = |joints| GasTestInput::LeakCheck(LeakCheck { method: LeakMethod::Soap, joints });
    assert_eq!(verdict(&soap(vec![joint("球阀", false), joint("表前", false)])), GasVerdict::Pass);
    let leaking = evaluate(&soap(vec![joint("球阀", false), joint("表前", true)]), today()).unwrap();
    assert_eq!((leaking.verdict, leaking.hazard), (GasVerdict::Fail, Some(HazardLevel::H1)));
    assert_eq!(leaking.reasons, [GasReason::JointsLeak { places: vec!["表前".to_owned()] }]);
    assert_eq!(evaluate(&soap(vec![]), today()), Err(GasTestError::NothingMeasured));
}

/// A test of a G4 meter; each point is the error in per cent and the flow in m³/h.
fn a_meter(profile: &str, class: &str, points: &[(&str, &str)]) -> GasTestInput {
    let points = points.iter().map(|(error, flow)| GasMeterPoint {
        meter_m3: Entered::from_value((Decimal::ONE_HUNDRED + d(error)) / Decimal::ONE_HUNDRED),
        reference_m3: e("1"),
        seconds: Some(Entered::from_value(Decimal::from(3600) / d(flow))),
    });
    GasTestInput::MeterError(GasMeterTest {
        profile: profile.to_owned(),
        class: e(class),
        q_min_m3h: Some(e("0.04")),
        q_max_m3h: Some(e("6")),
        q_t_m3h: None,
        points: points.collect(),
    })
}

#[test]
fn gas_meter_limits_depend_on_class_flow_and_age() {
    use GasVerdict::{Fail, NoLimitKnown, Pass};
    for (profile, class, points, expected) in [
        ("CN_GAS_INITIAL", "1.5", &[("3", "0.5")][..], Pass),
        ("CN_GAS_INITIAL", "1.5", &[("3.01", "0.5")], Fail),
        ("CN_GAS_INITIAL", "1.5", &[("1.5", "0.6")], Pass),
        ("CN_GAS_INITIAL", "1.5", &[("-1.51", "0.6")], Fail),
        ("CN_GAS_INITIAL", "1.0", &[("2", "0.5")], Pass),
        ("CN_GAS_INITIAL", "1.0", &[("-1.01", "4")], Fail),
        ("CN_GAS_IN_SERVICE", "1.5", &[("-6", "0.5"), ("3", "4")], Pass),
        ("CN_GAS_IN_SERVICE", "1.5", &[("-6.01", "0.5")], Fail),
        ("CN_GAS_IN_SERVICE", "1", &[("-4", "0.5"), ("2", "6")], Pass),
        ("CN_GAS_IN_SERVICE", "1.0", &[("2.01", "2")], Fail),
        ("CN_GAS_INITIAL", "1.0", &[("0.6", "2"), ("0.4", "4")], Fail),
        ("CN_GAS_INITIAL", "1.0", &[("0.6", "2"), ("-0.1", "4")], Pass),
        ("CN_GAS_INITIAL", "1.5", &[("-1.01", "1"), ("-0.2", "6")], Fail),
        ("CN_GAS_INITIAL", "1.5", &[("0", "0.03")], NoLimitKnown),
        ("CN_GAS_INITIAL", "1.5", &[("0", "7.5")], NoLimitKnown),
        ("CN_GAS_INITIAL", "2.5", &[("0", "4")], NoLimitKnown),
        ("UK_GAS", "1.5", &[("2", "4")], Pass),
        ("UK_GAS", "1.5", &[("-2.01", "4")], Fail),
        ("UK_GAS_MID", "1.5", &[("3", "0.5")], Pass),
    ] {
        assert_eq!(verdict(&a_meter(profile, class, points)), expected, "{profile} {class} {points:?}");
    }
}

#[test]
fn without_a_flow_only_a_limit_for_all_flows_decides() {
    for (profile, expected) in [("CN_GAS_IN_SERVICE", GasVerdict::NoLimitKnown), ("UK_GAS", GasVerdict::Pass)]
    {
        let GasTestInput::MeterError(mut test) = a_meter(profile, "1.5", &[("1.5", "4")]) else {
            unreachable!("a meter test was built")
        };
        test.points[0].seconds = None;
        let result = evaluate(&GasTestInput::MeterError(test), today()).unwrap();
        assert_eq!(result.verdict, expected, "{profile}");
        assert_eq!(result.figures.points[0].error_percent, d("1.5"), "{profile}");
    }
    let size = crate::gas::GasMeterSize::find("ｇ4").unwrap();
    assert_eq!((size.q_min_m3h.value(), size.q_max_m3h.value()), (d("0.04"), d("6")));
}

#[test]
fn figures_that_cannot_be_are_refused() {
    let meter = |change: fn(&mut GasMeterTest)| {
        let GasTestInput::MeterError(mut test) = a_meter("CN_GAS_IN_SERVICE", "1.5", &[("0", "4")]) else {
            unreachable!("a meter test was built")
        };
        change(&mut test);
        evaluate(&GasTestInput::MeterError(test), today())
    };
    assert!(meter(|_| ()).is_ok());
    assert!(meter(|test| test.points[0].seconds = Some(e("0"))).is_err());
    assert!(meter(|test| test.points[0].reference_m3 = e("0")).is_err());
    assert!(meter(|test| test.points[0].meter_m3 = e("-1")).is_err());
    assert!(meter(|test| test.q_max_m3h = Some(e("0.04"))).is_err());
    assert_eq!(meter(|test| test.points.clear()), Err(GasTestError::NothingMeasured));
    assert!(matches!(
        meter(|test| test.profile = "CN_NOTHING".to_owned()),
        Err(GasTestError::ProfileNotInForce { .. })
    ));
    let nothing = UkTightness { meter_m3: None, ..a_tightness_test() };
    assert_eq!(evaluate(&uk(nothing), today()), Err(GasTestError::VolumeMissing));
    let pipe = PipeRun { diameter_mm: e("0"), length_m: e("8") };
    let test = UkTightness { pipes: vec![pipe], ..a_tightness_test() };
    assert!(evaluate(&uk(test), today()).is_err());
}

#[test]
fn tests_and_results_travel_as_json() {
    let json = r#"{"test":"cn_pressure","start_kpa":"５","end_kpa":"5.0","minutes":"15"}"#;
    let input: GasTestInput = serde_json::from_str(json).unwrap();
    let result = evaluate(&input, today()).unwrap();
    assert_eq!(result.reasons, [GasReason::RuleNotVerified]);
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<GasTestResult>(&text).unwrap(), result);
    for input in [uk(a_tightness_test()), a_meter("UK_GAS", "1.5", &[("2", "4")])] {
        let text = serde_json::to_string(&input).unwrap();
        assert_eq!(serde_json::from_str::<GasTestInput>(&text).unwrap(), input);
    }
}

proptest! {
    #[test]
    fn no_tightness_figures_panic(
        diameter in "[0-9]{1,15}", length in "[0-9]{1,8}\\.[0-9]{1,7}", start in "[0-9]{1,15}", end in "-?[0-9]{1,15}",
    ) {
        let test = UkTightness {
            pipes: vec![PipeRun { diameter_mm: e(&diameter), length_m: e(&length) }],
            run: run(&start, &end, "2"),
            ..a_tightness_test()
        };
        let _ = evaluate(&uk(test), today());
    }

    #[test]
    fn a_larger_drop_never_turns_a_failure_into_a_pass(hundredths in 0i64..1_000) {
        let at = |hundredths: i64| {
            let end = (d("20") - Decimal::new(hundredths, 2)).to_string();
            verdict(&uk(UkTightness { run: run("20", &end, "2"), ..a_tightness_test() }))
        };
        prop_assert!(at(hundredths) != GasVerdict::Fail || at(hundredths + 1) == GasVerdict::Fail);
    }
}

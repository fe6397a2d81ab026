use super::*;
use crate::date::CivilDate;
use crate::time::Timestamp;
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn cn() -> Calendar {
    built_in_calendars()[0].clone()
}

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// A moment in China: a day and minutes after midnight.
fn at(date: &str, minutes: u16) -> Timestamp {
    day(date).moment(minutes, 480)
}

fn limit(amount: u32, unit: LimitUnit) -> Limit {
    Limit { amount, unit }
}

fn by_end_of(date: &str) -> Due {
    Due::At { at: cn().close_of(day(date)), provisional: false }
}

#[test]
fn the_calendar_of_mainland_china_has_the_published_days() {
    let cn = cn();
    assert_eq!(cn.check(), Ok(()));
    let working = |year: u16| {
        let first = CivilDate::from_ymd(year, 1, 1).unwrap();
        let days = (0..366)
            .map(|n| first.plus_days(n))
            .filter(|date| date.to_string().starts_with(&year.to_string()));
        days.filter(|date| cn.day(*date).works).count()
    };
    assert_eq!((working(2025), working(2026)), (248, 248));
    for makes_up in ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"] {
        assert_eq!(cn.day(day(makes_up)), Day { works: true, certain: true }, "{makes_up}");
    }
    assert_eq!(
        cn.day(day("2027-10-01")),
        Day { works: true, certain: false },
        "a Friday nobody has published"
    );
}

/// Start, working days, last day: State Council notices of 2025 for 2026.
#[test]
fn working_days_of_2026() {
    for (start, amount, last) in [
        ("2026-01-01", 1, "2026-01-04"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-24", 4, "2026-10-08"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-11-20", 5, "2026-11-27"),
        ("2026-11-21", 4, "2026-11-26"),
        ("2026-12-24", 5, "2026-12-31"),
    ] {
        for minutes in [0, 9 * 60, 24 * 60 - 1] {
            let due = due(at(start, minutes), limit(amount, LimitUnit::WorkingDay), &cn(), &[]);
            assert_eq!(due, by_end_of(last), "{amount} working days from {start}");
        }
    }
}

#[test]
fn a_day_and_24_hours_and_a_working_day_differ() {
    // Friday, 14:00, before a make-up Sunday.
    let start = at("2026-09-18", 14 * 60);
    let due_of = |amount, unit| due(start, limit(amount, unit), &cn(), &[]);
    assert_eq!(due_of(24, LimitUnit::Hour), Due::At { at: at("2026-09-19", 14 * 60), provisional: false });
    assert_eq!(due_of(1, LimitUnit::CalendarDay), by_end_of("2026-09-19"));
    assert_eq!(due_of(1, LimitUnit::WorkingDay), by_end_of("2026-09-20"));
    assert_eq!(
        due_of(30, LimitUnit::Minute),
        Due::At { at: at("2026-09-18", 14 * 60 + 30), provisional: false }
    );
}

#[test]
fn a_year_that_nobody_published_is_provisional_and_counts_weekends_only() {
    let start = at("2026-12-30", 10 * 60);
    let one = due(start, limit(1, LimitUnit::WorkingDay), &cn(), &[]);
    assert_eq!(one, by_end_of("2026-12-31"));
    // 1 January 2027 is a holiday that the calendar does not know yet.
    let two = due(start, limit(2, LimitUnit::WorkingDay), &cn(), &[]);
    assert_eq!(two, Due::At { at: cn().close_of(day("2027-01-01")), provisional: true });
    let calendar_days = due(start, limit(9, LimitUnit::CalendarDay), &cn(), &[]);
    assert_eq!(calendar_days, Due::At { at: cn().close_of(day("2027-01-08")), provisional: false });
}

#[test]
fn offices_may_close_before_midnight() {
    let cn = Calendar { closing_minutes: 17 * 60 + 30, ..cn() };
    let due = due(at("2026-11-20", 18 * 60), limit(1, LimitUnit::WorkingDay), &cn, &[]);
    let last = Timestamp::from_unix_ms(at("2026-11-23", 17 * 60 + 30).unix_ms() - 1);
    assert_eq!(due, Due::At { at: last, provisional: false });
}

#[test]
fn a_pause_moves_hours_by_its_length_and_days_by_the_closings_it_covers() {
    let start = at("2026-11-16", 9 * 60);
    let pause = |from: (&str, u16), to: Option<(&str, u16)>| Pause {
        from: at(from.0, from.1),
        to: to.map(|(date, minutes)| at(date, minutes)),
    };
    let hours = [pause(("2026-11-16", 600), Some(("2026-11-16", 720)))];
    let four = limit(4, LimitUnit::Hour);
    assert_eq!(
        due(start, four, &cn(), &hours),
        Due::At { at: at("2026-11-16", 15 * 60), provisional: false }
    );
    // Over midnight from Tuesday to Thursday: two closings, two days.
    let days = [pause(("2026-11-17", 600), Some(("2026-11-19", 600)))];
    assert_eq!(due(start, limit(3, LimitUnit::WorkingDay), &cn(), &days), by_end_of("2026-11-23"));
    // Within a day: nothing.
    assert_eq!(due(start, limit(3, LimitUnit::WorkingDay), &cn(), &hours), by_end_of("2026-11-19"));
    let open = [pause(("2026-11-17", 600), None)];
    let since = at("2026-11-17", 600);
    assert_eq!(due(start, limit(3, LimitUnit::WorkingDay), &cn(), &open), Due::Paused { since });
    assert_eq!(due(start, limit(30, LimitUnit::Hour), &cn(), &open), Due::Paused { since });
    // Due before the clock was stopped: it stays due.
    assert_eq!(due(start, four, &cn(), &open), Due::At { at: at("2026-11-16", 13 * 60), provisional: false });
}

#[test]
fn calendars_and_policies_that_make_no_sense_are_named() {
    let wrong = |change: fn(&mut Calendar)| {
        let mut calendar = cn();
        change(&mut calendar);
        calendar.check().unwrap_err()
    };
    assert_eq!(wrong(|c| c.code = "CN".into()), CalendarError::Code);
    assert_eq!(wrong(|c| c.name.zh.clear()), CalendarError::Name);
    assert_eq!(wrong(|c| c.weekend = (1..=7).collect()), CalendarError::Weekend);
    assert_eq!(wrong(|c| c.closing_minutes = 0), CalendarError::Closing);
    assert_eq!(wrong(|c| c.covered_to = day("2020-01-01")), CalendarError::Covered);
    assert_eq!(wrong(|c| c.off.extend([day("2026-10-10")])), CalendarError::Both(day("2026-10-10")));
    assert_eq!(wrong(|c| c.on.extend([day("2027-01-02")])), CalendarError::Outside(day("2027-01-02")));

    let policy = built_in_policy();
    assert_eq!(policy.check(), Ok(()));
    let wrong = |change: fn(&mut DeadlinePolicy)| {
        let mut policy = policy.clone();
        change(&mut policy);
        policy.check().unwrap_err()
    };
    assert_eq!(wrong(|p| p.rules.clear()), PolicyError::Count);
    assert_eq!(wrong(|p| drop(p.rules.pop())), PolicyError::NotForAll);
    assert_eq!(wrong(|p| p.rules.rotate_right(1)), PolicyError::Unreachable(1));
    assert_eq!(wrong(|p| p.rules[0].limits.onsite = Some(limit(0, LimitUnit::Hour))), PolicyError::Amount(1));
    assert_eq!(wrong(|p| p.rules[2].source.clear()), PolicyError::Source(3));
}

#[test]
fn the_first_rule_that_fits_holds() {
    let policy = built_in_policy();
    let rule = |utility, category, priority| {
        policy.rule_for(Facts { utility, category, channel: "phone", priority }).map(|(number, _)| number)
    };
    assert_eq!(rule("gas", "gas.LEAK", "normal"), Some(1));
    assert_eq!(rule("gas", "gas.LEAKAGE", "normal"), Some(7), "a word is no part of another one");
    assert_eq!(rule("gas", "gas.METER", "urgent"), Some(2));
    assert_eq!(rule("power", "power.BIZ.metering", "urgent"), Some(4));
    assert_eq!(rule("power", "power.BIZ", "normal"), Some(5));
    assert_eq!(rule("water", "water.BILL", "normal"), Some(7));
}

proptest! {
    /// Starting later never ends earlier, one more day never ends earlier, and pauses never hasten.
    #[test]
    fn later_starts_larger_limits_and_pauses_never_end_earlier(
        start in 0i64..40 * 365 * 24 * HOUR, later in 0i64..40 * 24 * HOUR, amount in 1u32..60, unit in 0usize..4,
        pauses in proptest::collection::vec((0i64..60 * 24 * HOUR, 0i64..10 * 24 * HOUR), 0..4),
    ) {
        let unit = [LimitUnit::Minute, LimitUnit::Hour, LimitUnit::CalendarDay, LimitUnit::WorkingDay][unit];
        let start = Timestamp::from_unix_ms(start);
        let pauses: Vec<Pause> = pauses
            .iter()
            .map(|(from, length)| Pause { from: start.plus_ms(*from), to: Some(start.plus_ms(from + length)) })
            .collect();
        let end = |start, amount, pauses: &[Pause]| match due(start, limit(amount, unit), &cn(), pauses) {
            Due::At { at, .. } => at,
            Due::Paused { .. } => unreachable!("no pause is open"),
        };
        let plain = end(start, amount, &[]);
        prop_assert!(end(start.plus_ms(later), amount, &[]) >= plain);
        prop_assert!(end(start, amount + 1, &pauses) >= end(start, amount, &pauses));
        prop_assert!(end(start, amount, &pauses) >= plain);
        let mut turned = pauses.clone();
        turned.reverse();
        prop_assert_eq!(end(start, amount, &turned), end(start, amount, &pauses));
    }
}

#[test]
fn a_deadline_is_warned_of_missed_and_escalated_at_named_moments() {
    let rules = WatchRules::default();
    let calendar = &built_in_calendars()[0];
    // Friday 25 September 2026 is a holiday, 10 October a working Saturday: one working day after Friday 9 October.
    let from = at("2026-10-09", 9 * 60);
    let due_at = from.plus_ms(10 * 3_600_000);
    let marks = rules.marks(from, due_at, calendar);
    let expected = [
        (from.plus_ms(8 * 3_600_000), NEAR),
        (due_at.plus_ms(1), MISSED),
        (due_at.plus_ms(2 * 3_600_000), MISSED + 1),
        (calendar.close_of(day("2026-10-10")), MISSED + 2),
    ];
    assert_eq!(marks.iter().map(|mark| (mark.at, mark.level)).collect::<Vec<_>>(), expected);
    assert_eq!(level_at(&marks, from), (QUIET, Some(expected[0].0)));
    assert_eq!(level_at(&marks, due_at), (NEAR, Some(expected[1].0)), "the last moment is in time");
    assert_eq!(level_at(&marks, due_at.plus_ms(1)), (MISSED, Some(expected[2].0)));
    assert_eq!(level_at(&marks, due_at.plus_ms(90 * 86_400_000)), (MISSED + 2, None));
}

#[test]
fn experts_have_thirty_minutes_around_the_clock() {
    // The night before a holiday: no calendar is asked.
    let received = at("2026-09-30", 23 * 60 + 50);
    let (near_at, due_at) = WatchRules::default().expert_times(received);
    assert_eq!((near_at, due_at), (at("2026-10-01", 10), at("2026-10-01", 20)));
    let old: WatchRules = serde_json::from_str(r#"{ "warn_percent": 70 }"#).unwrap();
    assert_eq!(old.expert, WatchRules::default().expert, "rules of before experts");
}

/// Begins, working days before, last day.
#[test]
fn working_days_are_counted_backwards_over_holidays_and_make_up_days() {
    for (begins, amount, last) in [
        ("2026-11-23", 4, "2026-11-17"),
        ("2026-11-28", 1, "2026-11-27"),
        ("2026-11-27", 0, "2026-11-27"),
        // 20 September is a Sunday that people work on.
        ("2026-09-21", 1, "2026-09-20"),
        ("2026-09-22", 4, "2026-09-17"),
        // National Day: 1 to 7 October are off, 10 October makes up.
        ("2026-10-09", 4, "2026-09-28"),
        ("2026-10-08", 1, "2026-09-30"),
        ("2026-10-12", 2, "2026-10-09"),
    ] {
        let found = latest_before(at(begins, 8 * 60), limit(amount, LimitUnit::WorkingDay), &cn());
        let expected = LatestBefore { at: cn().close_of(day(last)), provisional: false };
        assert_eq!(found, expected, "{amount} before {begins}");
    }
}

#[test]
fn other_units_are_counted_backwards_without_a_calendar() {
    let begins = at("2026-10-09", 8 * 60);
    for (amount, unit, expected) in [
        (30, LimitUnit::Minute, at("2026-10-09", 7 * 60 + 30)),
        (48, LimitUnit::Hour, at("2026-10-07", 8 * 60)),
        (5, LimitUnit::CalendarDay, cn().close_of(day("2026-10-04"))),
        (7, LimitUnit::CalendarDay, cn().close_of(day("2026-10-02"))),
        (1, LimitUnit::CalendarMonth, cn().close_of(day("2026-09-09"))),
    ] {
        let found = latest_before(begins, limit(amount, unit), &cn());
        assert_eq!(found, LatestBefore { at: expected, provisional: false }, "{amount} {unit:?}");
    }
    let short = latest_before(at("2026-03-31", 60), limit(1, LimitUnit::CalendarMonth), &cn());
    assert_eq!(short.at, cn().close_of(day("2026-02-28")));
}

#[test]
fn a_calendar_that_does_not_reach_so_far_says_so_and_one_that_never_works_ends() {
    let four = limit(4, LimitUnit::WorkingDay);
    assert!(latest_before(at("2027-01-05", 60), four, &cn()).provisional, "1 January 2027 is not published");
    assert!(!latest_before(at("2026-12-31", 60), four, &cn()).provisional);
    let nobody = Calendar { weekend: (1..=7).collect(), ..cn() };
    let found = latest_before(at("2026-12-31", 60), four, &nobody);
    assert!(found.at < at("2026-12-31", 60), "{found:?}");
}

proptest! {
    #[test]
    fn counting_forwards_from_the_last_day_in_time_leaves_the_working_days(days in 0..700i64, amount in 1..30u32) {
        let begins = at("2024-03-01", 9 * 60).plus_ms(days * 24 * HOUR);
        let last = latest_before(begins, limit(amount, LimitUnit::WorkingDay), &cn()).at;
        let Due::At { at: again, .. } = due(last, limit(amount, LimitUnit::WorkingDay), &cn(), &[]) else {
            panic!("nothing stands");
        };
        // So many working days later it is the day on which it begins, or the next on which people work.
        prop_assert!(cn().date_of(again) >= cn().date_of(begins));
        prop_assert!(cn().day(cn().date_of(last)).works);
    }
}

#[test]
fn what_is_due_before_a_planned_event_leaves_time_to_tell_customers() {
    let rules = PlannedRules::default();
    // An ordinary week: the form five days before, customers four working days before; the earlier holds for the form.
    let limits = rules.limits(at("2026-11-27", 8 * 60), &cn());
    assert_eq!(limits.submit_by, cn().close_of(day("2026-11-22")));
    assert_eq!((limits.inform_by, limits.provisional), (cn().close_of(day("2026-11-23")), false));
    // Behind National Day five days are a holiday, and four working days lie in September.
    let limits = rules.limits(at("2026-10-09", 8 * 60), &cn());
    assert_eq!((limits.submit_by, limits.inform_by), (limits.inform_by, cn().close_of(day("2026-09-28"))));
    assert_eq!(limits.carried_from, cn().close_of(day("2026-09-25")));
    assert_eq!(
        rules.near_at(limits.submit_by, &cn()),
        cn().close_of(day("2026-09-24")),
        "25 September is off"
    );
    assert!(rules.limits(at("2027-02-20", 0), &cn()).provisional);
    let old: WatchRules = serde_json::from_str(r#"{ "warn_percent": 70 }"#).unwrap();
    assert_eq!(old.planned_events, rules, "rules of before planned events");
}

#[test]
fn rules_that_would_tell_nobody_in_time_are_refused() {
    let day = Limit { amount: 1, unit: LimitUnit::WorkingDay };
    let to = |to: &str| Escalation { after: day, to: to.to_owned() };
    for watch in [
        WatchRules { warn_percent: 0, ..WatchRules::default() },
        WatchRules { warn_percent: 100, ..WatchRules::default() },
        WatchRules { escalations: vec![to("nobody")], ..WatchRules::default() },
        WatchRules { escalations: vec![to("administrator"), to("lead")], ..WatchRules::default() },
        WatchRules { silent: Limit { amount: 0, ..day }, ..WatchRules::default() },
        WatchRules {
            planned_events: PlannedRules { near: Limit { amount: 0, ..day }, ..PlannedRules::default() },
            ..WatchRules::default()
        },
        WatchRules { expert: day, ..WatchRules::default() },
        WatchRules { expert_near: WatchRules::default().expert, ..WatchRules::default() },
    ] {
        let policy = DeadlinePolicy { watch, ..built_in_policy().clone() };
        assert!(matches!(policy.check(), Err(PolicyError::Watch(_))), "{:?}", policy.watch);
    }
}

#[test]
fn disciplines_are_data_and_old_rules_have_the_usual_ones() {
    let policy = built_in_policy();
    let codes: Vec<&str> = policy.disciplines.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["metering", "billing", "connection", "operation", "service"]);
    let mut older = serde_json::to_value(policy).unwrap();
    older.as_object_mut().unwrap().remove("disciplines");
    assert_eq!(serde_json::from_value::<DeadlinePolicy>(older).unwrap(), *policy);
    let wrong = |change: fn(&mut Discipline)| {
        let mut policy = policy.clone();
        change(&mut policy.disciplines[1]);
        policy.check()
    };
    for change in [
        |one: &mut Discipline| one.code = "Billing".to_owned(),
        |one: &mut Discipline| one.code = "metering".to_owned(),
        |one: &mut Discipline| one.code.clear(),
        |one: &mut Discipline| one.zh = " ".to_owned(),
        |one: &mut Discipline| one.unit = "a\tb".to_owned(),
        |one: &mut Discipline| one.within.amount = 0,
    ] {
        let refused = wrong(change);
        assert!(matches!(refused, Err(PolicyError::Discipline(1 | 2, _))), "{refused:?}");
    }
    assert_eq!(wrong(|one| one.unit = "结算中心".to_owned()), Ok(()));
}

#[test]
fn rules_about_special_complaints_are_data_and_old_rules_have_the_usual_ones() {
    let policy = built_in_policy();
    let mut older = serde_json::to_value(policy).unwrap();
    older.as_object_mut().unwrap().remove("special");
    assert_eq!(serde_json::from_value::<DeadlinePolicy>(older).unwrap(), *policy);
    let special = &policy.special;
    let numbers = (special.repeat.days, special.repeat.alert, special.escalated.dissatisfied);
    assert_eq!(numbers, (60, 3, 2));
    assert_eq!((special.batch.customers, special.batch.hours, special.batch.metres), (5, 24, 500));
    assert_eq!((special.focus.percent, special.focus.departments), (200, 3));
    let mut older = serde_json::to_value(policy).unwrap();
    older["special"].as_object_mut().unwrap().remove("similar");
    assert_eq!(serde_json::from_value::<DeadlinePolicy>(older).unwrap(), *policy);
    assert_eq!((special.similar.complaints, special.similar.days), (2, 30));
    for change in [
        |one: &mut SpecialRules| one.repeat.days = 0,
        |one: &mut SpecialRules| one.repeat.alert = 1,
        |one: &mut SpecialRules| one.batch.customers = 1,
        |one: &mut SpecialRules| one.batch.metres = 0,
        |one: &mut SpecialRules| one.focus.percent = 99,
        |one: &mut SpecialRules| one.similar.complaints = 1,
        |one: &mut SpecialRules| one.similar.days = 0,
        |one: &mut SpecialRules| one.similar.metres = 50_001,
        |one: &mut SpecialRules| one.similar.text_percent = 101,
        |one: &mut SpecialRules| one.similar.working_days = 251,
        |one: &mut SpecialRules| one.major.words = vec![" ".to_owned()],
        |one: &mut SpecialRules| one.focus.words = vec!["字".to_owned(); WORDS_MAX + 1],
        |one: &mut SpecialRules| one.usual.role = "clerk".to_owned(),
        |one: &mut SpecialRules| one.major.flow.limits.answer = Some(limit(0, LimitUnit::Hour)),
        |one: &mut SpecialRules| one.batch.flow.level.as_mut().unwrap().en.clear(),
    ] {
        let mut policy = policy.clone();
        change(&mut policy.special);
        assert!(matches!(policy.check(), Err(PolicyError::Special(_))), "{:?}", policy.special);
    }
}

#[test]
fn review_chains_are_checked_level_by_level() {
    let level = |role: &str| ReviewLevel {
        zh: "县级复核".to_owned(),
        en: "County".to_owned(),
        role: role.to_owned(),
        unit: String::new(),
        region: String::new(),
        within: limit(1, LimitUnit::WorkingDay),
    };
    let chain = |category: &str, levels| ReviewChain { category: category.to_owned(), levels };
    let check = |reviews| DeadlinePolicy { reviews, ..built_in_policy().clone() }.check();
    assert_eq!(built_in_policy().reviews, [], "one level, unless somebody says otherwise");
    assert_eq!(check(vec![chain("gas.SAFE", vec![level("reviewer"), level("lead")])]), Ok(()));
    assert!(chain("gas.SAFE", vec![]).fits("gas.SAFE.leak") && !chain("gas.SAFE", vec![]).fits("gas.SAFETY"));
    let nameless = ReviewLevel { en: " ".to_owned(), ..level("lead") };
    let endless = ReviewLevel { within: limit(0, LimitUnit::Hour), ..level("lead") };
    for wrong in [
        vec![chain("", vec![level("lead")])],
        vec![chain("gas", vec![])],
        vec![chain("gas", vec![level("clerk")])],
        vec![chain("gas", vec![nameless])],
        vec![chain("gas", vec![endless])],
        vec![chain("gas", vec![level("lead"); LEVELS_MAX + 1])],
        vec![chain("gas", vec![level("lead")]), chain("gas", vec![level("lead")])],
    ] {
        assert!(matches!(check(wrong), Err(PolicyError::Review(1, _))));
    }
}

proptest! {
    #[test]
    fn a_level_never_falls_and_its_next_moment_is_where_it_rises(
        run_ms in 0_i64..40 * 86_400_000, at_ms in -86_400_000_i64..200 * 86_400_000, later_ms in 0_i64..86_400_000,
    ) {
        let from = at("2026-09-18", 600);
        let marks = WatchRules::default().marks(from, from.plus_ms(run_ms), &built_in_calendars()[0]);
        let now = from.plus_ms(at_ms);
        let (level, next) = level_at(&marks, now);
        prop_assert!(level_at(&marks, now.plus_ms(later_ms)).0 >= level);
        if let Some(next) = next {
            prop_assert!(next > now && level_at(&marks, next).0 > level);
            prop_assert_eq!(level_at(&marks, next.plus_ms(-1)).0, level);
        }
    }
}

//! Every sign of `domain.md` E2, as a table.

use super::super::model::{Path, Source};
use super::*;
use sync_core::deadline::built_in_policy;

const DAY_MS: i64 = 24 * HOUR_MS;

fn rules() -> SpecialRules {
    built_in_policy().special.clone()
}

/// Noon in China, so many days after one in November 2025.
fn day(number: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_762_920_000_000 + number * DAY_MS)
}

fn matter(number: u8, heard: Timestamp) -> Matter {
    Matter {
        id: ComplaintId::from_bytes([number; 16]),
        heard,
        customer: format!("customer {number}"),
        category: "power.BIZ.metering".to_owned(),
        region: "east".to_owned(),
        place: None,
        closed: None,
        handled: false,
    }
}

fn case() -> Case {
    Case {
        me: matter(200, day(100)),
        channel: "phone",
        path: Path::default(),
        says: "电表走得快".to_owned(),
        reopened: false,
        dissatisfied: 0,
        answer: None,
        departments: 0,
        related: Vec::new(),
        near: Vec::new(),
        warned: BTreeSet::new(),
    }
}

/// Kind, level and signs of everything that is proposed, as words.
fn proposed(case: &Case, now: Timestamp) -> Vec<String> {
    let told = |proposal: &Proposal| {
        let signs: Vec<String> = proposal
            .signs
            .iter()
            .map(|sign| {
                let number = sign.number.map(|number| format!(" {number}")).unwrap_or_default();
                let word = sign.word.as_ref().map(|word| format!(" {word}")).unwrap_or_default();
                format!("{}{number}{word}", sign.reason)
            })
            .collect();
        format!("{} {}: {}", proposal.kind, proposal.level, signs.join(", "))
    };
    judge(&rules(), case, now).proposals.iter().map(told).collect()
}

fn check(name: &str, change: impl FnOnce(&mut Case), expected: &[&str]) {
    let mut case = case();
    change(&mut case);
    assert_eq!(proposed(&case, day(100)), expected, "{name}");
}

#[test]
fn nothing_is_special_by_itself() {
    check("an ordinary one", |_| {}, &[]);
}

#[test]
fn the_second_one_within_sixty_days_of_the_first_or_of_its_closing_is_a_repeat() {
    let closed = |heard: i64, closed: Option<i64>| {
        let (heard, closed) = (day(heard), closed.map(day));
        move |case: &mut Case| case.related = vec![Matter { closed, ..matter(1, heard) }]
    };
    let again = &["repeat 1: again 2"][..];
    check("the same day", closed(100, Some(100)), again);
    check("the 60th day after the first", closed(40, Some(41)), again);
    check("the 61st day after the first, which was closed before", closed(39, Some(39)), &[]);
    check("the 61st day after the first, the 60th after its closing", closed(39, Some(40)), again);
    check("half a year later, while the first is open", closed(-80, None), again);
    check("half a year later, long closed", closed(-80, Some(-70)), &[]);
    check("a later one makes no repeat of an earlier one", closed(101, None), &[]);
}

#[test]
fn from_the_third_on_the_lead_is_told() {
    for (others, expected) in [(1, "repeat 1: again 2"), (2, "repeat 2: again 3"), (4, "repeat 2: again 5")] {
        let related = |case: &mut Case| {
            case.related = (1..=others).map(|number| matter(number, day(90 + i64::from(number)))).collect();
        };
        check("so many", related, &[expected]);
    }
}

#[test]
fn of_two_at_the_same_moment_one_is_the_repeat() {
    let same = |number| move |case: &mut Case| case.related = vec![matter(number, day(100))];
    check("the one with the greater id", same(1), &["repeat 1: again 2"]);
    check("not the other", same(201), &[]);
}

#[test]
fn what_comes_from_above_after_it_was_handled_is_escalated() {
    let handled = || vec![Matter { handled: true, closed: Some(day(10)), ..matter(1, day(1)) }];
    for source in
        [Source::Energy, Source::Mayor, Source::Consumers, Source::Miit, Source::Petition, Source::HeadOffice]
    {
        let mut case = case();
        case.path.source = Some(source);
        let major = format!("major 2: transfer {source}");
        let expected = if source == Source::Consumers { vec![] } else { vec![major.clone()] };
        assert_eq!(proposed(&case, day(100)), expected, "{source}: a fresh matter");
        case.related = handled();
        let expected: Vec<String> =
            [format!("escalated 1: transferred {source}")].into_iter().chain(expected).collect();
        assert_eq!(proposed(&case, day(100)), expected, "{source}: handled before");
        case.related.clear();
        case.reopened = true;
        assert_eq!(proposed(&case, day(100)), expected, "{source}: taken up again");
    }
    let by_channel = |case: &mut Case| (case.channel, case.related) = ("regulator", handled());
    check("the channel alone", by_channel, &["escalated 1: transferred regulator"]);
    check("the customer themselves", |case: &mut Case| case.related = handled(), &[]);
    let unhandled = |case: &mut Case| {
        (case.channel, case.related) = ("regulator", vec![matter(1, day(-90))]);
        case.related[0].closed = Some(day(-80));
    };
    check("withdrawn before anybody judged", unhandled, &[]);
}

#[test]
fn whoever_was_not_content_twice_is_escalated() {
    for (times, expected) in
        [(0, &[][..]), (1, &[]), (2, &["escalated 1: dissatisfied 2"]), (3, &["escalated 1: dissatisfied 3"])]
    {
        check("so often", |case: &mut Case| case.dissatisfied = times, expected);
    }
}

/// So many of different customers, each so many minutes after the one before.
fn others(number: u8, minutes: i64, place: Option<(f64, f64)>) -> Vec<Matter> {
    let later = |n: u8| day(100).plus_ms(i64::from(n) * minutes * 60_000);
    (1..=number).map(|n| Matter { place, ..matter(n, later(n)) }).collect()
}

#[test]
fn five_customers_within_a_day_and_five_hundred_metres_are_a_batch() {
    let here = Some((31.2304, 121.4737));
    let near = |near: Vec<Matter>| move |case: &mut Case| (case.me.place, case.near) = (here, near);
    let batch = &["batch 1: place"][..];
    check("five", near(others(4, 60, here)), batch);
    check("four", near(others(3, 60, here)), &[]);
    check("five, the last one 24 hours later", near(others(4, 6 * 60, here)), batch);
    check("five, the last one a minute more", near(others(4, 6 * 60 + 1, here)), &[]);
    let twice = |mut near: Vec<Matter>| {
        near[0].customer = "customer 200".to_owned();
        near
    };
    check("five, one customer twice", near(twice(others(4, 60, here))), &[]);
    // 0.0044 degrees of latitude are 489 metres, 0.0046 are 512.
    check("489 metres", near(others(4, 60, Some((31.2348, 121.4737)))), batch);
    check("512 metres", near(others(4, 60, Some((31.2350, 121.4737)))), &[]);
    check("nobody knows where", near(others(4, 60, None)), &[]);
    // In a row of houses the ends are further apart than from the middle.
    let row =
        [-400.0, -200.0, 200.0, 400.0].map(|metres: f64| Some((31.2304 + metres / DEGREE_METRES, 121.4737)));
    let along =
        others(4, 60, None).into_iter().zip(row).map(|(one, place)| Matter { place, ..one }).collect();
    check("a row of houses around the middle", near(along), batch);
}

#[test]
fn five_customers_of_a_region_with_an_early_warning_are_a_batch() {
    let today = office_day_number(day(100));
    let warned = |days: &[i64], near: Vec<Matter>| {
        let days = days.iter().copied().collect();
        move |case: &mut Case| (case.warned, case.near) = (days, near)
    };
    check("warned", warned(&[today], others(4, 30, None)), &["batch 1: warning"]);
    check("no warning", warned(&[], others(4, 30, None)), &[]);
    check("warned yesterday", warned(&[today - 1], others(4, 30, None)), &[]);
    check("too few", warned(&[today], others(3, 30, None)), &[]);
    let elsewhere = others(4, 30, None).into_iter().map(|one| Matter { region: "west".to_owned(), ..one });
    check("elsewhere", warned(&[today], elsewhere.collect()), &[]);
}

#[test]
fn everybody_in_a_batch_is_named_by_each_of_them() {
    let here = Some((31.2304, 121.4737));
    let all: Vec<Matter> = others(6, 5 * 60, here);
    let seen_by = |place: usize| {
        let mut case = case();
        case.me = all[place].clone();
        case.near = all.iter().filter(|one| one.id != case.me.id).cloned().collect();
        let judged = judge(&rules(), &case, day(100));
        let is_batch = judged.proposals.iter().any(|proposal| proposal.kind == SpecialKind::Batch);
        (is_batch, judged.members.into_keys().collect::<BTreeSet<_>>())
    };
    // Five of them fit in 24 hours, whichever is looked at: the first to the fifth, or the second to the sixth.
    for (place, me) in all.iter().enumerate() {
        let (is_batch, members) = seen_by(place);
        assert!(is_batch, "{place}");
        for (other, one) in all.iter().enumerate() {
            let together = place.abs_diff(other) < 5;
            assert_eq!(members.contains(&one.id), together && one.id != me.id, "{place} {other}");
            assert_eq!(seen_by(other).1.contains(&me.id), members.contains(&one.id), "{place} {other}");
        }
    }
}

#[test]
fn injury_media_loss_and_transfers_are_major_and_told_at_once() {
    let says = |text: &'static str| move |case: &mut Case| case.says = text.to_owned();
    for (text, word) in [
        ("漏气，两人中毒送医", "中毒"),
        ("电线落下，一名儿童触电", "触电"),
        ("停电，家里有人用呼吸机", "呼吸机"),
        ("人民医院停电", "医院"),
        ("要找央视曝光", "央视"),
        ("My neighbour was INJURED", "injur"),
        ("the dialysis machine stopped", "dialysis"),
    ] {
        check(text, says(text), &[&format!("major 2: word {word}")]);
    }
    for (text, yuan) in [
        ("冰箱烧坏，损失10000元", Some(10_000)),
        ("冰箱烧坏，损失9999元", None),
        ("货物解冻，损失约3.5万元", Some(35_000)),
        ("损失 12,000 元", Some(12_000)),
        ("a loss of 12,000 yuan", Some(12_000)),
        ("损失两台冰箱，10000 瓦", None),
        ("loss of 20000 litres", None),
        ("10000 yuan were paid", None),
    ] {
        let expected: Vec<String> = yuan.map(|yuan| format!("major 2: loss {yuan}")).into_iter().collect();
        let mut case = case();
        case.says = text.to_owned();
        assert_eq!(proposed(&case, day(100)), expected, "{text}");
    }
    for source in [Source::NationalMedia, Source::ProvincialMedia] {
        let from = |case: &mut Case| case.path.source = Some(source);
        check("media", from, &[&format!("major 2: transfer {source}")]);
    }
    check("media of the city", |case: &mut Case| case.path.source = Some(Source::CityMedia), &[]);
    let sensitive = |case: &mut Case| case.path.issue = Some(IssueType::Sensitive);
    check("a sensitive matter", sensitive, &["major 2: sensitive"]);
    for issue in [IssueType::Policy, IssueType::Business, IssueType::Service, IssueType::OnSite] {
        check("another matter", |case: &mut Case| case.path.issue = Some(issue), &[]);
    }
}

#[test]
fn what_is_on_the_watch_list_is_in_focus() {
    let mut rules = rules();
    rules.focus.words = vec!["充电桩".to_owned(), "Ladder".to_owned()];
    rules.focus.categories = vec!["gas.CONN".to_owned()];
    for (says, category, topic) in [
        ("小区充电桩电价", "power.BIZ.bill", Some("充电桩")),
        ("the ladder tariff", "power.BIZ.bill", Some("Ladder")),
        ("改装", "gas.CONN", Some("gas.CONN")),
        ("改装", "gas.CONN.flat", Some("gas.CONN")),
        ("改装", "gas.CONNECT", None),
    ] {
        let (says, category) = (says.to_owned(), category.to_owned());
        let me = Matter { category, ..case().me };
        let judged = judge(&rules, &Case { me, says, ..case() }, day(100));
        let found = judged.proposals.first().map(|proposal| (proposal.kind, proposal.signs[0].word.clone()));
        assert_eq!(found, topic.map(|topic| (SpecialKind::Focus, Some(topic.to_owned()))));
    }
}

#[test]
fn open_for_twice_its_time_among_three_departments_is_in_focus() {
    let answer = Some((day(100), day(105)));
    let limit = day(110);
    for (name, departments, now, found, again) in [
        ("not yet", 3, limit, false, Some(limit.plus_ms(1))),
        ("a millisecond later", 3, limit.plus_ms(1), true, None),
        ("two departments", 2, day(200), false, None),
    ] {
        let judged = judge(&rules(), &Case { answer, departments, ..case() }, now);
        assert_eq!((!judged.proposals.is_empty(), judged.again), (found, again), "{name}");
    }
    let without = judge(&rules(), &Case { departments: 5, ..case() }, day(900));
    assert_eq!((without.proposals, without.again), (Vec::new(), None), "no limit, no time beyond it");
}

#[test]
fn the_same_matter_is_the_same_up_to_the_third_part() {
    for (one, other, same) in [
        ("power.BIZ.metering", "power.BIZ.metering", true),
        ("power.BIZ.metering.fast", "power.BIZ.metering.slow", true),
        ("power.BIZ.metering", "power.BIZ.bill", false),
        ("gas.LEAK", "gas.LEAK", true),
        ("gas.LEAK", "gas.LEAK.indoor", false),
    ] {
        assert_eq!(same_matter(one, other), same, "{one} {other}");
    }
}

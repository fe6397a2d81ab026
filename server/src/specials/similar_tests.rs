//! The rule of complaints alike with its limits, as a table.

use super::*;

const DAY_MS: i64 = 86_400_000;

/// Noon in China, so many days after one in November 2025.
fn day(number: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_762_920_000_000 + number * DAY_MS)
}

/// A complaint of its own customer of which neither meter nor position is known.
fn candidate(number: u8) -> Candidate {
    Candidate {
        matter: Matter {
            id: ComplaintId::from_bytes([number; 16]),
            heard: day(100),
            customer: format!("customer {number}"),
            category: "power.BIZ.metering".to_owned(),
            region: "east".to_owned(),
            place: None,
            closed: None,
            handled: false,
        },
        meter: None,
        address: index_text(&format!("梧桐路 {number} 号")),
        says: "电表走得快，电费翻倍".to_owned(),
    }
}

fn check(name: &str, change: impl FnOnce(&mut Candidate, &mut Candidate), expected: bool) {
    let (mut one, mut other) = (candidate(1), candidate(2));
    change(&mut one, &mut other);
    let rule = SimilarRule::default();
    assert_eq!(is_similar(&rule, &one, &other), expected, "{name}");
    assert_eq!(is_similar(&rule, &other, &one), expected, "{name}, the other way round");
}

#[test]
fn alike_is_the_same_matter_within_thirty_days_in_one_region() {
    check("the same words in one region", |_, _| {}, true);
    for (days, expected) in [(29, true), (30, true), (31, false)] {
        check(&format!("{days} days"), |_, other| other.matter.heard = day(100 + days), expected);
    }
    for (category, expected) in [
        ("power.BIZ.metering.fast", true),
        ("power.BIZ.bill", false),
        ("power.BIZ", false),
        ("gas.BIZ.metering", false),
    ] {
        check(category, |_, other| other.matter.category = category.to_owned(), expected);
    }
    check("elsewhere", |_, other| other.matter.region = "west".to_owned(), false);
    let nowhere = |one: &mut Candidate, other: &mut Candidate| {
        (one.matter.region, other.matter.region) = (String::new(), String::new());
    };
    check("no region is known", nowhere, false);
}

fn meters(one: &str, other: &str) -> (Option<String>, Option<String>) {
    (Some(one.to_owned()), Some(other.to_owned()))
}

#[test]
fn one_place_is_a_meter_a_customer_five_hundred_metres_or_an_address_up_to_its_number() {
    let other_words = |change: fn(&mut Candidate, &mut Candidate)| {
        move |one: &mut Candidate, other: &mut Candidate| {
            other.says = "抄表员态度差".to_owned();
            change(one, other);
        }
    };
    check("nothing in common", other_words(|_, _| {}), false);
    check("one meter", other_words(|one, other| (one.meter, other.meter) = meters("A1", "A1")), true);
    check("two meters, the same words", |one, other| (one.meter, other.meter) = meters("A1", "A2"), false);
    check("one meter known, the same words", |one, _| one.meter = Some("A1".to_owned()), true);
    check(
        "one customer",
        other_words(|one, other| other.matter.customer.clone_from(&one.matter.customer)),
        true,
    );
    // 0.0044 degrees of latitude are 489 metres, 0.0046 are 512.
    for (latitude, expected) in [(31.2348, true), (31.2350, false)] {
        let places = |one: &mut Candidate, other: &mut Candidate| {
            (one.matter.place, other.matter.place) = (Some((31.2304, 121.4737)), Some((latitude, 121.4737)));
        };
        check("so far north, the same words", places, expected);
    }
    for (one_at, other_at, expected) in [
        ("梧桐路 12 号 3 单元 602", "梧桐路12号5单元101", true),
        ("梧桐路 12 号", "梧桐路 120 号", false),
        ("阳光小区", "阳光小区", true),
        ("阳光小区", "月光小区", false),
        ("12 Elm Street, flat 3", "12 Oak Street, flat 3", false),
        ("", "", false),
    ] {
        let addresses = |one: &mut Candidate, other: &mut Candidate| {
            other.says = "抄表员态度差".to_owned();
            (one.address, other.address) = (index_text(one_at), index_text(other_at));
        };
        check(&format!("{one_at} and {other_at}"), addresses, expected);
    }
}

#[test]
fn words_are_alike_from_half_of_their_pairs_on() {
    for (says, expected) in [
        ("电表走得快，电费翻倍！", true),
        ("电表走得快，电费太高", true),
        ("电表走得慢", false),
        ("停电两小时", false),
        ("", false),
    ] {
        check(says, |_, other| other.says = says.to_owned(), expected);
    }
}

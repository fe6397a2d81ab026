//! What those who are sent do not learn when the customer asked not to be named.
//!
//! Name, phone and customer number are left out, and blanked where the customer's own words hold them. The address
//! stays, since the matter is there: whoever is afraid of being recognised by it is better served by a visit to the
//! whole building, which the office arranges.

use crate::complaints::model::{Customer, Intake};

/// Stands where something was taken out.
pub(crate) const BLANK: &str = "▇▇";
/// So many digits in a row, with spaces, dashes and brackets between them, are a number that somebody can be found by.
const DIGITS_MIN: usize = 7;
/// What follows a family name.
const TITLES: [&str; 8] = ["先生", "女士", "小姐", "师傅", "老师", "太太", "大爷", "阿姨"];

/// The complaint without who complains.
pub(super) fn without_customer(intake: &Intake) -> Intake {
    Intake {
        summary: redacted(&intake.summary, &intake.customer),
        remedy_sought: intake.remedy_sought.as_deref().map(|text| redacted(text, &intake.customer)),
        customer: Customer::default(),
        ..intake.clone()
    }
}

/// The text with names and numbers of the customer blanked. The number of the meter is one that the technician needs,
/// but not in the customer's words.
pub(crate) fn redacted(text: &str, customer: &Customer) -> String {
    let mut text = text.to_owned();
    if let Some(name) = customer.name.as_deref() {
        text = text.replace(name, BLANK);
        let is_han = |sign: char| ('\u{4e00}'..='\u{9fff}').contains(&sign);
        match name.chars().next() {
            // 李梅: 李女士.
            Some(family) if is_han(family) => {
                for title in TITLES {
                    text = text.replace(&format!("{family}{title}"), BLANK);
                }
            }
            // Grace Lin: each word of it.
            _ => {
                for word in name.split_whitespace().filter(|word| word.chars().count() > 1) {
                    text = text.replace(word, BLANK);
                }
            }
        }
    }
    if let Some(number) = customer.number.as_deref() {
        text = text.replace(number, BLANK);
    }
    without_numbers(&text)
}

/// The text with long numbers blanked, however they are written.
fn without_numbers(text: &str) -> String {
    let between = |sign: char| matches!(sign, ' ' | '-' | '(' | ')' | '（' | '）' | '+');
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, kept: &mut String| {
        // The day on which something happened stays.
        let is_date = run.trim_end_matches(between).parse::<jiff::civil::Date>().is_ok();
        if is_date || run.chars().filter(char::is_ascii_digit).count() < DIGITS_MIN {
            kept.push_str(run);
        } else {
            let tail = run.trim_end_matches(between).len();
            kept.push_str(BLANK);
            kept.push_str(&run[tail..]);
        }
        run.clear();
    };
    for sign in text.chars() {
        if sign.is_ascii_digit() || (!run.is_empty() && between(sign)) {
            run.push(sign);
        } else {
            flush(&mut run, &mut kept);
            kept.push(sign);
        }
    }
    flush(&mut run, &mut kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_complains_is_taken_out_of_the_words_and_figures_stay() {
        let customer = |name: &str| Customer {
            number: Some("KH-88".to_owned()),
            name: Some(name.to_owned()),
            phone: Some("138 0013 8000".to_owned()),
        };
        for (name, text, left) in [
            ("李梅", "李梅（李女士）说电表 3 天走了 120 度", "▇▇（▇▇）说电表 3 天走了 120 度"),
            ("李梅", "打 138-0013-8000 找她，户号 KH-88。", "打 ▇▇ 找她，户号 ▇▇。"),
            ("李梅", "电话138 0013 8000 晚上打", "电话▇▇ 晚上打"),
            (
                "Grace Lin",
                "Grace says: 2025-11-20 the bill was 1200",
                "▇▇ says: 2025-11-20 the bill was 1200",
            ),
            ("李梅", "隔壁李先生也这样，11 月 3 日", "隔壁▇▇也这样，11 月 3 日"),
        ] {
            assert_eq!(redacted(text, &customer(name)), left);
        }
        assert_eq!(redacted("nothing to hide 12345", &Customer::default()), "nothing to hide 12345");
    }
}

//! The values of a record's fields as people read them: codes in words, moments on the office's clock.

use crate::pages::Shell;

/// A value of a field; an empty one only where the field has words for that.
pub(super) fn valued(shell: &Shell, field: &str, value: &str) -> String {
    let w = shell.w;
    match field {
        "category" => w.category(value).to_owned(),
        "priority" | "channel" | "utility" => w.code(field, value),
        "region" => shell.region(value).to_owned(),
        "unit" if value.is_empty() => w.t("unit-none"),
        "contact_due" | "onsite_due" | "answer_due" => {
            value.parse::<i64>().map_or_else(|_| value.to_owned(), |ms| w.time(ms))
        }
        _ => value.to_owned(),
    }
}

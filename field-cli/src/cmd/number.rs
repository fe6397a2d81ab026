//! What is wrong with typed figures, in the language of the user.

use crate::cli::help::argument_name;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::i18n::{Words, say};
use sync_core::metering::{MeterCheckError, RatioError};
use sync_core::number::{Entered, NumberError, QuantityError};

/// Reads a figure that was typed for an argument.
///
/// # Errors
/// A usage failure that names the argument.
pub(crate) fn read(words: &Words, argument: &str, typed: &str) -> Result<Entered, Failure> {
    Entered::parse(typed).map_err(|error| failure(words, argument, &error))
}

/// Reads a figure, asked for on a terminal by its label when it was not typed.
///
/// # Errors
/// A usage failure that names the argument.
pub(crate) fn ask(ctx: &Ctx, label: &str, typed: Option<&str>, argument: &str) -> Result<Entered, Failure> {
    let question = ctx.words.code("label", label);
    loop {
        let answer = ctx.need(typed, argument, &question)?;
        match read(&ctx.words, argument, &answer) {
            // A slip at a question costs one more answer, not everything typed before.
            Err(failure) if typed.is_none() && ctx.interactive => ctx.tell_slip(failure),
            read => return read,
        }
    }
}

/// Why a text is no figure.
pub(crate) fn failure(words: &Words, argument: &str, error: &NumberError) -> Failure {
    let argument = argument_name(words, argument);
    let what = match error {
        NumberError::Empty => say!(words, "usage-missing", arguments = argument),
        NumberError::NotANumber { found } => {
            say!(words, "number-not", value = found.clone(), argument = argument)
        }
        NumberError::Exponent { found } => {
            say!(words, "number-exponent", value = found.clone(), argument = argument)
        }
        NumberError::Separator { found } => {
            say!(words, "number-separator", value = found.clone(), argument = argument)
        }
        NumberError::TooLong { found, max } => {
            say!(words, "number-too-long", value = found.clone(), argument = argument, max = max.to_string())
        }
    };
    Failure::usage("not-a-number", what)
}

/// The name of an input of a formula.
pub(crate) fn field(words: &Words, field: &str) -> String {
    words.code("field", field)
}

/// Why a figure cannot be computed with.
pub(crate) fn quantity(words: &Words, error: &QuantityError) -> Failure {
    let name = |field: &str| self::field(words, field);
    let what = match error {
        QuantityError::NotPositive { field, found } => {
            say!(words, "quantity-not-positive", field = name(field), value = found.to_string())
        }
        QuantityError::Negative { field, found } => {
            say!(words, "quantity-negative", field = name(field), value = found.to_string())
        }
        QuantityError::NotWhole { field, found } => {
            say!(words, "quantity-not-whole", field = name(field), value = found.to_string())
        }
        QuantityError::OutOfRange { field } => say!(words, "quantity-out-of-range", field = name(field)),
    };
    Failure::usage("impossible-figure", what)
}

/// Why figures make no meter check.
pub(crate) fn check(words: &Words, error: &MeterCheckError) -> Failure {
    let what = match error {
        MeterCheckError::Quantity(error) => return quantity(words, error),
        MeterCheckError::Ratio(error) => return ratio(words, error),
        MeterCheckError::StopBelowStart { start, stop } => {
            say!(words, "check-stop-below-start", start = start.to_string(), stop = stop.to_string())
        }
        MeterCheckError::RunCount { found, max } => {
            say!(words, "check-run-count", found = found.to_string(), max = max.to_string())
        }
        MeterCheckError::MixedClasses { first, other } => {
            say!(words, "check-mixed-classes", first = first.code(), other = other.code())
        }
    };
    Failure::usage("impossible-figure", what)
}

fn ratio(words: &Words, error: &RatioError) -> Failure {
    match error {
        RatioError::Quantity(error) => quantity(words, error),
        RatioError::Swapped { field, primary, secondary } => {
            let (found, swapped) = (format!("{primary}/{secondary}"), format!("{secondary}/{primary}"));
            let what = say!(words, "ratio-swapped", argument = format!("--{field}"), value = found);
            Failure::usage("impossible-figure", what).hint(say!(
                words,
                "usage-suggestion",
                suggestion = swapped
            ))
        }
    }
}

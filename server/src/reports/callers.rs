//! What a report counts of those who ask customers how it went: what customers say, and whether they were given time.

use super::figures::{quantile, share};
use serde_json::Value;
use sqlx_macros::FromRow;
use std::collections::BTreeMap;
use sync_core::document::VisitView;

/// The question how content the customer is, 1 to 5.
pub(super) const RATING_QUESTION: &str = "return-visit.rating";
/// An answer within so many seconds was given without time to think.
const HURRIED_SECONDS: i64 = 3;

/// A return visit that was made.
#[derive(Debug, FromRow)]
pub(super) struct Made {
    pub(super) done_by: String,
    pub(super) completed_at_ms: Option<i64>,
    pub(super) due_at_ms: Option<i64>,
    pub(super) done_at_ms: i64,
    /// How content the customer is, as answered on the phone, as JSON.
    pub(super) rating: Option<String>,
    /// The visit on which the customer was asked at the door.
    pub(super) view_json: Option<String>,
}

impl Made {
    /// How content the customer is, 1 to 5, in hundredths; `None` when nothing was said.
    fn rated(&self) -> Option<i64> {
        let said: Value = match (&self.rating, &self.view_json) {
            (Some(json), _) => serde_json::from_str(json).ok()?,
            (None, Some(view)) => {
                let view: VisitView = serde_json::from_str(view).ok()?;
                serde_json::to_value(&view.answers.get(RATING_QUESTION)?.shown).ok()?
            }
            (None, None) => return None,
        };
        let rating = said.as_f64().or_else(|| said.as_str()?.trim().parse().ok())?;
        #[expect(clippy::cast_possible_truncation, reason = "100 to 500")]
        (1.0..=5.0).contains(&rating).then_some((rating * 100.0).round() as i64)
    }

    /// Whether it was made after its time, or in the last tenth of it.
    fn timing(&self) -> (bool, bool) {
        let Some(due) = self.due_at_ms else { return (false, false) };
        let is_late = self.done_at_ms > due;
        let last_tenth = self.completed_at_ms.is_some_and(|from| self.done_at_ms > due - (due - from) / 10);
        (is_late, last_tenth && !is_late)
    }
}

/// Return visits of one person, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallerFigures {
    pub(super) made: i64,
    rated: i64,
    /// The sum of the ratings, in hundredths.
    ratings: i64,
    pub(super) late: i64,
    last_tenth: i64,
    /// Seconds that each answer took.
    seconds: Vec<i64>,
}

impl CallerFigures {
    pub(super) fn add(&mut self, made: &Made) {
        self.made += 1;
        if let Some(rating) = made.rated() {
            self.rated += 1;
            self.ratings += rating;
        }
        let (late, last_tenth) = made.timing();
        self.late += i64::from(late);
        self.last_tenth += i64::from(last_tenth);
    }

    pub(super) fn add_answer(&mut self, seconds: i64) {
        self.seconds.push(seconds);
    }

    /// How content customers are in the mean, 1 to 5.
    pub(super) fn mean_rating(&self) -> Option<f64> {
        share(self.ratings, 100 * self.rated)
    }

    /// Half of the answers took so many seconds or fewer.
    pub(super) fn median_seconds(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a call")]
        quantile(&self.seconds, 50).map(|seconds| seconds as f64)
    }

    /// The share of answers that were given without time to think.
    pub(super) fn hurried_rate(&self) -> Option<f64> {
        let hurried = self.seconds.iter().filter(|seconds| **seconds < HURRIED_SECONDS).count();
        share(i64::try_from(hurried).ok()?, i64::try_from(self.seconds.len()).ok()?)
    }

    /// The share made in the last tenth of their time.
    pub(super) fn last_tenth_rate(&self) -> Option<f64> {
        share(self.last_tenth, self.made)
    }
}

/// Of each person by their id, and of all of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Callers {
    pub(super) all: CallerFigures,
    pub(super) each: BTreeMap<String, CallerFigures>,
}

impl Callers {
    pub(super) fn add(&mut self, made: &Made) {
        self.all.add(made);
        self.each.entry(made.done_by.clone()).or_default().add(made);
    }

    pub(super) fn add_answer(&mut self, person: &str, seconds: i64) {
        self.all.add_answer(seconds);
        self.each.entry(person.to_owned()).or_default().add_answer(seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(rating: Option<&str>, done_at_ms: i64) -> Made {
        Made {
            done_by: "li".into(),
            completed_at_ms: Some(0),
            due_at_ms: Some(1000),
            done_at_ms,
            rating: rating.map(str::to_owned),
            view_json: None,
        }
    }

    #[test]
    fn who_leaves_no_time_or_calls_at_the_last_moment_is_seen() {
        let mut callers = Callers::default();
        for row in
            [made(Some("\"5\""), 500), made(Some("\"2.5\""), 950), made(None, 1001), made(Some("\"9\""), 900)]
        {
            callers.add(&row);
        }
        for seconds in [1, 2, 3, 40] {
            callers.add_answer("li", seconds);
        }
        let li = &callers.each["li"];
        assert_eq!((li, li.made, li.late), (&callers.all, 4, 1));
        assert_eq!(li.last_tenth_rate(), Some(0.25), "950 of 1000, and neither 900 nor 1001");
        assert_eq!(li.mean_rating(), Some(3.75), "there is no 9");
        assert_eq!((li.median_seconds(), li.hurried_rate()), (Some(2.0), Some(0.5)));
        assert_eq!(CallerFigures::default().hurried_rate(), None);
    }
}

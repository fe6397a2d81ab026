//! Pages about complaints.

pub(crate) mod bulk;
mod checks;
#[cfg(test)]
mod crowded_tests;
mod edit;
mod entries;
#[cfg(test)]
pub(crate) mod form_tests;
mod from_field;
mod gas_checks;
mod history;
mod kept_words;
mod new;
mod news;
mod queue;
#[cfg(test)]
mod reader_tests;
pub(crate) mod record;
#[cfg(test)]
mod record_tests;
mod rows;
pub(crate) mod sections;
#[cfg(test)]
mod step_tests;
mod steps;
#[cfg(test)]
mod tests;
mod timeline;
mod told;
mod typed;
mod values;
mod verdicts;
mod visits;

pub(crate) use super::search::NEWER_MAX;
pub(crate) use entries::entry_words;
pub(crate) use history::{Change, changes};
pub(crate) use queue::count_of_view;
pub(crate) use rows::state_class;
pub(crate) use steps::{StepHead, as_seen, given, is_for_the_form, step_head};
pub(crate) use timeline::person_name;

use crate::pages::PageRoutes;

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let routes = super::contact::pages(routes);
    let routes = history::pages(steps::pages(news::pages(record::pages(routes))));
    edit::pages(new::pages(bulk::pages(queue::pages(routes))))
}

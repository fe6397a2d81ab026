//! Pages about complaints.

mod edit;
#[cfg(test)]
pub(crate) mod form_tests;
mod new;
mod queue;
mod rows;
pub(crate) mod sections;
#[cfg(test)]
mod tests;
mod typed;

pub(crate) use queue::VIEWS;
pub(crate) use rows::state_class;

use crate::pages::PageRoutes;

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    edit::pages(new::pages(queue::pages(routes)))
}

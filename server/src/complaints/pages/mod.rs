//! Pages about complaints.

mod queue;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use queue::VIEWS;

use crate::pages::PageRoutes;

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    queue::pages(routes)
}

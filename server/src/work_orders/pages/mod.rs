//! Pages about work orders: sending people to one complaint, or to many at once.

mod bulk;
#[cfg(test)]
mod tests;

use crate::pages::PageRoutes;

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    bulk::pages(routes)
}

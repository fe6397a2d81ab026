//! Pages about work orders: sending people to one complaint, or to many at once.

mod bulk;
mod dispatch;
#[cfg(test)]
mod tests;

use crate::pages::PageRoutes;

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    dispatch::pages(bulk::pages(routes))
}

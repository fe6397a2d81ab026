//! What all pages of the office share: words, frame, forms, assets, and who may open what.
//!
//! Pages are made on the server and work without scripts. A page is one context struct with its template; its
//! handler reads like its summary: authenticate, read, decide, answer. Each capability keeps its pages in its own
//! folder and declares them with a [`Policy`]; a page without one cannot be reached by anybody.
//!
//! Deliberately not here: what may be done to a record (the capabilities decide that for pages and API alike).

mod account;
mod answer;
mod assets;
mod form;
mod live;
mod policy;
mod shell;
mod sign_in;
mod start;
#[cfg(test)]
mod start_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod viewer;
mod words;

pub(crate) use answer::{
    changed_meanwhile, failure_page, is_known, page, see_other, unprocessable, versioned, with_status,
};
pub(crate) use assets::href as asset;
pub(crate) use form::Posted;
pub(crate) use live::{Live, watch_log};
pub(crate) use policy::{PageRoutes, Policy};
pub(crate) use shell::Shell;
pub(crate) use viewer::Viewer;
pub(crate) use viewer::language_of;
pub(crate) use words::Words;

use crate::app::App;
use crate::layers::Class;
use axum::Router;

/// All pages of all capabilities.
pub(crate) fn all() -> PageRoutes {
    let routes = live::pages(start::pages(account::pages(sign_in::pages(PageRoutes::default()))));
    let routes = crate::evidence::pages(routes);
    let routes = crate::review::pages(routes);
    let routes = crate::complaints::pages::pages(routes);
    let routes = crate::deadlines::pages(routes);
    let routes = crate::returns::pages(routes);
    let routes = crate::planned::pages(routes);
    let routes = crate::back_billing::pages(crate::corrective::pages(routes));
    let routes = crate::seats::pages(crate::sections::pages(routes));
    let routes = crate::restricted::pages(routes);
    let routes = crate::exports::pages(routes);
    let routes = crate::reports::pages(routes);
    let routes = crate::specials::pages(routes);
    let routes = crate::warnings::pages(routes);
    let routes = crate::knowledge::pages(routes);
    let routes = crate::review::duplicates_page::pages(routes);
    let routes = crate::work_orders::pages::pages(routes);
    let routes = crate::devices::pages(routes);
    let routes = crate::people::pages(routes);
    let routes = crate::exchange::pages(routes);
    let routes = crate::work_orders::field_pages(routes);
    crate::audit::pages(routes)
}

/// The pages as routes, with assets.
pub(crate) fn routes() -> Router<App> {
    Class::office().of_pages(all().into_router()).merge(assets::routes())
}

//! How a handler comes to its path: as a handler of one kind, whatever it takes and answers.
//!
//! For each kind of handler `axum` makes some fifty functions, and the compiler proves for most of them anew that the
//! future may change its thread, down to the last statement it awaits. With one kind this is done once: it saves a
//! fifth of the time that the server crate takes to build (docs/decisions/0015).

use crate::app::App;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::MethodRouter;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler whose arguments and answer are no longer part of its type.
#[derive(Clone, Copy)]
pub(crate) struct Erased(&'static (dyn Fn(Request, App) -> Answering + Send + Sync));

/// Takes the type from a handler, which lives as long as the program: a function has no size, a closure that of what
/// it captures.
pub(crate) fn erased<T: 'static>(handler: impl Handler<T, App>) -> Erased {
    Erased(Box::leak(Box::new(move |request, app| -> Answering {
        Box::pin(handler.clone().call(request, app))
    })))
}

impl Handler<(), App> for Erased {
    type Future = Answering;

    fn call(self, request: Request, app: App) -> Answering {
        (self.0)(request, app)
    }
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Erased")
    }
}

/// The handlers of one page, by method.
#[derive(Debug)]
pub(crate) struct Methods(MethodRouter<App>);

/// A page that is shown.
pub(crate) fn get<T: 'static>(handler: impl Handler<T, App>) -> Methods {
    Methods(axum::routing::get(erased(handler)))
}

/// A path that forms are posted to.
pub(crate) fn post<T: 'static>(handler: impl Handler<T, App>) -> Methods {
    Methods(axum::routing::post(erased(handler)))
}

impl Methods {
    /// The same page, which a form is posted to.
    #[must_use]
    pub(crate) fn post<T: 'static>(self, handler: impl Handler<T, App>) -> Self {
        Self(self.0.post(erased(handler)))
    }

    /// For the router.
    pub(crate) fn into_router(self) -> MethodRouter<App> {
        self.0
    }
}

/// The operations of one path with their descriptions, for [`utoipa_axum::router::OpenApiRouter::routes`].
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => {{
        $(let $handler = $crate::routing::erased($handler);)+
        utoipa_axum::routes!($($handler),+)
    }};
}
pub(crate) use routes;

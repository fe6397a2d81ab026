//! Who may open which page. Declared once, where the route is; enforced by [`super::Viewer`].

use crate::app::App;
use crate::people::{Grant, Role};
use crate::routing::Methods;
use axum::{Extension, Router};

/// Who may open a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Anybody, signed in or not.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Who has one of these roles somewhere; what lies outside their units and regions is refused by the capability.
    Roles(&'static [Role]),
}

impl Policy {
    /// Whether somebody with these roles may open the page.
    pub(crate) fn admits(self, grants: &[Grant]) -> bool {
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Roles(roles) => grants.iter().any(|grant| roles.contains(&grant.role)),
        }
    }
}

/// Pages with their policies.
#[derive(Debug, Default)]
pub(crate) struct PageRoutes {
    router: Router<App>,
    declared: Vec<(&'static str, Policy)>,
}

impl PageRoutes {
    /// Adds a page: what it shows and what is posted to it fall under one policy.
    #[must_use]
    pub(crate) fn page(mut self, path: &'static str, policy: Policy, methods: Methods) -> Self {
        self.router = self.router.route(path, methods.into_router().layer(Extension(policy)));
        self.declared.push((path, policy));
        self
    }

    /// Every path with its policy.
    #[cfg(test)]
    pub(crate) fn declared(&self) -> &[(&'static str, Policy)] {
        &self.declared
    }

    pub(super) fn into_router(self) -> Router<App> {
        self.router
    }
}

//! The frame around every page.

use super::Words;
use super::policy::Policy;
use crate::auth::OfficeAuth;
use crate::complaints::scope::{INTAKE, READERS, Reach};
use crate::config::Regions;
use crate::deadlines::PUBLISHERS;
use crate::exchange::ARRIVALS;
use crate::people::{Grant, Role, form_token};
use crate::problem::Language;
use crate::review::REVIEWERS;
use std::sync::Arc;

/// What the frame shows; every page's context has it as `shell`.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The words of the reader's language.
    pub(crate) w: Words,
    /// Who reads; `None` before sign-in.
    pub(crate) person: Option<String>,
    /// What they may do.
    pub(crate) roles: Vec<Grant>,
    /// What forms carry to prove that they come from our pages.
    pub(crate) csrf: String,
    /// Path and query of this page, for coming back to it.
    pub(crate) here: String,
    /// The key of what was just done.
    pub(crate) said: Option<String>,
    /// What people call the regions.
    pub(crate) regions: Arc<Regions>,
}

/// An entry of the menu.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NavItem {
    /// Where it leads.
    pub(crate) href: &'static str,
    /// The key of its word.
    pub(crate) key: &'static str,
    who: Policy,
}

const ADMINISTRATORS: Policy = Policy::Roles(&[Role::Administrator]);
const NAV: &[NavItem] = &[
    NavItem { href: "/", key: "nav-start", who: Policy::SignedIn },
    NavItem { href: "/queue", key: "nav-queue", who: Policy::Roles(READERS) },
    NavItem { href: "/watch", key: "nav-watch", who: Policy::Roles(READERS) },
    NavItem { href: "/returns", key: "nav-returns", who: Policy::Roles(READERS) },
    NavItem { href: "/sections", key: "nav-sections", who: Policy::Roles(READERS) },
    NavItem { href: "/expert-seats", key: "nav-expert-seats", who: Policy::Roles(READERS) },
    NavItem { href: "/corrective-actions", key: "nav-actions", who: Policy::Roles(READERS) },
    NavItem { href: "/warnings", key: "nav-warnings", who: Policy::Roles(READERS) },
    NavItem { href: "/knowledge", key: "nav-knowledge", who: Policy::Roles(READERS) },
    NavItem { href: "/planned-events", key: "nav-planned-events", who: Policy::Roles(READERS) },
    NavItem { href: "/conflicts", key: "nav-conflicts", who: Policy::Roles(READERS) },
    NavItem { href: "/reports", key: "nav-reports", who: Policy::Roles(REVIEWERS) },
    NavItem { href: "/arrivals", key: "nav-arrivals", who: Policy::Roles(&ARRIVALS) },
    NavItem { href: "/complaints/new", key: "nav-new", who: Policy::Roles(INTAKE) },
    NavItem { href: "/restricted", key: "nav-restricted", who: Policy::Roles(&[Role::Inspector]) },
    NavItem { href: "/deadlines", key: "nav-deadlines", who: Policy::Roles(PUBLISHERS) },
    NavItem { href: "/devices", key: "nav-devices", who: ADMINISTRATORS },
    NavItem { href: "/people", key: "nav-people", who: ADMINISTRATORS },
    NavItem { href: "/server-log", key: "nav-log", who: ADMINISTRATORS },
];

impl Shell {
    /// The frame for somebody who is not signed in.
    pub(crate) fn outside(language: Language, here: &str) -> Self {
        Self {
            w: Words::new(language),
            person: None,
            roles: Vec::new(),
            csrf: String::new(),
            here: here.to_owned(),
            said: None,
            regions: Arc::default(),
        }
    }

    /// The frame for this person.
    pub(super) fn of(
        office: &OfficeAuth,
        language: Language,
        (here, said): (String, Option<String>),
        regions: Arc<Regions>,
    ) -> Self {
        let w = Words::new(language);
        Self {
            w,
            person: Some(office.display_name.clone()),
            roles: office.roles.clone(),
            csrf: form_token(&office.token_sha256),
            said: said.filter(|key| w.has(&format!("said-{key}"))),
            here,
            regions,
        }
    }

    /// The menu as far as this person may use it.
    pub(crate) fn nav(&self) -> Vec<NavItem> {
        if self.person.is_none() {
            return Vec::new();
        }
        NAV.iter().copied().filter(|item| item.who.admits(&self.roles)).collect()
    }

    /// What `aria-current` says of a menu entry: `page` on its own page, `true` on a page below it.
    pub(crate) fn current(&self, item: &NavItem) -> Option<&'static str> {
        let path = self.path();
        if path == item.href {
            return Some("page");
        }
        // Everything about one complaint hangs below the queue, except writing a new one down.
        let belongs = |start: &str| path.starts_with(&format!("{start}/"));
        let below = match item.href {
            "/queue" => ["/queue", "/complaints", "/visits", "/photos"].into_iter().any(belongs),
            "/" => false,
            href => belongs(href),
        };
        let another_is_the_page = NAV.iter().any(|other| other.href == path);
        (below && !another_is_the_page).then_some("true")
    }

    /// The path of this page without its query.
    pub(crate) fn path(&self) -> &str {
        self.here.split(['?', '#']).next().unwrap_or("/")
    }

    /// What people call a region; its code when it has no name.
    pub(crate) fn region<'r>(&'r self, code: &'r str) -> &'r str {
        self.regions.name(code, self.w.language)
    }

    /// Whether the installation names any regions: then they are chosen, not typed.
    pub(crate) fn has_regions(&self) -> bool {
        !self.regions.is_empty()
    }

    /// All regions with a name, and the chosen one: code and name.
    pub(crate) fn regions_with(&self, chosen: &str) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = self
            .regions
            .all(self.w.language)
            .map(|(code, name)| (code.to_owned(), name.to_owned()))
            .collect();
        if !chosen.is_empty() && all.iter().all(|(code, _)| code != chosen) {
            all.push((chosen.to_owned(), chosen.to_owned()));
        }
        all
    }

    /// The regions with a name that this person may choose in one of these roles: code and name.
    pub(crate) fn regions_within(&self, roles: &[Role]) -> Vec<(String, String)> {
        let all = self.regions.all(self.w.language).filter(|(code, _)| self.reaches(roles, "", code));
        all.map(|(code, name)| (code.to_owned(), name.to_owned())).collect()
    }

    /// Whether this person may act on this complaint in one of these roles.
    pub(crate) fn reaches(&self, roles: &[Role], unit: &str, region: &str) -> bool {
        Reach::of(&self.roles, roles).is_some_and(|reach| reach.covers(unit, region))
    }

    /// Whether this person has one of these roles somewhere.
    pub(crate) fn has_role(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|grant| roles.contains(&grant.role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_of_the_menu_is_marked_on_every_page_below_it() {
        for (path, marked) in [
            ("/", vec![("/", "page")]),
            ("/queue?view=mine", vec![("/queue", "page")]),
            ("/complaints/018f/edit", vec![("/queue", "true")]),
            ("/visits/018f/history?at=7", vec![("/queue", "true")]),
            ("/complaints/new", vec![("/complaints/new", "page")]),
            ("/arrivals/escrow", vec![("/arrivals", "true")]),
            ("/devices/018f", vec![("/devices", "true")]),
            ("/account", vec![]),
        ] {
            let shell = Shell::outside(Language::En, path);
            let found: Vec<_> =
                NAV.iter().filter_map(|item| Some((item.href, shell.current(item)?))).collect();
            assert_eq!(found, marked, "{path}");
        }
    }
}

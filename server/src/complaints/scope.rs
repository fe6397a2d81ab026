//! Which complaints a person may see: those of the regions that their roles name.

use crate::people::{Grant, Role};

/// Roles of people who work with complaints in the office.
pub const OFFICE: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Lead];

/// Roles of people who write complaints down.
pub const INTAKE: &[Role] = &[Role::Clerk, Role::Lead];

/// Which regions somebody may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    Everywhere,
    /// These only. A complaint whose region is not known yet is within everybody's reach, so that it is not lost.
    Regions(Vec<String>),
}

impl Reach {
    /// What these grants give to any of these roles; `None` when none of the roles is held.
    pub fn of(grants: &[Grant], roles: &[Role]) -> Option<Self> {
        let held: Vec<&Grant> = grants.iter().filter(|grant| roles.contains(&grant.role)).collect();
        if held.is_empty() {
            return None;
        }
        if held.iter().any(|grant| grant.region.is_empty()) {
            return Some(Self::Everywhere);
        }
        Some(Self::Regions(held.iter().map(|grant| grant.region.clone()).collect()))
    }

    /// Whether a complaint of this region is within reach.
    pub fn covers(&self, region: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Regions(regions) => region.is_empty() || regions.iter().any(|own| own == region),
        }
    }

    /// The regions between bars, for a query; `None` for all.
    pub(crate) fn pattern(&self) -> Option<String> {
        match self {
            Self::Everywhere => None,
            Self::Regions(regions) => Some(format!("||{}|", regions.join("|"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_name_the_regions_that_may_be_seen() {
        let grant = |role, region: &str| Grant { role, unit: String::new(), region: region.to_owned() };
        let east = [grant(Role::Clerk, "east"), grant(Role::Technician, "")];
        let reach = Reach::of(&east, OFFICE).unwrap();
        assert!(reach.covers("east") && reach.covers("") && !reach.covers("west"));
        assert_eq!(reach.pattern().as_deref(), Some("||east|"));
        assert_eq!(Reach::of(&[grant(Role::Technician, "")], OFFICE), None);
        let both = [grant(Role::Clerk, "east"), grant(Role::Lead, "")];
        assert_eq!(Reach::of(&both, OFFICE), Some(Reach::Everywhere));
    }
}

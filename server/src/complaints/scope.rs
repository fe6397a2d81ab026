//! Which complaints a person may see: those of the units and regions that their roles name.

use super::model::Complaint;
use crate::people::{Grant, Role};

/// Roles of people who work with complaints in the office.
pub const OFFICE: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Lead];

/// Roles of people who read complaints and everything recorded about them. Experts read, and answer what they are
/// asked.
pub const READERS: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Lead, Role::Expert];

/// Roles of people who write complaints down.
pub const INTAKE: &[Role] = &[Role::Clerk, Role::Lead];

/// Where somebody may work: in one unit, one region, or in what one unit does in one region. Empty means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The organisation unit.
    unit: String,
    /// The region.
    region: String,
}

/// Which complaints somebody may work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    Everywhere,
    /// Those of these places only. What a complaint does not say yet shuts nobody out: one without a unit is within
    /// reach of every unit that works in its region, one without a region of every region, so that none is lost.
    Places(Vec<Place>),
}

/// Parts that hold every complaint of a [`Reach`] once, and others besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The complaints of each of these units.
    Units(Vec<String>),
    /// The complaints of each of these regions.
    Regions(Vec<String>),
}

impl Reach {
    /// What these grants give to any of these roles; `None` when none of the roles is held.
    pub fn of(grants: &[Grant], roles: &[Role]) -> Option<Self> {
        let held = grants.iter().filter(|grant| roles.contains(&grant.role));
        let places: Vec<Place> =
            held.map(|grant| Place { unit: grant.unit.clone(), region: grant.region.clone() }).collect();
        if places.is_empty() {
            return None;
        }
        let unlimited = places.iter().any(|place| place.unit.is_empty() && place.region.is_empty());
        Some(if unlimited { Self::Everywhere } else { Self::Places(places) })
    }

    /// Whether a complaint of this unit and region is within reach.
    pub fn covers(&self, unit: &str, region: &str) -> bool {
        let fits = |own: &str, found: &str| own.is_empty() || found.is_empty() || own == found;
        match self {
            Self::Everywhere => true,
            Self::Places(places) => {
                places.iter().any(|place| fits(&place.unit, unit) && fits(&place.region, region))
            }
        }
    }

    /// Whether this complaint is within reach.
    pub fn includes(&self, complaint: &Complaint) -> bool {
        self.covers(&complaint.intake.unit, &complaint.intake.region)
    }

    /// The one unit that all the places are in.
    pub(crate) fn only_unit(&self) -> Option<&str> {
        let Self::Places(places) = self else { return None };
        let (first, others) = places.split_first()?;
        let alone = !first.unit.is_empty() && others.iter().all(|place| place.unit == first.unit);
        alone.then_some(first.unit.as_str())
    }

    /// The complaints within reach taken apart by their unit or else by their region, as each has an order of its own
    /// in the database; `None` when neither holds all of them.
    pub(crate) fn parts(&self) -> Option<Part> {
        let Self::Places(places) = self else { return None };
        let words = |word: fn(&Place) -> &String| -> Option<Vec<String>> {
            let mut words: Vec<String> = places.iter().map(word).cloned().collect();
            // What a complaint does not say yet shuts nobody out.
            let limits_all = words.iter().all(|word| !word.is_empty());
            words.push(String::new());
            words.sort_unstable();
            words.dedup();
            limits_all.then_some(words)
        };
        words(|place| &place.unit)
            .map(Part::Units)
            .or_else(|| words(|place| &place.region).map(Part::Regions))
    }

    /// The places as [`within`] compares them in a query; `None` for all.
    ///
    /// Each is a line with unit and region, `\t` between them; `\t\t` follows a unit with any region, `\t\t\t` goes before
    /// a region with any unit. Neither holds a line feed or a tab: people's texts and complaints' codes are checked for
    /// that.
    pub(crate) fn pattern(&self) -> Option<String> {
        let Self::Places(places) = self else { return None };
        let mut pattern = "\n".to_owned();
        for Place { unit, region } in places {
            let lines = match (unit.as_str(), region.as_str()) {
                ("", region) => vec![format!("\t\t\t{region}"), "\t\t\t".to_owned()],
                (unit, "") => vec![format!("{unit}\t\t"), "\t\t".to_owned()],
                (unit, region) => {
                    vec![
                        format!("{unit}\t{region}"),
                        format!("{unit}\t"),
                        format!("\t{region}"),
                        "\t".to_owned(),
                    ]
                }
            };
            for line in lines {
                pattern.push_str(&line);
                pattern.push_str("\n\n");
            }
        }
        Some(pattern)
    }
}

/// The condition that a unit and a region are within reach: `$pattern` holds what [`Reach::pattern`] says. It compares
/// whole texts by `replace`, which minds letter case and knows no wildcards on either engine.
macro_rules! within {
    ($pattern:literal, $unit:literal, $region:literal) => {
        concat!(
            "(CAST(",
            $pattern,
            " AS TEXT) IS NULL \
             OR replace(",
            $pattern,
            ", '\n' || ",
            $unit,
            " || '\t' || ",
            $region,
            " || '\n', '') <> ",
            $pattern,
            " \
             OR replace(",
            $pattern,
            ", '\n' || ",
            $unit,
            " || '\t\t\n', '') <> ",
            $pattern,
            " \
             OR replace(",
            $pattern,
            ", '\n\t\t\t' || ",
            $region,
            " || '\n', '') <> ",
            $pattern,
            ")"
        )
    };
}
pub(crate) use within;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::statement;
    use crate::testing::TestApp;

    fn grant(role: Role, unit: &str, region: &str) -> Grant {
        Grant { role, unit: unit.to_owned(), region: region.to_owned() }
    }

    #[test]
    fn roles_name_the_regions_that_may_be_seen() {
        let east = [grant(Role::Clerk, "", "east"), grant(Role::Technician, "", "")];
        let reach = Reach::of(&east, OFFICE).unwrap();
        assert!(reach.covers("", "east") && reach.covers("gas", "") && !reach.covers("", "west"));
        assert_eq!(reach.only_unit(), None);
        assert_eq!(reach.parts(), Some(Part::Regions(vec![String::new(), "east".to_owned()])));
        assert_eq!(Reach::of(&[grant(Role::Technician, "", "")], OFFICE), None);
        let both = [grant(Role::Clerk, "", "east"), grant(Role::Lead, "", "")];
        assert_eq!(Reach::of(&both, OFFICE), Some(Reach::Everywhere));
    }

    #[test]
    fn a_role_of_one_unit_leads_nowhere_else() {
        let reach = Reach::of(&[grant(Role::Clerk, "gas", "east")], OFFICE).unwrap();
        assert!(reach.covers("gas", "east") && reach.covers("", "east") && reach.covers("gas", ""));
        assert!(!reach.covers("power", "east") && !reach.covers("gas", "west") && !reach.covers("", "west"));
        assert_eq!(reach.only_unit(), Some("gas"));
        assert_eq!(reach.parts(), Some(Part::Units(vec![String::new(), "gas".to_owned()])));
    }

    #[tokio::test]
    async fn queries_and_decisions_agree_on_what_is_within_reach() {
        const SQL: &str = concat!(
            "SELECT count(*) FROM (SELECT CAST($2 AS TEXT) AS unit, CAST($3 AS TEXT) AS region) c WHERE ",
            within!("$1", "c.unit", "c.region")
        );
        TestApp::for_each_engine(async |test| {
            let mut tx = test.app.store.read().await.unwrap();
            let words = ["", "gas", "Gas", "供电所", "%", "g_s", "east"];
            for held in [
                vec![("gas", "")],
                vec![("", "east")],
                vec![("gas", "east")],
                vec![("gas", "east"), ("供电所", "")],
                vec![("", "gas"), ("east", "east")],
                vec![("", "")],
            ] {
                let grants: Vec<Grant> =
                    held.iter().map(|(unit, region)| grant(Role::Lead, unit, region)).collect();
                let reach = Reach::of(&grants, OFFICE).unwrap();
                for unit in words {
                    for region in words {
                        let found: i64 = statement(SQL)
                            .bind(reach.pattern())
                            .bind(unit)
                            .bind(region)
                            .value(&mut tx)
                            .await
                            .unwrap();
                        assert_eq!(found == 1, reach.covers(unit, region), "{held:?} {unit:?} {region:?}");
                    }
                }
            }
        })
        .await;
    }
}

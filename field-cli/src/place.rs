//! Positions on the earth (WGS-84) as people type them and cameras claim them.

/// A position in degrees, with the texts it was given as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Position {
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) lat_text: String,
    pub(crate) lon_text: String,
}

/// Mean radius of the earth in metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Position {
    /// Reads `31.2304,121.4737`; `None` when it is no place on earth.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (lat, lon) = text.split_once([',', '，'])?;
        Self::of_texts(lat.trim(), lon.trim())
    }

    /// The position that two texts name.
    pub(crate) fn of_texts(lat_text: &str, lon_text: &str) -> Option<Self> {
        let (lat, lon): (f64, f64) = (lat_text.parse().ok()?, lon_text.parse().ok()?);
        let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_earth.then(|| Self { lat, lon, lat_text: lat_text.to_owned(), lon_text: lon_text.to_owned() })
    }

    /// A position that a camera claims, kept to a tenth of a metre.
    pub(crate) fn of_degrees(lat: f64, lon: f64) -> Option<Self> {
        Self::of_texts(&format!("{lat:.6}"), &format!("{lon:.6}"))
    }

    /// Whether it is the point in the Atlantic that stands for "no fix".
    pub(crate) fn is_null_island(&self) -> bool {
        self.lat.abs() < 1e-6 && self.lon.abs() < 1e-6
    }

    /// Metres between two positions along a great circle.
    pub(crate) fn metres_to(&self, other: &Self) -> f64 {
        let (lat, other_lat) = (self.lat.to_radians(), other.lat.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let chord = half(other.lat - self.lat) + lat.cos() * other_lat.cos() * half(other.lon - self.lon);
        2.0 * EARTH_RADIUS_M * chord.sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_earth_are_read_and_others_refused() {
        let place = Position::parse("31.2304, 121.4737").unwrap();
        assert_eq!((place.lat_text.as_str(), place.lon_text.as_str()), ("31.2304", "121.4737"));
        for text in ["", "31.2", "91,0", "0,181", "NaN,0", "a,b"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
        assert!(Position::parse("0,0").unwrap().is_null_island());
    }

    #[test]
    fn distances_are_those_of_a_map() {
        let people_square = Position::parse("31.2304,121.4737").unwrap();
        let tiananmen = Position::parse("39.9087,116.3975").unwrap();
        let km = people_square.metres_to(&tiananmen) / 1000.0;
        assert!((1_060.0..1_075.0).contains(&km), "{km}");
        assert!(people_square.metres_to(&people_square) < 0.001);
    }
}

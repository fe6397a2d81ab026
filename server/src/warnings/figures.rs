//! How many reports are usual, and from how many on they are not.
//!
//! The rule is EARS C2 with a Poisson floor: the mean of 28 periods that end two periods before the judged one, and a
//! spread that is never smaller than the root of the mean, nor than one half, so that a single report after a quiet time
//! is no alarm. Two periods are left out so that a slow rise does not hide itself.

/// The 0.999 quantile of the normal distribution.
pub(super) const Z: f64 = 3.090_232_306_167_813;
/// Fewer reports than these are never unusual.
pub(super) const SEEN_MIN: u32 = 3;

/// Which periods the judged one is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// How many periods at most.
    pub(super) periods: usize,
    /// How many before the judged one are left out.
    pub(super) guard: usize,
    /// With fewer periods of history nothing is judged.
    pub(super) history_min: usize,
    pub(super) floor: Floor,
}

/// What the spread is at least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Floor {
    /// The root of the mean, and this.
    Poisson(f64),
    /// This, as the EARS methods have it.
    #[cfg(test)]
    Fixed(f64),
}

/// What was to be expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usual {
    pub(super) mean: f64,
    pub(super) spread: f64,
}

impl Baseline {
    /// C2 with a Poisson floor over 28 periods.
    pub(super) const C2P: Self = Self { periods: 28, guard: 2, history_min: 14, floor: Floor::Poisson(0.5) };

    /// The most periods before the judged one that matter.
    pub(super) const fn reach(&self) -> usize {
        self.periods + self.guard
    }

    /// What these counts of the periods before the judged one, oldest first, let expect; `None` for too short a history.
    pub(super) fn usual(&self, before: &[u32]) -> Option<Usual> {
        if before.len() < self.history_min {
            return None;
        }
        let end = before.len().saturating_sub(self.guard);
        let window = &before[end.saturating_sub(self.periods)..end];
        // One value has no spread.
        let (count, others) = (as_f64(window.len()), as_f64(window.len().checked_sub(1).filter(|n| *n > 0)?));
        let mean = window.iter().map(|n| f64::from(*n)).sum::<f64>() / count;
        let squares = window.iter().map(|n| (f64::from(*n) - mean).powi(2)).sum::<f64>();
        let spread = (squares / others).sqrt();
        let floor = match self.floor {
            Floor::Poisson(least) => mean.sqrt().max(least),
            #[cfg(test)]
            Floor::Fixed(least) => least,
        };
        Some(Usual { mean, spread: spread.max(floor) })
    }
}

impl Usual {
    /// More reports than this have at least this level, 1 or 2.
    pub(super) fn limit(&self, level: u8) -> f64 {
        self.mean + f64::from(level) * Z * self.spread
    }

    /// How unusual so many reports are: 0 for not at all, 1, or 2.
    pub(super) fn level(&self, seen: u32) -> u8 {
        let passed = |level: u8| seen >= SEEN_MIN && f64::from(seen) > self.limit(level);
        u8::from(passed(1)) + u8::from(passed(2))
    }
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The series by which R's `surveillance` 1.20.3 was asked; t = 1, 2, 3 …
    const X: [u32; 32] =
        [3, 5, 2, 4, 6, 3, 4, 5, 4, 15, 6, 3, 2, 4, 5, 20, 6, 5, 4, 3, 4, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3];

    fn ears(periods: usize, guard: usize, floor: Floor) -> Baseline {
        Baseline { periods, guard, history_min: periods + guard, floor }
    }

    fn usual(method: &Baseline, t: usize) -> Option<Usual> {
        method.usual(&X[..t - 1])
    }

    fn alarms(method: &Baseline, least: u32) -> Vec<usize> {
        let is_alarm = |t: &usize| {
            let seen = X[*t - 1];
            seen >= least && usual(method, *t).is_some_and(|usual| f64::from(seen) > usual.limit(1))
        };
        (1..=X.len()).filter(is_alarm).collect()
    }

    fn is(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 5e-7
    }

    #[test]
    fn bounds_and_alarms_are_those_of_the_reference() {
        let c1 = [(8, 8.014078), (9, 8.299793), (10, 7.989473), (16, 19.024549), (30, 0.0), (32, 1.310855)];
        let c1_floor = [(29, 3.375947), (30, 3.090232), (31, 3.233089), (32, 3.233089)];
        let c2 =
            [(10, 8.014078), (11, 8.299793), (16, 19.024549), (19, 29.074881), (30, 5.719906), (32, 0.0)];
        let c2p = [(10, 9.926239), (11, 10.432719), (12, 10.180465), (16, 19.024549), (32, 1.545116)];
        for (name, method, least, bounds, expected) in [
            ("C1", ears(7, 0, Floor::Fixed(0.0)), 0, &c1[..], &[10, 16, 30, 32][..]),
            ("C1, floor 1", ears(7, 0, Floor::Fixed(1.0)), 0, &c1_floor, &[10, 16]),
            ("C2", ears(7, 2, Floor::Fixed(0.0)), 0, &c2, &[10, 16, 32]),
            ("C2P of 7 days", ears(7, 2, Floor::Poisson(0.5)), SEEN_MIN, &c2p, &[10, 16, 32]),
        ] {
            for (t, bound) in bounds {
                let found = usual(&method, *t).unwrap().limit(1);
                assert!(is(found, *bound), "{name}, t {t}: {found}, not {bound}");
            }
            assert_eq!(alarms(&method, least), expected, "{name}");
        }
    }

    /// C3 of the reference: by how much C2 was passed on the two days before lowers the limit of the day.
    #[test]
    fn the_figures_of_c3_follow_from_those_of_c2() {
        const Z_C3: f64 = 1.959_963_984_540_054;
        let c2 = ears(7, 2, Floor::Fixed(0.0));
        let excess = |t: usize| {
            let of = usual(&c2, t)?;
            Some(((f64::from(X[t - 1]) - of.mean) / of.spread - 1.0).max(0.0))
        };
        let bound = |t: usize| {
            let of = usual(&c2, t)?;
            let sum = excess(t - 1)? + excess(t - 2)?;
            Some((f64::from(X[t - 1]) + of.spread * (Z_C3 - sum)).max(0.0))
        };
        for (t, expected) in [(12, 0.0), (13, 8.539250), (16, 28.532572), (17, 4.457434), (18, 3.457434)] {
            let found = bound(t).unwrap();
            assert!(is(found, expected), "t {t}: {found}, not {expected}");
        }
        let alarms: Vec<usize> =
            (10..=22).filter(|t| bound(*t).is_some_and(|bound| f64::from(X[*t - 1]) > bound)).collect();
        assert_eq!(alarms, [12, 17, 18]);
    }

    #[test]
    fn the_rule_in_use_needs_history_and_three_reports() {
        let c2p = Baseline::C2P;
        assert_eq!(c2p.reach(), 30);
        let quiet = |days: usize| vec![0; days];
        assert_eq!(c2p.usual(&quiet(13)), None, "less than 14 days");
        let usual = c2p.usual(&quiet(14)).unwrap();
        assert_eq!((usual.mean, usual.spread), (0.0, 0.5));
        for (seen, level) in [(0, 0), (2, 0), (3, 1), (4, 2)] {
            assert_eq!(usual.level(seen), level, "{seen} after nothing");
        }
        // The two days before and what lies before the 28 do not count.
        let mut long = quiet(28);
        long.splice(0..0, [90; 40]);
        long.extend([90, 90]);
        assert_eq!(c2p.usual(&long), Some(usual));
        let four = c2p.usual(&[4; 40]).unwrap();
        assert_eq!((four.mean, four.spread), (4.0, 2.0), "the root of the mean, where nothing varies");
        for (seen, level) in [(10, 0), (11, 1), (16, 1), (17, 2)] {
            assert_eq!(four.level(seen), level, "{seen} where 4 are usual");
        }
    }

    proptest! {
        #[test]
        fn more_reports_never_lower_the_level(before in prop::collection::vec(0_u32..200, 0..60), seen in 0_u32..500) {
            if let Some(usual) = Baseline::C2P.usual(&before) {
                prop_assert!(usual.level(seen) <= usual.level(seen + 1));
                prop_assert!(usual.limit(1) < usual.limit(2) && usual.spread >= 0.5);
                prop_assert!(usual.level(2) == 0);
            } else {
                prop_assert!(before.len() < 14);
            }
        }

        #[test]
        fn a_level_that_never_changes_is_no_alarm(count in 0_u32..10_000, days in 14_usize..60) {
            let usual = Baseline::C2P.usual(&vec![count; days]).unwrap();
            prop_assert_eq!(usual.level(count), 0);
        }
    }
}

//! One direction of a chart: how values lie along it, and the round numbers that mark it.

/// How values lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps are equal differences.
    Linear,
    /// Equal steps are equal factors; values below 1 count as 1.
    Logarithmic,
}

/// How the numbers of an axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// 150k, 1.5M.
    Count,
    /// Shares of 1 as 92 %.
    Percent,
    /// Numbers of four bytes as 64 KiB.
    Kibibytes,
    /// Nanoseconds as 5 ms.
    Milliseconds,
    /// As they are.
    Plain,
}

/// One direction of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it is of.
    pub title: String,
    notation: Notation,
    scale: Scale,
    /// Both ends, as the scale has them.
    least: f64,
    most: f64,
    /// The distance of the ticks, where the ends were rounded to it.
    step: Option<f64>,
}

impl Axis {
    /// An axis with room around all these values.
    pub fn new(
        title: impl Into<String>,
        notation: Notation,
        scale: Scale,
        values: impl Iterator<Item = f64>,
    ) -> Self {
        let finite = values.filter(|value| value.is_finite()).map(|value| scaled(scale, value));
        let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let (least, most) = if least > most { (0.0, 1.0) } else { (least, most) };
        // A single value stands in the middle of something.
        let room = match scale {
            Scale::Linear => (0.06 * (most - least)).max(1e-3 * most.abs()).max(1e-6),
            Scale::Logarithmic => (0.06 * (most - least)).max(0.05),
        };
        Self { title: title.into(), notation, scale, least: least - room, most: most + room, step: None }
    }

    /// A linear axis from `least` to the greater `most` or a little farther: both ends are ticks, of which there are about so many.
    pub(super) fn rounded(title: &str, notation: Notation, least: f64, most: f64, about: usize) -> Self {
        let step = notation.step((most - least) / about as f64);
        // A value on a tick is that tick, whatever the last bit of the quotient says.
        let (first, last) = ((least / step + 1e-9).floor() * step, (most / step - 1e-9).ceil() * step);
        Self {
            title: title.to_owned(),
            notation,
            scale: Scale::Linear,
            least: first,
            most: last,
            step: Some(step),
        }
    }

    /// The whole numbers from 0 to `last`, of which about so many are ticks.
    pub(super) fn whole_numbers(title: &str, last: usize, about: usize) -> Self {
        let most = last.max(1) as f64;
        let step = Notation::Plain.step(most / about as f64).max(1.0);
        Self {
            title: title.to_owned(),
            notation: Notation::Plain,
            scale: Scale::Linear,
            least: 0.0,
            most,
            step: Some(step),
        }
    }

    /// Where a value lies: 0 at the beginning of the axis, 1 at its end.
    pub(super) fn position(&self, value: f64) -> f64 {
        ((scaled(self.scale, value) - self.least) / (self.most - self.least)).clamp(0.0, 1.0)
    }

    /// Round values along the axis, at most about so many, with how they are written.
    pub(super) fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        let values = match self.scale {
            Scale::Linear => self.even_ticks(about),
            Scale::Logarithmic => self.decade_ticks(about),
        };
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        values.into_iter().map(|value| (value, self.notation.number(value, step))).collect()
    }

    fn even_ticks(&self, about: usize) -> Vec<f64> {
        let step =
            self.step.unwrap_or_else(|| self.notation.step((self.most - self.least) / about.max(1) as f64));
        let first = (self.least / step - 1e-9).ceil() as i64;
        let last = (self.most / step + 1e-9).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }

    fn decade_ticks(&self, about: usize) -> Vec<f64> {
        let decades = self.least.floor() as i32..=self.most.ceil() as i32;
        let within = |steps: &[f64]| -> Vec<f64> {
            let all =
                decades.clone().flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
            all.filter(|value| (self.least..=self.most).contains(&value.log10())).collect()
        };
        let choices =
            [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0][..], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let fitting = choices.into_iter().map(within).find(|ticks| ticks.len() <= about);
        fitting.unwrap_or_else(|| within(&[1.0]))
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.max(1e-12).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| raw / power <= *factor).unwrap_or(10.0);
    factor * power
}

fn scaled(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.max(1.0).log10(),
    }
}

impl Notation {
    /// The next round step of these numbers: 1, 2 or 5 times a power of ten, in their own unit.
    fn step(self, raw: f64) -> f64 {
        let unit = match self {
            Notation::Kibibytes => 256.0,
            Notation::Milliseconds => 1e6,
            Notation::Count | Notation::Percent | Notation::Plain => 1.0,
        };
        unit * round_step(raw / unit)
    }

    /// A number such that it differs from one a step away.
    fn number(self, value: f64, step: f64) -> String {
        let fixed = |value: f64, step: f64| {
            // A step is the difference of two ticks: a hair below 0.01 is 0.01.
            let power = (step * (1.0 + 1e-9)).log10().floor();
            let digits = if step.is_finite() { (-power).clamp(0.0, 6.0) as usize } else { 0 };
            format!("{value:.digits$}")
        };
        match self {
            Notation::Plain => fixed(value, step),
            Notation::Percent => format!("{} %", fixed(100.0 * value, 100.0 * step)),
            Notation::Kibibytes => format!("{} KiB", fixed(value / 256.0, step / 256.0)),
            Notation::Milliseconds => format!("{} ms", fixed(value / 1e6, step / 1e6)),
            Notation::Count => {
                let (factor, sign) = match value.abs() {
                    large if large >= 1e6 => (1e6, "M"),
                    middle if middle >= 1e3 => (1e3, "k"),
                    _ => (1.0, ""),
                };
                let text = format!("{:.3}", value / factor);
                format!("{}{sign}", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTATIONS: [Notation; 5] =
        [Notation::Count, Notation::Percent, Notation::Kibibytes, Notation::Milliseconds, Notation::Plain];

    fn texts(axis: &Axis, about: usize) -> Vec<String> {
        axis.ticks(about).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let accuracy = Axis::new("accuracy", Notation::Percent, Scale::Linear, [0.905, 0.951].into_iter());
        assert_eq!(texts(&accuracy, 6), ["91 %", "92 %", "93 %", "94 %", "95 %"]);
        let parameters =
            Axis::new("parameters", Notation::Count, Scale::Logarithmic, [3e4, 1.2e6].into_iter());
        assert_eq!(texts(&parameters, 6), ["50k", "100k", "200k", "500k", "1M"]);
        let single = Axis::new("MACs", Notation::Count, Scale::Logarithmic, [1e7].into_iter());
        assert!(!texts(&single, 6).is_empty());
        assert_eq!(single.position(1e7), 0.5);
        assert_eq!(
            texts(&Axis::rounded("accuracy", Notation::Percent, 0.3, 0.41, 4), 4),
            ["30 %", "35 %", "40 %", "45 %"]
        );
        assert_eq!(texts(&Axis::whole_numbers("trials", 12, 6), 6), ["0", "2", "4", "6", "8", "10", "12"]);
        assert_eq!(texts(&Axis::whole_numbers("epochs", 0, 6), 6), ["0", "1"]);
    }

    #[test]
    fn whatever_the_values_ticks_are_few_and_inside() {
        for values in [vec![], vec![0.0], vec![f64::NAN, 1.0], vec![-3.0, 1e-9], vec![1.0, 1e15]] {
            for scale in [Scale::Linear, Scale::Logarithmic] {
                for notation in NOTATIONS {
                    let axis = Axis::new("x", notation, scale, values.iter().copied());
                    let ticks = axis.ticks(6);
                    assert!(ticks.len() <= 16, "{values:?}: {ticks:?}");
                    assert!(ticks.iter().all(|(value, _)| (0.0..=1.0).contains(&axis.position(*value))));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn rounded_ends_are_ticks_with_all_values_between_them(
            least in -1e6..1e6, range in 1e-3..1e6, about in 2usize..8, notation in 0usize..4,
        ) {
            let axis = Axis::rounded("x", NOTATIONS[notation], least, least + range, about);
            let ticks = axis.ticks(3);
            prop_assert!((2..=about + 3).contains(&ticks.len()), "{ticks:?}");
            prop_assert_eq!(axis.position(ticks[0].0), 0.0);
            prop_assert!((axis.position(ticks[ticks.len() - 1].0) - 1.0).abs() < 1e-9);
            let tolerance = 1e-6 * (range + least.abs());
            prop_assert!(ticks[0].0 <= least + tolerance);
            prop_assert!(ticks[ticks.len() - 1].0 >= least + range - tolerance);
        }
    }
}

use crate::plot::round_step;

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
pub enum Written {
    /// 150k, 1.5M.
    Count,
    /// Shares of 1 as 92 %.
    Percent,
    /// Numbers of four bytes as 64 KiB.
    Kibibytes,
    /// As they are.
    Plain,
}

/// One direction of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it is of.
    pub title: String,
    /// How its numbers are written.
    pub written: Written,
    scale: Scale,
    least: f64,
    most: f64,
}

impl Axis {
    /// An axis with room for all these values.
    pub fn new(
        title: impl Into<String>,
        written: Written,
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
        Self { title: title.into(), written, scale, least: least - room, most: most + room }
    }

    /// Where a value lies: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        ((scaled(self.scale, value) - self.least) / (self.most - self.least)).clamp(0.0, 1.0)
    }

    /// Round values along the axis, at most about so many, with how they are written.
    pub(crate) fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        let values = match self.scale {
            Scale::Linear => self.even_ticks(about),
            Scale::Logarithmic => self.decade_ticks(about),
        };
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        values.into_iter().map(|value| (value, self.written.number(value, step))).collect()
    }

    fn even_ticks(&self, about: usize) -> Vec<f64> {
        let factor = match self.written {
            Written::Kibibytes => 256.0,
            Written::Count | Written::Percent | Written::Plain => 1.0,
        };
        let step = factor * round_step((self.most - self.least) / factor / about.max(1) as f64);
        let first = (self.least / step).ceil() as i64;
        (first..).map(|number| number as f64 * step).take_while(|value| *value <= self.most).collect()
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

fn scaled(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.max(1.0).log10(),
    }
}

impl Written {
    /// A number such that it differs from one a step away.
    fn number(self, value: f64, step: f64) -> String {
        let fixed = |value: f64, step: f64| {
            let digits = if step.is_finite() { (-step.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 };
            format!("{value:.digits$}")
        };
        match self {
            Written::Plain => fixed(value, step),
            Written::Percent => format!("{} %", fixed(100.0 * value, 100.0 * step)),
            Written::Kibibytes => format!("{} KiB", fixed(value / 256.0, step / 256.0)),
            Written::Count => {
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
    use super::*;

    fn written(axis: &Axis, about: usize) -> Vec<String> {
        axis.ticks(about).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_told_apart() {
        let accuracy = Axis::new("accuracy", Written::Percent, Scale::Linear, [0.905, 0.951].into_iter());
        assert_eq!(written(&accuracy, 6), ["91 %", "92 %", "93 %", "94 %", "95 %"]);
        let parameters =
            Axis::new("parameters", Written::Count, Scale::Logarithmic, [3e4, 1.2e6].into_iter());
        assert_eq!(written(&parameters, 6), ["50k", "100k", "200k", "500k", "1M"]);
        let single = Axis::new("MACs", Written::Count, Scale::Logarithmic, [1e7].into_iter());
        assert!(!written(&single, 6).is_empty());
        assert_eq!(single.place(1e7), 0.5);
    }

    #[test]
    fn whatever_the_values_ticks_are_few_and_inside() {
        for values in [vec![], vec![0.0], vec![f64::NAN, 1.0], vec![-3.0, 1e-9], vec![1.0, 1e15]] {
            for scale in [Scale::Linear, Scale::Logarithmic] {
                for written in [Written::Count, Written::Percent, Written::Kibibytes, Written::Plain] {
                    let axis = Axis::new("x", written, scale, values.iter().copied());
                    let ticks = axis.ticks(6);
                    assert!(ticks.len() <= 16, "{values:?}: {ticks:?}");
                    assert!(ticks.iter().all(|(value, _)| (0.0..=1.0).contains(&axis.place(*value))));
                }
            }
        }
    }
}

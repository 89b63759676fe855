/// The mean of a few numbers and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the 95 % interval of Student's t; none for one number or two, whose interval says nothing.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The estimate from independent numbers; none from no numbers.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        if numbers.is_empty() {
            return None;
        }
        let (count, mean, squares) = moments(numbers);
        let half_width = (numbers.len() > 2).then(|| {
            let error = libm::sqrt(squares / (count - 1.0) / count);
            t_quantile(numbers.len() - 1) * error
        });
        Some(Self { mean, half_width })
    }
}

/// The 97.5 % quantile of Student's t: exact to the digits printed for few degrees of freedom, by Fisher and
/// Cornish's expansion (1960) for more.
fn t_quantile(freedom: usize) -> f64 {
    const FEW: [f64; 10] = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];
    let z = 1.959_963_984_540_054_f64;
    let n = freedom as f64;
    let cubed = z * z * z;
    let fifth = cubed * z * z;
    let seventh = fifth * z * z;
    FEW.get(freedom.saturating_sub(1)).copied().unwrap_or(
        z + (cubed + z) / (4.0 * n)
            + (5.0 * fifth + 16.0 * cubed + 3.0 * z) / (96.0 * n * n)
            + (3.0 * seventh + 19.0 * fifth + 17.0 * cubed - 15.0 * z) / (384.0 * n * n * n),
    )
}

/// Mean and sample standard deviation; 0 for the deviation of one number.
pub fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let (count, mean, squares) = moments(numbers);
    (mean, if numbers.len() > 1 { libm::sqrt(squares / (count - 1.0)) } else { 0.0 })
}

/// How many numbers there are, or 1 if there is none, their mean, and the sum of squared differences from it.
fn moments(numbers: &[f64]) -> (f64, f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (count, mean, numbers.iter().map(|number| (number - mean) * (number - mean)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_known_samples() {
        // Mean 3, deviation sqrt(2.5), t(4) = 2.7764
        let five = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).map(|found| (found.mean, found.half_width));
        let expected = 2.7764 * (2.5f64 / 5.0).sqrt();
        assert!(matches!(five, Some((3.0, Some(half))) if (half - expected).abs() < 1e-12));
        assert_eq!(Estimate::of(&[2.0]), Some(Estimate { mean: 2.0, half_width: None }));
        assert_eq!(Estimate::of(&[0.5, 1.0]), Some(Estimate { mean: 0.75, half_width: None }));
        assert_eq!(Estimate::of(&[]), None);
        // From tables: t(29) = 2.0452, t(11) = 2.2010
        assert!((t_quantile(29) - 2.0452).abs() < 1e-4 && (t_quantile(11) - 2.2010).abs() < 1e-3);
    }
}
